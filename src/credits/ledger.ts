/** The ledger as the rest of the gateway uses it: what an account was given, and what its requests cost. */
import type { NanoUsd } from '../money.ts';
import type { Db, Trx } from '../storage/database.ts';
import type { CreditTotals } from './credits.ts';
import { appendTransaction, listCreditEntries, readCreditTotals } from './store.ts';

/** What the cost of requests goes to, and what is taken for those that went through an account's own provider keys. */
const REVENUE = 'revenue';
const OWN_KEY_FEES = 'own_key_fees';

export async function creditsOf(db: Db, accountId: string): Promise<CreditTotals> {
  return await readCreditTotals(db, accountId);
}

/** What a batch of generations cost each account: one transaction for each, which the rows name, so that it can be checked. */
export async function chargeUsage(
  trx: Trx,
  charges: readonly {
    readonly accountId: string;
    readonly transactionId: string;
    readonly costNanoUsd: NanoUsd;
    readonly feeNanoUsd: NanoUsd;
  }[],
  nowMs: number,
): Promise<void> {
  for (const { accountId, transactionId, costNanoUsd, feeNanoUsd } of charges) {
    await appendTransaction(trx, {
      id: transactionId,
      accountId,
      against: REVENUE,
      kind: 'usage',
      reason: 'requests',
      amountNanoUsd: -costNanoUsd,
      ...(feeNanoUsd === 0n
        ? {}
        : {
            also: { against: OWN_KEY_FEES, reason: 'fee for own provider keys', amountNanoUsd: -feeNanoUsd },
          }),
      nowMs,
    });
  }
}

/** One movement of an account's credits with its cause, as entries that sum to zero. */
export async function moveCredits(
  trx: Trx,
  movement: Parameters<typeof appendTransaction>[1],
): Promise<void> {
  await appendTransaction(trx, movement);
}

/** Newest first, but for what was spent. */
export async function creditEntries(
  db: Db,
  page: Parameters<typeof listCreditEntries>[1],
): ReturnType<typeof listCreditEntries> {
  return await listCreditEntries(db, page);
}
