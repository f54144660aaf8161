/**
 * News of a payment become entries of the ledger: always the difference between what the payment is worth now and what was booked of it,
 * so that news may come twice, late and in any order, and a process may die between any two of them.
 */
import { recordAudit } from '../audit/record.ts';
import type { Clock } from '../clock.ts';
import { moveCredits } from '../credits/ledger.ts';
import { derivedId } from '../ids.ts';
import type { NanoUsd } from '../money.ts';
import type { PaymentTable } from '../storage/billing-tables.ts';
import { recordChange } from '../storage/changes.ts';
import type { Database, Trx } from '../storage/database.ts';
import { balanceOf } from './account.ts';
import { takenOf } from './payment.ts';
import {
  changeBillingAccount,
  changePayment,
  countMovements,
  disputesOf,
  insertMovement,
  lockBillingAccount,
  lockPayment,
  refundsOf,
} from './store.ts';

export interface BookServices {
  readonly database: Database;
  readonly clock: Clock;
  /** Credits have moved: this process has begun to read them anew when it resolves. */
  readonly creditsChanged: () => Promise<void>;
}

/** What the news say of the payment itself. Refunds and disputes are rows that whoever learns of them writes. */
export type PaymentNews = Partial<
  Pick<
    PaymentTable,
    | 'state'
    | 'customer_id'
    | 'checkout_session_id'
    | 'payment_intent_id'
    | 'failure'
    | 'refunded_nano_usd'
    | 'paid_at_ms'
  >
>;

/**
 * `learn` sees the payment as it is, locked, and gives what is new; null: nothing, and nothing is written. Gives the payment as it is
 * afterwards; null: there is none.
 */
export async function bookNews(
  services: BookServices,
  { id, account_id: accountId }: Pick<PaymentTable, 'id' | 'account_id'>,
  learn: (trx: Trx, payment: PaymentTable) => Promise<PaymentNews | null>,
): Promise<PaymentTable | null> {
  const nowMs = services.clock.nowMs();
  const { payment, hasMoved } = await services.database.transaction(async (trx) => {
    await lockBillingAccount(trx, accountId);
    const before = await lockPayment(trx, id);
    const news = before === undefined ? null : await learn(trx, before);
    if (before === undefined || news === null) return { payment: before ?? null, hasMoved: false };
    const after = { ...before, ...news };
    const moved = await book(trx, before, after, nowMs);
    const { id: _, account_id: __, ...columns } = moved.payment;
    await changePayment(trx, id, columns);
    if (!moved.hasMoved) return moved;
    if (moved.isMore) await beginAlertsAnew(trx, accountId);
    await recordChange(trx, 'account', accountId, nowMs);
    return moved;
  });
  if (hasMoved) await services.creditsChanged();
  return payment;
}

async function book(trx: Trx, before: PaymentTable, after: PaymentTable, nowMs: number) {
  if (after.state !== 'paid') return { payment: after, hasMoved: false, isMore: false };
  const movements = new Movements(trx, after, await countMovements(trx, after.id), nowMs);
  if (before.state !== 'paid') await movements.purchase();
  const refunds = await refundsOf(trx, after.id);
  const disputes = await disputesOf(trx, after.id);
  const { forRefunds, forDisputes } = takenOf(after, refunds, disputes);
  await movements.take('refund', forRefunds - after.taken_for_refunds_nano_usd);
  await movements.take('dispute', forDisputes - after.taken_for_disputes_nano_usd);
  return {
    payment: { ...after, taken_for_refunds_nano_usd: forRefunds, taken_for_disputes_nano_usd: forDisputes },
    hasMoved: movements.hasMoved,
    isMore: movements.isMore,
  };
}

/** Money at the payment provider, and what was paid for the buying. */
const CLEARING = 'stripe_clearing';
const FEES = 'purchase_fees';

const REASONS = {
  refund: { taken: 'refund', returned: 'a refund was undone' },
  dispute: { taken: 'dispute of the payment', returned: 'a dispute ended well' },
} as const;

class Movements {
  hasMoved = false;
  /** Whether credits came. */
  isMore = false;
  readonly #trx: Trx;
  readonly #payment: PaymentTable;
  readonly #nowMs: number;
  #count: number;

  constructor(trx: Trx, payment: PaymentTable, count: number, nowMs: number) {
    this.#trx = trx;
    this.#payment = payment;
    this.#count = count;
    this.#nowMs = nowMs;
  }

  async purchase(): Promise<void> {
    const { kind, amount_nano_usd: amount, fee_nano_usd: fee } = this.#payment;
    const reason = kind === 'top_up' ? 'automatic top-up' : 'purchase';
    await this.#append('purchase', reason, amount + fee, fee);
  }

  /** A negative amount is given back. */
  async take(why: 'refund' | 'dispute', amount: NanoUsd): Promise<void> {
    if (amount === 0n) return;
    const { taken, returned } = REASONS[why];
    if (amount > 0n) await this.#append(why, taken, -amount, 0n);
    else await this.#append('reversal', returned, -amount, 0n);
  }

  async #append(kind: string, reason: string, paid: NanoUsd, fee: NanoUsd): Promise<void> {
    const { id: payment_id, account_id: accountId } = this.#payment;
    this.#count += 1;
    // By its number alone: a second attempt at the same movement breaks the key of the ledger, whatever else went wrong.
    const id = derivedId(payment_id, `movement ${this.#count}`);
    await moveCredits(this.#trx, {
      ...{ id, accountId, against: CLEARING, kind, reason, amountNanoUsd: paid, nowMs: this.#nowMs },
      ...(fee === 0n ? {} : { also: { against: FEES, amountNanoUsd: -fee, reason: 'fee of the purchase' } }),
    });
    await insertMovement(this.#trx, { payment_id, number: this.#count, transaction_id: id });
    await recordAudit(this.#trx, {
      ...{ action: `credits.${kind}`, target: ['payment', payment_id], accountId, nowMs: this.#nowMs },
      after: { amount_nano_usd: paid - fee, reason },
    });
    this.hasMoved = true;
    if (paid > 0n) this.isMore = true;
  }
}

/** What parts of are told is what there is now. */
async function beginAlertsAnew(trx: Trx, accountId: string): Promise<void> {
  const { credits, balance } = await balanceOf(trx, accountId);
  await changeBillingAccount(trx, accountId, {
    alert_credits_nano_usd: credits,
    alert_base_nano_usd: balance,
    alert_sent_percent: 0,
  });
}
