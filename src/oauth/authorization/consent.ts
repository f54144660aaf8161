/** What a user is asked at `/auth`, and the code that comes of their yes. */

import { timingSafeEqual } from 'node:crypto';
import { recordAudit } from '../../audit/record.ts';
import { hashOf } from '../../auth/key-secret.ts';
import type { Session } from '../../auth/session.ts';
import { isoFromMs } from '../../clock.ts';
import { invalidRequest, TurnpikeError } from '../../errors.ts';
import { keyedHash } from '../../vault/seal.ts';
import type { Proposal } from '../answers.ts';
import { OPENING } from '../bodies.ts';
import { type ClientRow, findClient } from '../clients/client-store.ts';
import { redirectUrisOf } from '../clients/clients.ts';
import { type KeyForm, keyForm, type WorkspaceReader, workspaceOf } from '../key-form.ts';
import { oauthError } from '../oauth-error.ts';
import type { Fields } from '../token-endpoint.ts';
import { type AuthorizationRequest, type KeyChoice, parseAuthorization } from './authorization-request.ts';
import { isRegistered } from './callback-url.ts';
import { appOf, CODE_LIFE_MS, CODE_PREFIX, type CodeServices, newCode } from './codes.ts';
import { burnCode, chooseAnew, insertCode } from './store.ts';

/** How long a consent page may stay open. Shorter than used codes are known, so that no old page makes its code anew. */
const PAGE_LIFE_MS = 60 * 60 * 1000;
const NONCE_BYTES = 16;
const HEADLESS_LABEL = 'Key for an app';

export interface ConsentServices extends CodeServices {
  readonly workspaces: WorkspaceReader;
  /** Whose links may get a code; in lower case. */
  readonly editorSchemes: readonly string[];
  readonly accountName: (accountId: string) => Promise<string>;
}

/** A request that may be shown to a user. */
export interface Authorization {
  readonly request: AuthorizationRequest;
  /** Null: an app that nobody registered, known by its callback. */
  readonly client: ClientRow | null;
}

export async function readAuthorization(services: ConsentServices, fields: Fields): Promise<Authorization> {
  const { clock, editorSchemes } = services;
  const request = parseAuthorization(fields, { nowMs: clock.nowMs(), editorSchemes });
  const { clientId, redirectUri, challenge } = request;
  if (clientId === null || redirectUri === null) return { request, client: null };
  const client = await findClient(services.database.db, clientId);
  if (client === undefined) throw oauthError('invalid_request', `${OPENING}client_id: no such app`);
  if (!isRegistered(redirectUri, redirectUrisOf(client))) {
    throw invalidRequest(`${OPENING}redirect_uri: is not registered for this app`);
  }
  // Nothing else shows that a public client is the one that asked (RFC 9700, 2.1.1).
  if (client.secret_hash === null && challenge?.method !== 'S256') {
    throw invalidRequest(`${OPENING}code_challenge: is required of this app, with the method S256`);
  }
  return { request, client };
}

export async function describeConsent(
  services: ConsentServices,
  session: Session,
  authorization: Authorization,
): Promise<Proposal> {
  const { request, client } = authorization;
  const { callback, challenge } = request;
  return {
    app: {
      name: client?.name ?? callback?.host ?? request.keyLabel ?? HEADLESS_LABEL,
      host: callback?.host ?? null,
      origin: callback?.origin ?? null,
      is_local: callback?.isLocal ?? false,
      client_name: client?.name ?? null,
      is_dynamic: client?.is_dynamic === 1,
      callback_url: callback?.href ?? null,
    },
    headless: callback === null,
    challenge_method: challenge?.method ?? null,
    ...(await describeKeyForm(services, session, keyForm(client, request, fallbackLabel(authorization)))),
    consent_id: newConsentId(services, session, request),
    expires_in: CODE_LIFE_MS / 1000,
  };
}

/** What the user may choose, for a code and for a device alike. */
export async function describeKeyForm(services: ConsentServices, session: Session, form: KeyForm) {
  const { accountId } = session;
  const workspaces = await services.workspaces.listFor(accountId, session);
  const expiresAtMs =
    form.defaultLifeMs === null ? form.wish.expiresAtMs : services.clock.nowMs() + form.defaultLifeMs;
  return {
    key: {
      label: form.label,
      limit: form.limitUsd,
      usage_limit_type: form.wish.limitReset,
      expires_at: expiresAtMs === null ? null : isoFromMs(expiresAtMs),
      workspace_id: await workspaceOf(services.workspaces, session, form.wish.workspaceId),
    },
    workspaces: workspaces.map(({ id, name }) => ({ id, name })),
    account: { id: accountId, name: await services.accountName(accountId) },
  };
}

export interface ApprovedCode {
  /** The plaintext. */
  readonly code: string;
  readonly expiresAtMs: number;
  readonly keyName: string;
}

/**
 * One code a page, however often its form is sent: the page's id makes the code, and whoever comes second finds it made. Who went
 * back and chose otherwise has changed their mind, as long as the app has not used it.
 */
