/** All SQL on payments, on what became of them, and on what accounts have settled about buying. */
import { PostgresAdapter, sql } from 'kysely';
import type {
  BillingAccountTable,
  PaymentDisputeTable,
  PaymentKind,
  PaymentMovementTable,
  PaymentRefundTable,
  PaymentTable,
} from '../storage/billing-tables.ts';
import type { Db, Trx } from '../storage/database.ts';

const isPostgres = (trx: Trx): boolean => trx.getExecutor().adapter instanceof PostgresAdapter;

/** Makes the row where there is none; the one that is there stays. */
export async function ensureBillingAccount(db: Db, row: BillingAccountTable): Promise<void> {
  await db
    .insertInto('billing_account')
    .values(row)
    .onConflict((conflict) => conflict.column('account_id').doNothing())
    .execute();
}

export async function findBillingAccount(
  db: Db,
  accountId: string,
): Promise<BillingAccountTable | undefined> {
  return await db
    .selectFrom('billing_account')
    .selectAll()
    .where('account_id', '=', accountId)
    .executeTakeFirst();
}

/** Nobody else changes it, or a payment of it, until the commit: whoever takes both takes this one first. */
export async function lockBillingAccount(
  trx: Trx,
  accountId: string,
): Promise<BillingAccountTable | undefined> {
  const row = trx.selectFrom('billing_account').selectAll().where('account_id', '=', accountId);
  return await (isPostgres(trx) ? row.forUpdate() : row).executeTakeFirst();
}

export async function changeBillingAccount(
  db: Db,
  accountId: string,
  changes: Partial<Omit<BillingAccountTable, 'account_id'>>,
): Promise<void> {
  await db.updateTable('billing_account').set(changes).where('account_id', '=', accountId).execute();
}

/** The first one stays: cards belong to it. */
export async function setCustomerOnce(db: Db, accountId: string, customerId: string): Promise<void> {
  await db
    .updateTable('billing_account')
    .set({ customer_id: customerId })
    .where('account_id', '=', accountId)
    .where('customer_id', 'is', null)
    .execute();
}

/** Its card goes with it; a top-up without a card is none. */
export async function forgetCustomer(db: Db, accountId: string, customerId: string): Promise<void> {
  await db
    .updateTable('billing_account')
    .set({ customer_id: null, payment_method_id: null, payment_method_label: null, top_up_enabled: 0 })
    .where('account_id', '=', accountId)
    .where('customer_id', '=', customerId)
    .execute();
}

/** A card charges for the customer that it was kept for, and for no other that took its place since. */
export async function keepPaymentMethod(
  db: Db,
  { account_id, customer_id }: Pick<PaymentTable, 'account_id' | 'customer_id'>,
  method: Pick<BillingAccountTable, 'payment_method_id' | 'payment_method_label'>,
): Promise<void> {
  await db
    .updateTable('billing_account')
    .set(method)
    .where('account_id', '=', account_id)
    .where('customer_id', '=', customer_id)
    .execute();
}

export async function listBillingAccounts(db: Db): Promise<BillingAccountTable[]> {
  return await db.selectFrom('billing_account').selectAll().orderBy('account_id').execute();
}

/** Accounts for which there is no row yet. */
export async function accountsWithoutBilling(db: Db): Promise<string[]> {
  const rows = await db
    .selectFrom('account')
    .leftJoin('billing_account', 'billing_account.account_id', 'account.id')
    .select('account.id')
    .where('billing_account.account_id', 'is', null)
    .execute();
  return rows.map(({ id }) => id);
}

