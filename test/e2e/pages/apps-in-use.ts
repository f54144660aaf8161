/** The states of the Apps page. */
import { type Answers, data, inHours, type PageState, refusal, somebody } from './page-states.ts';

const DAY_MS = 86_400_000;
const COMPLETE = { complete_until: inHours(-0.01), truncated: false, row_count: 0, query_time_ms: 2 };
const APPS = [
  ['Cline', 'https://cline.bot/'],
  ['Kilo Code', 'https://kilocode.ai/'],
  [
    'https://internal.example.com/a-tool-with-a-long-address',
    'https://internal.example.com/a-tool-with-a-long-address',
  ],
  [
    '‮Backwards and far too long a name for the column that it stands in, wherever that is',
    'https://x.example.com/',
  ],
  [null, null],
] as const;
const HASHES = ['a', 'b', 'c', 'd'].map((digit) => digit.repeat(64));

/** One answer serves all the questions of the page: each reads its own members. */
const rows = Array.from({ length: 30 }, (_, ago) =>
  APPS.map(([app, app_id], at) => {
    const amount = Math.abs(Math.sin(ago * 1.7 + at)) * (12 / (at + 1));
    return {
      date__day: new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS - ago * DAY_MS).toISOString(),
      ...{ app, app_id, model: `vendor/model-${ago}`, api_key_hash: HASHES[at % HASHES.length] },
      ...{ total_usage: amount, request_count: Math.round(amount * 40), tokens_total: amount * 90_000 },
    };
  }),
).flat();
const figures = (all: readonly object[]) => data({ data: all, metadata: COMPLETE });

const key = (hash: string, changes: object = {}) => ({
  ...{ hash, name: 'Key for an app', label: 'sk-or-v1-abc…123', creator_user_id: 'user-1' },
  ...{ last_used_at: inHours(-2), disabled: false },
  ...changes,
});
const grant = (id: string, name: string | null, changes: object = {}) => ({
  ...{ id, name, client_id: null, registered_itself: false, is_ours: false, granted_at: inHours(-400) },
  ...{ keys: [key(HASHES[0] ?? '')], key_hashes: [HASHES[0]] },
  ...changes,
});
const GRANTS = [
  grant('client:app_1', 'Support bot', { client_id: 'app_1', is_ours: true }),
  grant('name:editor.example.com', 'editor.example.com', {
    keys: [key(HASHES[1] ?? ''), key(HASHES[2] ?? '', { creator_user_id: 'user-2', last_used_at: null })],
    key_hashes: HASHES.slice(1, 3),
  }),
  grant('client:app_2', 'A program that registered itself under a name that does not fit on any line', {
    ...{ client_id: 'app_2', registered_itself: true },
    keys: [key(HASHES[3] ?? '', { last_used_at: null })],
  }),
  grant(`key:${HASHES[3]}`, null),
];

const FULL: Answers = {
  ...somebody(),
  'POST /api/dashboard/analytics/query': figures(rows),
  'GET /api/dashboard/app-grants': data(GRANTS),
};

export const appsInUse: readonly PageState[] = [
  { name: 'apps-in-use', path: '/apps', answers: FULL, shows: 'Registered itself' },
  {
    name: 'apps-in-use-empty',
    path: '/apps',
    answers: {
      ...somebody({ role: 'member' }),
      'POST /api/dashboard/analytics/query': figures([]),
      'GET /api/dashboard/app-grants': data([]),
    },
    shows: 'No app has access',
  },
  {
    name: 'apps-in-use-one',
    path: '/apps?app=client%3Aapp_1&metric=requests&period=30d',
    answers: FULL,
    shows: 'Show all apps',
  },
  {
    name: 'apps-in-use-cutting-off',
    path: '/apps',
    answers: FULL,
    act: (page) => page.getByRole('button', { name: 'Cut off editor.example.com' }).click(),
    shows: 'Cut this app off?',
  },
  {
    name: 'apps-in-use-broken',
    path: '/apps',
    answers: {
      ...somebody(),
      'POST /api/dashboard/analytics/query': refusal(503, 'unavailable', 'no'),
      'GET /api/dashboard/app-grants': refusal(503, 'unavailable', 'no'),
    },
    shows: 'The apps could not be loaded',
  },
];
