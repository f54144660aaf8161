/** The states of the pages about keys. */
import type { Page } from 'playwright-core';
import { ENDED, figures, HASH, HOSTILE, REFUSALS } from './log-rows.ts';
import { type Answers, data, inHours, type PageState, refusal, somebody } from './page-states.ts';

const NAMES = [
  'Production backend',
  'CI',
  'Nightly evaluation of every model in the benchmark, which has a long name',
  HOSTILE,
];

export const key = (changes: object = {}) => ({
  ...{ hash: HASH, label: 'sk-or-v1-0e6...1c96', name: 'Production backend', disabled: false },
  ...{ limit: 25, limit_remaining: 7.5, limit_reset: 'monthly', include_byok_in_limit: false },
  ...{ usage: 61.25, usage_daily: 0.42, usage_weekly: 4.2, usage_monthly: 17.5 },
  ...{ byok_usage: 3, byok_usage_daily: 0, byok_usage_weekly: 1.5, byok_usage_monthly: 3 },
  ...{ created_at: inHours(-2000), updated_at: null, expires_at: inHours(900), last_used_at: inHours(-2) },
  ...{ external_user: null, creator_user_id: 'user-1', workspace_id: 'workspace-1' },
  ...{ cut_streams_when_revoked: false, made_for: null, bounded_by_admin: false },
  ...{ leak: null, on_exhaust: null, rotated_at: null, rotate_by: null },
  ...changes,
});

const LEAK = {
  ...{ is_quarantined: true, source: 'github', found_at: inHours(-3) },
  url: 'https://github.com/octocat/Hello-World/blob/12345600b9cbe38a219f39a9941c9319b600c002/foo/bar.txt',
};

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
const workspaceOf = (id: string, name: string, is_default: boolean) => ({
  ...{ id, name, slug: name.toLowerCase(), description: null, created_at: inHours(-900), updated_at: null },
  ...{ created_by: null, default_text_model: null, default_image_model: null, default_provider_sort: null },
  ...{ default_guardrail_id: id, is_observability_io_logging_enabled: false },
  ...{ is_observability_broadcast_enabled: false, is_data_discount_logging_enabled: false },
  ...{ io_logging_sampling_rate: 1, io_logging_api_key_ids: null, disabled_server_tools: null },
  ...{ is_default, role: 'admin' },
});
const WORKSPACES = [
  workspaceOf('01890000-0000-7000-8000-000000000001', 'Default', true),
  workspaceOf('01890000-0000-7000-8000-000000000002', 'Production', false),
];
const MODELS = { 'GET /api/v1/models': data([{ id: 'acme/small' }]) };
export const withKeys = (keys: readonly object[]): Answers => ({
  ...{ ...somebody(), ...MEMBERS, ...MODELS },
  'GET /api/dashboard/keys': data(keys),
  'GET /api/dashboard/workspaces': data(WORKSPACES),
  'POST /api/dashboard/keys': data({ ...key(), key: `sk-or-v1-${'0e6f44'.repeat(11)}` }, 201),
});
const withKey = (changes: object = {}): Answers => ({
  ...withKeys([key()]),
  'POST /api/dashboard/analytics/query': figures([]),
  'GET /api/dashboard/generations': { json: { data: [], next_cursor: null, searched_until: null } },
  'GET /api/dashboard/refusals': { json: { data: [], next_cursor: null } },
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

const ofWorkspace = {
  path: '/keys?workspace=production',
  answers: withKeys([key()]),
  shows: 'Production backend',
} as const;
/** The frame, where there is a choice of workspaces. */
const WORKSPACE_STATES: readonly PageState[] = [
  { name: 'workspace-chosen', ...ofWorkspace },
  {
    ...{ name: 'workspace-chosen-menu', ...ofWorkspace },
    act: async (page) => {
      const menu = page.getByRole('button', { name: 'Open menu' });
      if (await menu.isVisible()) await menu.click();
    },
  },
];

const press = (name: string) => (page: Page) => page.getByRole('button', { name, exact: true }).click();

/** Thirty days of a key that speaks to two models. */
const DAYS = Array.from({ length: 30 }, (_, ago) =>
  ['acme/small', HOSTILE].map((model, at) => ({
    date__day: new Date((Math.floor(Date.now() / 86_400_000) - ago) * 86_400_000).toISOString(),
    ...{ model, total_usage: Math.abs(Math.sin(ago + at)) * 6 },
  })),
).flat();

export const keyPages: readonly PageState[] = [
  ...WORKSPACE_STATES,
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
  {
    name: 'key-full',
    path: `/keys/${HASH}`,
    answers: {
      ...withKey({ limit: 5, limit_remaining: 0, limit_reset: 'daily' }),
      'POST /api/dashboard/analytics/query': figures(DAYS),
      'GET /api/dashboard/generations': {
        json: { data: ENDED.slice(0, 10), next_cursor: null, searched_until: null },
      },
      'GET /api/dashboard/refusals': { json: { data: REFUSALS, next_cursor: null } },
    },
    shows: 'Raise the limit',
  },
  {
    name: 'key-broken-parts',
    path: `/keys/${HASH}`,
    answers: {
      ...withKey(),
      'POST /api/dashboard/analytics/query': refusal(503, 'unavailable', 'Service temporarily unavailable'),
      'GET /api/dashboard/generations': refusal(500, 'internal', 'Internal Server Error'),
      'GET /api/dashboard/refusals': refusal(500, 'internal', 'Internal Server Error'),
    },
    shows: 'The figures could not be loaded',
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
  {
    ...{ name: 'key-rotate', path: `/keys/${HASH}`, answers: withKey(), act: press('Rotate') },
    shows: 'The old secret goes on working',
  },
  {
    name: 'key-rotated',
    path: `/keys/${HASH}`,
    answers: {
      ...withKey(),
      [`POST /api/dashboard/keys/${HASH}/rotate`]: data(
        { ...key(), key: `sk-or-v1-${'0e6f44'.repeat(11)}` },
        201,
      ),
    },
    act: async (page) => {
      await press('Rotate')(page);
      await page.getByRole('dialog').getByRole('button', { name: 'Rotate key' }).click();
    },
    shows: 'The new secret',
  },
  {
    name: 'key-quarantined',
    path: `/keys/${HASH}`,
    answers: withKey({ disabled: true, bounded_by_admin: true, leak: LEAK }),
    shows: 'This key is public',
  },
  {
    name: 'key-quarantined-replaced',
    path: `/keys/${HASH}`,
    answers: {
      ...withKey({ disabled: true, bounded_by_admin: true, leak: LEAK }),
      ...somebody({ role: 'member' }),
      [`POST /api/dashboard/keys/${HASH}/rotate`]: data(
        { ...key(), key: `sk-or-v1-${'0e6f44'.repeat(11)}` },
        201,
      ),
    },
    act: press('Replace its secret'),
    shows: 'The one before works no more',
  },
  {
    name: 'keys-quarantined',
    path: '/keys',
    answers: withKeys([
      key({ disabled: true, bounded_by_admin: true, leak: LEAK }),
      key({ hash: 'b2'.repeat(32) }),
    ]),
    shows: 'sk-or-v1',
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
];
