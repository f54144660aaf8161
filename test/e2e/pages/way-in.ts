/** The states of the pages on the way in: signing in and up, passwords, codes. */
import type { Page } from 'playwright-core';
import { data, nobody, nobodyWithProviders, type PageState, refusal, somebody } from './page-states.ts';

const WRONG = {
  status: 401,
  json: { code: 'INVALID_EMAIL_OR_PASSWORD', message: 'Invalid email or password' },
};
const invitation = (changes: object = {}) => ({
  'GET /api/dashboard/invitations/preview': data({
    ...{ email: null, role: 'member', account_name: 'Analytical Engines', is_setup: false },
    ...changes,
  }),
});
const UNKNOWN_LINK = { 'GET /api/dashboard/invitations/preview': refusal(404, 'not_found', 'no such link') };

async function signIn(page: Page): Promise<void> {
  await page.getByLabel('E-mail address').fill('ada@example.com');
  await page.getByLabel('Password', { exact: true }).fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
}

async function askForReset(page: Page): Promise<void> {
  await page.getByLabel('E-mail address').fill('ada@example.com');
  await page.getByRole('button', { name: 'Get a link' }).click();
  await page.getByText('Look for the link').waitFor();
}

export const wayIn: readonly PageState[] = [
  { name: 'sign-in', path: '/sign-in', answers: nobody() },
  { name: 'sign-in-providers', path: '/sign-in', answers: nobodyWithProviders({ sign_up: 'open' }) },
  { name: 'sign-in-setup', path: '/sign-in', answers: nobody({ setup_needed: true }) },
  {
    name: 'sign-in-empty',
    path: '/sign-in',
    answers: nobody(),
    act: (page) => page.getByRole('button', { name: 'Sign in' }).click(),
    shows: 'Enter your password',
  },
  {
    name: 'sign-in-wrong',
    path: '/sign-in',
    answers: { ...nobody(), 'POST /api/auth/sign-in/email': WRONG },
    act: signIn,
    shows: 'The e-mail address or the password is not right',
  },
  { name: 'two-factor', path: '/sign-in/two-factor', answers: nobody() },
  {
    name: 'two-factor-wrong',
    path: '/sign-in/two-factor',
    answers: {
      ...nobody(),
      'POST /api/auth/two-factor/verify-totp': {
        status: 401,
        json: { code: 'INVALID_CODE', message: 'Invalid code' },
      },
    },
    act: async (page) => {
      await page.getByLabel('Code').fill('123456');
      await page.getByRole('button', { name: 'Continue' }).click();
    },
    shows: 'This code is not right',
  },
  {
    name: 'two-factor-recovery',
    path: '/sign-in/two-factor',
    answers: nobody(),
    act: (page) => page.getByRole('button', { name: 'Use a recovery code' }).click(),
    shows: 'Recovery code',
  },
  {
    name: 'setup',
    path: '/setup?token=abc',
    answers: { ...nobody({ setup_needed: true }), ...invitation({ is_setup: true }) },
    shows: 'You will own this gateway',
  },
  { name: 'setup-no-token', path: '/setup', answers: nobody({ setup_needed: true }) },
  {
    name: 'setup-old-token',
    path: '/setup?token=abc',
    answers: { ...nobody({ setup_needed: true }), ...UNKNOWN_LINK },
    shows: 'This link does not work any more',
  },
  { name: 'setup-done', path: '/setup?token=abc', answers: nobody() },
  { name: 'sign-up-open', path: '/sign-up', answers: nobodyWithProviders({ sign_up: 'open' }) },
  {
    name: 'sign-up-problems',
    path: '/sign-up',
    answers: nobody({ sign_up: 'open' }),
    act: (page) => page.getByRole('button', { name: 'Sign up' }).click(),
    shows: 'Enter your name',
  },
  { name: 'sign-up-by-invitation', path: '/sign-up', answers: nobody() },
  { name: 'sign-up-closed', path: '/sign-up', answers: nobody({ sign_up: 'closed' }) },
  {
    name: 'sign-up-invited',
    path: '/sign-up?token=abc',
    answers: { ...nobodyWithProviders(), ...invitation({ email: 'grace@example.com', role: 'admin' }) },
    shows: 'The invitation is for this address',
  },
  {
    name: 'sign-up-join',
    path: '/sign-up?token=abc',
    answers: { ...somebody(), ...invitation() },
    shows: 'Signed in as',
  },
  {
    name: 'sign-up-old-link',
    path: '/sign-up?token=abc',
    answers: { ...nobody(), ...UNKNOWN_LINK },
    shows: 'This link does not work',
  },
  {
    name: 'sign-up-broken',
    path: '/sign-up?token=abc',
    answers: {
      ...nobody(),
      'GET /api/dashboard/invitations/preview': refusal(500, 'internal', 'Internal Server Error'),
    },
    shows: 'Something went wrong in the gateway',
  },
  { name: 'verify-email', path: '/verify-email?token=abc', answers: nobody() },
  { name: 'verify-email-waiting', path: '/verify-email', answers: nobody({ mail: false }) },
  {
    name: 'verify-email-expired',
    path: '/verify-email?token=abc',
    answers: {
      ...nobody(),
      'POST /api/auth/verify-email': { status: 400, json: { code: 'INVALID_TOKEN', message: 'no' } },
      'POST /api/auth/send-verification-email': { json: { status: true } },
    },
    act: async (page) => {
      await page.getByLabel('Password', { exact: true }).fill('whatever it was');
      await page.getByRole('button', { name: 'Confirm and sign in' }).click();
      await page.getByLabel('E-mail address').fill('ada@example.com');
      await page.getByRole('button', { name: 'Send a new link' }).click();
    },
    shows: 'a new link is on its way',
  },
  { name: 'forgot-password', path: '/forgot-password', answers: nobody() },
  {
    name: 'forgot-password-sent',
    path: '/forgot-password',
    answers: {
      ...nobody({ mail: false }),
      'POST /api/auth/request-password-reset': { json: { status: true } },
    },
    act: askForReset,
  },
  { name: 'reset-password', path: '/reset-password?token=abc', answers: nobody() },
  {
    name: 'reset-password-done',
    path: '/reset-password?token=abc',
    answers: { ...nobody(), 'POST /api/auth/reset-password': { json: { status: true } } },
    act: async (page) => {
      await page.getByLabel('New password').fill('correct horse battery');
      await page.getByRole('button', { name: 'Set the password' }).click();
    },
    shows: 'Your password is set',
  },
  {
    name: 'reset-password-easy',
    path: '/reset-password?token=abc',
    answers: {
      ...nobody(),
      'POST /api/auth/reset-password': {
        status: 400,
        json: {
          code: 'PASSWORD_TOO_EASY',
          message: 'newPassword: must not be one that many people use',
        },
      },
    },
    act: async (page) => {
      await page.getByLabel('New password').fill('password123');
      await page.getByRole('button', { name: 'Set the password' }).click();
    },
    shows: 'Must not be one that many people use',
  },
  { name: 'reset-password-expired', path: '/reset-password', answers: nobody() },
  { name: 'provider-error', path: '/error?error=invitation_required', answers: nobody() },
  { name: 'not-found', path: '/there/is/nothing', answers: nobody() },
  {
    name: 'gateway-down',
    path: '/sign-in',
    answers: { 'GET /api/dashboard/session': refusal(500, 'internal', 'Internal Server Error') },
    shows: 'This page could not be shown',
    isBroken: true,
  },
];
