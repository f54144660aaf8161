/** The states of the pages about keys and about what was done with them. */
import type { Page } from 'playwright-core';
import { type Answers, data, inHours, type PageState, refusal, somebody } from './page-states.ts';

/** Markup, a template, a turned direction, a script's address, and more of it than any page can hold. */
export const HOSTILE = `<img src=x onerror="alert(1)">{{7*7}}\u202egnp.exe javascript:alert(1) ${'W'.repeat(100_000)}`;

const HASH = 'a1'.repeat(32);
const NAMES = [
  'Production backend',
  'CI',
  'Nightly evaluation of every model in the benchmark, which has a long name',
  HOSTILE,
];

const key = (changes: object = {}) => ({
  ...{ hash: HASH, label: 'sk-or-v1-0e6...1c96', name: 'Production backend', disabled: false },
  ...{ limit: 25, limit_remaining: 7.5, limit_reset: 'monthly', include_byok_in_limit: false },
  ...{ usage: 61.25, usage_daily: 0.42, usage_weekly: 4.2, usage_monthly: 17.5 },
  ...{ byok_usage: 3, byok_usage_daily: 0, byok_usage_weekly: 1.5, byok_usage_monthly: 3 },
  ...{ created_at: inHours(-2000), updated_at: null, expires_at: inHours(900), last_used_at: inHours(-2) },
  ...{ external_user: null, creator_user_id: 'user-1', workspace_id: 'workspace-1' },
  ...{ cut_streams_when_revoked: false, made_for: null, bounded_by_admin: false },
  ...changes,
});

const STATES_OF_KEYS = [
  {},
  { disabled: true, limit_reset: null, limit: 10, limit_remaining: 0.5 },
  { expires_at: inHours(-1), limit: null, limit_remaining: null, limit_reset: null },
  { limit: 0, limit_remaining: 0, limit_reset: 'daily', last_used_at: null, expires_at: null },
  { creator_user_id: null, limit: 5, limit_remaining: -0.000000123, limit_reset: 'weekly' },
  { made_for: 'notebook.example.com:8443' },
  { creator_user_id: 'user-gone', usage: 0.000000123, byok_usage: 0 },
];

const manyKeys = (count: number) =>
  Array.from({ length: count }, (_, index) =>
    key({
      ...STATES_OF_KEYS[index % STATES_OF_KEYS.length],
      hash: index.toString(16).padStart(64, '0'),
      name: NAMES[index % NAMES.length],
    }),
  );

const MEMBERS = { 'GET /api/dashboard/members': data([{ user_id: 'user-1', name: 'Ada Lovelace' }]) };
const MODELS = { 'GET /api/v1/models': data([{ id: 'acme/small' }]) };
const withKeys = (keys: readonly object[]): Answers => ({
  ...{ ...somebody(), ...MEMBERS, ...MODELS },
  'GET /api/dashboard/keys': data(keys),
  'POST /api/dashboard/keys': data({ ...key(), key: `sk-or-v1-${'0e6f44'.repeat(11)}` }, 201),
});
const withKey = (changes: object = {}): Answers => ({
  ...withKeys([key()]),
  [`GET /api/dashboard/keys/${HASH}`]: data(key(changes)),
});

async function fillNewKey(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.getByLabel('Name').fill('Production backend');
  await page.getByLabel('Expires').selectOption('At a time of your choice');
}

async function createKey(page: Page): Promise<void> {
  await page.getByRole('dialog').getByRole('button', { name: 'Create key' }).click();
}

const press = (name: string) => (page: Page) => page.getByRole('button', { name, exact: true }).click();

