/** The states of the pages about what is told, and about keys that somebody should look at. */
import { HASH, HOSTILE } from './log-rows.ts';
import { type Answers, data, inHours, type PageState, refusal, somebody } from './page-states.ts';

const KINDS = [
  { kind: 'key.leaked', label: 'A key was found in public' },
  { kind: 'key.limit_near', label: 'A key has nearly reached its limit' },
  { kind: 'credits.low', label: 'Credits run low' },
];
const settings = (changes: object = {}) =>
  data({
    mail: KINDS.map((one, at) => ({ ...one, by_mail: at !== 2 })),
    ...{ has_mail: true, kinds: KINDS, key_limit_percent: 80, ...changes },
  });
const webhook = (changes: object = {}) => ({
  ...{ id: 'webhook-1', name: 'On call', url: 'https://hooks.example.com/services/T000/B000/XXXX' },
  ...{ kinds: null, workspace_id: null, disabled: false, disabled_because: null, failing_since: null },
  ...{ old_secret_until: null, created_at: inHours(-100), updated_at: inHours(-2), ...changes },
});
const delivery = (changes: object) => ({
  ...{ id: 'delivery-1', message_id: 'notification-1', kind: 'key.leaked', state: 'delivered', attempts: 1 },
  ...{ last_status: 204, last_problem: null, next_attempt_at: null, created_at: inHours(-1) },
  ...{ ended_at: inHours(-1), data: {}, ...changes },
});
const DELIVERIES = [
  delivery({ id: 'd1', kind: 'webhook.test' }),
  delivery({
    ...{ id: 'd2', state: 'waiting', attempts: 3, last_status: 503, ended_at: null },
    ...{ last_problem: 'answered with status 503', next_attempt_at: inHours(0.4) },
  }),
  delivery({
    id: 'd3',
    state: 'failed',
    attempts: 9,
    last_status: null,
    last_problem: 'could not be reached',
  }),
];
const withWebhooks = (webhooks: readonly object[], changes: object = {}): Answers => ({
  ...somebody(),
  'GET /api/dashboard/notifications': settings(changes),
  'GET /api/dashboard/webhooks': data(webhooks),
  'GET /api/dashboard/webhooks/webhook-1/deliveries': data(DELIVERIES),
  'POST /api/dashboard/webhooks': data(
    { ...webhook(), secret: `whsec_${'MfKQ9r8GKYqrTwjU'.repeat(3)}` },
    201,
  ),
});
const finding = (changes: object) => ({
  ...{ hash: HASH, name: 'Nightly job', label: 'sk-or-v1-0e6...1c96', kind: 'api', reasons: ['stale'] },
  ...{ creator_user_id: 'user-1', workspace_id: 'workspace-1', created_at: inHours(-5000) },
  ...{ last_used_at: inHours(-3000), ...changes },
});

const PATH = '/settings/notifications';
const ALL = [
  webhook(),
  webhook({ id: 'webhook-2', name: HOSTILE, kinds: ['key.leaked'], failing_since: inHours(-5) }),
  webhook({ id: 'webhook-3', name: 'Old', disabled: true, disabled_because: 'failing' }),
  webhook({ id: 'webhook-4', name: 'Lost', url: null, disabled: true, disabled_because: 'sealed' }),
];

export const notifications: readonly PageState[] = [
  {
    name: 'notifications-empty',
    path: PATH,
    answers: withWebhooks([], { has_mail: false }),
    shows: 'No webhooks yet',
  },
  { name: 'notifications', path: PATH, answers: withWebhooks(ALL), shows: 'On call' },
  {
    name: 'notifications-member',
    path: PATH,
    answers: { ...withWebhooks([]), ...somebody({ role: 'member' }) },
    shows: 'By mail',
  },
  {
    name: 'notifications-deliveries',
    path: PATH,
    answers: withWebhooks([webhook()]),
    act: (page) => page.getByRole('button', { name: 'Deliveries', exact: true }).click(),
    shows: 'answered with status 503',
  },
  {
    name: 'notifications-add',
    path: PATH,
    answers: withWebhooks([]),
    act: async (page) => {
      await page.getByRole('button', { name: 'Add webhook' }).click();
      await page.getByLabel('Only some').check();
      await page.getByRole('dialog').getByRole('button', { name: 'Add webhook' }).click();
    },
    shows: 'Give the webhook a name',
  },
  {
    name: 'notifications-secret',
    path: PATH,
    answers: withWebhooks([]),
    act: async (page) => {
      await page.getByRole('button', { name: 'Add webhook' }).click();
      await page.getByLabel('Name').fill('On call');
      await page.getByLabel('Address').fill('https://hooks.example.com/x');
      await page.getByRole('dialog').getByRole('button', { name: 'Add webhook' }).click();
    },
    shows: 'Its signing secret',
  },
  {
    name: 'notifications-failed',
    path: PATH,
    answers: {
      ...somebody(),
      'GET /api/dashboard/notifications': refusal(500, 'internal', 'Internal Server Error'),
    },
    shows: 'could not be loaded',
  },
  {
    name: 'key-report',
    path: '/settings/key-report',
    answers: {
      ...somebody(),
      'GET /api/dashboard/key-report': data({
        generated_at: inHours(0),
        keys: [
          finding({ reasons: ['leaked', 'no_limit_and_no_expiry'], name: 'Production' }),
          finding({ hash: 'b2'.repeat(32), name: HOSTILE, reasons: ['never_used'], last_used_at: null }),
          finding({ hash: 'c3'.repeat(32) }),
        ],
      }),
    },
    shows: 'Not used for 90 days',
  },
  {
    name: 'key-report-empty',
    path: '/settings/key-report',
    answers: {
      ...somebody(),
      'GET /api/dashboard/key-report': data({ generated_at: inHours(0), keys: [] }),
    },
    shows: 'Every key is in use',
  },
  {
    name: 'key-report-member',
    path: '/settings/key-report',
    answers: somebody({ role: 'member' }),
  },
];
