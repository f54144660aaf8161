/** Where people say yes or no to an app, and where admins register apps. */
import { recordAudit } from '../../audit/record.ts';
import { hashOf } from '../../auth/key-secret.ts';
import type { Session } from '../../auth/session.ts';
import { isoFromMs } from '../../clock.ts';
import { invalidRequest, TurnpikeError, toTurnpikeError } from '../../errors.ts';
import {
  browserRoute,
  type FormCall,
  type Route,
  type SessionCall,
  sessionFormRoute,
  sessionRoute,
} from '../../http/route.ts';
import { isJsonObject } from '../../json.ts';
import { fieldsOfQuery, parseKeyChoice } from '../authorization/authorization-request.ts';
import { withAnswer } from '../authorization/callback-url.ts';
import { required } from '../authorization/code-grant.ts';
import { approve, deny, describeConsent, readAuthorization } from '../authorization/consent.ts';
import { readShownCode, shownCodeCookie } from '../authorization/shown-code.ts';
import {
  deleteClient,
  findClient,
  insertClient,
  listClients,
  updateClient,
} from '../clients/client-store.ts';
import {
  appEvent,
  appFacts,
  clientJson,
  newClient,
  newClientSecret,
  parseClientPatch,
  parseNewClient,
} from '../clients/clients.ts';
import { type DeviceGuess, type DeviceServices, decide, describeDevice } from '../device/device.ts';
import { type GrantServices, grantRoutes } from '../grants/routes.ts';
import { type Fields, fieldsOfForm } from '../token-endpoint.ts';

export interface OauthPageServices extends DeviceServices, GrantServices {
  readonly readJson: (request: Request) => Promise<unknown>;
  /** The document that every page starts as. */
  readonly page: (options?: {
    status?: number;
    formsMayLeave?: boolean;
    error?: { code: string; message: string };
  }) => Response | Promise<Response>;
}

export function oauthPageRoutes(services: OauthPageServices): Route[] {
  return [
    browserRoute('GET', '/auth', ({ url }) => showAuthPage(services, url)),
    sessionRoute('GET', '/api/dashboard/consent', 'member', async ({ url, session }) => {
      const authorization = await readAuthorization(services, fieldsOfQuery(url.searchParams));
      return Response.json({ data: await describeConsent(services, session, authorization) });
    }),
    sessionFormRoute('/auth/consent', 'member', (call) => answerConsent(services, call)),
    sessionRoute('GET', '/api/dashboard/consent/code', 'member', ({ request, session }) => {
      const shown = readShownCode(services, session, request.headers.get('cookie'));
      if (shown === null) throw new TurnpikeError('not_found', { message: 'There is no code to show' });
      const { code, expiresAtMs, keyName } = shown;
      return Response.json({ data: { code, expires_at: isoFromMs(expiresAtMs), key_label: keyName } });
    }),
    sessionRoute('GET', '/api/dashboard/device', 'member', async (call) => {
      const userCode = call.url.searchParams.get('user_code') ?? '';
      return Response.json({ data: await describeDevice(services, guessOf(call, userCode)) });
    }),
    sessionRoute('POST', '/api/dashboard/device', 'member', async (call) => {
      const fields = choiceOf(await services.readJson(call.request));
      const choice = isApproved(fields) ? parseKeyChoice(fields, services.clock.nowMs()) : null;
      await decide(services, guessOf(call, required(fields, 'user_code')), choice);
      return Response.json({ data: { decision: fields.get('decision') } });
    }),
    ...appRoutes(services),
    ...grantRoutes(services),
  ];
}

/** A request that cannot be answered is shown as an error here: its callback is not to be trusted with one (RFC 9700, 4.11.2). */
async function showAuthPage(services: OauthPageServices, url: URL): Promise<Response> {
  try {
    const { request } = await readAuthorization(services, fieldsOfQuery(url.searchParams));
    return await services.page({ formsMayLeave: request.callback !== null });
  } catch (thrown) {
    const error = toTurnpikeError(thrown);
    if (error.status >= 500) throw error;
    const { status, code, message } = error;
    return await services.page({ status, error: { code, message } });
  }
}

async function answerConsent(services: OauthPageServices, { form, session }: FormCall): Promise<Response> {
  const fields = fieldsOfForm(form);
  const authorization = await readAuthorization(services, fields);
  const { callback, state } = authorization.request;
  // Which server answers, so that an app with several mixes up none (RFC 9207).
  const sender = { state, iss: authorization.client === null ? null : services.publicUrl };
  if (!isApproved(fields)) {
    await deny(services, session, authorization, fields.get('consent_id'));
    return seeOther(callback === null ? '/' : withAnswer(callback, { error: 'access_denied', ...sender }));
  }
  const choice = parseKeyChoice(fields, services.clock.nowMs());
  const approved = await approve(services, session, authorization, choice, fields.get('consent_id'));
  if (callback !== null) return seeOther(withAnswer(callback, { code: approved.code, ...sender }));
  return seeOther('/auth/code', { 'set-cookie': shownCodeCookie(services, session, approved) });
}

