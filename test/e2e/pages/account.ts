/** The states of the settings about oneself, and of the page that a mail to a new address leads to. */
import type { Page } from 'playwright-core';
import { type Answers, data, inHours, type PageState, refusal, somebody } from './page-states.ts';

const CHROME =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Safari/537.36';
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1';
const session = (changes: object) => ({
  ...{ id: 'session-1', created_at: inHours(-3), last_used_at: inHours(0), expires_at: inHours(100) },
  ...{ ip_address: '203.0.113.7', user_agent: CHROME, is_current: true },
  ...changes,
});
const ONE_SESSION = { 'GET /api/dashboard/sessions': data([session({})]) };
const SESSIONS = {
  'GET /api/dashboard/sessions': data([
    session({}),
    session({
      id: 'session-2',
      is_current: false,
      user_agent: IPHONE,
      ip_address: '2001:db8::17',
      last_used_at: inHours(-30),
    }),
    session({
      id: 'session-3',
      is_current: false,
      user_agent: 'curl/8.9',
      ip_address: '198.51.100.23',
      last_used_at: inHours(-100),
    }),
  ]),
};
const PASSKEYS = {
  'GET /api/auth/passkey/list-user-passkeys': {
    json: [
      { id: 'passkey-1', name: 'Laptop', createdAt: inHours(-1000) },
      { id: 'passkey-2', name: null, createdAt: null },
    ],
  },
};
const PASSKEY = {
  'GET /api/auth/passkey/list-user-passkeys': {
    json: [{ id: 'passkey-1', name: 'Laptop', createdAt: inHours(-1000) }],
  },
};
const NO_PASSKEYS = { 'GET /api/auth/passkey/list-user-passkeys': { json: [] } };
const METHODS = 'GET /api/auth/list-accounts';
const PROVIDERS = {
  providers: [
    { id: 'github', name: 'GitHub', kind: 'social' },
    { id: 'google', name: 'Google', kind: 'social' },
    { id: 'corp', name: 'Analytical Engines Single Sign-On', kind: 'oidc' },
  ],
};
const method = (providerId: string, changes: object = {}) => ({
  ...{ id: `method-${providerId}`, providerId, createdAt: inHours(-700), isLast: false },
  ...changes,
});
const CODES = ['a1B2c-3D4e5', 'f6G7h-8I9j0', 'k1L2m-3N4o5', 'p6Q7r-8S9t0', 'u1V2w-3X4y5', 'z6A7b-8C9d0'];
/** One session, and nothing else. */
const BARE: Answers = { ...ONE_SESSION, ...NO_PASSKEYS, [METHODS]: { json: [] } };
const SIGNED_IN: Answers = { ...somebody({ sign_in: PROVIDERS }), ...BARE };
const WITH_METHODS: Answers = {
  ...SIGNED_IN,
  [METHODS]: { json: [method('github'), method('former-sso')] },
};
const TWO_FACTOR: Answers = {
  ...somebody(),
  ...BARE,
  'POST /api/auth/two-factor/enable': {
    json: {
      totpURI:
        'otpauth://totp/Turnpike:ada%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Turnpike&digits=6&period=30',
      backupCodes: CODES,
    },
  },
  'POST /api/auth/two-factor/verify-totp': { json: { token: 't' } },
};
const TWO_FACTOR_ON: Answers = {
  ...somebody({ user: { two_factor_enabled: true } }),
  ...BARE,
  'POST /api/auth/two-factor/disable': {
    status: 400,
    json: { code: 'INVALID_PASSWORD', message: 'Invalid password' },
  },
  'POST /api/auth/two-factor/generate-backup-codes': { json: { backupCodes: CODES } },
};

async function startTwoFactor(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Turn on' }).click();
  await page.getByLabel('Your password').fill('correct horse battery');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('Scan this').waitFor();
}

const press = (name: string) => (page: Page) => page.getByRole('button', { name, exact: true }).click();