export async function approve(
  services: ConsentServices,
  session: Session,
  authorization: Authorization,
  choice: KeyChoice,
  consentId: string | undefined,
): Promise<ApprovedCode> {
  const { request, client } = authorization;
  if (!isOfThisPage(services, session, request, consentId)) throw otherPage();
  const nowMs = services.clock.nowMs();
  const code = codeOfPage(services, consentId);
  const chosen = {
    key_name: choice.keyLabel ?? fallbackLabel(authorization),
    key_limit_nano_usd: choice.wish.limitNanoUsd,
    key_limit_reset: choice.wish.limitReset,
    key_expires_at_ms: choice.wish.expiresAtMs,
    workspace_id: await workspaceOf(services.workspaces, session, choice.wish.workspaceId),
  };
  const row = {
    ...newCode(code, nowMs),
    app_id: request.callback === null ? null : await appOf(services.database, request.callback.origin, nowMs),
    account_id: session.accountId,
    user_id: session.userId,
    callback_url: request.callback?.href ?? null,
    client_id: client?.client_id ?? null,
    redirect_uri: client === null ? null : request.redirectUri,
    scope: request.scope,
    code_challenge: request.challenge?.text ?? null,
    code_challenge_method: request.challenge?.method ?? null,
    ...chosen,
  };
  const made = await services.database.transaction(async (trx) => {
    const stored = (await insertCode(trx, row)) ? row : await chooseAnew(trx, row.code_hash, chosen, nowMs);
    if (stored === undefined) {
      throw new TurnpikeError('conflict', { message: 'This was answered already: start again in the app' });
    }
    await recordAudit(trx, {
      ...{ action: 'consent.given', target: ['app', appNameOf(row)], nowMs },
      ...{
        accountId: row.account_id,
        after: { ...chosen, origin: request.callback?.origin ?? null, scope: row.scope },
      },
    });
    return stored;
  });
  const { account_id: accountId, user_id: userId, app_id: appId, client_id: clientId } = row;
  services.logger.info('oauth_consent_given', { accountId, userId, appId, clientId });
  return { code, expiresAtMs: made.expires_at_ms, keyName: made.key_name };
}

/** Who went back and says no takes an earlier yes of this page with it, as long as the app has not used it. */
export async function deny(
  services: ConsentServices,
  session: Session,
  { request, client }: Authorization,
  consentId: string | undefined,
): Promise<void> {
  if (!isOfThisPage(services, session, request, consentId)) return;
  const { accountId, userId } = session;
  await services.database.transaction(async (trx) => {
    const nowMs = services.clock.nowMs();
    await burnCode(trx, hashOf(codeOfPage(services, consentId)), nowMs);
    const target = ['app', client?.client_id ?? request.callback?.origin ?? null] as const;
    await recordAudit(trx, { action: 'consent.refused', target, accountId, nowMs });
  });
  services.logger.info('oauth_consent_refused', { accountId, userId, clientId: client?.client_id ?? null });
}

function appNameOf({
  client_id,
  app_id,
}: {
  client_id: string | null;
  app_id: number | null;
}): string | null {
  return client_id ?? (app_id === null ? null : String(app_id));
}

function codeOfPage({ masterKey }: ConsentServices, consentId: string): string {
  return CODE_PREFIX + keyedHash(masterKey, 'oauth code', consentId);
}

function fallbackLabel({ request, client }: Authorization): string {
  return client?.name ?? request.callback?.host ?? HEADLESS_LABEL;
}

/** Names this one showing of the page, to this session, for this request. */
function newConsentId(services: ConsentServices, session: Session, request: AuthorizationRequest): string {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES)).toHex();
  const opening = `${services.clock.nowMs().toString(36)}.${nonce}`;
  return `${opening}.${sign(services, session, request, opening)}`;
}

/** Too old a page is none. */
function isOfThisPage(
  services: ConsentServices,
  session: Session,
  request: AuthorizationRequest,
  consentId: string | undefined,
): consentId is string {
  const [, opening, shownAt, signature] =
    /^(([0-9a-z]{1,12})\.[0-9a-f]{32})\.([0-9a-f]{64})$/.exec(consentId ?? '') ?? [];
  if (opening === undefined || shownAt === undefined || signature === undefined) return false;
  const expected = sign(services, session, request, opening);
  if (!timingSafeEqual(Buffer.from(signature), Buffer.from(expected))) return false;
  return services.clock.nowMs() - Number.parseInt(shownAt, 36) <= PAGE_LIFE_MS;
}

function sign(
  { masterKey }: ConsentServices,
  session: Session,
  request: AuthorizationRequest,
  opening: string,
): string {
  const { callback, redirectUri, clientId, state, scope, challenge } = request;
  const shown = [callback?.href, redirectUri, clientId, state, scope, challenge?.text, challenge?.method];
  const text = JSON.stringify([opening, session.id, ...shown.map((part) => part ?? null)]);
  return keyedHash(masterKey, 'oauth consent', text);
}

function otherPage(): TurnpikeError {
  return invalidRequest('This page is too old, or was opened by somebody else: start again in the app');
}