/** 303, so that no browser sends the form on to the app (RFC 9700, 4.12). */
function seeOther(location: string, headers: Record<string, string> = {}): Response {
  return new Response(null, { status: 303, headers: { ...headers, location } });
}

function isApproved(fields: Fields): boolean {
  const decision = fields.get('decision');
  if (decision !== 'approve' && decision !== 'deny') {
    throw invalidRequest('decision: must be "approve" or "deny"');
  }
  return decision === 'approve';
}

function guessOf({ session, clientAddress }: SessionCall, userCode: string): DeviceGuess {
  return { session, clientAddress, userCode };
}

/** The same fields as a form has, with numbers as numbers. */
function choiceOf(body: unknown): Fields {
  if (!isJsonObject(body)) throw invalidRequest('The request body must be a JSON object');
  const texts = Object.entries(body)
    .filter(([, value]) => value !== null)
    .map(([name, value]): [string, string] => {
      if (typeof value === 'string' || typeof value === 'number') return [name, String(value)];
      throw invalidRequest(`${name}: must be a text or a number`);
    });
  return fieldsOfForm(new URLSearchParams(texts));
}

/** Registered apps, each its account's. Of a secret, the hash alone is kept. */
function appRoutes(services: OauthPageServices): Route[] {
  const { db } = services.database;
  const HEADERS = { 'cache-control': 'no-store' };
  const note = ({ accountId, userId }: Session, change: string, clientId: string): void =>
    services.logger.info('oauth_app_changed', { change, clientId, accountId, userId });
  return [
    sessionRoute('GET', '/api/dashboard/apps', 'admin', async ({ session }) => {
      const rows = await listClients(db, session.accountId);
      return Response.json({ data: rows.map(clientJson) });
    }),
    sessionRoute('POST', '/api/dashboard/apps', 'admin', async ({ request, session }) => {
      const wanted = parseNewClient(await services.readJson(request));
      const { accountId } = session;
      const { row, secret } = newClient(wanted, {
        accountId,
        ownGrantTypes: null,
        nowMs: services.clock.nowMs(),
      });
      await services.database.transaction(async (trx) => {
        await insertClient(trx, row);
        await recordAudit(trx, {
          ...appEvent('created', row),
          after: appFacts(row),
          nowMs: row.created_at_ms,
        });
      });
      note(session, 'registered', row.client_id);
      const data = { ...clientJson(row), client_secret: secret };
      return Response.json({ data }, { status: 201, headers: HEADERS });
    }),
    sessionRoute('PATCH', '/api/dashboard/apps/:id', 'admin', async ({ request, session, params }) => {
      const changes = parseClientPatch(await services.readJson(request));
      const row = await services.database.transaction(async (trx) => {
        const before = await findClient(trx, params['id'] ?? '');
        const after = await updateClient(trx, session.accountId, params['id'] ?? '', changes);
        if (before === undefined || after === undefined) throw new TurnpikeError('not_found');
        const facts = { before: appFacts(before), after: appFacts(after) };
        await recordAudit(trx, { ...appEvent('changed', after), ...facts, nowMs: services.clock.nowMs() });
        return after;
      });
      note(session, 'changed', row.client_id);
      return Response.json({ data: clientJson(row) });
    }),
    sessionRoute('POST', '/api/dashboard/apps/:id/secret', 'admin', async ({ session, params }) => {
      const { accountId } = session;
      const id = params['id'] ?? '';
      const known = await findClient(db, id);
      if (known === undefined || known.account_id !== accountId) throw new TurnpikeError('not_found');
      if (known.secret_hash === null) throw invalidRequest('A public app has no secret');
      const secret = newClientSecret();
      const row = await services.database.transaction(async (trx) => {
        const changed = await updateClient(trx, accountId, id, { secret_hash: hashOf(secret) });
        if (changed === undefined) throw new TurnpikeError('not_found');
        await recordAudit(trx, { ...appEvent('secret_rotated', changed), nowMs: services.clock.nowMs() });
        return changed;
      });
      note(session, 'secret_rotated', row.client_id);
      return Response.json({ data: { ...clientJson(row), client_secret: secret } }, { headers: HEADERS });
    }),
    sessionRoute('DELETE', '/api/dashboard/apps/:id', 'admin', async ({ session, params }) => {
      const id = params['id'] ?? '';
      await services.database.transaction(async (trx) => {
        const before = await findClient(trx, id);
        if (before === undefined || !(await deleteClient(trx, session.accountId, id)))
          throw new TurnpikeError('not_found');
        const facts = { before: appFacts(before) };
        await recordAudit(trx, { ...appEvent('deleted', before), ...facts, nowMs: services.clock.nowMs() });
      });
      note(session, 'deleted', id);
      return Response.json({ deleted: true });
    }),
  ];
}
