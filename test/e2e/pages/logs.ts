/** The states of the log. */
import type { Page } from 'playwright-core';
import { key, withKeys } from './keys.ts';
import { ENDED, figures, generation, HASH, HOSTILE, REFUSALS } from './log-rows.ts';
import { type Answers, data, inHours, type PageState, refusal, somebody } from './page-states.ts';

const DAY_MS = 86_400_000;
const OUTCOMES = Array.from({ length: 30 }, (_, ago) =>
  ['complete', 'cancelled', 'failed'].map((outcome, at) => ({
    date__day: new Date((Math.floor(Date.now() / DAY_MS) - ago) * DAY_MS).toISOString(),
    ...{ outcome, request_count: Math.round(Math.abs(Math.sin(ago * 3 + at)) * 4000) >> (at * 2) },
  })),
).flat();

interface PageEnd {
  readonly next_cursor?: string | null;
  readonly searched_until?: string | null;
}

const log = (
  rows: readonly object[],
  { next_cursor = null, searched_until = null }: PageEnd = {},
): Answers => ({
  ...withKeys([key()]),
  'POST /api/dashboard/analytics/query': figures(rows.length === 0 ? [] : OUTCOMES),
  'GET /api/dashboard/generations': { json: { data: rows, next_cursor, searched_until } },
  'GET /api/dashboard/refusals': { json: { data: [], next_cursor: null } },
  'GET /api/dashboard/running': data([]),
  [`GET /api/dashboard/keys/${HASH}`]: data(key()),
  'GET /api/dashboard/feedback': data([]),
});

const COST = {
  ...{ prices: 'used', list_cost: 0.0123, charged: 0.0123, adjustment: null },
  lines: [
    { bucket: 'input', unit: 'token', count: 2345, price: '0.000003', cost: '0.007035' },
    { bucket: 'cache_read', unit: 'token', count: 10_000, price: '0.0000003', cost: '0.003' },
    { bucket: 'output', unit: 'token', count: 558, price: '0.000003', cost: '0.001674' },
    { bucket: 'image', unit: 'image', count: 2, price: '0.0002', cost: '0.0004' },
  ],
};
const CONTENT = {
  input: {
    messages: [
      { role: 'system', content: 'You are brief.' },
      { role: 'user', content: [{ type: 'text', text: 'What is a turnpike?' }] },
      { role: 'user', content: HOSTILE },
    ],
  },
  output: { completion: `A road with a toll. ${HOSTILE}`, reasoning: 'Short.' },
  error: null,
  request: { door: 'openai-chat', body: { model: 'acme/small', messages: [] } },
};
const FEEDBACK = [
  ...['incorrect_response', 'other'].map((category) => ({
    ...{ category, comment: HOSTILE.slice(0, 900), api_key_hash: HASH, created_at: inHours(-0.5) },
  })),
];

const ID = 'gen-1795259408-15400ef74c67d5920ce5';
const opened = (changes: object, cost: object = COST): Answers => ({
  ...log(ENDED),
  [`GET /api/dashboard/generations/${ID}`]: data(generation({ id: ID, ...changes, cost_details: cost })),
  [`GET /api/dashboard/generations/${ID}/content`]: data(CONTENT),
  'GET /api/dashboard/feedback': data(FEEDBACK),
});

const openFilter = (page: Page) => page.getByRole('button', { name: 'Filter', exact: true }).click();
const RUNNING = Array.from({ length: 7 }, (_, index) => ({
  ...{ id: `gen-${index}`, created_at: inHours(-0.01), model: index === 1 ? HOSTILE : 'acme/large' },
  ...{ provider_name: 'Acme', streamed: true, app_title: null, api_key_hash: HASH },
  ...{ api_key_name: 'Production backend', api_key_label: 'sk-or-v1-0e6...1c96' },
}));