async function enterPassword(page: Page, button: string): Promise<void> {
  await page.getByLabel('Your password').fill('correct horse battery');
  await page.getByRole('dialog').getByRole('button', { name: button }).click();
}

async function askForAddress(page: Page): Promise<void> {
  await press('Change e-mail address')(page);
  await page.getByLabel('New e-mail address').fill('ada@new.example.com');
  await enterPassword(page, 'Get a link');
}

const ASKED = { 'POST /api/dashboard/email-change': data({ sent: true }) };
const NEW_ADDRESS: Answers = {
  ...somebody(),
  'GET /api/dashboard/email-change': data({ email: 'ada@new.example.com' }),
};

export const account: readonly PageState[] = [
  {
    name: 'account',
    path: '/settings/account',
    answers: { ...somebody(), ...BARE },
    shows: 'Chrome on Linux',
  },
  {
    name: 'account-full',
    path: '/settings/account',
    answers: {
      ...somebody({ user: { two_factor_enabled: true }, sign_in: PROVIDERS }),
      ...{ ...SESSIONS, ...PASSKEYS, [METHODS]: { json: [method('github'), method('former-sso')] } },
    },
    shows: 'Safari on iOS',
  },
  {
    name: 'account-no-password',
    path: '/settings/account',
    answers: {
      ...somebody({
        user: { has_password: false },
        role: 'member',
        sign_in: { ...PROVIDERS, mail: false },
      }),
      ...{ ...BARE, [METHODS]: { json: [method('google', { isLast: true })] } },
      'POST /api/auth/request-password-reset': { json: { status: true } },
    },
    act: (page) => page.getByRole('button', { name: 'Get a link to set one' }).click(),
    shows: 'This gateway sends no mail',
  },
  {
    name: 'account-broken',
    path: '/settings/account',
    answers: {
      ...somebody(),
      'GET /api/dashboard/sessions': refusal(
        403,
        'role_required',
        'Your role in this organisation does not allow this',
      ),
    },
    shows: 'Your role in this organisation',
  },
  { name: 'account-two-factor', path: '/settings/account', answers: TWO_FACTOR, act: startTwoFactor },
  {
    name: 'account-recovery-codes',
    path: '/settings/account',
    answers: TWO_FACTOR,
    act: async (page) => {
      await startTwoFactor(page);
      await page.getByLabel('The code that the app shows').fill('123456');
      await page.getByRole('dialog').getByRole('button', { name: 'Turn on' }).click();
    },
    shows: 'I have saved them',
  },
  {
    name: 'account-add-passkey',
    path: '/settings/account',
    answers: { ...somebody(), ...BARE },
    act: (page) => page.getByRole('button', { name: 'Add a passkey' }).click(),
    shows: 'Your browser then asks you',
  },
  {
    name: 'account-remove-passkey',
    path: '/settings/account',
    answers: { ...somebody(), ...BARE, ...PASSKEYS },
    act: press('Remove Laptop'),
    shows: 'Remove this passkey?',
  },
  {
    name: 'account-remove-last-passkey',
    path: '/settings/account',
    answers: {
      ...{ ...somebody({ user: { has_password: false } }), ...BARE, ...PASSKEY },
      'POST /api/auth/passkey/delete-passkey': refusal(
        409,
        'conflict',
        'Nothing else would let you in. Set a password or add another way to sign in first',
      ),
    },
    act: async (page) => {
      await press('Remove Laptop')(page);
      await press('Remove')(page);
    },
    shows: 'Nothing else would let you in',
  },
  {
    name: 'account-two-factor-off',
    path: '/settings/account',
    answers: TWO_FACTOR_ON,
    act: press('Turn off'),
    shows: 'Whoever knows your password',
  },
  {
    name: 'account-two-factor-off-refused',
    path: '/settings/account',
    answers: TWO_FACTOR_ON,
    act: async (page) => {
      await press('Turn off')(page);
      await enterPassword(page, 'Turn off');
    },
    shows: 'This is not your password',
  },
  {
    name: 'account-new-recovery-codes',
    path: '/settings/account',
    answers: TWO_FACTOR_ON,
    act: press('New recovery codes'),
    shows: 'The codes you have now',
  },
  {
    name: 'account-new-recovery-codes-shown',
    path: '/settings/account',
    answers: TWO_FACTOR_ON,
    act: async (page) => {
      await press('New recovery codes')(page);
      await enterPassword(page, 'Make new codes');
    },
    shows: 'I have saved them',
  },
  {
    name: 'account-disconnect',
    path: '/settings/account',
    answers: WITH_METHODS,
    act: press('Disconnect GitHub'),
    shows: 'Disconnect GitHub?',
  },
  {
    name: 'account-connect-refused',
    path: '/settings/account',
    answers: {
      ...SIGNED_IN,
      'POST /api/auth/link-social': {
        status: 403,
        json: {
          code: 'SESSION_NOT_FRESH',
          message: 'Sign out and in again first: this can only be done within a day of signing in',
        },
      },
    },
    act: press('Connect Google'),
    shows: 'Sign out and in again first',
  },
  {
    name: 'account-connected',
    path: '/settings/account?connected=github',
    answers: WITH_METHODS,
    shows: 'GitHub is connected',
  },
  {
    name: 'account-not-connected',
    path: '/settings/account?error=account_already_linked_to_different_user',
    answers: SIGNED_IN,
    shows: 'belongs to another user here',
  },
  {
    name: 'account-methods-broken',
    path: '/settings/account',
    answers: { ...SIGNED_IN, [METHODS]: refusal(500, 'internal', 'Internal Server Error') },
    shows: 'The sign-in methods could not be loaded',
  },
  {
    name: 'account-change-email',
    path: '/settings/account',
    answers: SIGNED_IN,
    act: press('Change e-mail address'),
    shows: 'It gets a link',
  },
  {
    name: 'account-change-email-refused',
    path: '/settings/account',
    answers: {
      ...SIGNED_IN,
      'POST /api/dashboard/email-change': refusal(
        400,
        'invalid_request',
        'password: this is not your password',
      ),
    },
    act: askForAddress,
    shows: 'This is not your password',
  },
  {
    name: 'account-change-email-sent',
    path: '/settings/account',
    answers: { ...SIGNED_IN, ...ASKED },
    act: askForAddress,
    shows: 'A mail with a link',
  },
  {
    name: 'account-change-email-printed',
    path: '/settings/account',
    answers: { ...somebody({ sign_in: { mail: false } }), ...BARE, ...ASKED },
    act: askForAddress,
    shows: 'This gateway sends no mail',
  },
  { name: 'change-email', path: '/change-email?token=abc', answers: NEW_ADDRESS, shows: 'instead of' },
  {
    name: 'change-email-done',
    path: '/change-email?token=abc',
    answers: {
      ...NEW_ADDRESS,
      'POST /api/dashboard/email-change/confirm': data({ email: 'ada@new.example.com' }),
    },
    act: press('Use the new address'),
    shows: 'Every other session has ended',
  },
  {
    name: 'change-email-taken',
    path: '/change-email?token=abc',
    answers: {
      ...NEW_ADDRESS,
      'POST /api/dashboard/email-change/confirm': refusal(
        409,
        'conflict',
        'This address cannot be used any more. Your account keeps the one it has',
      ),
    },
    act: press('Use the new address'),
    shows: 'This address cannot be used',
  },
  {
    name: 'change-email-old-link',
    path: '/change-email?token=abc',
    answers: {
      ...somebody(),
      'GET /api/dashboard/email-change': refusal(404, 'not_found', 'no such link'),
    },
    shows: 'This link does not work',
  },
];
