/** The ledger as the rest of the gateway uses it: what an account was given, and what its requests cost. */
import type { NanoUsd } from '../money.ts';
import type { Db, Trx } from '../storage/database.ts';
import type { CreditTotals } from './credits.ts';
import { appendTransaction, readCreditTotals } from './store.ts';

/** What the cost of requests goes to. */
const REVENUE = 'revenue';

export async function creditsOf(db: Db, accountId: string): Promise<CreditTotals> {
  return await readCreditTotals(db, accountId);
}

/** What a batch of generations cost each account: one transaction for each, which the rows name, so that it can be checked. */
export async function chargeUsage(
  trx: Trx,
  charges: readonly { accountId: string; transactionId: string; costNanoUsd: NanoUsd }[],
  nowMs: number,
): Promise<void> {
  for (const { accountId, transactionId, costNanoUsd } of charges) {
    await appendTransaction(trx, {
      id: transactionId,
      accountId,
      against: REVENUE,
      kind: 'usage',
      reason: 'requests',
      amountNanoUsd: -costNanoUsd,
      nowMs,
    });
  }
}
