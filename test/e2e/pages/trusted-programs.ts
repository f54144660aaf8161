/** The states of the settings about programs: registered apps, and workloads that come with tokens of their own. */
import type { Page } from 'playwright-core';
import { type Answers, data, inHours, type PageState, refusal, somebody } from './page-states.ts';

const CLIENT_ID = 'app_0123456789abcdef0123456789abcdef';
const app = (changes: object) => ({
  ...{ id: CLIENT_ID, client_id: CLIENT_ID, name: 'Support bot' },
  ...{ redirect_uris: ['https://support.example.com/oauth/callback'], is_public: false, is_dynamic: false },
  ...{ created_at: inHours(-2000), last_used_at: inHours(-3) },
  ...changes,
});
const APPS = [
  app({}),
  app({
    ...{ id: 'app_2', client_id: `app_${'f'.repeat(32)}`, name: 'Terminal chat', is_public: true },
    ...{ redirect_uris: ['http://127.0.0.1/callback', 'http://[::1]/callback'], last_used_at: null },
  }),
  app({
    id: 'app_3',
    client_id: `app_${'a'.repeat(32)}`,
    name: `A program with a name as long as names may be, ${'which is a hundred characters '.repeat(2)}`.slice(
      0,
      100,
    ),
    is_dynamic: true,
    redirect_uris: [
      'https://a.rather.long.host.of.somebody.department.university.example/applications/oauth2/callback/finish?tenant=1234567890',
    ],
  }),
];
const withApps = (apps: readonly object[]): Answers => ({
  ...somebody(),
  'GET /api/dashboard/apps': data(apps),
});
const SECRET = `app_secret_${'0123456789abcdef'.repeat(4)}`;

