import { afterAll, expect, test } from 'bun:test';
import type { Page } from 'playwright-core';
import { OWNER, signUpOwner } from '../../accounts.ts';
import { closeBrowser, openPage } from '../../browser.ts';
import { startGateway } from '../../harness.ts';

const TIMEOUT_MS = 120_000;
/** More stops than any page here has. */
const MAX_STOPS = 30;

afterAll(closeBrowser);

/** Presses Tab until the focus is where it should be, and shows. */
async function tabTo(page: Page, name: string): Promise<void> {
  const wanted = page
    .locator(':focus')
    .and(page.getByLabel(name, { exact: true }).or(page.getByRole('button', { name, exact: true })));
  for (let stop = 0; stop < MAX_STOPS; stop++) {
    await page.keyboard.press('Tab');
    if ((await wanted.count()) === 0) continue;
    expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
    return;
  }
  throw new Error(`the Tab key does not come to "${name}"`);
}

test(
  'with the keyboard alone somebody signs in and lets an app have a key',
  async () => {
    await using bench = await startGateway();
    await signUpOwner(bench);
    using app = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: () => new Response('<h1>Back in the app</h1>', { headers: { 'content-type': 'text/html' } }),
    });
    const callback = `http://127.0.0.1:${app.port}/back?own=1`;
    await using opened = await openPage();
    const { page, complaints } = opened;

    await page.goto(
      `${bench.url}/auth?${new URLSearchParams({ callback_url: callback, state: 'a b&c', limit: '5' })}`,
    );
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await tabTo(page, 'E-mail address');
    await page.keyboard.type(OWNER.email);
    await tabTo(page, 'Password');
    await page.keyboard.type(OWNER.password);
    await page.keyboard.press('Enter');

    await page.getByRole('heading', { name: 'An app asks for a key' }).waitFor();
    await page.getByText(`127.0.0.1:${app.port}`, { exact: true }).waitFor();
    await tabTo(page, 'Name of the key');
    await page.keyboard.press('Control+a');
    await page.keyboard.type('By keyboard');
    await tabTo(page, 'Limit in USD');
    expect(await page.getByLabel('Limit in USD').inputValue()).toBe('5');
    await tabTo(page, 'Limit resets');
    await page.keyboard.type('Mon');
    await tabTo(page, 'Approve');
    await page.keyboard.press('Enter');

    await page.getByText('Back in the app').waitFor();
    const back = new URL(page.url());
    expect(back.origin + back.pathname).toBe(`http://127.0.0.1:${app.port}/back`);
    expect(back.searchParams.get('state')).toBe('a b&c');
    const answer = await fetch(`${bench.baseUrl}/auth/keys`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code: back.searchParams.get('code') }),
    });
    const { key } = (await answer.json()) as { key: string };
    const asked = await fetch(`${bench.baseUrl}/key`, { headers: { authorization: `Bearer ${key}` } });
    expect(await asked.json()).toMatchObject({ data: { limit: 5, limit_reset: 'monthly' } });
    expect(complaints).toEqual([]);
  },
  TIMEOUT_MS,
);
