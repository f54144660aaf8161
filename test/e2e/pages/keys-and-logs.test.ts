import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Locator, Page } from 'playwright-core';
import { signUpMember, signUpOwner, type Visitor } from '../../accounts.ts';
import { closeBrowser } from '../../browser.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';
import { HOSTILE } from './log-rows.ts';
import { openAs } from './open-as.ts';

const TIMEOUT_MS = 120_000;
const MAX = { email: 'max@example.com', password: 'staple battery horse', name: 'Max' };

let bench: TestGateway;
let owner: Visitor;
let member: Visitor;
beforeAll(async () => {
  bench = await startGateway();
  owner = await signUpOwner(bench);
  member = await signUpMember(bench, owner, MAX);
}, TIMEOUT_MS);
afterAll(async () => {
  await closeBrowser();
  await bench?.stop();
});

const chat = (key: string, headers: Record<string, string> = {}) =>
  fetch(`${bench.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model: 'acme/small', messages: [{ role: 'user', content: 'Hi' }] }),
  });

/** Spend is written a moment after the answer. */
async function refreshUntil(page: Page, shown: Locator): Promise<void> {
  const endsAt = performance.now() + TIMEOUT_MS / 2;
  while ((await shown.count()) === 0) {
    if (performance.now() > endsAt) throw new Error(`the log never showed ${shown}`);
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.waitForTimeout(100);
  }
}

test(
  'somebody makes a key, sees it once, finds its request in the log, and revokes it for good',
  async () => {
    await using opened = await openAs(bench, member, '/keys');
    const { page, complaints } = opened;
    await page.getByRole('button', { name: 'Create key' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('Notebook');
    await dialog.getByLabel('Limit in USD').fill('2.5');
    await dialog.getByLabel('Limit resets').selectOption('Daily');
    await dialog.getByLabel('Expires').selectOption('In 30 days');
    await dialog.getByLabel('Cut answers off when the key is revoked').check();
    await dialog.getByRole('button', { name: 'Create key' }).click();
    const key = (await dialog.getByLabel('Secret key').textContent()) ?? '';
    expect(key).toMatch(/^sk-or-v1-[0-9a-f]{64}$/);
    // By accident nobody loses it.
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await dialog.getByLabel('Secret key').waitFor();
    await dialog.getByRole('button', { name: 'I have saved it' }).click();
    await page.getByRole('link', { name: 'Notebook' }).waitFor();
    expect(await page.content()).not.toContain(key);

    const app = { 'x-title': 'Reading room', 'http-referer': 'https://chat.example.com' };
    expect((await chat(key, app)).status).toBe(200);
    await page.getByRole('link', { name: 'Notebook' }).click();
    await page.getByRole('heading', { name: 'Notebook' }).waitFor();
    await page.getByText('of $2.50 today').waitFor();
    await page.getByText('are cut off').waitFor();
    await page.getByRole('link', { name: 'View logs' }).click();
    await page.getByRole('heading', { name: 'Logs' }).waitFor();
    expect(page.url()).toMatch(/\/logs\?api_key_hash=[0-9a-f]{64}$/);
    await refreshUntil(page, page.getByRole('table').getByText('Reading room'));
    await page.locator('tbody a').first().click();
    await page.getByRole('heading', { name: 'Attempts' }).waitFor();
    await page.getByRole('dialog').getByRole('link', { name: 'Notebook' }).click();

    await page.getByRole('button', { name: 'Disable' }).click();
    await page.getByRole('button', { name: 'Enable' }).waitFor();
    expect((await chat(key)).status).toBe(403);
    await page.getByRole('button', { name: 'Enable' }).click();
    await page.getByRole('button', { name: 'Disable' }).waitFor();
    expect((await chat(key)).status).toBe(200);

    const address = page.url();
    await page.getByRole('button', { name: 'Revoke' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke key' }).click();
    await page.getByRole('heading', { name: 'Keys' }).waitFor();
    await page.getByText('No keys yet').waitFor();
    expect((await chat(key)).status).toBe(401);
    await page.goto(address);
    await page.getByText('This key is not here').waitFor();
    expect(complaints).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'a key is changed in the one thing that was changed on the page',
  async () => {
    const made = await owner.post('/api/dashboard/keys', { name: 'Before', limit: 3, limit_reset: 'weekly' });
    const path = `/api/dashboard/keys/${made.body['hash']}`;
    await using opened = await openAs(bench, owner, `/keys/${made.body['hash']}`);
    const { page, complaints } = opened;
    await page.getByRole('button', { name: 'Edit' }).click();
    await owner.send('PATCH', path, { limit: 7 });
    await page.getByLabel('Name').fill('After');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'After' }).waitFor();
    expect((await owner.get(path)).body).toMatchObject({ name: 'After', limit: 7, limit_reset: 'weekly' });

    await page.getByRole('button', { name: 'Edit' }).click();
    await page.getByLabel('Limit in USD').fill('');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('This key has no limit.').waitFor();
    expect((await owner.get(path)).body).toMatchObject({ limit: null, limit_reset: null });
    expect(complaints).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'a key is rotated on its page: the new secret works, and the old one for as long as was chosen',
  async () => {
    const made = await owner.post('/api/dashboard/keys', { name: 'To be rotated' });
    await using opened = await openAs(bench, owner, `/keys/${made.body['hash']}`);
    const { page, complaints } = opened;
    const rotated = async (overlap: string) => {
      await page.getByRole('button', { name: 'Rotate', exact: true }).click();
      await page.getByLabel('The old secret goes on working').selectOption({ label: overlap });
      await page.getByRole('dialog').getByRole('button', { name: 'Rotate key' }).click();
      const dialog = page.getByRole('dialog', { name: 'The new secret' });
      const [secret = ''] = /sk-or-v1-[0-9a-f]{64}/.exec(await dialog.innerHTML()) ?? [];
      await dialog.getByRole('button', { name: 'I have saved it' }).click();
      await dialog.waitFor({ state: 'detached' });
      return secret;
    };
    const second = await rotated('For an hour');
    expect([(await chat(String(made.body['key']))).status, (await chat(second)).status]).toEqual([200, 200]);
    const third = await rotated('Not at all: it has leaked');
    expect([(await chat(second)).status, (await chat(third)).status]).toEqual([401, 200]);
    await page.getByRole('heading', { name: 'To be rotated' }).waitFor();
    expect(page.url()).not.toContain(String(made.body['hash']));
    expect(complaints).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  "a member finds nothing under somebody else's key",
  async () => {
    const { hash, key } = await makeKey(bench, { name: 'Secret project' });
    expect((await chat(key)).status).toBe(200);
    await using opened = await openAs(bench, member, `/keys/${hash}`);
    const { page } = opened;
    await page.getByText('This key is not here').waitFor();
    await page.getByRole('link', { name: 'its requests' }).click();
    await page.getByText('No requests with this key').waitFor();
    expect(await page.content()).not.toContain('Secret project');
  },
  TIMEOUT_MS,
);

test(
  'what apps and people call themselves is text, wherever it stands',
  async () => {
    // As long as a name may be.
    const { key, hash } = await makeKey(bench, { name: HOSTILE.slice(0, 256) });
    const app = '<script>alert(1)</script>';
    expect((await chat(key, { 'x-title': app, 'http-referer': 'https://evil.example/a' })).status).toBe(200);
    await using opened = await openAs(bench, owner, `/logs?api_key_hash=${hash}`);
    const { page, complaints } = opened;
    const alerts: string[] = [];
    page.on('dialog', (dialog) => {
      alerts.push(dialog.message());
      void dialog.dismiss();
    });
    await refreshUntil(page, page.getByRole('table').getByText(app));
    await page.locator('tbody a').first().click();
    const link = page.getByRole('dialog').getByRole('link', { name: 'evil.example' });
    expect(await link.getAttribute('rel')).toContain('noopener');
    await page.getByRole('dialog').getByRole('link', { name: '<img' }).click();
    const heading = (await page.getByRole('heading', { name: '<img' }).textContent()) ?? '';
    expect(heading.length).toBeLessThan(300);
    expect(heading).not.toContain('\u202e');
    expect(await page.title()).not.toContain('\u202e');
    await page.getByRole('link', { name: 'All keys' }).click();
    await page.getByRole('link', { name: '<img' }).first().waitFor();
    expect(await page.locator('main img').count()).toBe(0);
    expect(alerts).toEqual([]);
    expect(complaints).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'more than a page of keys, and more than a page of requests, can all be reached',
  async () => {
    for (let count = 0; count < 101; count += 1) await makeKey(bench, { name: `Key ${count}` });
    const { key, hash } = await makeKey(bench, { name: 'Busy' });
    for (let count = 0; count < 101; count += 1) expect((await chat(key)).status).toBe(200);
    await using opened = await openAs(bench, owner, '/keys');
    const { page, complaints } = opened;
    await page.getByRole('link', { name: 'Next' }).click();
    await page.getByText('Page 2').waitFor();
    await page.getByRole('link', { name: 'Key 0', exact: true }).waitFor();
    await page.goBack();
    await page.getByRole('link', { name: 'Busy' }).waitFor();

    await page.goto(`${bench.url}/logs`);
    await page.getByRole('button', { name: 'Filter', exact: true }).click();
    await page.getByLabel('Key', { exact: true }).fill('bus');
    await page.getByRole('list', { name: 'Keys found' }).getByRole('button', { name: 'Busy' }).click();
    await page.getByRole('button', { name: 'Apply' }).click();
    await page.waitForURL(`**/logs?api_key_hash=${hash}`);
    await refreshUntil(page, page.getByText('100 or more requests'));
    // Of what is not in sight no more is drawn than what lies around it.
    const rows = page.locator('tbody tr[data-row]');
    expect(await rows.count()).toBeLessThan(90);
    const ids = new Set<string>();
    for (let step = 0; step < 30; step += 1) {
      for (const address of await rows
        .locator('td:first-child a')
        .evaluateAll((links) => links.map((link) => link.getAttribute('href') ?? '')))
        ids.add(address);
      await page.mouse.wheel(0, 400);
      await page.waitForTimeout(20);
    }
    expect(ids.size).toBe(101);
    expect(complaints).toEqual([]);
  },
  TIMEOUT_MS,
);
