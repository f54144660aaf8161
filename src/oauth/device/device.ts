/** A device without a browser of its own asks, its user decides elsewhere, and it polls for the key (RFC 8628). */

import { recordAudit } from '../../audit/record.ts';
import { type Attempts, sourceOf } from '../../auth/attempts.ts';
import { hashOf } from '../../auth/key-secret.ts';
import type { Session } from '../../auth/session.ts';
import type { Clock } from '../../clock.ts';
import { TurnpikeError } from '../../errors.ts';
import type { Database } from '../../storage/database.ts';
import { keyedHash } from '../../vault/seal.ts';
import type { Proposal } from '../answers.ts';
import { type KeyChoice, parseKeyChoice, parseScope } from '../authorization/authorization-request.ts';
import { required, tokenAnswer } from '../authorization/code-grant.ts';
import { type ConsentServices, describeKeyForm } from '../authorization/consent.ts';
import { authenticateClient } from '../clients/client-authentication.ts';
import { type ClientRow, findClient } from '../clients/client-store.ts';
import { mayUse } from '../clients/clients.ts';
import { keyForm, workspaceOf } from '../key-form.ts';
import { authorityOf, mintKey } from '../mint.ts';
import { oauthError } from '../oauth-error.ts';
import type { Fields, Grant, GrantCall } from '../token-endpoint.ts';
import {
  countPoll,
  type DeviceRow,
  decideDevice,
  deleteDevicesUntil,
  findDevice,
  findWaitingDevice,
  insertDevice,
  markDeviceUsed,
} from './device-store.ts';
import { newUserCode, parseUserCode, userCodeText } from './user-code.ts';

export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const DEVICE_LIFE_MS = 10 * 60 * 1000;
const DEVICE_KEPT_MS = 24 * 60 * 60 * 1000;
const DEVICE_CODE_BYTES = 32;
const POLL_INTERVAL_MS = 5000;
/** Clients count from when an answer came, we from when it was asked for. */
const POLL_TOLERANCE_MS = 500;
const SLOW_DOWN_MS = 5000;
/** A code has 20^8 spellings: this many guesses find none (RFC 8628, 5.1). */
const GUESSES_OF_USER = { max: 20, windowMs: 10 * 60 * 1000 };
const GUESSES_OF_ADDRESS = { max: 60, windowMs: 10 * 60 * 1000 };
/** Each writes a row that is kept for a day. */
const STARTS_OF_ADDRESS = { max: 60, windowMs: 10 * 60 * 1000 };

export interface DeviceServices extends ConsentServices {
  readonly attempts: Pick<Attempts, 'count'>;
  readonly publicUrl: string;
}

/** The answer to a device that asks (RFC 8628, 3.2). */
export async function startDevice(services: DeviceServices, fields: Fields, call: GrantCall) {
  const { db } = services.database;
  const client = await authenticateClient(db, fields, call);
  if (!mayUse(client, DEVICE_GRANT))
    throw oauthError('unauthorized_client', 'This app did not register for devices');
  const nowMs = services.clock.nowMs();
  const { keyLabel, wish } = parseKeyChoice(fields, nowMs);
  const scope = parseScope(fields.get('scope'));
  await services.attempts.count(`device start from ${sourceOf(call.clientAddress)}`, STARTS_OF_ADDRESS);
  const deviceCode = `device_code_${crypto.getRandomValues(new Uint8Array(DEVICE_CODE_BYTES)).toHex()}`;
  const row = {
    device_code_hash: hashOf(deviceCode),
    client_id: client.client_id,
    scope,
    created_at_ms: nowMs,
    expires_at_ms: nowMs + DEVICE_LIFE_MS,
    poll_interval_ms: POLL_INTERVAL_MS,
    ...{ last_polled_at_ms: null, decision: null, account_id: null, user_id: null, used_at_ms: null },
    key_name: keyLabel ?? client.name,
    key_limit_nano_usd: wish.limitNanoUsd,
    key_limit_reset: wish.limitReset,
    key_expires_at_ms: wish.expiresAtMs,
    workspace_id: wish.workspaceId,
  };
  let userCode = newUserCode();
  while (!(await insertDevice(db, { ...row, user_code_hash: hashOfUserCode(services, userCode) }))) {
    userCode = newUserCode();
  }
  const page = `${services.publicUrl}/device`;
  return {
    device_code: deviceCode,
    user_code: userCodeText(userCode),
    verification_uri: page,
    verification_uri_complete: `${page}?user_code=${userCodeText(userCode)}`,
    expires_in: DEVICE_LIFE_MS / 1000,
    interval: POLL_INTERVAL_MS / 1000,
  };
}

export interface DeviceGuess {
  readonly session: Session;
  readonly clientAddress: string;
  /** As somebody typed it. */
  readonly userCode: string;
}

