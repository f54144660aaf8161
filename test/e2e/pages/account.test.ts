import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Page } from 'playwright-core';
import { OWNER, signUpOwner, type Visitor } from '../../accounts.ts';
import { closeBrowser, openPage } from '../../browser.ts';
import { startGateway, type TestGateway } from '../../harness.ts';
import {
  CLIENT,
  type SocialPerson,
  type SocialProviders,
  startSocialProviders,
} from '../accounts/social-providers.ts';
import { openAs } from './open-as.ts';

const TIMEOUT_MS = 120_000;
const GRACE: SocialPerson = { id: 4711, name: 'Grace Hopper', email: 'grace@example.com', isVerified: true };
const OLLIE: SocialPerson = { id: 7, name: 'Ollie', email: 'ollie@home.example', isVerified: true };
const NEW_EMAIL = 'olivia@new.example.com';

let providers: SocialProviders;
let bench: TestGateway;
let owner: Visitor;
beforeAll(async () => {
  providers = await startSocialProviders();
  bench = await startGateway({ config: { accounts: { sign_up: 'open', github: CLIENT } } });
  owner = await signUpOwner(bench);
}, TIMEOUT_MS);
afterAll(async () => {
  await closeBrowser();
  await bench?.stop();
  providers?.[Symbol.dispose]();
});

const heading = (page: Page, name: string) => page.getByRole('heading', { name, level: 1 }).waitFor();
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

/** GitHub's page for whoever is signed in there as this person. */
async function meetAtGithub(page: Page, person: SocialPerson): Promise<void> {
  await page.route('https://github.com/**', async (route) => {
    const back = providers.authorize(route.request().url(), person);
    const denied = new URL(back);
    denied.searchParams.delete('code');
    denied.searchParams.set('error', 'access_denied');
    const choice = (name: string, url: URL) =>
      `<button onclick="location.assign('${url.href}')">${name}</button>`;
    await route.fulfill({
      contentType: 'text/html',
      body: `<!doctype html><title>GitHub</title><h1>Authorize Turnpike</h1>${choice('Authorize', back)}${choice('Cancel', denied)}`,
    });
  });
}

test(
  'whoever presses "Continue with GitHub" and authorizes us there comes back signed in',
  async () => {
    await using visitor = await openPage();
    const { page, complaints } = visitor;
    await meetAtGithub(page, GRACE);
    await page.goto(`${bench.url}/settings/account`, { timeout: TIMEOUT_MS });
    await heading(page, 'Sign in');
    await button(page, 'Continue with GitHub').click();
    await heading(page, 'Authorize Turnpike');
    expect(new URL(page.url()).host).toBe('github.com');
    await button(page, 'Authorize').click();
    // Where they wanted to go before they were asked to sign in.
    await heading(page, 'Account');
    await page.getByRole('region', { name: 'Profile' }).getByText(GRACE.email).waitFor();
    await page.getByText('Nothing else would let you in').waitFor();
    expect(await button(page, 'Disconnect GitHub').count()).toBe(0);
    expect(complaints).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'an account at GitHub is connected and disconnected, and whoever changes their mind there is told so',
  async () => {
    await using opened = await openAs(bench, owner, '/settings/account');
    const { page, complaints } = opened;
    await meetAtGithub(page, OLLIE);
    await button(page, 'Connect GitHub').click();
    await button(page, 'Cancel').click();
    await page.getByRole('alert').getByText('It was cancelled at the provider').waitFor();
    await page.reload();
    await button(page, 'Connect GitHub').waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);

    await button(page, 'Connect GitHub').click();
    await button(page, 'Authorize').click();
    await page.getByText('GitHub is connected').waitFor();
    expect(new URL(page.url()).search).toBe('');
    await button(page, 'Disconnect GitHub').click();
    await button(page, 'Disconnect').click();
    await page.getByText('GitHub is disconnected').waitFor();
    await button(page, 'Connect GitHub').waitFor();
    expect(complaints).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'another e-mail address is asked for here and confirmed in another browser, after signing in there',
  async () => {
    await using first = await openAs(bench, owner, '/settings/account');
    await button(first.page, 'Change e-mail address').click();
    await first.page.getByLabel('New e-mail address').fill(NEW_EMAIL);
    await first.page.getByLabel('Your password').fill(OWNER.password);
    await button(first.page, 'Get a link').click();
    await first.page.getByText('This gateway sends no mail').waitFor();
    const link = /https?:\S+/.exec(bench.announcements.findLast((line) => line.includes(NEW_EMAIL)) ?? '');

    await using second = await openPage();
    await second.page.goto(link?.[0] ?? '');
    await heading(second.page, 'Sign in');
    await second.page.getByLabel('E-mail address').fill(OWNER.email);
    await second.page.getByLabel('Password', { exact: true }).fill(OWNER.password);
    await button(second.page, 'Sign in').click();
    await heading(second.page, 'Change your e-mail address');
    await button(second.page, 'Use the new address').click();
    await heading(second.page, 'Your e-mail address is changed');
    await second.page.getByRole('link', { name: 'Go to your account' }).click();
    await second.page.getByRole('region', { name: 'Profile' }).getByText(NEW_EMAIL).waitFor();
    await first.page.reload();
    await heading(first.page, 'Sign in');
    expect([...first.complaints, ...second.complaints]).toEqual([]);
  },
  TIMEOUT_MS,
);
