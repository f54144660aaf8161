/** The states of the settings about others. */
import { type Answers, data, inHours, type PageState, refusal, somebody } from './page-states.ts';

const member = (changes: object) => ({
  ...{ user_id: 'user-1', name: 'Ada Lovelace', email: 'ada@example.com', role: 'owner' },
  ...{ two_factor_enabled: true, joined_at: inHours(-5000), is_you: true },
  ...changes,
});
const ALONE: Answers = {
  ...somebody(),
  'GET /api/dashboard/members': data([member({})]),
  'GET /api/dashboard/invitations': data([]),
  'GET /api/dashboard/workspaces': { json: { data: [], total_count: 0 } },
};
const MEMBERS: Answers = {
  ...somebody(),
  'GET /api/dashboard/workspaces': {
    json: { data: [{ id: 'workspace-1', name: 'Production', is_default: false }], total_count: 1 },
  },
  'GET /api/dashboard/members': data([
    member({}),
    member({
      user_id: 'user-2',
      name: 'Charles Babbage',
      email: 'charles@example.com',
      role: 'admin',
      is_you: false,
    }),
    member({
      ...{
        user_id: 'user-3',
        name: 'Augusta Ada King-Noel, Countess of Lovelace',
        is_you: false,
        role: 'member',
      },
      ...{
        email: 'a.rather.long.address.of.somebody@department.university.example',
        two_factor_enabled: false,
      },
    }),
  ]),
  'GET /api/dashboard/invitations': data([
    {
      id: 'invitation-1',
      email: 'grace@example.com',
      role: 'member',
      created_at: inHours(-2),
      expires_at: inHours(150),
    },
    { id: 'invitation-2', email: null, role: 'admin', created_at: inHours(-2), expires_at: inHours(20) },
  ]),
};

/** A square of one colour. */
const LOGO =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const MANAGEMENT_KEYS = [
  {
    ...{ hash: 'a1'.repeat(32), name: 'Terraform', label: 'sk-or-v1-0e6...1c96', disabled: false },
    ...{ created_at: inHours(-200), expires_at: null, last_used_at: inHours(-2) },
  },
  {
    ...{ hash: 'b2'.repeat(32), name: 'Sign-up of the shop, which makes a key for each customer' },
    ...{ label: 'sk-or-v1-1f7...2d07', disabled: true, created_at: inHours(-900) },
    ...{ expires_at: inHours(-3), last_used_at: null },
  },
];

const auditEvent = (seq: number, changes: object) => ({
  ...{ id: `event-${seq}`, seq, at: inHours(-seq * 3), actor_kind: 'user', actor: 'user-1' },
  ...{ actor_name: 'Ada Lovelace', address: '203.0.113.7', action: 'key.changed', target_kind: 'key' },
  ...{ target: 'a1'.repeat(32), before: null, after: null, outcome: 'success', hash: 'c0'.repeat(32) },
  ...changes,
});
const AUDIT: Answers = {
  ...somebody(),
  'GET /api/dashboard/audit': {
    json: {
      data: [
        auditEvent(5, {
          before: { limit_nano_usd: '5000000000', name: 'Notebook' },
          after: {
            limit_nano_usd: '12500000000',
            name: '<b>Notebook</b> of the research group, which has a long name',
          },
        }),
        auditEvent(4, {
          ...{ actor_kind: 'management_key', actor: 'b2'.repeat(32), actor_name: 'Terraform' },
          ...{
            action: 'key.created',
            after: { name: 'CI', limit_nano_usd: null, expires_at_ms: 1_800_000_000_000 },
          },
        }),
        auditEvent(3, {
          ...{ actor_kind: 'system', actor: null, actor_name: null, address: null },
          ...{ action: 'invitation.revoked', target: null },
        }),
        auditEvent(2, {
          actor_name: null,
          action: 'member.role_changed',
          before: { role: 'member' },
          after: { role: 'admin' },
        }),
      ],
      next_cursor: '1.event-2',
      chain: { seq: 5, hash: 'c0'.repeat(32), until: inHours(-15) },
    },
  },
};
const NO_AUDIT: Answers = {
  ...somebody(),
  'GET /api/dashboard/audit': {
    json: { data: [], next_cursor: null, chain: { seq: 0, hash: '', until: null } },
  },
};
const WELL_KEY = {
  ...{ id: 'default', kind: 'key', bench: null, models: [], in_flight: null },
  ...{ max_concurrent: null, requests_per_minute: null },
};
const WELL_PROVIDER = {
  ...{ slug: 'openai', name: 'OpenAI', format: 'openai', host: 'api.openai.com' },
  ...{ endpoints: 41, endpoints_down: 0, requests_last_30m: 12_345, uptime_last_30m: 99.87 },
  ...{ credentials: [WELL_KEY], queue: null, probe: null },
};
const bench = (reason: string, decided_by: string, hours: number) => ({
  ...{ reason, decided_by, until: inHours(hours) },
});
const PROVIDERS = [
  WELL_PROVIDER,
  {
    ...WELL_PROVIDER,
    ...{ slug: 'anthropic', name: 'Anthropic', host: 'api.anthropic.com', uptime_last_30m: 96.4 },
    credentials: [
      { ...WELL_KEY, id: 'team-a', in_flight: 3, max_concurrent: 50 },
      { ...WELL_KEY, id: 'team-b', in_flight: 0, bench: bench('refused', 'gateway', 0.2) },
      {
        ...{ ...WELL_KEY, id: 'a-rather-long-name-of-a-key-for-the-night-shift', in_flight: 1 },
        models: ['opus', 'sonnet', 'haiku', 'fable'].map((name) => ({
          model: `anthropic/claude-${name}-with-a-long-name-4.5`,
          ...bench('rate', 'provider', 0.1),
        })),
      },
    ],
  },
  {
    ...WELL_PROVIDER,
    ...{ slug: 'gpu', name: 'GPU server', host: '10.0.0.7:8000', endpoints: 2, endpoints_down: 2 },
    ...{ requests_last_30m: 0, uptime_last_30m: null },
    credentials: [{ ...WELL_KEY, kind: 'none', bench: bench('unreachable', 'gateway', 0.01) }],
    queue: { running: 4, waiting: 12, max_concurrent: 4, max_waiting: 100 },
    probe: {
      ...{ is_up: false, says: '/health answers 503', at: inHours(0), model_count: null },
      missing_models: [],
    },
  },
];