const generation = (changes: object = {}) => ({
  ...{ id: 'gen-1795259408-15400ef74c67d5920ce5', request_id: 'req-4b0264a37526a6737127' },
  ...{ upstream_id: 'chatcmpl-7', created_at: inHours(-1), api_type: 'completions', model: 'acme/small' },
  ...{ door: 'responses', tags: { team: 'search', 'cost-centre': '=HYPERLINK("x")' } },
  ...{ router: null, provider_name: 'Acme', streamed: true, cancelled: false, is_byok: false },
  provider_responses: [
    {
      ...{ provider_name: 'Backup', endpoint_id: 'backup', model_permaslug: 'acme/small' },
      ...{ status: null, latency: 2100, is_byok: false },
    },
    {
      ...{ provider_name: 'Acme', endpoint_id: 'acme', model_permaslug: 'acme/small' },
      ...{ status: 200, latency: 340, is_byok: false },
    },
  ],
  ...{ finish_reason: 'stop', native_finish_reason: 'end_turn', service_tier: null },
  ...{ total_cost: 0.0123, cache_discount: 0.0004, upstream_inference_cost: 0 },
  ...{ tokens_prompt: 12_345, tokens_completion: 678, native_tokens_reasoning: 120 },
  ...{ native_tokens_cached: 10_000, num_media_prompt: 2, latency: 340, generation_time: 4200 },
  ...{ http_referer: 'https://chat.example.com/', app_title: 'Reading room', user_agent: 'curl/8.9' },
  ...{ session_id: null, external_user: null, is_estimated: false },
  ...{ api_key_hash: HASH, api_key_name: 'Production backend', api_key_label: 'sk-or-v1-0e6...1c96' },
  ...changes,
});

const ENDINGS = [
  {},
  { finish_reason: 'length', total_cost: 0.5, generation_time: 91_000 },
  { cancelled: true, is_estimated: true, finish_reason: null, total_cost: 0.000000123 },
  { finish_reason: 'error', total_cost: 0, provider_name: null, generation_time: null, app_title: null },
  { finish_reason: 'tool_calls', api_key_name: null, api_key_label: null, is_byok: true },
  { finish_reason: 'content_filter', model: 'acme/a-model-whose-name-goes-on-and-on-2026-11-20-preview' },
  {
    ...{ model: HOSTILE, provider_name: HOSTILE, app_title: HOSTILE, api_key_name: HOSTILE },
    ...{ finish_reason: HOSTILE, http_referer: 'javascript:alert(1)', user_agent: HOSTILE },
  },
];

const log = (rows: readonly object[], next_cursor: string | null = null): Answers => ({
  ...withKeys([key()]),
  'GET /api/dashboard/generations': { json: { data: rows, next_cursor } },
});
const MANY_ROWS = Array.from({ length: 50 }, (_, index) =>
  generation({ ...ENDINGS[index % ENDINGS.length], id: `gen-${index}` }),
);

const openRow = (index: number) => (page: Page) => page.locator('tbody button').nth(index).click();

