/** What an app asks for at `/auth`: OpenRouter's parameters, and the standard ones beside them (RFC 6749, 4.1.1). No I/O. */
import { z } from 'zod';
import { invalidRequest } from '../../errors.ts';
import {
  expiresAt,
  limit,
  limitReset,
  mustBeAhead,
  parse,
  text,
  workspaceId,
} from '../../keys/key-fields.ts';
import { challengeOf, challengeText, type KeyWish, keyLabel, OPENING } from '../bodies.ts';
import { oauthError } from '../oauth-error.ts';
import type { Fields } from '../token-endpoint.ts';
import { type CallbackUrl, EDITOR_CALLBACK_RULE, parseCallbackUrl } from './callback-url.ts';
import type { Challenge } from './pkce.ts';

const STATE_MAX_LENGTH = 4096;
const SCOPE_MAX_LENGTH = 500;
const CLIENT_ID_MAX_LENGTH = 100;
/** RFC 6749 (3.3). */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/;
const AMOUNT = /^\d{1,12}(?:\.\d{1,12})?$/;

const amount = text.regex(AMOUNT, 'must be a number of USD').transform(Number).pipe(limit.unwrap());

/** What a key is to be, as texts: in a query or a form. */
const wishFields = {
  key_label: keyLabel.optional(),
  limit: amount.optional(),
  usage_limit_type: limitReset.unwrap().optional(),
  expires_at: expiresAt.unwrap().optional(),
  workspace_id: workspaceId.optional(),
};

const query = z.object({
  ...wishFields,
  code_challenge: challengeText.optional(),
  code_challenge_method: text.optional(),
  client_id: text.max(CLIENT_ID_MAX_LENGTH, 'no such app').optional(),
  state: text.max(STATE_MAX_LENGTH, `must have at most ${STATE_MAX_LENGTH} characters`).optional(),
  scope: text.optional(),
});

export const AUTHORIZATION_PARAMETERS = [
  ...query.keyof().options,
  'callback_url',
  'redirect_uri',
  'response_type',
];

export interface AuthorizationRequest {
  /** Null: without a callback, the page shows the code. */
  readonly callback: CallbackUrl | null;
  /** The callback as the app wrote it. */
  readonly redirectUri: string | null;
  readonly challenge: Challenge | null;
  readonly clientId: string | null;
  readonly state: string | null;
  readonly scope: string | null;
  readonly keyLabel: string | null;
  readonly wish: KeyWish;
}

/** A query's fields. Those of ours come once at most (RFC 6749, 3.1); others are none of our business. */
export function fieldsOfQuery(search: URLSearchParams): Fields {
  const fields = new Map<string, string>();
  for (const name of AUTHORIZATION_PARAMETERS) {
    const values = search.getAll(name);
    if (values.length > 1) throw invalidRequest(`${OPENING}${name}: is given more than once`);
    if (values[0] !== undefined && values[0] !== '') fields.set(name, values[0]);
  }
  return fields;
}

export function parseAuthorization(
  fields: Fields,
  { nowMs, editorSchemes }: { nowMs: number; editorSchemes: readonly string[] },
): AuthorizationRequest {
  mustAskForCode(fields.get('response_type'));
  const redirectUri = redirectUriOf(fields);
  const { key_label, state, scope, client_id, ...rest } = parse(query, Object.fromEntries(fields), OPENING);
  const challenge = challengeOf(rest.code_challenge, rest.code_challenge_method);
  if (redirectUri === null && challenge === null) {
    throw invalidRequest(
      `${OPENING}callback_url: is required, or a code_challenge to show the code on the page`,
    );
  }
  if (redirectUri === null && client_id !== undefined) {
    throw invalidRequest(`${OPENING}redirect_uri: is required with a client_id`);
  }
  return {
    callback: redirectUri === null ? null : callbackOf(redirectUri, editorSchemes),
    redirectUri,
    challenge,
    clientId: client_id ?? null,
    state: state ?? null,
    scope: parseScope(scope),
    keyLabel: key_label ?? null,
    wish: wishOf(rest, nowMs),
  };
}

export interface KeyChoice {
  readonly keyLabel: string | null;
  readonly wish: KeyWish;
}

/** What a key is to be, out of a form or a request that says nothing else. */
export function parseKeyChoice(fields: Fields, nowMs: number): KeyChoice {
  const { key_label, ...rest } = parse(z.object(wishFields), Object.fromEntries(fields), OPENING);
  return { keyLabel: key_label ?? null, wish: wishOf(rest, nowMs) };
}

/** Kept and told again; every key may do all that a key may. */
export function parseScope(scope: string | undefined): string | null {
  if (scope === undefined) return null;
  if (scope.length <= SCOPE_MAX_LENGTH && SCOPE.test(scope)) return scope;
  throw oauthError('invalid_scope', `${OPENING}scope: must be words with one space between them`);
}

function mustAskForCode(type: string | undefined): void {
  if (type === undefined || type === 'code') return;
  throw oauthError('unsupported_response_type', `${OPENING}response_type: must be "code"`);
}

/** The standard's name for it is another name for the same. */
function redirectUriOf(fields: Fields): string | null {
  const [ours, standard] = [fields.get('callback_url'), fields.get('redirect_uri')];
  if (ours !== undefined && standard !== undefined && ours !== standard) {
    throw invalidRequest(`${OPENING}callback_url: differs from redirect_uri; send one`);
  }
  return ours ?? standard ?? null;
}

function callbackOf(redirectUri: string, editorSchemes: readonly string[]): CallbackUrl {
  const callback = parseCallbackUrl(redirectUri, editorSchemes);
  if (callback === null) throw invalidRequest(`${OPENING}callback_url: ${EDITOR_CALLBACK_RULE}`);
  return callback;
}

function wishOf(fields: z.output<z.ZodObject<Omit<typeof wishFields, 'key_label'>>>, nowMs: number): KeyWish {
  mustBeAhead(fields.expires_at ?? null, nowMs);
  return {
    limitNanoUsd: fields.limit ?? null,
    limitReset: fields.usage_limit_type ?? null,
    expiresAtMs: fields.expires_at ?? null,
    workspaceId: fields.workspace_id ?? null,
  };
}