export const settings: readonly PageState[] = [
  { name: 'audit', path: '/settings/audit', answers: AUDIT, shows: 'Load more' },
  { name: 'audit-empty', path: '/settings/audit', answers: NO_AUDIT, shows: 'Nothing was changed yet' },
  {
    name: 'audit-narrowed',
    path: '/settings/audit?action=key&start=2026-11-01',
    answers: NO_AUDIT,
    shows: 'Nothing of this kind happened',
  },
  {
    name: 'audit-broken',
    path: '/settings/audit',
    answers: { ...somebody(), 'GET /api/dashboard/audit': refusal(503, 'unavailable', 'no') },
    shows: 'The audit log could not be loaded',
    isBroken: true,
  },
  {
    name: 'providers',
    path: '/settings/providers',
    answers: { ...somebody(), 'GET /api/dashboard/providers': data(PROVIDERS) },
    shows: 'GPU server',
  },
  {
    name: 'providers-empty',
    path: '/settings/providers',
    answers: { ...somebody(), 'GET /api/dashboard/providers': data([]) },
    shows: 'No providers yet',
  },
  {
    name: 'providers-refused',
    path: '/settings/providers',
    answers: {
      ...somebody(),
      'GET /api/dashboard/providers': refusal(
        403,
        'permission_denied',
        'Only the organisation that runs this gateway sees how its providers do',
      ),
    },
    shows: 'The providers could not be loaded',
  },
  {
    name: 'providers-member',
    path: '/settings/providers',
    answers: somebody({ role: 'member' }),
    shows: 'Your role does not allow this',
  },
  {
    name: 'organisation',
    path: '/settings/organisation',
    answers: somebody(),
    shows: 'Limits reset at midnight UTC',
  },
  {
    name: 'organisation-logo',
    path: '/settings/organisation',
    answers: somebody({
      account: {
        name: 'The Analytical and Difference Engines Company of London',
        ...{ logo: LOGO, time_zone: 'Asia/Kolkata' },
      },
    }),
    shows: 'Replace',
  },
  {
    name: 'organisation-refused',
    path: '/settings/organisation',
    answers: {
      ...somebody(),
      'PATCH /api/dashboard/organisation': {
        status: 400,
        json: {
          error: {
            ...{ code: 400, message: 'name: is taken' },
            metadata: {
              error_code: 'invalid_request',
              issues: [{ path: ['name'], message: 'is taken' }],
            },
          },
        },
      },
    },
    act: (page) => page.getByRole('button', { name: 'Save' }).click(),
    shows: 'Is taken',
  },
  {
    name: 'management-keys',
    path: '/settings/management-keys',
    answers: { ...somebody(), 'GET /api/dashboard/management-keys': data(MANAGEMENT_KEYS) },
    shows: 'Terraform',
  },
  {
    name: 'management-keys-empty',
    path: '/settings/management-keys',
    answers: { ...somebody(), 'GET /api/dashboard/management-keys': data([]) },
    shows: 'No management keys yet',
  },
  {
    name: 'management-keys-member',
    path: '/settings/management-keys',
    answers: somebody({ role: 'member' }),
    shows: 'Your role does not allow this',
  },
  { name: 'nowhere', path: '/no-such-page', answers: somebody(), shows: 'Nothing is at this address' },
  {
    name: 'palette',
    path: '/settings/organisation',
    answers: somebody(),
    act: async (page) => {
      await page.keyboard.press('Control+k');
      await page.getByPlaceholder('Search pages').fill('mem');
    },
    shows: 'Members',
  },
  {
    name: 'shortcuts',
    path: '/settings/organisation',
    answers: somebody(),
    act: (page) => page.keyboard.press('?'),
    shows: 'Show this list',
  },
  {
    name: 'members-role',
    path: '/settings/members',
    answers: MEMBERS,
    act: async (page) => {
      await page.getByRole('button', { name: 'Role of Charles Babbage' }).click();
      await page.keyboard.press('ArrowDown');
      await page.getByRole('menuitemcheckbox', { name: 'Owner' }).click();
    },
    shows: 'Make Charles Babbage an owner?',
  },
  { name: 'members', path: '/settings/members', answers: ALONE, shows: 'Nobody is invited' },
  { name: 'members-full', path: '/settings/members', answers: MEMBERS, shows: 'grace@example.com' },
  {
    name: 'members-menu',
    path: '/settings/members',
    answers: MEMBERS,
    act: async (page) => {
      const menu = page.getByRole('button', { name: 'Open menu' });
      if (await menu.isVisible()) await menu.click();
    },
    shows: 'grace@example.com',
  },
  {
    name: 'members-remove',
    path: '/settings/members',
    answers: MEMBERS,
    act: (page) => page.getByRole('button', { name: 'Remove Charles Babbage' }).click(),
    shows: 'Their sessions end at once',
  },
  {
    name: 'members-invite',
    path: '/settings/members',
    answers: ALONE,
    act: (page) => page.getByRole('button', { name: 'Invite' }).click(),
    shows: 'Invite somebody',
  },
  {
    name: 'members-invited',
    path: '/settings/members',
    answers: {
      ...ALONE,
      'POST /api/dashboard/invitations': data(
        {
          id: 'invitation-1',
          email: null,
          role: 'member',
          created_at: inHours(0),
          expires_at: inHours(168),
          link: 'https://gateway.example.com/sign-up?token=8vC3nq1JwYb0rT5sKdF2xLzQeR7uHgA9mPiOtW4yX6c',
        },
        201,
      ),
    },
    act: async (page) => {
      await page.getByRole('button', { name: 'Invite' }).click();
      await page.getByRole('dialog').getByLabel('Whoever has the link').check();
      await page.getByRole('dialog').getByRole('button', { name: 'Make an open link' }).click();
    },
    shows: 'is not shown again',
  },
  {
    name: 'members-invited-by-mail',
    path: '/settings/members',
    answers: {
      ...ALONE,
      'POST /api/dashboard/invitations': data(
        {
          ...{ id: 'invitation-1', email: 'grace@example.com', role: 'member' },
          ...{ created_at: inHours(0), expires_at: inHours(168), link: null },
        },
        201,
      ),
    },
    act: async (page) => {
      await page.getByRole('button', { name: 'Invite' }).click();
      await page.getByRole('dialog').getByLabel('E-mail address').fill('grace@example.com');
      await page.getByRole('dialog').getByRole('button', { name: 'Invite' }).click();
    },
    shows: 'grace@example.com',
  },
  {
    name: 'members-refused',
    path: '/settings/members',
    answers: {
      ...somebody(),
      'GET /api/dashboard/members': refusal(
        403,
        'role_required',
        'Your role in this organisation does not allow this',
      ),
      'GET /api/dashboard/invitations': refusal(
        403,
        'role_required',
        'Your role in this organisation does not allow this',
      ),
    },
    shows: 'Your role in this organisation',
  },
];
