/** What a guardrail lets each of those that it binds spend, as the database has it now. */
import type { Db } from '../storage/database.ts';
import type { PolicyBudget } from './policy.ts';
import { findGuardrail } from './store.ts';

export type GuardrailBudget = Pick<PolicyBudget, 'limitNanoUsd' | 'resetInterval' | 'includesByok'> & {
  readonly workspaceId: string | null;
  readonly name: string;
};

/** Null: it has no budget, or is gone. */
export async function readGuardrailBudget(
  db: Db,
  accountId: string,
  guardrailId: string,
): Promise<GuardrailBudget | null> {
  const row = await findGuardrail(db, accountId, guardrailId);
  if (row === undefined || row.limit_nano_usd === null) return null;
  return {
    limitNanoUsd: row.limit_nano_usd,
    resetInterval: row.reset_interval,
    includesByok: row.include_byok_in_budgets === 1,
    workspaceId: row.workspace_id,
    name: row.name,
  };
}
