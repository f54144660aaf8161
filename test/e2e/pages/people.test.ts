import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Page } from 'playwright-core';
import { OWNER, setupToken } from '../../accounts.ts';
import { totpCode } from '../../authenticators.ts';
import { closeBrowser, openPage, type TestPage } from '../../browser.ts';
import { startGateway, type TestGateway } from '../../harness.ts';

const TIMEOUT_MS = 120_000;
const GRACE = { name: 'Grace Hopper', email: 'grace@example.com', password: 'nanoseconds of wire' };
const MAX = { name: 'Max Member', email: 'max@example.com', password: 'staple battery horse' };

let bench: TestGateway;
let origin: string;
/** The browser of the owner, who stays signed in from test to test. */
let owner: TestPage;
beforeAll(async () => {
  bench = await startGateway({ publicHost: 'localhost', config: { accounts: { sign_up: 'open' } } });
  origin = bench.config.publicUrl;
  owner = await openPage();
}, TIMEOUT_MS);
afterAll(async () => {
  await closeBrowser();
  await bench?.stop();
});

const heading = (page: Page, name: string) => page.getByRole('heading', { name, level: 1 }).waitFor();
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const field = (page: Page, label: string) => page.getByLabel(label, { exact: true });

async function enterPassword(
  page: Page,
  { email, password }: { email: string; password: string },
): Promise<void> {
  await heading(page, 'Sign in');
  await field(page, 'E-mail address').fill(email);
  await field(page, 'Password').fill(password);
  await button(page, 'Sign in').click();
}

async function signOut(page: Page): Promise<void> {
  await button(page, 'Sign out').click();
  await heading(page, 'Sign in');
}

/** Made by the owner on the members page. */
async function invitationFor(email: string): Promise<string> {
  const { page } = owner;
  await page.goto(`${origin}/settings/members`);
  await button(page, 'Invite').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('E-mail address').fill(email);
  await dialog.getByLabel('Role').selectOption('Admin');
  await dialog.getByRole('button', { name: 'Invite' }).click();
  const link = await page.getByRole('group', { name: 'Invitation link' }).innerText();
  await button(page, 'Done').click();
  return link;
}

/** Without a mail server, links are for the operator's eyes. */
async function linkFor(email: string, path: string): Promise<string> {
  for (;;) {
    const line = bench.announcements.findLast((each) => each.includes(email) && each.includes(path));
    const link = /https?:\S+/.exec(line ?? '')?.[0];
    if (link !== undefined) return link;
    await Bun.sleep(20);
  }
}

