/** Whether the ledger has of each payment what it is worth, and nothing that no payment explains. */
import type { Db } from '../storage/database.ts';
import { takenOf } from './payment.ts';
import { everyPayment, movementSums, refundsAndDisputes, strayEntries } from './store.ts';

export interface PaymentVerification {
  readonly payments: number;
  /** The first disagreement; null: everything agrees. */
  readonly fault: string | null;
}

const NOTHING = { balance_nano_usd: 0n, fee_nano_usd: 0n, movements: 0, last_number: 0 };

/** Beside a gateway that works, `db` must be a `snapshot`. */
export async function verifyPayments(db: Db): Promise<PaymentVerification> {
  const payments = await everyPayment(db);
  const [stray] = await strayEntries(db);
  if (stray !== undefined)
    return { payments: payments.length, fault: `ledger_entry: transaction ${stray} belongs to no payment` };
  const sums = await movementSums(db);
  const { refunds, disputes } = await refundsAndDisputes(db);
  for (const payment of payments) {
    const booked = sums.get(payment.id) ?? NOTHING;
    const { forRefunds, forDisputes } = takenOf(
      payment,
      refunds.get(payment.id) ?? [],
      disputes.get(payment.id) ?? [],
    );
    const isPaid = payment.state === 'paid';
    const worth = isPaid ? payment.amount_nano_usd - forRefunds - forDisputes : 0n;
    const fee = isPaid ? payment.fee_nano_usd : 0n;
    const fault =
      difference('credits', booked.balance_nano_usd, worth) ??
      difference('fees', booked.fee_nano_usd, fee) ??
      (booked.movements === booked.last_number ? null : 'a gap in its movements');
    if (fault !== null) return { payments: payments.length, fault: `payment: ${payment.id} has ${fault}` };
  }
  return { payments: payments.length, fault: null };
}

function difference(what: string, booked: bigint | number, right: bigint | number): string | null {
  return booked === right ? null : `${booked} nano-USD of ${what} in the ledger, and should have ${right}`;
}
