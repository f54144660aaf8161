/** The states of what is kept of requests: whether prompts are, exports, and what callers said. */

import { type Answers, data, inHours, type PageState, refusal, somebody } from './page-states.ts';
import { reconciliation } from './reconciliation.ts';

const SETTING = {
  ...{ workspace_id: 'workspace-1', allowed: true, enabled: false, sampling_rate: 1 },
  ...{ api_key_hashes: null, retention_days: 90, updated_at: null },
};
const key = (hash: string, name: string) => ({ hash: hash.repeat(64), name, label: 'sk-or-v1-abc…123' });
const KEYS = [
  key('a', 'Notebook'),
  key('b', 'A key with a name that is far too long for the line that it stands on, and goes on'),
  key('c', ''),
  ...Array.from({ length: 9 }, (_, at) => key(String(at), `Batch ${at}`)),
];
const content = (changes: object = {}): Answers => ({
  ...somebody(),
  'GET /api/dashboard/content-logging': data({ ...SETTING, ...changes }),
  'GET /api/dashboard/keys': data(KEYS),
});
const feedback = (entries: readonly object[]): Answers => ({
  ...somebody(),
  'GET /api/dashboard/feedback': data(entries),
});
const said = (category: string, comment: string | null, hours: number) => ({
  generation_id: `gen-1795176000-${category.padEnd(20, '0').slice(0, 20)}`,
  ...{ category, comment, api_key_hash: 'a'.repeat(64), created_at: inHours(hours) },
});
const EXPORTED: Answers = {
  ...somebody({ account: { time_zone: 'Europe/Berlin' } }),
  'GET /api/dashboard/exports/generations': {
    text: `id,created_at\r\n${'gen-1,2026-11-20T12:00:00Z\r\n'.repeat(1240)}`,
    headers: {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="generations-2026-11-01-2026-11-30.csv"',
      'x-total-count': '1240',
    },
  },
};

export const records: readonly PageState[] = [
  { name: 'content', path: '/settings/content', answers: content(), shows: 'Delete everything' },
  {
    name: 'content-of-some-keys',
    path: '/settings/content',
    answers: content({
      ...{ enabled: true, sampling_rate: 0.05, retention_days: 30, updated_at: inHours(-70) },
      api_key_hashes: ['a'.repeat(64), 'c'.repeat(64)],
    }),
    shows: '2 keys are chosen',
  },
  {
    name: 'content-wrong',
    path: '/settings/content',
    answers: content(),
    act: async (page) => {
      await page.getByLabel('For how many days').fill('0');
      await page.getByLabel('Share of the requests').fill('200 %');
      await page.getByRole('button', { name: 'Save' }).click();
    },
    shows: 'Enter a share',
  },
  {
    name: 'content-forbidden',
    path: '/settings/content',
    answers: content({ allowed: false }),
    shows: 'This gateway keeps none',
  },
  {
    name: 'content-delete',
    path: '/settings/content',
    answers: content({ enabled: true }),
    act: (page) => page.getByRole('button', { name: 'Delete everything' }).click(),
    shows: 'Nobody can bring them back',
  },
  {
    name: 'content-broken',
    path: '/settings/content',
    answers: {
      ...somebody(),
      'GET /api/dashboard/content-logging': refusal(503, 'unavailable', 'no'),
    },
    shows: 'The setting could not be loaded',
  },
  {
    name: 'content-member',
    path: '/settings/content',
    answers: somebody({ role: 'member' }),
    shows: 'Your role does not allow this',
  },
  { name: 'exports', path: '/exports', answers: EXPORTED, shows: 'Days are those of Europe/Berlin' },
  {
    name: 'exports-done',
    path: '/exports',
    answers: EXPORTED,
    act: (page) => page.getByRole('button', { name: 'Export' }).click(),
    shows: '1,240 requests are',
  },
  {
    name: 'exports-cut-off',
    path: '/exports',
    answers: {
      ...EXPORTED,
      'GET /api/dashboard/exports/generations': {
        text: 'id,created_at\r\ngen-1,2026-11-20T12:00:00Z\r\n',
        headers: { 'content-type': 'text/csv', 'x-total-count': '2' },
      },
    },
    act: (page) => page.getByRole('button', { name: 'Export' }).click(),
    shows: 'ended before it was whole',
  },
  {
    name: 'exports-refused',
    path: '/exports',
    answers: {
      ...somebody({ role: 'member' }),
      'GET /api/dashboard/exports/generations': refusal(
        429,
        'rate_limit_exceeded',
        '2 exports are running; try again when one has ended',
      ),
    },
    act: (page) => page.getByRole('button', { name: 'Export' }).click(),
    shows: '2 exports are running',
  },
  ...reconciliation,
  {
    name: 'feedback',
    path: '/feedback',
    answers: feedback([
      said('incorrect_response', 'It says that Ada Lovelace was born in 1915.\nShe was not.', -0.3),
      said('latency', null, -5),
      said('other', `A comment that goes on and on ${'without-any-space-in-it-'.repeat(12)}`, -50),
    ]),
    shows: 'She was not.',
  },
  { name: 'feedback-empty', path: '/feedback', answers: feedback([]), shows: 'Nobody has said anything yet' },
  {
    name: 'feedback-none-of-a-kind',
    path: '/feedback?category=billing',
    answers: feedback([]),
    shows: 'Show all feedback',
  },
];