async function register(page: Page, redirectUris: string): Promise<void> {
  await page.getByRole('button', { name: 'Register app' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Support bot');
  await page.getByLabel('Redirect URIs').fill(redirectUris);
  await page.getByRole('dialog').getByRole('button', { name: 'Register app' }).click();
}

const ISSUER = {
  ...{ id: 'issuer-1', name: 'GitHub Actions', issuer_url: 'https://token.actions.githubusercontent.com' },
  ...{ jwks_url: null, jwks: null, created_at: inHours(-100), updated_at: null },
};
const ISSUERS = [
  ISSUER,
  {
    ...{ ...ISSUER, id: 'issuer-2', name: 'Cluster in the cellar' },
    issuer_url: 'https://oidc.cellar.internal.department.university.example/clusters/0123456789abcdef',
    jwks_url:
      'https://oidc.cellar.internal.department.university.example/clusters/0123456789abcdef/jwks.json',
  },
  {
    ...{ ...ISSUER, id: 'issuer-3', name: 'Build farm', issuer_url: 'https://builds.example.com' },
    jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU', y: 'x' }] },
  },
];
const KEYS = [
  { hash: 'hash-1', name: 'Deployments', label: 'sk-or-v1-3b1…9fc', disabled: false },
  { hash: 'hash-2', name: 'Night jobs', label: 'sk-or-v1-77a…012', disabled: true },
];
const POLICY = {
  ...{ id: '01989c5e-0000-7000-8000-000000000001', name: 'Deployments of the shop', issuer_id: 'issuer-1' },
  ...{ subject: 'repo:acme/shop:ref:refs/heads/main', audience: 'https://gateway.example.com' },
  ...{ required_scope: null, required_token_type: null, condition: null, target_key_hash: 'hash-1' },
  ...{ enabled: true, created_at: inHours(-100), updated_at: null },
};
const POLICIES = [
  POLICY,
  {
    ...{ ...POLICY, id: '01989c5e-0000-7000-8000-000000000002', name: 'Night jobs', enabled: false },
    ...{ issuer_id: 'issuer-2', target_key_hash: 'hash-2', required_scope: 'models:use' },
    ...{ required_token_type: 'workload', subject: `system:serviceaccount:${'a-long-name-'.repeat(8)}` },
  },
  {
    ...{ ...POLICY, id: '01989c5e-0000-7000-8000-000000000003', name: 'Of yesterday' },
    target_key_hash: 'hash-gone',
  },
];
const BASE = '/api/dashboard/workload-identity';
const trusting = ({
  issuers = ISSUERS,
  policies = POLICIES,
  keys = KEYS,
}: Record<string, object[]> = {}) => ({
  ...somebody({ role: 'admin' }),
  [`GET ${BASE}/issuers`]: data(issuers),
  [`GET ${BASE}/policies`]: data(policies),
  [`GET ${BASE}/target-keys`]: data(keys),
});
const WORKLOADS = '/settings/workload-identity';
const FORBIDDEN = refusal(403, 'role_required', 'Your role in this organisation does not allow this');

async function addIssuer(page: Page, source: string): Promise<void> {
  await page.getByRole('button', { name: 'Add issuer' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Build farm');
  await page.getByRole('textbox', { name: 'Issuer URL' }).fill('http://builds.example.com');
  await page.getByRole('radio', { name: source }).check();
}

const inDialog = (page: Page, button: string) =>
  page.getByRole('dialog').getByRole('button', { name: button, exact: true }).click();

const appStates: readonly PageState[] = [
  { name: 'apps', path: '/settings/apps', answers: withApps([]), shows: 'No apps yet' },
  { name: 'apps-full', path: '/settings/apps', answers: withApps(APPS), shows: 'Terminal chat' },
  {
    name: 'apps-member',
    path: '/settings/apps',
    answers: somebody({ role: 'member' }),
    shows: 'Your role does not allow this',
  },
  {
    name: 'apps-refused',
    path: '/settings/apps',
    answers: { ...somebody(), 'GET /api/dashboard/apps': FORBIDDEN },
    shows: 'The apps could not be loaded',
  },
  {
    name: 'apps-register',
    path: '/settings/apps',
    answers: withApps([]),
    act: (page) => page.getByRole('button', { name: 'Register app' }).click(),
    shows: 'Register an app',
  },
  {
    name: 'apps-register-empty',
    path: '/settings/apps',
    answers: withApps([]),
    act: async (page) => {
      await page.getByRole('button', { name: 'Register app' }).click();
      await inDialog(page, 'Register app');
    },
    shows: 'Give the app a name',
  },
  {
    name: 'apps-register-wrong',
    path: '/settings/apps',
    answers: {
      ...withApps([]),
      'POST /api/dashboard/apps': refusal(
        400,
        'invalid_request',
        'redirect_uris.1: must be an https URL, or an http URL of localhost, 127.0.0.1 or [::1], without user or fragment',
      ),
    },
    act: (page) =>
      register(page, 'https://support.example.com/callback\nhttp://support.example.com/callback'),
    shows: 'Line 2 must be an https URL',
  },
  {
    name: 'apps-registered',
    path: '/settings/apps',
    answers: {
      ...withApps(APPS),
      'POST /api/dashboard/apps': data({ ...app({}), client_secret: SECRET }, 201),
    },
    act: (page) => register(page, 'https://support.example.com/oauth/callback'),
    shows: 'I have saved it',
  },
  {
    name: 'apps-registered-public',
    path: '/settings/apps',
    answers: {
      ...withApps(APPS),
      'POST /api/dashboard/apps': data({ ...app({ is_public: true }), client_secret: null }, 201),
    },
    act: (page) => register(page, 'http://127.0.0.1/callback'),
    shows: 'This app has no secret',
  },
  {
    name: 'apps-edit',
    path: '/settings/apps',
    answers: withApps(APPS),
    act: (page) => page.getByRole('button', { name: 'Edit A program' }).click(),
    shows: 'Edit app',
  },
  {
    name: 'apps-new-secret',
    path: '/settings/apps',
    answers: withApps(APPS),
    act: (page) => page.getByRole('button', { name: 'New secret for Support bot' }).click(),
    shows: 'stops at once',
  },
  {
    name: 'apps-delete',
    path: '/settings/apps',
    answers: withApps(APPS),
    act: async (page) => {
      await page.getByRole('button', { name: 'Delete Support bot' }).click();
      await inDialog(page, 'Delete app');
    },
    shows: 'Resource not found',
  },
];

const workloadStates: readonly PageState[] = [
  {
    name: 'workloads',
    path: WORKLOADS,
    answers: trusting({ issuers: [], policies: [] }),
    shows: 'No policies yet',
  },
  {
    name: 'workloads-issuer',
    path: WORKLOADS,
    answers: trusting({ policies: [] }),
    shows: 'No policies yet',
  },
  { name: 'workloads-full', path: WORKLOADS, answers: trusting(), shows: 'A key that is deleted' },
  {
    name: 'workloads-member',
    path: WORKLOADS,
    answers: somebody({ role: 'member' }),
    shows: 'Your role does not allow this',
  },
  {
    name: 'workloads-refused',
    path: WORKLOADS,
    answers: {
      ...somebody(),
      ...Object.fromEntries(
        ['issuers', 'policies', 'target-keys'].map((what) => [`GET ${BASE}/${what}`, FORBIDDEN]),
      ),
    },
    shows: 'The policies could not be loaded',
  },
  {
    name: 'workloads-add-issuer',
    path: WORKLOADS,
    answers: trusting({ issuers: [], policies: [] }),
    act: (page) => page.getByRole('button', { name: 'Add issuer' }).click(),
    shows: 'Where its signing keys are',
  },
  {
    name: 'workloads-add-issuer-not-json',
    path: WORKLOADS,
    answers: trusting({ issuers: [], policies: [] }),
    act: async (page) => {
      await addIssuer(page, 'Paste them');
      await page.getByLabel('Key set (JWKS)').fill('-----BEGIN PUBLIC KEY-----');
      await inDialog(page, 'Add issuer');
    },
    shows: 'This is not JSON',
  },
  {
    name: 'workloads-add-issuer-wrong',
    path: WORKLOADS,
    answers: {
      ...trusting(),
      [`POST ${BASE}/issuers`]: refusal(400, 'invalid_request', 'issuer_url: must be an https URL'),
    },
    act: async (page) => {
      await addIssuer(page, 'JWKS URL');
      await page.getByRole('textbox', { name: 'JWKS URL' }).fill('https://builds.example.com/jwks.json');
      await inDialog(page, 'Add issuer');
    },
    shows: 'Must be an https URL',
  },
  {
    name: 'workloads-edit-issuer',
    path: WORKLOADS,
    answers: trusting(),
    act: (page) => page.getByRole('button', { name: 'Edit Build farm' }).click(),
    shows: 'Public keys only',
  },
  {
    name: 'workloads-delete-issuer',
    path: WORKLOADS,
    answers: trusting(),
    act: (page) => page.getByRole('button', { name: 'Delete GitHub Actions' }).click(),
    shows: 'These policies are deleted with it',
  },
  {
    name: 'workloads-add-policy',
    path: WORKLOADS,
    answers: trusting({ policies: [] }),
    act: (page) => page.getByRole('button', { name: 'Add policy' }).click(),
    shows: 'Acts as the key',
  },
  {
    name: 'workloads-add-policy-empty',
    path: WORKLOADS,
    answers: trusting({ policies: [] }),
    act: async (page) => {
      await page.getByRole('button', { name: 'Add policy' }).click();
      await inDialog(page, 'Add policy');
    },
    shows: 'Enter the subject',
  },
  {
    name: 'workloads-no-key',
    path: WORKLOADS,
    answers: trusting({ policies: [], keys: [] }),
    act: (page) => page.getByRole('button', { name: 'Add policy' }).click(),
    shows: 'First, a key for workloads',
  },
  {
    name: 'workloads-edit-policy-wrong',
    path: WORKLOADS,
    answers: {
      ...trusting(),
      [`PATCH ${BASE}/policies/${POLICY.id}`]: refusal(
        400,
        'invalid_request',
        'subject: must have at most 512 characters',
      ),
    },
    act: async (page) => {
      await page.getByRole('button', { name: `Edit ${POLICY.name}` }).click();
      await inDialog(page, 'Save');
    },
    shows: 'Must have at most 512 characters',
  },
  {
    name: 'workloads-delete-policy',
    path: WORKLOADS,
    answers: trusting(),
    act: (page) => page.getByRole('button', { name: 'Delete Night jobs' }).click(),
    shows: 'Delete this policy?',
  },
  {
    name: 'workloads-use-curl',
    path: WORKLOADS,
    answers: trusting(),
    act: (page) => page.getByRole('button', { name: 'How to use Night jobs' }).click(),
    shows: 'SUBJECT_TOKEN',
  },
  {
    name: 'workloads-use-github',
    path: WORKLOADS,
    answers: trusting(),
    act: (page) => page.getByRole('button', { name: `How to use ${POLICY.name}` }).click(),
    shows: 'id-token: write',
  },
];

export const trustedPrograms: readonly PageState[] = [...appStates, ...workloadStates];
