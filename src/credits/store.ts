/** All SQL on ledger_entry. */
import { sql, type Transaction } from 'kysely';
import type { Db } from '../storage/database.ts';
import type { LedgerEntryTable, Tables } from '../storage/schema.ts';
import type { CreditTotals } from './credits.ts';

/** The book in which a customer's own money stands. */
const BALANCE = 'customer_balance';

export async function readCreditTotals(db: Db, accountId: string): Promise<CreditTotals> {
  const row = await db
    .selectFrom('ledger_entry')
    .select([
      sql<bigint>`COALESCE(SUM(amount_nano_usd), 0)`.as('credits_nano_usd'),
      sql<bigint>`COALESCE(SUM(CASE WHEN kind = 'purchase' THEN amount_nano_usd ELSE 0 END), 0)`.as(
        'purchased_nano_usd',
      ),
    ])
    .where('account_id', '=', accountId)
    .where('book', '=', BALANCE)
    // Of what was spent there is an entry a second: an index leaves these out.
    .where('kind', '<>', sql.lit('usage'))
    .executeTakeFirstOrThrow();
  return { creditsNanoUsd: row.credits_nano_usd, purchasedNanoUsd: row.purchased_nano_usd };
}

/** Entries that sum to zero: the customer's balance, and the book that the money comes from, or both of these. */
export async function appendTransaction(
  trx: Transaction<Tables>,
  order: {
    id: string;
    accountId: string;
    against: string;
    kind: string;
    amountNanoUsd: bigint;
    reason: string;
    /** Of the same movement, what another book has part in, and why. */
    also?: { against: string; amountNanoUsd: bigint; reason: string };
    nowMs: number;
  },
): Promise<void> {
  const { also } = order;
  const entry = (book: string, amount_nano_usd: bigint, reason = order.reason): LedgerEntryTable => ({
    transaction_id: order.id,
    book,
    account_id: order.accountId,
    kind: order.kind,
    amount_nano_usd,
    reason,
    created_at_ms: order.nowMs,
  });
  await trx
    .insertInto('ledger_entry')
    .values([
      entry(BALANCE, order.amountNanoUsd + (also?.amountNanoUsd ?? 0n)),
      entry(order.against, -order.amountNanoUsd),
      ...(also === undefined ? [] : [entry(also.against, -also.amountNanoUsd, also.reason)]),
    ])
    .execute();
}

/** What credits came from and went to, but for usage: newest first, from behind a line on. */
export async function listCreditEntries(
  db: Db,
  page: {
    readonly accountId: string;
    readonly after: { readonly atMs: number; readonly id: string } | null;
    readonly limit: number;
  },
): Promise<LedgerEntryTable[]> {
  let query = db
    .selectFrom('ledger_entry')
    .selectAll()
    .where('account_id', '=', page.accountId)
    .where('book', '=', BALANCE)
    .where('kind', '<>', sql.lit('usage'));
  const { after } = page;
  if (after !== null)
    query = query.where(({ eb, and, or }) =>
      or([
        eb('created_at_ms', '<', after.atMs),
        and([eb('created_at_ms', '=', after.atMs), eb('transaction_id', '<', after.id)]),
      ]),
    );
  return await query
    .orderBy('created_at_ms', 'desc')
    .orderBy('transaction_id', 'desc')
    .limit(page.limit)
    .execute();
}