export const logs: readonly PageState[] = [
  { name: 'logs-empty', path: '/logs', answers: log([]), shows: 'No requests yet' },
  {
    name: 'logs-narrowed',
    path: `/logs?api_key_hash=${'f'.repeat(64)}`,
    answers: { ...log([]), [`GET /api/dashboard/keys/${'f'.repeat(64)}`]: data(key({ name: 'CI' })) },
    shows: 'No requests with this key',
  },
  {
    name: 'logs',
    path: '/logs',
    answers: log(ENDED, { next_cursor: '1.gen-1' }),
    shows: 'Load more',
  },
  {
    name: 'logs-filtered',
    path: `/logs?api_key_hash=${HASH}&model=${encodeURIComponent(HOSTILE.slice(0, 500))}&outcome=failed&min_cost=0.01&session_id=s&start=2026-11-20T10:00:00Z&end=2026-11-20T13:00:00Z`,
    answers: log(ENDED.slice(0, 5)),
    shows: 'Clear all',
  },
  {
    name: 'logs-searching',
    path: '/logs?session_id=rare',
    answers: log([], { next_cursor: '1.gen-1', searched_until: inHours(-300) }),
    shows: 'Search further back',
  },
  {
    name: 'logs-running',
    path: '/logs?live=1',
    answers: {
      ...log(ENDED.slice(0, 3)),
      'GET /api/dashboard/running': data(RUNNING),
      'GET /api/dashboard/refusals': { json: { data: REFUSALS, next_cursor: null } },
    },
    shows: '7 running now',
  },
  {
    name: 'logs-filter',
    path: '/logs',
    answers: { ...log(ENDED), 'POST /api/dashboard/analytics/query': figures([]) },
    act: async (page) => {
      await openFilter(page);
      await page.getByLabel('Key', { exact: true }).fill('prod');
    },
    shows: 'sk-or-v1-0e6...1c96',
  },
  {
    name: 'logs-refused',
    path: '/logs?view=refused',
    answers: {
      ...log(ENDED),
      'GET /api/dashboard/refusals': { json: { data: REFUSALS, next_cursor: null } },
    },
    shows: 'Raise the limit of this key',
  },
  { name: 'logs-refused-none', path: '/logs?view=refused', answers: log([]), shows: 'Nothing was refused' },
  {
    name: 'logs-refused-failed',
    path: '/logs?view=refused',
    answers: { ...log([]), 'GET /api/dashboard/refusals': refusal(500, 'internal', 'Internal Server Error') },
    shows: 'could not be loaded',
  },
  { name: 'logs-row', path: `/logs?id=${ID}`, answers: opened({}), shows: 'Read from a cache' },
  {
    name: 'logs-row-failed',
    path: `/logs?id=${ID}`,
    answers: opened(ENDED[3] ?? {}, { ...COST, lines: [], prices: 'changed', adjustment: 'not_charged' }),
    shows: 'Provider is overloaded',
  },
  {
    name: 'logs-row-hostile',
    path: `/logs?id=${ID}`,
    answers: opened({ ...(ENDED[6] ?? {}), id: ID }),
    act: async (page) => {
      await page.getByRole('button', { name: 'Show prompt and answer' }).click();
      await page.getByText('A road with a toll').waitFor();
    },
    shows: 'Attempts',
  },
  {
    name: 'logs-row-member',
    path: `/logs?id=${ID}`,
    answers: { ...opened({}, { ...COST, prices: 'unknown', lines: [] }), ...somebody({ role: 'member' }) },
    shows: 'no longer offered here',
  },
  {
    name: 'logs-row-unknown',
    path: `/logs?id=${ID}`,
    answers: log(ENDED),
    shows: 'No request with this id is here',
  },
  {
    name: 'logs-failed',
    path: '/logs?api_key_hash=x',
    answers: {
      ...log([]),
      'GET /api/dashboard/generations': refusal(400, 'invalid_request', 'api_key_hash: must be the SHA-256'),
    },
    shows: 'The log could not be loaded',
  },
];
