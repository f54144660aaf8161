/** What an account has been given to spend: the sum of its entries in the ledger. */
import type { NanoUsd } from '../money.ts';

export interface CreditTotals {
  /** Purchases, grants and adjustments, less refunds. */
  readonly creditsNanoUsd: NanoUsd;
  /** Bought over all time, whatever became of it. */
  readonly purchasedNanoUsd: NanoUsd;
}