/** False: others have told of that part since; nobody tells of it twice. */
export async function claimAlert(
  db: Db,
  account: Pick<BillingAccountTable, 'account_id' | 'alert_base_nano_usd'>,
  percent: number,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('billing_account')
    .set({ alert_sent_percent: percent })
    .where('account_id', '=', account.account_id)
    .where('alert_base_nano_usd', '=', account.alert_base_nano_usd)
    .where('alert_sent_percent', '<', percent)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

export async function insertPayment(db: Db, row: PaymentTable): Promise<void> {
  await db.insertInto('payment').values(row).execute();
}

export async function findPayment(db: Db, id: string): Promise<PaymentTable | undefined> {
  return await db.selectFrom('payment').selectAll().where('id', '=', id).executeTakeFirst();
}

export async function findPaymentByIntent(db: Db, intentId: string): Promise<PaymentTable | undefined> {
  return await db
    .selectFrom('payment')
    .selectAll()
    .where('payment_intent_id', '=', intentId)
    .executeTakeFirst();
}

export async function lockPayment(trx: Trx, id: string): Promise<PaymentTable | undefined> {
  const row = trx.selectFrom('payment').selectAll().where('id', '=', id);
  return await (isPostgres(trx) ? row.forUpdate() : row).executeTakeFirst();
}

export async function changePayment(
  db: Db,
  id: string,
  changes: Partial<Omit<PaymentTable, 'id' | 'account_id'>>,
): Promise<void> {
  await db.updateTable('payment').set(changes).where('id', '=', id).execute();
}

/** Newest first. */
export async function listPayments(
  db: Db,
  page: {
    readonly accountId: string;
    readonly after: { readonly atMs: number; readonly id: string } | null;
    readonly limit: number;
  },
): Promise<PaymentTable[]> {
  let query = db.selectFrom('payment').selectAll().where('account_id', '=', page.accountId);
  const { after } = page;
  if (after !== null)
    query = query.where(({ eb, and, or }) =>
      or([
        eb('created_at_ms', '<', after.atMs),
        and([eb('created_at_ms', '=', after.atMs), eb('id', '<', after.id)]),
      ]),
    );
  return await query.orderBy('created_at_ms', 'desc').orderBy('id', 'desc').limit(page.limit).execute();
}

/** Orders that the payment provider should be asked about, those first that were asked about longest ago. */
export async function openPaymentsAskedBefore(
  db: Db,
  kind: PaymentKind,
  atMs: number,
  limit: number,
): Promise<PaymentTable[]> {
  return await db
    .selectFrom('payment')
    .selectAll()
    .where('state', '=', 'open')
    .where('kind', '=', kind)
    .where('asked_at_ms', '<', atMs)
    .orderBy('asked_at_ms')
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** False: another node asks about it. */
export async function claimPayment(
  db: Db,
  payment: Pick<PaymentTable, 'id' | 'asked_at_ms'>,
  nowMs: number,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('payment')
    .set({ asked_at_ms: nowMs })
    .where('id', '=', payment.id)
    .where('asked_at_ms', '=', payment.asked_at_ms)
    .where('state', '=', 'open')
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Whether something was bought for that customer in the other mode, whose customers Stripe keeps apart. */
export async function isOfOtherMode(
  db: Db,
  accountId: string,
  customerId: string,
  isLive: boolean,
): Promise<boolean> {
  const row = await db
    .selectFrom('payment')
    .select('id')
    .where('account_id', '=', accountId)
    .where('customer_id', '=', customerId)
    .where('is_live', '=', isLive ? 0 : 1)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

export async function hasOpenTopUp(db: Db, accountId: string): Promise<boolean> {
  const row = await db
    .selectFrom('payment')
    .select('id')
    .where('account_id', '=', accountId)
    .where('kind', '=', 'top_up')
    .where('state', '=', 'open')
    .executeTakeFirst();
  return row !== undefined;
}

/** Credits that automatic top-ups have bought or are buying since then. What was refunded counts. */
export async function toppedUpSince(db: Db, accountId: string, sinceMs: number): Promise<bigint> {
  const row = await db
    .selectFrom('payment')
    .select(sql<bigint>`COALESCE(SUM(amount_nano_usd), 0)`.as('sum_nano_usd'))
    .where('account_id', '=', accountId)
    .where('kind', '=', 'top_up')
    .where('state', 'in', ['open', 'paid'])
    .where('created_at_ms', '>=', sinceMs)
    .executeTakeFirstOrThrow();
  return row.sum_nano_usd;
}

export async function refundsOf(db: Db, paymentId: string): Promise<PaymentRefundTable[]> {
  return await db.selectFrom('payment_refund').selectAll().where('payment_id', '=', paymentId).execute();
}

export async function putRefund(trx: Trx, row: PaymentRefundTable): Promise<void> {
  const { amount_nano_usd, state } = row;
  await trx
    .insertInto('payment_refund')
    .values(row)
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ amount_nano_usd, state }))
    .execute();
}

export async function disputesOf(db: Db, paymentId: string): Promise<PaymentDisputeTable[]> {
  return await db.selectFrom('payment_dispute').selectAll().where('payment_id', '=', paymentId).execute();
}

export async function putDispute(trx: Trx, row: PaymentDisputeTable): Promise<void> {
  const { amount_nano_usd, state } = row;
  await trx
    .insertInto('payment_dispute')
    .values(row)
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ amount_nano_usd, state }))
    .execute();
}

