/** Provider keys on their page, against the gateway itself: added, moved by keyboard and by dragging, tested, deleted. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { signUpOwner } from '../../accounts.ts';
import type { TestPage } from '../../browser.ts';
import { closeBrowser } from '../../browser.ts';
import { startGateway, type TestGateway } from '../../harness.ts';
import { openAs } from './open-as.ts';

const TIMEOUT_MS = 180_000;
let gateway: TestGateway;
let opened: TestPage;
beforeAll(async () => {
  gateway = await startGateway();
  const owner = await signUpOwner(gateway);
  await gateway.gateway.preparePages();
  opened = await openAs(gateway, owner, '/settings/byok');
}, TIMEOUT_MS);
afterAll(async () => {
  await closeBrowser();
  await gateway?.stop();
});

const names = async (): Promise<string[]> => {
  const rows = await gateway.database.db
    .selectFrom('byok_key')
    .select(['name', 'sort_order'])
    .where('deleted_at_ms', 'is', null)
    .orderBy('sort_order')
    .execute();
  return rows.map(({ name }) => name ?? '');
};

async function add(name: string, key: string): Promise<void> {
  const { page } = opened;
  await page.getByRole('button', { name: 'Add key' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('combobox', { name: 'Provider', exact: true }).selectOption('acme');
  await dialog.getByLabel('Key', { exact: true }).fill(key);
  await dialog.getByLabel('Name').fill(name);
  await dialog.getByRole('button', { name: 'Add key' }).click();
  await dialog.waitFor({ state: 'detached' });
}

const order = async (expected: readonly string[]): Promise<void> => {
  const deadline = Date.now() + 20_000;
  while ((await names()).join() !== expected.join()) {
    if (Date.now() > deadline) throw new Error(`the order is ${await names()}`);
    await opened.page.waitForTimeout(50);
  }
};

test(
  'a key is added, moved by the keyboard and by dragging, tested and deleted, and its secret is nowhere on the page',
  async () => {
    const { page } = opened;
    await add('First', 'sk-first-0123456789abcdef');
    await add('Second', 'sk-second-0123456789abcdef');
    await add('Third', 'sk-third-0123456789abcdef');
    await order(['First', 'Second', 'Third']);
    expect(await page.content()).not.toContain('0123456789ab');

    const handle = page.getByRole('button', { name: /^Move Third/ });
    await handle.focus();
    await page.keyboard.press('ArrowUp');
    await order(['First', 'Third', 'Second']);
    // The focus stays with what is moved.
    await page.keyboard.press('ArrowUp');
    await order(['Third', 'First', 'Second']);
    await page.getByText('Third is number 1 of 3 now').waitFor({ state: 'attached' });

    await page
      .getByRole('button', { name: /^Move Second/ })
      .dragTo(page.getByRole('button', { name: /^Move Third/ }));
    await order(['Second', 'Third', 'First']);

    await page.getByRole('button', { name: 'Test First', exact: true }).click();
    await page.getByText('Acme took the key').waitFor();
    gateway.provider.script({
      behaviour: { status: 401, body: { error: { message: 'Incorrect API key provided' } } },
    });
    await page.getByRole('button', { name: 'Test Second', exact: true }).click();
    await page.getByText('Incorrect API key provided').waitFor();

    await page.getByRole('button', { name: 'More for Second' }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    await page.getByRole('button', { name: 'Delete key' }).click();
    await order(['Third', 'First']);
  },
  TIMEOUT_MS,
);

test(
  'keys are those of the workspace that is chosen, with those of every workspace, and a new one goes there',
  async () => {
    const { page } = opened;
    const answer = await fetch(`${gateway.baseUrl}/workspaces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.managementKey}` },
      body: JSON.stringify({ name: 'Research', slug: 'research' }),
    });
    const { data } = (await answer.json()) as { data: { id: string } };
    await page.goto(`${gateway.url}/settings/byok`);
    const switcher = page.getByRole('banner').getByLabel('Workspace', { exact: true });
    await page.getByText('Third', { exact: true }).waitFor();
    await switcher.selectOption('Research');
    await page.getByText('No keys yet').waitFor();
    await add('Of research', 'sk-research-0123456789abcdef');
    await page.getByText('Of research', { exact: true }).waitFor();
    const row = await gateway.database.db
      .selectFrom('byok_key')
      .select('workspace_id')
      .where('name', '=', 'Of research')
      .executeTakeFirstOrThrow();
    expect(row.workspace_id).toBe(data.id);

    await page.getByRole('button', { name: 'Add key' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Key', { exact: true }).fill('sk-everywhere-0123456789abcdef');
    await dialog.getByLabel('Name').fill('Of every one');
    await dialog.getByText('Advanced').click();
    await dialog.getByLabel('Where').selectOption('Every workspace');
    await dialog.getByRole('button', { name: 'Add key' }).click();
    await page.getByText('Of every one', { exact: true }).waitFor();
    expect(await page.getByText('Third', { exact: true }).count()).toBe(0);

    await switcher.selectOption('All workspaces');
    await page.getByText('Third', { exact: true }).waitFor();
    await page.getByText('for all requests in Research').waitFor();
    await page.getByText('for all requests in every workspace').waitFor();
    await page.getByRole('button', { name: /^Move Of every one/ }).focus();
    await page.keyboard.press('ArrowUp');
    await page.getByText('Of every one is number 3 of 4 now').waitFor({ state: 'attached' });
    await order(['Third', 'First', 'Of every one', 'Of research']);
    expect(opened.complaints).toEqual([]);
  },
  TIMEOUT_MS,
);
