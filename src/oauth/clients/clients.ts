/** Registered apps: what may be said of one, and how one shows who it is. No I/O. */

import { timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { Facts } from '../../audit/record.ts';
import { hashOf } from '../../auth/key-secret.ts';
import { isoFromMs } from '../../clock.ts';
import { flag, nonEmpty, parse, text } from '../../keys/key-fields.ts';
import type { App } from '../answers.ts';
import { CALLBACK_RULE, parseCallbackUrl } from '../authorization/callback-url.ts';
import { oauthError } from '../oauth-error.ts';
import type { Fields } from '../token-endpoint.ts';
import type { ClientRow } from './client-store.ts';

const NAME_MAX_LENGTH = 100;
const MAX_REDIRECT_URIS = 20;
const ID_RANDOM_BYTES = 16;
const SECRET_RANDOM_BYTES = 32;
const SECRET_PREFIX = 'app_secret_';
/** Controls, and what turns text around: consent shows the name, which must not look like another. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

export const clientName = nonEmpty
  .max(NAME_MAX_LENGTH, `must have at most ${NAME_MAX_LENGTH} characters`)
  .refine((value) => !INVISIBLE.test(value), 'must not hold invisible characters');

export const redirectUris = z
  .array(
    text.refine((value) => parseCallbackUrl(value) !== null, CALLBACK_RULE),
    'must be a list',
  )
  .min(1, 'must not be empty')
  .max(MAX_REDIRECT_URIS, `must have at most ${MAX_REDIRECT_URIS} entries`);

const newClientBody = z.object(
  { name: clientName, redirect_uris: redirectUris, is_public: flag.optional() },
  'must be a JSON object',
);

const clientPatchBody = z.object(
  { name: clientName.optional(), redirect_uris: redirectUris.optional() },
  'must be a JSON object',
);

export interface NewClient {
  readonly name: string;
  readonly redirectUris: readonly string[];
  /** A public client: an app on its user's machine or in a browser, which cannot keep a secret. */
  readonly isPublic: boolean;
}

export function parseNewClient(body: unknown): NewClient {
  const fields = parse(newClientBody, body);
  return { name: fields.name, redirectUris: fields.redirect_uris, isPublic: fields.is_public ?? false };
}

export function parseClientPatch(body: unknown): Partial<Pick<ClientRow, 'name' | 'redirect_uris'>> {
  const fields = parse(clientPatchBody, body);
  return {
    ...(fields.name !== undefined && { name: fields.name }),
    ...(fields.redirect_uris !== undefined && { redirect_uris: JSON.stringify(fields.redirect_uris) }),
  };
}

export interface MadeClient {
  readonly row: ClientRow;
  /** The plaintext, shown once; null for a public client. */
  readonly secret: string | null;
}

export function newClient(
  client: NewClient,
  {
    accountId,
    ownGrantTypes,
    nowMs,
  }: {
    accountId: string;
    /** Of an app that registers itself. */
    ownGrantTypes: readonly string[] | null;
    nowMs: number;
  },
): MadeClient {
  const secret = client.isPublic ? null : newClientSecret();
  const row: ClientRow = {
    client_id: `app_${randomHex(ID_RANDOM_BYTES)}`,
    account_id: accountId,
    name: client.name,
    secret_hash: secret === null ? null : hashOf(secret),
    redirect_uris: JSON.stringify(client.redirectUris),
    is_dynamic: ownGrantTypes === null ? 0 : 1,
    grant_types: ownGrantTypes === null ? null : JSON.stringify(ownGrantTypes),
    created_at_ms: nowMs,
    last_used_at_ms: null,
  };
  return { row, secret };
}

export function newClientSecret(): string {
  return SECRET_PREFIX + randomHex(SECRET_RANDOM_BYTES);
}

export function redirectUrisOf(row: Pick<ClientRow, 'redirect_uris'>): string[] {
  return JSON.parse(row.redirect_uris) as string[];
}

/** An app that registered itself has what it said it would use (RFC 7591, 2); one that an admin registered, everything. */
export function mayUse(row: Pick<ClientRow, 'grant_types'>, grantType: string): boolean {
  return row.grant_types === null || (JSON.parse(row.grant_types) as string[]).includes(grantType);
}

/** What the audit log holds of an app. */
export function appFacts(row: ClientRow): Facts {
  return { name: row.name, redirect_uris: row.redirect_uris, is_public: row.secret_hash === null };
}

export function appEvent(
  change: string,
  { client_id, account_id }: Pick<ClientRow, 'client_id' | 'account_id'>,
) {
  return { action: `app.${change}`, target: ['app', client_id] as const, accountId: account_id };
}

/** As admins see an app. */
export function clientJson(row: ClientRow): App {
  return {
    id: row.client_id,
    client_id: row.client_id,
    name: row.name,
    redirect_uris: redirectUrisOf(row),
    is_public: row.secret_hash === null,
    is_dynamic: row.is_dynamic === 1,
    created_at: isoFromMs(row.created_at_ms),
    last_used_at: row.last_used_at_ms === null ? null : isoFromMs(row.last_used_at_ms),
  };
}

/** Who an app says it is: in the header (RFC 6749, 2.3.1), or in the fields. */
export interface Credentials {
  readonly clientId: string;
  /** Null: none, as from a public client. */
  readonly secret: string | null;
  readonly inHeader: boolean;
}

const BASIC = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i;

/** An `Authorization` of another scheme is some key that came along, and says nothing here. */
export function credentialsOf(fields: Fields, authorization: string | null): Credentials {
  const clientId = fields.get('client_id');
  const secret = fields.get('client_secret') ?? null;
  if (authorization === null || !/^basic\b/i.test(authorization)) {
    if (clientId === undefined) throw oauthError('invalid_request', 'client_id: is required');
    return { clientId, secret, inHeader: false };
  }
  const basic = basicOf(authorization);
  if (basic === null) throw unknownClient(true);
  if (secret !== null || (clientId !== undefined && clientId !== basic.clientId)) {
    throw oauthError('invalid_request', 'The client is named twice: in the header and in the body');
  }
  return basic;
}

function basicOf(authorization: string): Credentials | null {
  const encoded = BASIC.exec(authorization)?.[1];
  if (encoded === undefined) return null;
  const [, clientId, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString('utf8')) ?? [];
  if (clientId === undefined || secret === undefined) return null;
  try {
    return { clientId: fromForm(clientId), secret: secret === '' ? null : fromForm(secret), inHeader: true };
  } catch {
    return null;
  }
}

/** Throws where an escape is none. NUL is in no id of ours, and no database takes it. */
const fromForm = (encoded: string): string =>
  decodeURIComponent(encoded.replaceAll('+', ' ')).replaceAll('\0', '');

/** Whether it is this app; without a secret only a public client, whose codes only its verifier opens. */
export function isProven(row: ClientRow | undefined, secret: string | null): boolean {
  const given = secret === null ? null : hashOf(secret);
  if (row === undefined) return false;
  if (given === null || row.secret_hash === null) return given === row.secret_hash;
  return timingSafeEqual(Buffer.from(given), Buffer.from(row.secret_hash));
}

/** One answer for an unknown app and a wrong secret; who came with the header is told of the header (RFC 6749, 5.2). */
export function unknownClient(inHeader: boolean) {
  return oauthError('invalid_client', 'Unknown client or wrong client secret', {
    headers: inHeader ? { 'www-authenticate': 'Basic realm="turnpike"' } : {},
  });
}

function randomHex(bytes: number): string {
  return crypto.getRandomValues(new Uint8Array(bytes)).toHex();
}