export async function countMovements(trx: Trx, paymentId: string): Promise<number> {
  const { count } = await trx
    .selectFrom('payment_movement')
    .select((of) => of.fn.countAll<number>().as('count'))
    .where('payment_id', '=', paymentId)
    .executeTakeFirstOrThrow();
  return Number(count);
}

export async function insertMovement(trx: Trx, row: PaymentMovementTable): Promise<void> {
  await trx.insertInto('payment_movement').values(row).execute();
}

/** What the account spent on each UTC day, newest first, of days before that one. */
export async function spentByDay(
  db: Db,
  accountId: string,
  beforeDay: string | null,
  limit: number,
): Promise<{ readonly day: string; readonly costNanoUsd: bigint; readonly requests: number }[]> {
  let query = db
    .selectFrom('usage_window')
    .select(['window_id', 'cost_nano_usd', 'requests'])
    .where('scope_kind', '=', 'account')
    .where('scope_id', '=', accountId)
    // `2026-11-20`; a week's id has a W, a month's is shorter.
    .where('window_id', 'like', '____-__-__')
    .where('cost_nano_usd', '<>', sql.lit(0) as never);
  if (beforeDay !== null) query = query.where('window_id', '<', beforeDay);
  const rows = await query.orderBy('window_id', 'desc').limit(limit).execute();
  return rows.map((row) => ({
    day: row.window_id,
    costNanoUsd: row.cost_nano_usd,
    requests: row.requests,
  }));
}

/** And in one window; `all`: ever, as far as it is in the database. */
export async function spentIn(db: Db, accountId: string, windowId: string): Promise<bigint> {
  const row = await db
    .selectFrom('usage_window')
    .select('cost_nano_usd')
    .where('scope_kind', '=', 'account')
    .where('scope_id', '=', accountId)
    .where('window_id', '=', windowId)
    .executeTakeFirst();
  return row?.cost_nano_usd ?? 0n;
}

/** For verifying, which reads everything: for the command line, never for a request. */
export async function everyPayment(db: Db): Promise<PaymentTable[]> {
  return await db.selectFrom('payment').selectAll().orderBy('id').execute();
}

/** What the ledger has of each payment. */
export async function movementSums(db: Db) {
  const { rows } = await sql<{
    payment_id: string;
    balance_nano_usd: bigint;
    fee_nano_usd: bigint;
    movements: number;
    last_number: number;
  }>`
    SELECT movement.payment_id AS payment_id,
           SUM(CASE WHEN entry.book = 'customer_balance' THEN entry.amount_nano_usd ELSE 0 END) AS balance_nano_usd,
           SUM(CASE WHEN entry.book = 'purchase_fees' THEN entry.amount_nano_usd ELSE 0 END) AS fee_nano_usd,
           COUNT(DISTINCT movement.number) AS movements, MAX(movement.number) AS last_number
    FROM payment_movement AS movement
    JOIN payment ON payment.id = movement.payment_id
    LEFT JOIN ledger_entry AS entry
      ON entry.transaction_id = movement.transaction_id AND entry.account_id = payment.account_id
    GROUP BY movement.payment_id`.execute(db);
  return new Map(
    rows.map((row) => [
      row.payment_id,
      {
        balance_nano_usd: BigInt(row.balance_nano_usd),
        fee_nano_usd: BigInt(row.fee_nano_usd),
        movements: Number(row.movements),
        last_number: Number(row.last_number),
      },
    ]),
  );
}

/** Of all payments. */
export async function refundsAndDisputes(db: Db) {
  const refunds = await db.selectFrom('payment_refund').selectAll().execute();
  const disputes = await db.selectFrom('payment_dispute').selectAll().execute();
  return {
    refunds: Map.groupBy(refunds, ({ payment_id }) => payment_id),
    disputes: Map.groupBy(disputes, ({ payment_id }) => payment_id),
  };
}

/** Transactions that only a payment makes, and that none names. */
export async function strayEntries(db: Db): Promise<string[]> {
  const rows = await db
    .selectFrom('ledger_entry')
    .leftJoin('payment_movement', 'payment_movement.transaction_id', 'ledger_entry.transaction_id')
    .select('ledger_entry.transaction_id')
    .where('ledger_entry.kind', 'in', ['purchase', 'refund', 'dispute', 'reversal'])
    .where('payment_movement.transaction_id', 'is', null)
    .orderBy('ledger_entry.transaction_id')
    .limit(1)
    .execute();
  return rows.map((row) => row.transaction_id);
}
