/** Credits as their page shows them: what is left, what came and went, and what was bought. */
import { isoFromMs, monthStartMs } from '../clock.ts';
import { creditEntries } from '../credits/ledger.ts';
import { invalidRequest } from '../errors.ts';
import { usdFromNanoUsd } from '../money.ts';
import { single } from '../query.ts';
import type { PaymentTable } from '../storage/billing-tables.ts';
import { windowId } from '../window.ts';
import { balanceOf, billingAccountOf } from './account.ts';
import { percentsOf, spentPercent } from './alerts.ts';
import type { CreditLine, CreditLinePage, CreditOverview, Purchase, PurchasePage } from './answers.ts';
import { hasOpenTopUp, listPayments, spentByDay, spentIn, toppedUpSince } from './store.ts';
import type { WatchServices } from './watch.ts';

export interface OverviewServices extends WatchServices {
  readonly mode: 'off' | 'prepaid';
}

const MILLIONTHS_A_PERCENT = 10_000;

export async function overviewOf(services: OverviewServices, accountId: string): Promise<CreditOverview> {
  const { database, clock, rules, mode, closedBecause } = services;
  const { db } = database;
  await services.flushed();
  const nowMs = clock.nowMs();
  const account = await billingAccountOf(db, accountId);
  const { credits, spent, balance } = await balanceOf(db, accountId);
  return {
    ...{ mode, closed_because: closedBecause },
    balance_usd: usdFromNanoUsd(balance),
    credits_usd: usdFromNanoUsd(credits),
    spent_usd: usdFromNanoUsd(spent),
    spent_this_month_usd: usdFromNanoUsd(await spentIn(db, accountId, windowId('monthly', nowMs))),
    spent_percent: mode === 'off' ? null : spentPercent(account.alert_base_nano_usd, balance),
    fee_percent: Number(rules.feeMillionths) / MILLIONTHS_A_PERCENT,
    fee_minimum_usd: usdFromNanoUsd(rules.feeMinimumNanoUsd),
    minimum_purchase_usd: usdFromNanoUsd(rules.minimumNanoUsd),
    maximum_purchase_usd: usdFromNanoUsd(rules.maximumNanoUsd),
    card: account.payment_method_label,
    top_up: {
      enabled: account.top_up_enabled === 1,
      threshold_usd: usdFromNanoUsd(account.top_up_threshold_nano_usd),
      amount_usd: usdFromNanoUsd(account.top_up_amount_nano_usd),
      monthly_cap_usd: usdFromNanoUsd(account.top_up_cap_nano_usd),
      bought_this_month_usd: usdFromNanoUsd(await toppedUpSince(db, accountId, monthStartMs(nowMs))),
      is_running: await hasOpenTopUp(db, accountId),
      stopped_because: account.top_up_stopped_because,
      stopped_at: account.top_up_stopped_at_ms === null ? null : isoFromMs(account.top_up_stopped_at_ms),
    },
    alert_percents: percentsOf(account),
  };
}

const DAY_MS = 86_400_000;
const DEFAULT_ROWS = 50;
const MAX_ROWS = 100;
const CURSOR = /^(\d{1,15})\.([0-9a-zA-Z-]{1,64})$/;

interface Page {
  readonly after: { readonly atMs: number; readonly id: string } | null;
  readonly limit: number;
}

/** Throws a 400 that names the parameter. */
export function parsePage(query: URLSearchParams): Page {
  const limit = single(query, 'limit') ?? String(DEFAULT_ROWS);
  if (!/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > MAX_ROWS)
    throw invalidRequest(`limit: must be an integer from 1 to ${MAX_ROWS}`);
  const cursor = single(query, 'cursor');
  if (cursor === null) return { after: null, limit: Number(limit) };
  const [, atMs, id] = CURSOR.exec(cursor) ?? [];
  if (atMs === undefined || id === undefined) throw invalidRequest('cursor: is none of ours');
  return { after: { atMs: Number(atMs), id }, limit: Number(limit) };
}

/** What came and went, newest first: each movement by itself, and what was spent by its UTC day. */
export async function linesOf(
  services: OverviewServices,
  accountId: string,
  { after, limit }: Page,
): Promise<CreditLinePage> {
  const { db } = services.database;
  await services.flushed();
  const beforeDay = after === null ? null : dayAfter(after);
  const [entries, days] = await Promise.all([
    creditEntries(db, { accountId, after, limit: limit + 1 }),
    spentByDay(db, accountId, beforeDay, limit + 2),
  ]);
  const lines = [
    ...entries.map((entry) => ({
      ...{ atMs: entry.created_at_ms, id: entry.transaction_id, kind: entry.kind, reason: entry.reason },
      amount: entry.amount_nano_usd,
    })),
    ...days.map(({ day, costNanoUsd, requests }) => ({
      ...{ atMs: Date.parse(`${day}T00:00:00Z`), id: DAY_ID, kind: 'usage' },
      ...{ reason: `${requests} ${requests === 1 ? 'request' : 'requests'}`, amount: -costNanoUsd },
    })),
  ]
    .sort((one, other) => other.atMs - one.atMs || (one.id < other.id ? 1 : -1))
    .filter((line) => after === null || isBehind(line, after));
  const shown = lines.slice(0, limit);
  const last = shown.at(-1);
  return {
    data: shown.map(
      (line): CreditLine => ({
        id: line.id === DAY_ID ? `${DAY_ID}-${isoFromMs(line.atMs).slice(0, 10)}` : line.id,
        at: isoFromMs(line.atMs),
        ...{ kind: line.kind, reason: line.reason, amount_usd: usdFromNanoUsd(line.amount) },
      }),
    ),
    next_cursor: last === undefined || lines.length <= limit ? null : `${last.atMs}.${last.id}`,
  };
}

/** Behind every id of a movement of the same moment. */
const DAY_ID = '0-usage';

const isBehind = (line: { readonly atMs: number; readonly id: string }, after: NonNullable<Page['after']>) =>
  line.atMs < after.atMs || (line.atMs === after.atMs && line.id < after.id);

/** The first day that cannot stand behind that line: the day of the line itself can, unless it is that line. */
const dayAfter = ({ atMs }: NonNullable<Page['after']>): string => isoFromMs(atMs + DAY_MS).slice(0, 10);

/** Newest first. */
export async function purchasesOf(
  { database }: OverviewServices,
  accountId: string,
  { after, limit }: Page,
): Promise<PurchasePage> {
  const rows = await listPayments(database.db, { accountId, after, limit: limit + 1 });
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    data: shown.map(purchaseJson),
    next_cursor: last === undefined || rows.length <= limit ? null : `${last.created_at_ms}.${last.id}`,
  };
}

export function purchaseJson(payment: PaymentTable): Purchase {
  return {
    ...{ id: payment.id, kind: payment.kind, state: payment.state },
    amount_usd: usdFromNanoUsd(payment.amount_nano_usd),
    fee_usd: usdFromNanoUsd(payment.fee_nano_usd),
    created_at: isoFromMs(payment.created_at_ms),
    paid_at: payment.paid_at_ms === null ? null : isoFromMs(payment.paid_at_ms),
    failure: payment.failure,
    refunded_usd: usdFromNanoUsd(payment.taken_for_refunds_nano_usd),
    disputed_usd: usdFromNanoUsd(payment.taken_for_disputes_nano_usd),
  };
}
