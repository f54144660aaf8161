import { describe, expect, test } from 'bun:test';
import { sql } from 'kysely';
import { engines } from '../../test/databases.ts';
import type { PaymentTable } from '../storage/billing-tables.ts';
import type { Db, Trx } from '../storage/database.ts';
import { bookNews } from './book.ts';
import { insertPayment, putRefund } from './store.ts';
import { verifyPayments } from './verify.ts';

const USD = 1_000_000_000n;

class Undo extends Error {}

describe.each(engines)('on $name', (engine) => {
  test('a payment whose ledger is off is named, and one that is right is not', async () => {
    const opened = await engine.open();
    const { database } = opened;
    await database.db
      .insertInto('account')
      .values({ id: 'acme', kind: 'organisation', name: 'A', created_at_ms: 1 } as never)
      .execute();
    const payment: PaymentTable = {
      ...{ id: '0190c000-0000-7000-8000-000000000009', account_id: 'acme', kind: 'checkout', state: 'open' },
      ...{ amount_nano_usd: 20n * USD, fee_nano_usd: 1n * USD, is_live: 0, saves_card: 0, customer_id: null },
      ...{ checkout_session_id: null, payment_intent_id: 'pi_1', user_id: null, failure: null },
      ...{ refunded_nano_usd: 0n, taken_for_refunds_nano_usd: 0n, taken_for_disputes_nano_usd: 0n },
      ...{ created_at_ms: 1, asked_at_ms: 1, paid_at_ms: null },
    };
    await insertPayment(database.db, payment);
    const services = { database, clock: { nowMs: () => 2 }, creditsChanged: async () => {} };
    await bookNews(services, payment, async () => ({ state: 'paid' }));
    await bookNews(services, payment, async (trx) => {
      await putRefund(trx, {
        id: 're_1',
        payment_id: payment.id,
        amount_nano_usd: 3n * USD,
        state: 'succeeded',
      });
      return {};
    });
    expect(await verifyPayments(database.db)).toEqual({ payments: 1, fault: null });

    const wrong = async (change: (trx: Trx) => Promise<unknown>): Promise<string | null> => {
      let fault: string | null = null;
      await database
        .transaction(async (trx) => {
          await change(trx);
          ({ fault } = await verifyPayments(trx as Db));
          throw new Undo();
        })
        .catch((thrown: unknown) => {
          if (!(thrown instanceof Undo)) throw thrown;
        });
      return fault;
    };
    const ledger = (text: string) => wrong((trx) => sql.raw(text).execute(trx));
    for (const [text, problem] of [
      [
        `DELETE FROM ledger_entry WHERE kind = 'refund'`,
        'has 20000000000 nano-USD of credits in the ledger, and should have 17000000000',
      ],
      [
        `UPDATE ledger_entry SET amount_nano_usd = amount_nano_usd + 1 WHERE book = 'customer_balance' AND kind = 'purchase'`,
        '17000000001 nano-USD of credits',
      ],
      [`UPDATE ledger_entry SET amount_nano_usd = 0 WHERE book = 'purchase_fees'`, 'has 0 nano-USD of fees'],
      [`UPDATE payment SET state = 'failed'`, 'should have 0'],
      [`UPDATE payment_refund SET state = 'undone'`, 'should have 20000000000'],
      [`DELETE FROM payment_movement WHERE number = 1`, 'belongs to no payment'],
      [`UPDATE payment_movement SET number = 7 WHERE number = 2`, 'a gap in its movements'],
      [
        `INSERT INTO payment_dispute (id, payment_id, amount_nano_usd, state) VALUES ('du_1', '${payment.id}', 1, 'held')`,
        'should have 16999999999',
      ],
    ] as const)
      expect([text, await ledger(text)]).toEqual([text, expect.stringContaining(problem)]);
    expect((await verifyPayments(database.db)).fault).toBeNull();
    await opened.dispose();
  });
});
