/** The states of the page about credits. */
import { type Answers, data, inHours, type PageState, refusal, somebody } from './page-states.ts';

const OVERVIEW = {
  ...{
    mode: 'prepaid',
    closed_because: null,
    balance_usd: 74.123456789,
    credits_usd: 120,
    spent_usd: 45.876543211,
  },
  ...{ spent_this_month_usd: 12.5, spent_percent: 25, fee_percent: 5.5, fee_minimum_usd: 0.8 },
  ...{ minimum_purchase_usd: 5, maximum_purchase_usd: 5000, card: 'visa ending in 4242' },
  top_up: {
    ...{ enabled: true, threshold_usd: 10, amount_usd: 25, monthly_cap_usd: 100, bought_this_month_usd: 50 },
    ...{ is_running: false, stopped_because: null, stopped_at: null },
  },
  alert_percents: [80, 100],
};
const line = (number: number, kind: string, reason: string, amount_usd: number) => ({
  ...{ id: `line-${number}`, at: inHours(-number * 30), kind, reason, amount_usd },
});
const LINES = {
  data: [
    line(1, 'usage', '1204 requests', -3.271592653),
    line(2, 'reversal', 'a dispute ended well', 20),
    line(3, 'dispute', 'dispute of the payment', -20),
    line(4, 'refund', 'refund', -5),
    line(5, 'purchase', 'automatic top-up', 25),
    line(6, 'grant', 'a gift <b>for</b> the research group, which has a rather long explanation', 100),
  ],
  next_cursor: '1.line-6',
};
const purchase = (number: number, changes: object) => ({
  ...{ id: `purchase-${number}`, kind: 'checkout', state: 'paid', amount_usd: 20, fee_usd: 1.1 },
  ...{
    created_at: inHours(-number),
    paid_at: inHours(-number),
    failure: null,
    refunded_usd: 0,
    disputed_usd: 0,
  },
  ...changes,
});
const PURCHASES = {
  data: [
    purchase(1, { state: 'open', paid_at: null }),
    purchase(2, { refunded_usd: 5, disputed_usd: 15 }),
    purchase(3, { kind: 'top_up', amount_usd: 25, fee_usd: 1.38 }),
    purchase(4, {
      kind: 'top_up',
      state: 'failed',
      paid_at: null,
      failure: 'the card was refused (card_declined)',
    }),
    purchase(5, { state: 'expired', paid_at: null }),
  ],
  next_cursor: null,
};
const NOTHING = { json: { data: [], next_cursor: null } };

const credits = (changes: object = {}, more: Answers = {}): Answers => ({
  ...somebody(),
  'GET /api/dashboard/credits': data({ ...OVERVIEW, ...changes }),
  'GET /api/dashboard/credits/lines': { json: LINES },
  'GET /api/dashboard/credits/purchases': { json: PURCHASES },
  ...more,
});
const EMPTY = {
  'GET /api/dashboard/credits/lines': NOTHING,
  'GET /api/dashboard/credits/purchases': NOTHING,
};
const NEW = {
  ...{
    balance_usd: 0,
    credits_usd: 0,
    spent_usd: 0,
    spent_this_month_usd: 0,
    spent_percent: null,
    card: null,
  },
  top_up: { ...OVERVIEW.top_up, enabled: false, bought_this_month_usd: 0 },
};

export const creditPages: readonly PageState[] = [
  { name: 'credits', path: '/credits', answers: credits(), shows: 'dispute of the payment' },
  { name: 'credits-new', path: '/credits', answers: credits(NEW, EMPTY), shows: 'Nothing was bought yet' },
  {
    name: 'credits-nearly-spent',
    path: '/credits',
    answers: credits({
      balance_usd: 4.2,
      spent_percent: 86,
      top_up: { ...OVERVIEW.top_up, is_running: true },
    }),
    shows: '86 % of the credits are spent',
  },
  {
    name: 'credits-stopped',
    path: '/credits',
    answers: credits({
      ...{ balance_usd: -1.5, spent_percent: 104 },
      top_up: {
        ...{ ...OVERVIEW.top_up, enabled: false, stopped_at: inHours(-3) },
        stopped_because: 'the card was refused (card_declined)',
      },
    }),
    shows: 'It switched itself off',
  },
  {
    name: 'credits-capped',
    path: '/credits',
    answers: credits({ top_up: { ...OVERVIEW.top_up, bought_this_month_usd: 100 } }),
    shows: 'leaves no room for another top-up',
  },
  {
    name: 'credits-off',
    path: '/credits',
    answers: credits({ ...NEW, mode: 'off', closed_because: 'off', spent_usd: 8.25 }, EMPTY),
    shows: 'There is nothing to buy',
  },
  {
    name: 'credits-no-provider',
    path: '/credits',
    answers: credits({ closed_because: 'no_provider', card: null }),
    shows: 'Credits cannot be bought here',
  },
  {
    name: 'credits-buying',
    path: '/credits',
    answers: credits(),
    shows: 'Nothing is charged by itself',
    act: (page) => page.getByRole('button', { name: 'Buy credits' }).click(),
  },
  {
    name: 'credits-buying-too-little',
    path: '/credits',
    answers: credits(),
    shows: 'Enter an amount from $5.00 to $5,000.00',
    act: async (page) => {
      await page.getByRole('button', { name: 'Buy credits' }).click();
      await page.getByLabel('Credits in USD').fill('1');
      await page.getByRole('button', { name: 'Continue to payment' }).click();
    },
  },
  {
    name: 'credits-bought',
    path: '/credits?purchase=purchase-1',
    answers: credits(
      {},
      { 'POST /api/dashboard/credits/purchases/purchase-1/refresh': data(purchase(1, {})) },
    ),
    shows: '$20.00 of credits were added',
  },
  {
    name: 'credits-waiting',
    path: '/credits?purchase=purchase-1',
    answers: credits(
      {},
      { 'POST /api/dashboard/credits/purchases/purchase-1/refresh': data(purchase(1, { state: 'open' })) },
    ),
    shows: 'Waiting for your payment',
  },
  {
    name: 'credits-left',
    path: '/credits?cancelled=purchase-1',
    answers: credits(),
    shows: 'nothing was charged',
  },
  {
    name: 'credits-broken',
    path: '/credits',
    answers: {
      ...somebody(),
      'GET /api/dashboard/credits': refusal(503, 'unavailable', 'no'),
      'GET /api/dashboard/credits/lines': refusal(503, 'unavailable', 'no'),
    },
    shows: 'Credits could not be loaded',
    isBroken: true,
  },
  {
    name: 'credits-member',
    path: '/credits',
    answers: somebody({ role: 'member' }),
    shows: 'Your role does not allow this',
  },
];