export const keysAndLogs: readonly PageState[] = [
  { name: 'keys-empty', path: '/keys', answers: withKeys([]), shows: 'No keys yet' },
  { name: 'keys', path: '/keys', answers: withKeys(manyKeys(50)), shows: 'sk-or-v1' },
  {
    name: 'keys-member',
    path: '/keys',
    answers: { ...withKeys(manyKeys(3)), ...somebody({ role: 'member' }) },
    shows: 'sk-or-v1',
  },
  {
    name: 'keys-expired',
    path: '/keys',
    answers: withKeys([key({ expires_at: inHours(-50) }), key({ name: 'CI', hash: 'b2'.repeat(32) })]),
    shows: 'sk-or-v1',
  },
  {
    name: 'keys-picked',
    path: '/keys',
    answers: withKeys(manyKeys(5)),
    act: (page) => page.getByLabel('Pick all keys').check(),
    shows: '5 keys are picked',
  },
  {
    name: 'keys-none-found',
    path: '/keys?search=nothing',
    answers: withKeys([]),
    shows: 'No key fits',
  },
  { name: 'keys-paged', path: '/keys?page=2', answers: withKeys(manyKeys(100)), shows: 'Page 2' },
  { name: 'keys-beyond', path: '/keys?page=9', answers: withKeys([]), shows: 'No keys on this page' },
  {
    name: 'keys-failed',
    path: '/keys',
    answers: { ...somebody(), 'GET /api/dashboard/keys': refusal(500, 'internal', 'Internal Server Error') },
    shows: 'The keys could not be loaded',
  },
  {
    name: 'keys-create-problems',
    path: '/keys',
    answers: withKeys([key()]),
    act: async (page) => {
      await fillNewKey(page);
      await page.getByLabel('Name').fill(' ');
      await page.getByLabel('Limit in USD').fill('ten');
      await createKey(page);
    },
    shows: 'Give the key a name',
  },
  {
    name: 'keys-created',
    path: '/keys',
    answers: withKeys([key()]),
    act: async (page) => {
      await fillNewKey(page);
      await page.getByLabel('Expires').selectOption('In 30 days');
      await createKey(page);
    },
    shows: 'I have saved it',
  },
  { name: 'key', path: `/keys/${HASH}`, answers: withKey(), shows: 'Details' },
  {
    name: 'key-for-app',
    path: `/keys/${HASH}`,
    answers: withKey({ name: 'Turnpike official', made_for: 'notebook.example.com:8443' }),
    shows: 'Made for',
  },
  {
    name: 'key-hostile',
    path: `/keys/${HASH}`,
    answers: withKey({ name: HOSTILE, external_user: HOSTILE, limit: null, limit_remaining: null }),
    shows: 'Details',
  },
  { name: 'key-disabled', path: `/keys/${HASH}`, answers: withKey({ disabled: true }), shows: 'is refused' },
  {
    name: 'key-expired',
    path: `/keys/${HASH}`,
    answers: withKey({ expires_at: inHours(-50) }),
    shows: 'This key has expired',
  },
  { name: 'key-edit', path: `/keys/${HASH}`, answers: withKey(), act: press('Edit'), shows: 'Edit key' },
  {
    name: 'key-bounded',
    path: `/keys/${HASH}`,
    answers: { ...withKey({ bounded_by_admin: true }), ...somebody({ role: 'member' }) },
    shows: 'Only an admin can change it',
  },
  {
    name: 'key-bounded-edit',
    path: `/keys/${HASH}`,
    answers: { ...withKey({ bounded_by_admin: true }), ...somebody({ role: 'member' }) },
    act: press('Edit'),
    shows: 'only an admin can change it.',
  },
  {
    name: 'key-bounded-disabled',
    path: `/keys/${HASH}`,
    answers: { ...withKey({ bounded_by_admin: true, disabled: true }), ...somebody({ role: 'member' }) },
    shows: 'until an admin enables it again',
  },
  {
    name: 'key-bounded-admin',
    path: `/keys/${HASH}`,
    answers: withKey({ bounded_by_admin: true, disabled: true }),
    shows: 'its creator cannot change them',
  },
  { name: 'key-revoke', path: `/keys/${HASH}`, answers: withKey(), act: press('Revoke'), shows: 'at once' },
  { name: 'key-unknown', path: `/keys/${HASH}`, answers: somebody(), shows: 'This key is not here' },
  { name: 'logs-empty', path: '/logs', answers: log([]), shows: 'No requests yet' },
  {
    name: 'logs-narrowed',
    path: `/logs?api_key_hash=${'f'.repeat(64)}`,
    answers: log([]),
    shows: 'with this key',
  },
  { name: 'logs', path: '/logs', answers: log(MANY_ROWS, '1.gen-1'), shows: 'Load more' },
  { name: 'logs-row', path: '/logs', answers: log(MANY_ROWS), act: openRow(0), shows: 'Attempts' },
  { name: 'logs-row-hostile', path: '/logs', answers: log(MANY_ROWS), act: openRow(6), shows: 'Attempts' },
  {
    name: 'logs-failed',
    path: '/logs?api_key_hash=x',
    answers: {
      ...withKeys([]),
      'GET /api/dashboard/generations': refusal(400, 'invalid_request', 'api_key_hash: must be the SHA-256'),
    },
    shows: 'The log could not be loaded',
  },
];
