/** The states of the pages that draw figures. */
import { type Answers, data, inHours, type PageState, refusal, somebody } from './page-states.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const COMPLETE = { complete_until: inHours(-0.01), truncated: false, row_count: 0, query_time_ms: 2 };
const MODELS = [
  'anthropic/claude-sonnet-4.5',
  'openai/gpt-4o-mini',
  'google/gemini-3-pro',
  'a-vendor-with-a-long-name/a-model-with-a-name-that-goes-on-and-on-2026-11-20-preview',
  ...Array.from({ length: 8 }, (_, at) => `vendor/model-${at}`),
];

/** Thirty days, each with every model, as the gateway adds them up; the totals are members of the same rows. */
const rows = Array.from({ length: 30 }, (_, ago) => {
  const start = Math.floor(Date.now() / DAY_MS) * DAY_MS - ago * DAY_MS;
  return MODELS.map((model, at) => {
    const amount = Math.abs(Math.sin(ago * 1.7 + at)) * (20 / (at + 1));
    return {
      date__day: new Date(start).toISOString(),
      ...{
        model,
        total_usage: amount,
        request_count: Math.round(amount * 40),
        tokens_total: amount * 90_000,
      },
      ...{
        error_count: Math.round(amount / 4),
        latency_p50: 300 + at * 180,
        throughput: 40 + at,
        cache_hit_rate: 0.4,
      },
    };
  });
}).flat();
const TOTALS = {
  ...{
    total_usage: 1284.37,
    request_count: 48_210,
    tokens_total: 91_400_000,
    error_count: 312,
    latency_p50: 640,
  },
};
const figures = (all: readonly object[]) => data({ data: all, metadata: COMPLETE });
const key = (changes: object) => ({
  ...{ hash: 'a'.repeat(64), name: 'Notebook', label: 'sk-or-v1-abc…123', disabled: false },
  ...{ limit: 50, limit_remaining: 4 },
  ...changes,
});
const KEYS = [
  key({}),
  key({
    hash: 'b'.repeat(64),
    name: 'A key with a name that is far too long for the line that it stands on',
    limit_remaining: 0,
  }),
  key({ hash: 'c'.repeat(64), name: 'Plenty left', limit_remaining: 49 }),
];
const REFUSALS = [
  {
    ...{ reason: 'key_limit_exceeded', requests: 128, last_at: inHours(-0.1), status: 402 },
    message: 'Key limit exceeded (total limit). Raise the limit of this key, or use another one.',
    ...{
      last_request_id: 'req_1',
      api_key_hash: 'b'.repeat(64),
      api_key_name: 'Batch jobs',
      api_key_label: 'sk',
    },
  },
  {
    ...{ reason: 'model_not_found', requests: 1, last_at: inHours(-3), status: 400 },
    message: 'openai/gpt-9 is not a valid model ID',
    ...{
      last_request_id: 'req_2',
      api_key_hash: 'a'.repeat(64),
      api_key_name: 'Notebook',
      api_key_label: 'sk',
    },
  },
];

const meta = (...tags: string[]) => data({ dimensions: tags.map((name) => ({ name })) });

const FULL: Answers = {
  ...somebody(),
  'GET /api/dashboard/analytics/meta': meta('model', 'tag.team'),
  // One answer serves both questions: without a dimension the first row is the sum.
  'POST /api/dashboard/analytics/query': figures([{ ...rows[0], ...TOTALS }, ...rows.slice(1)]),
  'GET /api/dashboard/keys': data(KEYS),
  'GET /api/dashboard/refusals': data(REFUSALS),
  'GET /api/v1/models': data([{ id: 'openai/gpt-4o-mini' }]),
};
const EMPTY: Answers = {
  ...somebody(),
  'GET /api/dashboard/analytics/meta': meta('model'),
  'POST /api/dashboard/analytics/query': figures([]),
  'GET /api/dashboard/keys': data([]),
  'GET /api/dashboard/refusals': data([]),
  'GET /api/v1/models': data([{ id: 'turnpike/echo' }]),
};
const BROKEN: Answers = {
  ...EMPTY,
  'POST /api/dashboard/analytics/query': refusal(503, 'unavailable', 'no'),
};

/** By a tag, one of whose values is called as what is too much for a chart, and more than an answer holds. */
const TAGGED: Answers = {
  ...FULL,
  'POST /api/dashboard/analytics/query': data({
    data: rows.map(({ model, ...row }) => {
      const at = MODELS.indexOf(model);
      return { ...row, 'tag.team': at === 0 ? null : at === 1 ? 'other' : `team-${at}` };
    }),
    metadata: { ...COMPLETE, truncated: true },
  }),
};

export const figurePages: readonly PageState[] = [
  { name: 'overview', path: '/', answers: FULL, shows: 'Open in Activity' },
  { name: 'overview-empty', path: '/', answers: EMPTY, shows: 'Switch a provider on' },
  { name: 'overview-broken', path: '/', answers: BROKEN, shows: 'The figures could not be loaded' },
  { name: 'activity', path: '/activity', answers: FULL, shows: '6 others' },
  {
    name: 'activity-cumulative',
    path: '/activity?metric=requests&cumulative=1',
    answers: FULL,
    shows: 'Complete until',
  },
  {
    name: 'activity-latency',
    path: '/activity?metric=latency',
    answers: FULL,
    shows: 'Complete until',
  },
  { name: 'activity-by-tag', path: '/activity?by=tag.team', answers: TAGGED, shows: 'some of it is missing' },
  { name: 'activity-empty', path: '/activity', answers: EMPTY, shows: 'Nothing was asked in this time' },
  { name: 'activity-broken', path: '/activity', answers: BROKEN, shows: 'The figures could not be loaded' },
];