export async function describeDevice(services: DeviceServices, guess: DeviceGuess): Promise<Proposal> {
  const { row, client } = await findGuessed(services, guess);
  const wish = {
    limitNanoUsd: row.key_limit_nano_usd,
    limitReset: row.key_limit_reset,
    expiresAtMs: row.key_expires_at_ms,
    workspaceId: row.workspace_id,
  };
  const form = keyForm(client, { keyLabel: row.key_name, wish }, client.name);
  return {
    app: {
      name: client.name,
      ...{ host: null, origin: null, is_local: false, callback_url: null },
      client_name: client.name,
      is_dynamic: client.is_dynamic === 1,
    },
    client_name: client.name,
    headless: false,
    challenge_method: null,
    ...(await describeKeyForm(services, guess.session, form)),
    expires_in: Math.max(0, Math.floor((row.expires_at_ms - services.clock.nowMs()) / 1000)),
  };
}

/** Null: the user does not want it. */
export async function decide(
  services: DeviceServices,
  guess: DeviceGuess,
  choice: KeyChoice | null,
): Promise<void> {
  const { row } = await findGuessed(services, guess);
  const { accountId, userId } = guess.session;
  const decided = {
    decision: choice === null ? ('denied' as const) : ('approved' as const),
    account_id: accountId,
    user_id: userId,
    ...(choice !== null && {
      key_name: choice.keyLabel ?? row.key_name,
      key_limit_nano_usd: choice.wish.limitNanoUsd,
      key_limit_reset: choice.wish.limitReset,
      key_expires_at_ms: choice.wish.expiresAtMs,
      workspace_id: await workspaceOf(services.workspaces, guess.session, choice.wish.workspaceId),
    }),
  };
  await services.database.transaction(async (trx) => {
    const nowMs = services.clock.nowMs();
    if (!(await decideDevice(trx, row.user_code_hash, nowMs, decided))) throw unknownCode();
    await recordAudit(trx, {
      ...{ action: choice === null ? 'consent.refused' : 'consent.given', target: ['app', row.client_id] },
      ...{ accountId, after: { key_name: decided.key_name ?? null, device: true }, nowMs },
    });
  });
  const event = choice === null ? 'oauth_consent_refused' : 'oauth_consent_given';
  services.logger.info(event, { accountId, userId, clientId: row.client_id });
}

/** A device polls (RFC 8628, 3.4). */
export function createDeviceGrant(services: DeviceServices): Grant {
  const { database, clock } = services;
  return async (fields, call) => {
    const client = await authenticateClient(database.db, fields, call);
    const row = await findDevice(database.db, hashOf(required(fields, 'device_code')));
    if (row === undefined || row.client_id !== client.client_id || row.used_at_ms !== null) throw refused();
    const nowMs = clock.nowMs();
    if (row.expires_at_ms <= nowMs) throw oauthError('expired_token', 'The device code has expired');
    const { account_id, user_id, workspace_id } = row;
    if (row.decision === 'denied') throw oauthError('access_denied', 'The user refused');
    if (row.decision === null || account_id === null || user_id === null || workspace_id === null) {
      throw await stillWaiting(services, row, nowMs);
    }
    const made_for = client.is_dynamic === 1 ? null : client.name;
    const consent = { ...row, account_id, user_id, workspace_id, authorising_key_hash: null, made_for };
    const authority = await authorityOf(services, consent);
    if (typeof authority === 'string') throw refused();
    const created = await mintKey(services, consent, authority, (trx, { row: key }) =>
      markDeviceUsed(trx, row.device_code_hash, key.created_at_ms),
    );
    if (created === null) throw refused();
    return tokenAnswer({ ...created, scope: row.scope }, clock);
  };
}

/** For a job that runs now and then. */
export async function forgetOldDevices(services: { database: Database; clock: Clock }): Promise<void> {
  await deleteDevicesUntil(services.database.db, services.clock.nowMs() - DEVICE_KEPT_MS);
}

async function stillWaiting(services: DeviceServices, row: DeviceRow, nowMs: number): Promise<TurnpikeError> {
  const pace = { nowMs, toleranceMs: POLL_TOLERANCE_MS, slowDownMs: SLOW_DOWN_MS };
  return (await countPoll(services.database.db, row, pace))
    ? oauthError('authorization_pending', 'The user has not decided yet')
    : oauthError('slow_down', 'Polled too soon: wait five seconds longer between two polls from now on');
}

async function findGuessed(
  services: DeviceServices,
  { session, clientAddress, userCode }: DeviceGuess,
): Promise<{ row: DeviceRow; client: ClientRow }> {
  await services.attempts.count(`device code by user ${session.userId}`, GUESSES_OF_USER);
  await services.attempts.count(`device code from ${sourceOf(clientAddress)}`, GUESSES_OF_ADDRESS);
  const code = parseUserCode(userCode);
  if (code === null) throw unknownCode();
  const { db } = services.database;
  const row = await findWaitingDevice(db, hashOfUserCode(services, code), services.clock.nowMs());
  const client = row === undefined ? undefined : await findClient(db, row.client_id);
  if (row === undefined || client === undefined) throw unknownCode();
  return { row, client };
}

function hashOfUserCode({ masterKey }: DeviceServices, userCode: string): string {
  return keyedHash(masterKey, 'oauth user code', userCode);
}

function unknownCode(): TurnpikeError {
  return new TurnpikeError('not_found', { message: 'This code is unknown or too old' });
}

function refused(): TurnpikeError {
  return oauthError('invalid_grant', 'Invalid device code');
}
