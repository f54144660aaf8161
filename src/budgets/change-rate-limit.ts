/** Makes, changes and deletes the rate limits of a workspace. */
import { findRateLimits } from '../allowances/read-allowances.ts';
import { recordAudit } from '../audit/record.ts';
import { TurnpikeError } from '../errors.ts';
import { newId } from '../ids.ts';
import type { Trx } from '../storage/database.ts';
import type { RateLimitTable } from '../storage/limit-tables.ts';
import type { Workspace } from '../tenancy/tenants.ts';
import { changingLimits, type LimitServices } from './change-budget.ts';
import { mustLimit, type RateLimitWish } from './fields.ts';
import { type RateTargets, targetIdOf } from './rate-target.ts';
import { deleteRateLimit, insertRateLimit, updateRateLimit } from './store.ts';

/** Each is looked at for every request. */
const MAX_RATE_LIMITS = 200;

/** 409 where the same subject and target have one, 400 where there is no such target. */
export async function addRateLimit(
  services: LimitServices & RateTargets,
  workspace: Workspace,
  { subject, target: named, requestsPerMinute, tokensPerMinute }: RateLimitWish,
): Promise<RateLimitTable> {
  const { database, clock } = services;
  const target = await targetIdOf(
    services,
    database.db,
    workspace,
    { subject, target: named },
    clock.nowMs(),
  );
  return await changingLimits(services, workspace, async (trx, _, nowMs) => {
    const rows = await findRateLimits(trx, workspace.id);
    const row: RateLimitTable = {
      ...{ id: newId(), workspace_id: workspace.id, subject, target: target ?? '' },
      ...{ requests_per_minute: requestsPerMinute, tokens_per_minute: tokensPerMinute },
      ...{ created_at_ms: nowMs, updated_at_ms: nowMs },
    };
    if (rows.some((one) => one.subject === row.subject && one.target === row.target))
      throw new TurnpikeError('conflict', {
        message: 'There is a rate limit of that subject and target already: change it instead',
      });
    if (rows.length >= MAX_RATE_LIMITS)
      throw new TurnpikeError('conflict', {
        message: `A workspace has at most ${MAX_RATE_LIMITS} rate limits`,
      });
    await insertRateLimit(trx, row);
    await recordAudit(trx, {
      ...{ action: 'rate_limit.created', target: ['rate_limit', row.id], nowMs },
      ...{ accountId: workspace.account_id, after: factsOf(row) },
    });
    return row;
  });
}

export async function changeRateLimit(
  services: LimitServices,
  workspace: Workspace,
  id: string,
  patch: Partial<Pick<RateLimitWish, 'requestsPerMinute' | 'tokensPerMinute'>>,
): Promise<RateLimitTable> {
  return await changingLimits(services, workspace, async (trx, _, nowMs) => {
    const before = await mustFind(trx, workspace, id);
    const { requestsPerMinute = before.requests_per_minute, tokensPerMinute = before.tokens_per_minute } =
      patch;
    mustLimit(requestsPerMinute, tokensPerMinute);
    const changes = {
      ...{ requests_per_minute: requestsPerMinute, tokens_per_minute: tokensPerMinute },
      updated_at_ms: nowMs,
    };
    await updateRateLimit(trx, id, changes);
    const after = { ...before, ...changes };
    await recordAudit(trx, {
      ...{ action: 'rate_limit.changed', target: ['rate_limit', id], accountId: workspace.account_id },
      ...{ before: factsOf(before), after: factsOf(after), nowMs },
    });
    return after;
  });
}

export async function removeRateLimit(
  services: LimitServices,
  workspace: Workspace,
  id: string,
): Promise<void> {
  await changingLimits(services, workspace, async (trx, _, nowMs) => {
    const before = await mustFind(trx, workspace, id);
    await deleteRateLimit(trx, id);
    await recordAudit(trx, {
      ...{ action: 'rate_limit.deleted', target: ['rate_limit', id], accountId: workspace.account_id },
      ...{ before: factsOf(before), nowMs },
    });
  });
}

/** Another workspace's is none. */
async function mustFind(trx: Trx, workspace: Workspace, id: string): Promise<RateLimitTable> {
  const row = (await findRateLimits(trx, workspace.id)).find((one) => one.id === id);
  if (row === undefined) throw new TurnpikeError('not_found');
  return row;
}

function factsOf({ workspace_id, subject, target, ...rates }: RateLimitTable) {
  const { requests_per_minute, tokens_per_minute } = rates;
  return { workspace_id, subject, target, requests_per_minute, tokens_per_minute };
}
