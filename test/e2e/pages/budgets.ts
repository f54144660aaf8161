/** The states of the page of budgets. */
import { type Answers, data, inHours, type PageState, refusal, somebody } from './page-states.ts';

const PATH = '/settings/budgets';
const AT = '/api/dashboard/workspaces/default';

const NONE = {
  workspace: { id: 'workspace-1', name: 'Default', slug: 'default' },
  role: 'admin',
  include_byok_in_budgets: false,
  budgets: [
    { interval: 'daily', limit_usd: null, spend_usd: 0, resets_at: inHours(9) },
    { interval: 'weekly', limit_usd: null, spend_usd: 0, resets_at: inHours(60) },
    { interval: 'monthly', limit_usd: null, spend_usd: 12.5, resets_at: inHours(300) },
    { interval: 'lifetime', limit_usd: null, spend_usd: 12.5, resets_at: null },
  ],
  ...{ tag_budgets: [], rate_limits: [], alert_percents: [50, 80, 100], alerts: [] },
};
const STAMPS = { workspace_id: 'workspace-1', created_at: inHours(-900), updated_at: inHours(-20) };
const FULL = {
  ...NONE,
  include_byok_in_budgets: true,
  budgets: [
    { interval: 'daily', limit_usd: 50, spend_usd: 50.000012, resets_at: inHours(9) },
    { interval: 'weekly', limit_usd: 200, spend_usd: 171.2, resets_at: inHours(60) },
    { interval: 'monthly', limit_usd: 500, spend_usd: 212.75, resets_at: inHours(300) },
    { interval: 'lifetime', limit_usd: null, spend_usd: 4812.3, resets_at: null },
  ],
  tag_budgets: [
    {
      ...{ id: 'tag-1', tag: 'project', value: null, interval: 'quarterly', limit_usd: 2000, ...STAMPS },
      resets_at: inHours(700),
      spend: [
        { value: 'alpha', spend_usd: 1999.99, remaining_usd: 0.01 },
        { value: 'a project whose name nobody has shortened', spend_usd: 3, remaining_usd: 1997 },
      ],
    },
    {
      ...{ id: 'tag-2', tag: 'team', value: '<b>red</b>', interval: 'fiscal-04', limit_usd: 10, ...STAMPS },
      ...{ resets_at: inHours(3000), spend: [] },
    },
  ],
  rate_limits: [
    {
      ...{ id: 'rate-1', subject: 'api_key', target: null, requests_per_minute: 60, ...STAMPS },
      tokens_per_minute: 100_000,
    },
    {
      ...{ id: 'rate-2', subject: 'model', target: 'anthropic/claude-opus-4.5', ...STAMPS },
      ...{ requests_per_minute: null, tokens_per_minute: 2_000_000 },
    },
  ],
  alerts: [
    {
      ...{ id: 'alert-2', percent: 100, scope: 'workspace', of: 'daily', window: '2026-11-29' },
      ...{ limit_usd: 50, spend_usd: 50.000012, at: inHours(-1) },
    },
    {
      ...{ id: 'alert-1', percent: 80, scope: 'tag', of: 'alpha', window: '2026-Q4' },
      ...{ limit_usd: 2000, spend_usd: 1630, at: inHours(-30) },
    },
  ],
};

const ofWorkspace = (slug: string, name: string) => ({
  id: slug,
  slug,
  name,
  is_default: slug === 'default',
});
const TWO = [ofWorkspace('default', 'Default'), ofWorkspace('production', 'Production')];

const answers = (
  limits: object,
  role: 'owner' | 'member' = 'owner',
  workspaces: readonly object[] = TWO.slice(0, 1),
): Answers => ({
  ...somebody({ role }),
  'GET /api/dashboard/workspaces': { json: { data: workspaces, total_count: workspaces.length } },
  [`GET ${AT}/limits`]: data(limits),
});

export const budgets: readonly PageState[] = [
  { name: 'budgets', path: PATH, answers: answers(FULL), shows: 'Used up' },
  { name: 'budgets-none', path: PATH, answers: answers(NONE), shows: 'No tag has a budget' },
  {
    ...{ name: 'budgets-member', path: PATH, shows: 'Admins of the workspace change it' },
    answers: answers({ ...FULL, role: 'member' }, 'member'),
  },
  {
    ...{ name: 'budgets-of-workspaces', path: `${PATH}?workspace=production`, shows: 'Used up' },
    answers: {
      ...answers(NONE, 'owner', TWO),
      'GET /api/dashboard/workspaces/production/limits': data({
        ...FULL,
        workspace: { id: 'production', name: 'Production', slug: 'production' },
      }),
    },
  },
  {
    ...{ name: 'budgets-of-no-workspace', path: `${PATH}?workspace=gone` },
    answers: {
      ...answers(NONE, 'owner', TWO),
      'GET /api/dashboard/workspaces/gone/limits': refusal(404, 'not_found', 'Resource not found'),
    },
    ...{ isBroken: true, shows: 'There is no such workspace' },
  },
  {
    ...{ name: 'budgets-failed', path: PATH },
    answers: {
      ...answers(NONE),
      [`GET ${AT}/limits`]: refusal(503, 'unavailable', 'Service temporarily unavailable'),
    },
    ...{ isBroken: true, shows: 'The budgets could not be loaded' },
  },
  {
    ...{ name: 'budgets-wrong', path: PATH, answers: answers(FULL) },
    act: async (page) => {
      await page.getByRole('button', { name: 'Change the budget: A week' }).click();
      await page.getByLabel('Limit in USD').fill('a lot');
      await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    },
    shows: 'Enter an amount of USD above 0',
  },
  {
    ...{ name: 'budgets-of-a-tag', path: PATH, answers: answers(NONE) },
    act: (page) => page.getByRole('button', { name: 'Add tag budget' }).click(),
    shows: 'Leave it empty to give each value a budget of its own',
  },
  {
    ...{ name: 'budgets-rate', path: PATH, answers: answers(NONE) },
    act: async (page) => {
      await page.getByRole('button', { name: 'Add rate limit' }).click();
      await page.getByRole('button', { name: 'Add limit' }).click();
    },
    shows: 'Enter requests, tokens or both',
  },
];
