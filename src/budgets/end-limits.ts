/** What goes with a workspace: its budgets, those of its tags, and its rate limits. */
import { findBudgets, findRateLimits, findTagBudgets } from '../allowances/read-allowances.ts';
import { recordAudit } from '../audit/record.ts';
import { recordChange } from '../storage/changes.ts';
import type { Trx } from '../storage/database.ts';
import { deleteLimits } from './store.ts';

/** What was spent and whom that was told stays on record. What it gives tells of the rest, and is called last in the transaction. */
export async function endLimitsOf(
  trx: Trx,
  { accountId, id: workspaceId }: { readonly accountId: string; readonly id: string },
  nowMs: number,
): Promise<() => Promise<void>> {
  const [budgets, tagBudgets, rateLimits] = [
    await findBudgets(trx, workspaceId),
    await findTagBudgets(trx, workspaceId),
    await findRateLimits(trx, workspaceId),
  ];
  await deleteLimits(trx, workspaceId);
  const event = { accountId, nowMs };
  for (const { period, limit_nano_usd } of budgets)
    await recordAudit(trx, {
      ...{ action: 'workspace_budget.removed', target: ['workspace', workspaceId], ...event },
      before: { [`${period}_limit_nano_usd`]: limit_nano_usd },
    });
  for (const { id, tag_name: tag, tag_value: value, window_kind: interval, limit_nano_usd } of tagBudgets)
    await recordAudit(trx, {
      ...{ action: 'tag_budget.deleted', target: ['tag_budget', id], ...event },
      before: { workspace_id: workspaceId, tag, value, interval, limit_nano_usd },
    });
  for (const { id, subject, target, requests_per_minute, tokens_per_minute } of rateLimits)
    await recordAudit(trx, {
      ...{ action: 'rate_limit.deleted', target: ['rate_limit', id], ...event },
      before: { workspace_id: workspaceId, subject, target, requests_per_minute, tokens_per_minute },
    });
  return async () => void (await recordChange(trx, 'workspace_limits', workspaceId, nowMs));
}