test(
  'the set-up link makes the owner, who comes in later with a code of an app, or with a recovery code',
  async () => {
    const { page, complaints } = owner;
    await page.goto(`${origin}/setup?token=${await setupToken(bench)}`);
    await field(page, 'Name').fill(OWNER.name);
    await field(page, 'E-mail address').fill(OWNER.email);
    await field(page, 'Password').fill(OWNER.password);
    await button(page, 'Create your account').click();
    await heading(page, 'Keys');

    await page.getByRole('link', { name: 'Account' }).click();
    await button(page, 'Turn on').click();
    await field(page, 'Your password').fill(OWNER.password);
    await button(page, 'Continue').click();
    const secret = (await page.getByRole('dialog').locator('code').innerText()).replaceAll(' ', '');
    // Each works once, and the next one is taken a little early.
    const code = (aheadMs = 0) => totpCode(`otpauth://totp/x?secret=${secret}`, Date.now() + aheadMs);
    await field(page, 'The code that the app shows').fill(code());
    await page.getByRole('dialog').getByRole('button', { name: 'Turn on' }).click();
    await button(page, 'I have saved them').waitFor();
    const recoveryCodes = await page
      .getByRole('list', { name: 'Recovery codes' })
      .getByRole('listitem')
      .allInnerTexts();
    expect(new Set(recoveryCodes).size).toBeGreaterThanOrEqual(8);
    await button(page, 'I have saved them').click();
    await button(page, 'New recovery codes').waitFor();
    await signOut(page);

    await enterPassword(page, OWNER);
    await field(page, 'Code').fill(code(30_000));
    await button(page, 'Continue').click();
    await heading(page, 'Keys');
    await signOut(page);

    // Where one wanted to go is where one comes, over both steps.
    await page.goto(`${origin}/settings/members`);
    await enterPassword(page, OWNER);
    await button(page, 'Use a recovery code').click();
    await field(page, 'Recovery code').fill(recoveryCodes[0] ?? '');
    await button(page, 'Continue').click();
    await heading(page, 'Members');
    expect(complaints).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'a passkey signs its owner in, with neither password nor code',
  async () => {
    const { page, complaints } = owner;
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('WebAuthn.enable');
    await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true },
        ...{ hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
      },
    });
    await page.goto(`${origin}/settings/account`);
    await button(page, 'Add a passkey').click();
    await page.getByRole('dialog').getByLabel('Name').fill('Laptop');
    await button(page, 'Continue').click();
    await page.getByText('The passkey is added').waitFor();
    await signOut(page);
    await button(page, 'Use a passkey').click();
    await heading(page, 'Keys');
    expect(complaints).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'somebody new confirms their address, forgets their password, and is in again with another',
  async () => {
    await using visitor = await openPage();
    const { page, complaints } = visitor;
    await page.goto(`${origin}/sign-up`);
    await field(page, 'Name').fill(MAX.name);
    await field(page, 'E-mail address').fill(MAX.email);
    await field(page, 'Password').fill('too short');
    await button(page, 'Sign up').click();
    await page.getByText('Use at least 10 characters').waitFor();
    await field(page, 'Password').fill(MAX.password);
    await button(page, 'Sign up').click();
    await heading(page, 'Confirm your e-mail address');
    await page.getByText('This gateway sends no mail').waitFor();

    await page.goto(await linkFor(MAX.email, '/verify-email'));
    await field(page, 'Password').fill(MAX.password);
    await button(page, 'Confirm and sign in').click();
    await heading(page, 'Keys');
    await signOut(page);

    await page.getByRole('link', { name: 'Forgot your password?' }).click();
    await heading(page, 'Forgot your password?');
    await field(page, 'E-mail address').fill(MAX.email);
    await button(page, 'Get a link').click();
    await heading(page, 'Look for the link');
    await page.goto(await linkFor(MAX.email, '/reset-password'));
    await field(page, 'New password').fill('another long password');
    await button(page, 'Set the password').click();
    await heading(page, 'Your password is set');
    await page.getByRole('link', { name: 'Sign in' }).click();
    await enterPassword(page, { ...MAX, password: 'another long password' });
    await heading(page, 'Keys');
    expect(complaints).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'whoever an app sent comes back to its request, over signing up, a mailed link and a forgotten password',
  async () => {
    const PIA = { email: 'pia@example.com', password: 'correct horse battery' };
    const request = `${origin}/auth?callback_url=${encodeURIComponent('https://app.example/cb?a=1&b=2')}&state=x`;
    const backAtRequest = async (page: Page) => {
      await heading(page, 'An app asks for a key');
      expect(page.url()).toBe(request);
    };
    await using visitor = await openPage();
    const { page, complaints } = visitor;
    await page.goto(request);
    await page.getByRole('link', { name: 'Sign up' }).click();
    await field(page, 'Name').fill('Pia');
    await field(page, 'E-mail address').fill(PIA.email);
    await field(page, 'Password').fill(PIA.password);
    await button(page, 'Sign up').click();
    await heading(page, 'Confirm your e-mail address');
    // Links of mails open in a tab of their own.
    const mailed = await page.context().newPage();
    await mailed.goto(await linkFor(PIA.email, '/verify-email'));
    await field(mailed, 'Password').fill(PIA.password);
    await button(mailed, 'Confirm and sign in').click();
    await backAtRequest(mailed);

    await button(mailed, 'Not you?').click();
    await mailed.getByRole('link', { name: 'Forgot your password?' }).click();
    await heading(mailed, 'Forgot your password?');
    await field(mailed, 'E-mail address').fill(PIA.email);
    await button(mailed, 'Get a link').click();
    await heading(mailed, 'Look for the link');
    await page.goto(await linkFor(PIA.email, '/reset-password'));
    await field(page, 'New password').fill('another long password');
    await button(page, 'Set the password').click();
    await page.getByRole('link', { name: 'Sign in' }).click();
    await enterPassword(page, { ...PIA, password: 'another long password' });
    await backAtRequest(page);

    // The next link that nobody's app waits for leads home.
    await button(page, 'Not you?').click();
    await heading(page, 'Sign in');
    await page.goto(`${origin}/forgot-password`);
    await heading(page, 'Forgot your password?');
    await field(page, 'E-mail address').fill(PIA.email);
    await button(page, 'Get a link').click();
    await heading(page, 'Look for the link');
    await page.goto(`${origin}/reset-password`);
    await page.getByRole('link', { name: 'Back to sign-in' }).click();
    await heading(page, 'Sign in');
    expect(page.url()).toBe(`${origin}/sign-in`);
    expect(complaints).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'what was kept from elsewhere than our own pages leads home',
  async () => {
    await using visitor = await openPage();
    const { page } = visitor;
    await page.goto(`${origin}/sign-in`);
    for (const path of [
      'https://evil.example/',
      '//evil.example',
      '/\\evil.example',
      'javascript:alert(1)',
      7,
    ]) {
      const kept = JSON.stringify({ path, keptUntilMs: Date.now() + 60_000 });
      await page.evaluate((value) => localStorage.setItem('turnpike-return-to', value), kept);
      await page.goto(`${origin}/reset-password`);
      const href = await page.getByRole('link', { name: 'Back to sign-in' }).getAttribute('href');
      expect(href).toMatch(/^\/sign-in(\?return_to=%2Fkeys)?$/);
    }
  },
  TIMEOUT_MS,
);

test(
  'a sign-in that a provider refused leads back to where it was to lead',
  async () => {
    await using visitor = await openPage();
    const { page, complaints } = visitor;
    await page.goto(`${origin}/error?return_to=%2Fsettings%2Faccount&error=access_denied`);
    await page.getByRole('link', { name: 'Go to sign-in' }).click();
    await heading(page, 'Sign in');
    expect(page.url()).toBe(`${origin}/sign-in?return_to=%2Fsettings%2Faccount`);
    expect(complaints).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'whoever is invited by link joins, and whoever is removed is out with their next step',
  async () => {
    const { page, complaints } = owner;
    const link = await invitationFor(GRACE.email);

    await using guest = await openPage();
    await guest.page.goto(link);
    await field(guest.page, 'Name').fill(GRACE.name);
    await field(guest.page, 'Password').fill(GRACE.password);
    await button(guest.page, 'Accept and sign up').click();
    await heading(guest.page, 'Keys');

    await page.reload();
    await button(page, 'Remove Grace Hopper').click();
    await button(page, 'Remove').click();
    await page.getByText('The member is removed').waitFor();
    await guest.page.getByRole('link', { name: 'Members' }).click();
    await heading(guest.page, 'Sign in');
    expect([...complaints, ...guest.complaints]).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'whoever was removed comes back by a new invitation and the password they have',
  async () => {
    const link = await invitationFor(GRACE.email);
    await using guest = await openPage();
    await guest.page.goto(`${origin}/sign-in`);
    await enterPassword(guest.page, GRACE);
    await guest.page.getByText('You do not belong to this organisation').waitFor();

    await guest.page.goto(link);
    await button(guest.page, 'Sign in').click();
    await enterPassword(guest.page, GRACE);
    await heading(guest.page, 'Keys');
    // Opened once more, the link that has done its work leads on.
    await guest.page.goto(link);
    await heading(guest.page, 'Keys');
    expect(guest.complaints).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'a session that is ended elsewhere is over, and asks to sign in where it was',
  async () => {
    await using other = await openPage();
    await other.page.goto(`${origin}/settings/account`);
    await enterPassword(other.page, { ...MAX, password: 'another long password' });
    await heading(other.page, 'Account');
    await using first = await openPage();
    await first.page.goto(`${origin}/settings/account`);
    await enterPassword(first.page, { ...MAX, password: 'another long password' });
    await button(first.page, 'End all others').click();
    await first.page.getByText('Every other session is ended').waitFor();
    await other.page.goto(`${origin}/settings/account`);
    await heading(other.page, 'Sign in');
    expect(new URL(other.page.url()).searchParams.get('return_to')).toBe('/settings/account');
    expect([...first.complaints, ...other.complaints]).toEqual([]);
  },
  TIMEOUT_MS,
);
