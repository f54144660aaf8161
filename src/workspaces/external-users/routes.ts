/** The people of partners, as names to count by: `/external-users` of the management API. A registration opens and stops nothing. */
import { z } from 'zod';
import { recordAudit } from '../../audit/record.ts';
import type { Clock } from '../../clock.ts';
import { isoFromMs } from '../../clock.ts';
import { invalidRequest, TurnpikeError } from '../../errors.ts';
import { type KeyCall, managementRoute, type Route } from '../../http/route.ts';
import { flag, parse, text } from '../../keys/key-fields.ts';
import { pageOf, single } from '../../query.ts';
import type { Database } from '../../storage/database.ts';
import {
  type ExternalUserRow,
  findExternalUser,
  insertExternalUser,
  listExternalUsers,
  setActive,
} from './store.ts';

export interface ExternalUserServices {
  readonly database: Database;
  readonly clock: Clock;
  readonly readJson: (request: Request) => Promise<unknown>;
}

const PATH = '/api/v1/external-users';
const MAX_NAME = 512;

/** Kept as it is or refused, never lower-cased or trimmed: requests name the same person by the same text. */
const user = text
  .min(1, 'must not be empty')
  .max(MAX_NAME, `must have at most ${MAX_NAME} characters`)
  .refine((value) => value === value.trim(), 'must not begin or end with white space');

const creation = z.object({ user }, 'must be a JSON object');
const patch = z.object({ is_active: flag }, 'must be a JSON object');

export function externalUserRoutes(services: ExternalUserServices): Route[] {
  return [
    managementRoute('GET', PATH, (call) => list(services, call)),
    managementRoute('POST', PATH, (call) => create(services, call)),
    managementRoute('GET', `${PATH}/:user`, (call) => read(services, call)),
    managementRoute('PATCH', `${PATH}/:user`, async (call) => {
      const { is_active } = parse(patch, await services.readJson(call.request));
      return Response.json({ data: userJson(await change(services, call, is_active)) });
    }),
    managementRoute('DELETE', `${PATH}/:user`, async (call) => {
      await change(services, call, false);
      return new Response(null, { status: 204 });
    }),
  ];
}

async function list({ database }: ExternalUserServices, { url, principal }: KeyCall): Promise<Response> {
  const query = url.searchParams;
  const inactive = single(query, 'include_inactive') ?? 'false';
  if (inactive !== 'true' && inactive !== 'false')
    throw invalidRequest('include_inactive: must be "true" or "false"');
  const { rows, total } = await listExternalUsers(database.db, {
    ...{ accountId: principal.accountId, name: single(query, 'user'), ...pageOf(query) },
    includeInactive: inactive === 'true',
  });
  return Response.json({ data: rows.map(userJson), total_count: total });
}

async function create({ database, clock, readJson }: ExternalUserServices, call: KeyCall): Promise<Response> {
  const { user: name } = parse(creation, await readJson(call.request));
  const { accountId } = call.principal;
  const nowMs = clock.nowMs();
  const row = {
    ...{ account_id: accountId, name, is_active: 1 as const },
    ...{ created_at_ms: nowMs, updated_at_ms: nowMs },
  };
  await database.transaction(async (trx) => {
    if (!(await insertExternalUser(trx, row)))
      throw new TurnpikeError('conflict', { message: 'This external user is registered already' });
    await recordAudit(trx, {
      ...{ action: 'external_user.created', target: ['external_user', name], accountId, nowMs },
      after: { is_active: true },
    });
  });
  return Response.json({ data: userJson(row) }, { status: 201 });
}

async function read({ database }: ExternalUserServices, { principal, params }: KeyCall): Promise<Response> {
  const row = await findExternalUser(database.db, principal.accountId, params['user'] ?? '');
  if (row === undefined) throw new TurnpikeError('not_found');
  return Response.json({ data: userJson(row) });
}

async function change(
  { database, clock }: ExternalUserServices,
  { principal: { accountId }, params }: KeyCall,
  isActive: boolean,
): Promise<ExternalUserRow> {
  const name = params['user'] ?? '';
  const nowMs = clock.nowMs();
  return await database.transaction(async (trx) => {
    const before = await findExternalUser(trx, accountId, name);
    const row = await setActive(trx, { accountId, name }, isActive ? 1 : 0, nowMs);
    if (before === undefined || row === undefined) throw new TurnpikeError('not_found');
    await recordAudit(trx, {
      ...{ action: 'external_user.changed', target: ['external_user', name], accountId, nowMs },
      ...{ before: { is_active: before.is_active === 1 }, after: { is_active: isActive } },
    });
    return row;
  });
}

function userJson(row: ExternalUserRow) {
  return {
    user: row.name,
    is_active: row.is_active === 1,
    created_at: isoFromMs(row.created_at_ms),
    updated_at: isoFromMs(row.updated_at_ms),
  };
}
