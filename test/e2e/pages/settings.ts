/** The states of the settings about oneself and about others. */
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
const NO_PASSKEYS = { 'GET /api/auth/passkey/list-user-passkeys': { json: [] } };
const CODES = ['a1B2c-3D4e5', 'f6G7h-8I9j0', 'k1L2m-3N4o5', 'p6Q7r-8S9t0', 'u1V2w-3X4y5', 'z6A7b-8C9d0'];
const TWO_FACTOR: Answers = {
  ...somebody(),
  ...ONE_SESSION,
  ...NO_PASSKEYS,
  'POST /api/auth/two-factor/enable': {
    json: {
      totpURI:
        'otpauth://totp/Turnpike:ada%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Turnpike&digits=6&period=30',
      backupCodes: CODES,
    },
  },
  'POST /api/auth/two-factor/verify-totp': { json: { token: 't' } },
};

async function startTwoFactor(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Turn on' }).click();
  await page.getByLabel('Your password').fill('correct horse battery');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('Scan this').waitFor();
}

const member = (changes: object) => ({
  ...{ user_id: 'user-1', name: 'Ada Lovelace', email: 'ada@example.com', role: 'owner' },
  ...{ two_factor_enabled: true, joined_at: inHours(-5000), is_you: true },
  ...changes,
});
const ALONE: Answers = {
  ...somebody(),
  'GET /api/dashboard/members': data([member({})]),
  'GET /api/dashboard/invitations': data([]),
};
const MEMBERS: Answers = {
  ...somebody(),
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

export const settings: readonly PageState[] = [
  {
    name: 'account',
    path: '/settings/account',
    answers: { ...somebody(), ...ONE_SESSION, ...NO_PASSKEYS },
    shows: 'Chrome on Linux',
  },
  {
    name: 'account-full',
    path: '/settings/account',
    answers: { ...somebody({ user: { two_factor_enabled: true } }), ...SESSIONS, ...PASSKEYS },
    shows: 'Safari on iOS',
  },
  {
    name: 'account-no-password',
    path: '/settings/account',
    answers: {
      ...somebody({ user: { has_password: false }, role: 'member', sign_in: { mail: false } }),
      ...ONE_SESSION,
      ...NO_PASSKEYS,
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
    answers: { ...somebody(), ...ONE_SESSION, ...NO_PASSKEYS },
    act: (page) => page.getByRole('button', { name: 'Add a passkey' }).click(),
    shows: 'Your browser then asks you',
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
      await page.getByRole('dialog').getByRole('button', { name: 'Invite' }).click();
    },
    shows: 'is not shown again',
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
