/** What the pages hear of credits. Amounts are USD. */
import { z } from 'zod';

const moment = z.iso.datetime();

export const creditOverview = z.strictObject({
  /** Whether requests need credits. */
  mode: z.enum(['off', 'prepaid']),
  /** Why nothing can be bought; null: it can. */
  closed_because: z.enum(['off', 'no_provider']).nullable(),
  balance_usd: z.number(),
  /** Ever given, less what was taken back. */
  credits_usd: z.number(),
  spent_usd: z.number(),
  /** In this UTC month. */
  spent_this_month_usd: z.number(),
  /** Of what there was when credits last came; null: nothing was. */
  spent_percent: z.number().nullable(),
  fee_percent: z.number(),
  fee_minimum_usd: z.number(),
  minimum_purchase_usd: z.number(),
  maximum_purchase_usd: z.number(),
  /** Such as `visa ending in 4242`; null: none is kept. */
  card: z.string().nullable(),
  top_up: z.strictObject({
    enabled: z.boolean(),
    threshold_usd: z.number(),
    amount_usd: z.number(),
    monthly_cap_usd: z.number(),
    bought_this_month_usd: z.number(),
    is_running: z.boolean(),
    /** Why it switched itself off; null: it did not. */
    stopped_because: z.string().nullable(),
    stopped_at: moment.nullable(),
  }),
  alert_percents: z.array(z.int()),
});

export const creditLine = z.strictObject({
  id: z.string(),
  /** Of a day's usage, when the day began. */
  at: moment,
  kind: z.string(),
  reason: z.string(),
  amount_usd: z.number(),
});

export const creditLinePage = z.strictObject({
  data: z.array(creditLine),
  /** Null: these were the last. */
  next_cursor: z.string().nullable(),
});

export const purchase = z.strictObject({
  id: z.string(),
  kind: z.enum(['checkout', 'top_up']),
  state: z.enum(['open', 'paid', 'failed', 'expired']),
  amount_usd: z.number(),
  fee_usd: z.number(),
  created_at: moment,
  paid_at: moment.nullable(),
  failure: z.string().nullable(),
  refunded_usd: z.number(),
  disputed_usd: z.number(),
});

export const purchasePage = z.strictObject({
  data: z.array(purchase),
  next_cursor: z.string().nullable(),
});

export const newCheckout = z.strictObject({
  id: z.string(),
  /** At the payment provider: where the buyer pays. */
  url: z.url(),
});

export type CreditOverview = z.infer<typeof creditOverview>;
export type CreditLine = z.infer<typeof creditLine>;
export type CreditLinePage = z.infer<typeof creditLinePage>;
export type Purchase = z.infer<typeof purchase>;
export type PurchasePage = z.infer<typeof purchasePage>;
export type NewCheckout = z.infer<typeof newCheckout>;
