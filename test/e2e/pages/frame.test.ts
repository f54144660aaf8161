/** What is around every page: its menu, its words about what failed, and what happens when a session ends. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { closeBrowser, openPage, PHONE } from '../../browser.ts';
import { startGateway, type TestGateway } from '../../harness.ts';
import { keyPages } from './keys.ts';
import { logs } from './logs.ts';
import { data, openStage, refusal, type Stage, somebody } from './page-states.ts';

const TIMEOUT_MS = 120_000;
/** What a first visit may cost, in compressed bytes and in requests. */
const MAX_BYTES = 250_000;
const MAX_REQUESTS = 12;

let bench: TestGateway;
let stage: Stage;
beforeAll(async () => {
  bench = await startGateway();
  stage = openStage(bench);
  await fetch(`${stage.url}/sign-in`);
}, TIMEOUT_MS);
afterAll(async () => {
  await closeBrowser();
  stage?.[Symbol.dispose]();
  await bench?.stop();
});

const answersOf = (name: string) =>
  [...keyPages, ...logs].find((state) => state.name === name)?.answers ?? {};

test(
  'Escape closes the menu of a phone and gives the focus back to its button',
  async () => {
    stage.answers = answersOf('keys');
    await using opened = await openPage({ viewport: PHONE });
    const { page } = opened;
    await page.goto(`${stage.url}/keys`);
    await page.getByRole('button', { name: 'Open menu' }).click();
    await page.getByRole('navigation', { name: 'Main' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('navigation', { name: 'Main' }).waitFor({ state: 'hidden' });
    expect(await page.locator(':focus').getAttribute('aria-label')).toBe('Open menu');
  },
  TIMEOUT_MS,
);

test(
  'what failed is said as a failure and stays until it is dismissed',
  async () => {
    const hash = '0'.repeat(64);
    stage.answers = {
      ...answersOf('keys'),
      [`PATCH /api/dashboard/keys/${hash}`]: refusal(403, 'role_required', 'Only an admin can enable it'),
    };
    await using opened = await openPage();
    const { page } = opened;
    await page.clock.install();
    await page.goto(`${stage.url}/keys`);
    await page.getByRole('button', { name: 'Actions for Production backend' }).first().click();
    await page.getByRole('menuitem', { name: 'Disable' }).click();
    const toast = page.getByRole('alert').getByText('Only an admin can enable it');
    await toast.waitFor();
    await page.clock.fastForward(60_000);
    expect(await toast.count()).toBe(1);
    await page.getByRole('button', { name: 'Dismiss' }).click();
    await toast.waitFor({ state: 'detached' });
  },
  TIMEOUT_MS,
);

test(
  'a session that ends while a form is filled in takes nothing away',
  async () => {
    stage.answers = somebody();
    await using opened = await openPage();
    const { page } = opened;
    await page.goto(`${stage.url}/settings/organisation`);
    await page.getByLabel('Name').fill('Difference Engines');
    stage.answers = {
      'GET /api/dashboard/session': data({ session: null, sign_in: {} }),
      'PATCH /api/dashboard/organisation': refusal(401, 'not_signed_in', 'Sign in to continue'),
    };
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('link', { name: 'Sign in in a new tab' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/settings/organisation');
    expect(await page.getByLabel('Name').inputValue()).toBe('Difference Engines');
    // Signed in again beside it: the page goes on as if nothing had been.
    stage.answers = {
      ...somebody(),
      'PATCH /api/dashboard/organisation': data({
        ...{ id: 'account-1', name: 'Difference Engines', time_zone: 'UTC', logo: null },
      }),
    };
    await page.evaluate('dispatchEvent(new Event("focus"))');
    await page.getByRole('link', { name: 'Sign in in a new tab' }).waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved').waitFor();
  },
  TIMEOUT_MS,
);

test(
  'a first visit to any of these pages stays within its budget of bytes and requests',
  async () => {
    for (const path of ['/keys', '/logs', '/settings/account', '/sign-in']) {
      stage.answers = path === '/logs' ? answersOf('logs') : answersOf('keys');
      if (path === '/sign-in')
        stage.answers = { 'GET /api/dashboard/session': data({ session: null, sign_in: { providers: [] } }) };
      await using opened = await openPage();
      const { page } = opened;
      await page.goto(`${stage.url}${path}`, { waitUntil: 'networkidle' });
      await page.locator('h1').waitFor();
      const found = (await page.evaluate(
        `performance.getEntriesByType('resource').filter(({ name }) => name.includes('/assets/'))
          .map(({ encodedBodySize }) => encodedBodySize)`,
      )) as number[];
      const bytes = found.reduce((sum, each) => sum + each, 0);
      expect({ path, isLight: bytes <= MAX_BYTES, bytes }).toMatchObject({ isLight: true });
      expect({ path, requests: found.length + 1 <= MAX_REQUESTS }).toEqual({ path, requests: true });
    }
  },
  TIMEOUT_MS,
);
