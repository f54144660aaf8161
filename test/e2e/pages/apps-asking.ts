/** The states of the pages on which an app or a device asks for a key. */
import type { Page } from 'playwright-core';
import { data, inHours, type PageState, refusal, somebody } from './page-states.ts';

const WORKSPACE = { id: 'workspace-1', name: 'Default' };

export const proposal = (changes: object = {}, app: object = {}) => ({
  app: {
    ...{ name: 'chat.example.com', host: 'chat.example.com', origin: 'https://chat.example.com' },
    ...{
      is_local: false,
      client_name: null,
      is_dynamic: false,
      callback_url: 'https://chat.example.com/callback',
    },
    ...app,
  },
  headless: false,
  challenge_method: 'S256',
  key: {
    ...{ label: 'chat.example.com', limit: null, usage_limit_type: null, expires_at: null },
    workspace_id: WORKSPACE.id,
  },
  workspaces: [WORKSPACE],
  account: { id: 'account-1', name: 'Analytical Engines' },
  consent_id: 'consent-1',
  expires_in: 600,
  ...changes,
});

const asks = (...given: Parameters<typeof proposal>) => ({
  ...somebody(),
  'GET /api/dashboard/consent': data(proposal(...given)),
});
const AUTH =
  '/auth?callback_url=https://chat.example.com/callback&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256';
const DEVICE = {
  app: {
    name: 'Terminal chat',
    host: null,
    origin: null,
    is_local: false,
    client_name: 'Terminal chat',
    is_dynamic: false,
    callback_url: null,
  },
};
const SELF_REGISTERED = { client_name: 'Official Assistant', is_dynamic: true };

async function enterCode(page: Page): Promise<void> {
  await page.getByLabel('Code').fill('wdjb-mjht');
  await page.getByRole('button', { name: 'Continue' }).click();
}

export const appsAsking: readonly PageState[] = [
  { name: 'consent', path: AUTH, answers: asks(), shows: 'chat.example.com' },
  {
    name: 'consent-full',
    path: AUTH,
    answers: asks(
      {
        key: {
          label: 'Reading room',
          limit: 25.5,
          usage_limit_type: 'monthly',
          expires_at: inHours(72),
          workspace_id: 'workspace-2',
        },
        workspaces: [WORKSPACE, { id: 'workspace-2', name: 'Research' }],
      },
      { client_name: 'Reading Room', host: 'xn--pple-43d.com:8443' },
    ),
    shows: 'Reading Room',
  },
  {
    name: 'consent-self-registered',
    path: AUTH,
    answers: asks({}, SELF_REGISTERED),
    shows: 'nobody here has checked that name',
  },
  {
    name: 'consent-local',
    path: AUTH,
    answers: asks({}, { host: 'localhost:3000', name: 'localhost:3000', is_local: true }),
    shows: 'On this device',
  },
  {
    name: 'consent-editor',
    path: '/auth?callback_url=vscode://publisher.name/openrouter',
    answers: asks({}, { host: 'vscode://publisher.name', name: 'vscode://publisher.name', is_local: true }),
    shows: 'In an editor on this device',
  },
  {
    name: 'consent-headless',
    path: '/auth?code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256',
    answers: asks({ headless: true }, { host: null, name: 'Key for an app', callback_url: null }),
    shows: 'You will get a code',
  },
  {
    name: 'consent-problems',
    path: AUTH,
    answers: asks(),
    act: async (page) => {
      await page.getByLabel('Name of the key').fill('');
      await page.getByLabel('Limit in USD').fill('ten');
      await page.getByLabel('Expires').selectOption('At a time of your choice');
      await page.getByRole('button', { name: 'Approve' }).click();
    },
    shows: 'Give the key a name',
  },
  {
    name: 'consent-refused',
    path: AUTH,
    answers: {
      ...somebody(),
      'GET /api/dashboard/consent': refusal(
        403,
        'role_required',
        'Your role in this organisation does not allow this',
      ),
    },
    shows: 'This request cannot be answered',
  },
  { name: 'consent-bad-request', path: '/auth?callback_url=http://evil.example', answers: somebody() },
  {
    name: 'shown-code',
    path: '/auth/code',
    answers: {
      ...somebody(),
      'GET /api/dashboard/consent/code': data({
        code: `auth_code_${'0123456789abcdef'.repeat(4)}`,
        expires_at: inHours(0.16),
        key_label: 'Reading room',
      }),
    },
    shows: 'Copy your code',
  },
  { name: 'shown-code-gone', path: '/auth/code', answers: somebody(), shows: 'There is no code to show' },
  { name: 'device', path: '/device', answers: somebody() },
  {
    name: 'device-unknown',
    path: '/device?user_code=WDJB-MJHT',
    answers: {
      ...somebody(),
      'GET /api/dashboard/device': refusal(404, 'not_found', 'This code is unknown, was used, or is too old'),
    },
    act: (page) => page.getByRole('button', { name: 'Continue' }).click(),
    shows: 'This code is unknown',
  },
  {
    name: 'device-asks',
    path: '/device',
    answers: { ...somebody(), 'GET /api/dashboard/device': data(proposal(DEVICE)) },
    act: enterCode,
    shows: 'A device asks for a key',
  },
  {
    name: 'device-asks-self-registered',
    path: '/device',
    answers: {
      ...somebody(),
      'GET /api/dashboard/device': data(proposal({}, { ...DEVICE.app, ...SELF_REGISTERED })),
    },
    act: enterCode,
    shows: 'Nobody here has checked that name',
  },
  {
    name: 'device-connected',
    path: '/device',
    answers: {
      ...somebody(),
      'GET /api/dashboard/device': data(proposal(DEVICE)),
      'POST /api/dashboard/device': data({ decision: 'approve' }),
    },
    act: async (page) => {
      await enterCode(page);
      await page.getByRole('button', { name: 'Approve' }).click();
    },
    shows: 'The device is connected',
  },
];
