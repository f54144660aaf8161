/** Somebody in several workspaces chooses which one the pages show, against a real gateway with keys and requests in two of them. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Page } from 'playwright-core';
import { signUpMember, signUpOwner, type Visitor } from '../../accounts.ts';
import { accessibilityProblems, closeBrowser, PHONE } from '../../browser.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';
import { openAs } from './open-as.ts';

const TIMEOUT_MS = 120_000;
let bench: TestGateway;
let owner: Visitor;
let research = '';

async function api(method: string, path: string, body?: object) {
  const answer = await fetch(`${bench.baseUrl}${path}`, {
    method,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${bench.managementKey}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect([path, answer.ok]).toEqual([path, true]);
  return (await answer.json()) as { data: { id: string } };
}

const ask = async (key: string) => {
  const answer = await fetch(`${bench.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ model: 'acme/small', messages: [{ role: 'user', content: 'hi' }] }),
  });
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { id: string }).id;
};

async function say(key: string, generation_id: string, comment: string): Promise<void> {
  const answer = await fetch(`${bench.baseUrl}/generation/feedback`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ generation_id, category: 'other', comment }),
  });
  expect(answer.status).toBe(200);
}

beforeAll(async () => {
  bench = await startGateway();
  await bench.gateway.preparePages();
  owner = await signUpOwner(bench);
  research = (await api('POST', '/workspaces', { name: 'Research', slug: 'research' })).data.id;
  const ofDefault = await makeKey(bench, { name: 'Of the default one' });
  const ofResearch = await makeKey(bench, { name: 'Of research', workspace_id: research });
  const [first] = [await ask(ofDefault.key), await ask(ofDefault.key)];
  await say(ofDefault.key, first, 'Said in the default one');
  // By whoever: what counts is whose answer it is about.
  await say(bench.managementKey, await ask(ofResearch.key), 'Said in research');
  // Figures of keys bring what is settled into the database.
  await api('GET', '/keys');
  await api('POST', '/guardrails', { name: 'Rules of the default one' });
  await api('POST', '/guardrails', { name: 'Rules of research', workspace_id: research });
}, TIMEOUT_MS);
afterAll(async () => {
  await closeBrowser();
  await bench?.stop();
});

const switcher = (page: Page) => page.getByRole('banner').getByLabel('Workspace', { exact: true });
const workspaceIn = (page: Page) => new URL(page.url()).searchParams.get('workspace');

/** One of these in a table or list, and the other nowhere. */
async function shows(page: Page, there: string, missing: string): Promise<void> {
  await page.getByRole('main').getByText(there).first().waitFor();
  await page.getByRole('main').getByText(missing).first().waitFor({ state: 'detached' });
}

test(
  'what was chosen holds on every page of a workspace, by links, in the address, and after a new visit',
  async () => {
    await using opened = await openAs(bench, owner, '/keys');
    const { page } = opened;
    await page.getByText('Of the default one').first().waitFor();
    await page.getByText('Of research').first().waitFor();
    await switcher(page).selectOption('Research');
    await shows(page, 'Of research', 'Of the default one');
    expect(workspaceIn(page)).toBe('research');

    // By the menu's own links.
    await page.getByRole('link', { name: 'Logs' }).click();
    await page.getByRole('heading', { name: 'Logs' }).waitFor();
    expect(workspaceIn(page)).toBe('research');
    await page.getByRole('row').filter({ hasText: 'acme/small' }).first().waitFor();
    expect(await page.getByRole('row').filter({ hasText: 'acme/small' }).count()).toBe(1);

    await page.getByRole('link', { name: 'Guardrails' }).click();
    await shows(page, 'Rules of research', 'Rules of the default one');
    await page.getByRole('link', { name: 'Budgets' }).click();
    const budgetsOf = page.getByRole('main').getByLabel('Workspace', { exact: true });
    await budgetsOf.waitFor();
    expect(await budgetsOf.inputValue()).toBe('research');
    await page.getByRole('link', { name: 'Exports' }).click();
    await page.getByRole('heading', { name: 'Exports' }).waitFor();
    await page.getByText('Every request of Research').waitFor();
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    await page.getByText('1 request is in your downloads').waitFor();

    // A new visit, without a word about it in the address.
    await page.goto(`${bench.url}/activity?by=key`);
    await page.getByRole('cell', { name: 'Of research' }).waitFor();
    expect(await page.getByRole('cell', { name: 'Of the default one' }).count()).toBe(0);
    expect(await switcher(page).inputValue()).toBe('research');
    await page.waitForURL((url) => url.searchParams.get('workspace') === 'research');

    // And back to all of them, which is remembered too.
    await switcher(page).selectOption('All workspaces');
    await page.getByRole('cell', { name: 'Of the default one' }).waitFor();
    expect(workspaceIn(page)).toBeNull();
    await page.goto(`${bench.url}/keys`);
    await page.getByText('Of the default one').first().waitFor();
    await page.getByText('Of research').first().waitFor();
    expect(await switcher(page).inputValue()).toBe('');
    expect(opened.complaints).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'an address that somebody sent shows its workspace, and one of nobody shows all',
  async () => {
    await using opened = await openAs(bench, owner, '/keys?workspace=research');
    const { page } = opened;
    await shows(page, 'Of research', 'Of the default one');
    expect(await switcher(page).inputValue()).toBe('research');
    // A new key goes where one looks.
    await page.getByRole('button', { name: 'Create key' }).click();
    expect(await page.getByRole('dialog').getByLabel('Workspace').inputValue()).toBe(research);
    await using other = await openAs(bench, owner, '/keys?workspace=gone');
    await other.page.getByText('Of the default one').first().waitFor();
    expect(await switcher(other.page).inputValue()).toBe('');
  },
  TIMEOUT_MS,
);

test(
  'feedback is that of the chosen workspace, and of all',
  async () => {
    await using opened = await openAs(bench, owner, '/feedback');
    const { page } = opened;
    await page.getByText('Said in the default one').waitFor();
    await page.getByText('Said in research').waitFor();
    await switcher(page).selectOption('Research');
    await shows(page, 'Said in research', 'Said in the default one');
    await page.getByLabel('Kind').selectOption('Other');
    await page.waitForURL((url) => url.searchParams.get('category') === 'other');
    await shows(page, 'Said in research', 'Said in the default one');
    expect(workspaceIn(page)).toBe('research');
    await switcher(page).selectOption({ index: 1 });
    await shows(page, 'Said in the default one', 'Said in research');
    expect(opened.complaints).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'prompts and answers are kept, and forgotten, of the workspace that is shown',
  async () => {
    const kept = async () => {
      const rows = await bench.database.db.selectFrom('content_logging').selectAll().execute();
      return rows.map(({ workspace_id, enabled }) => [
        workspace_id === research ? 'research' : 'default',
        enabled,
      ]);
    };
    await api('PATCH', '/content-logging', { enabled: true, retention_days: 30 });
    await using opened = await openAs(bench, owner, '/settings/content?workspace=research');
    const { page } = opened;
    const days = (value: string) => page.locator(`input[name=retention_days][value="${value}"]`);
    await page.getByLabel('Keep what is said from now on').check();
    await page.getByText('Only some').click();
    await page.getByText('Of research').waitFor();
    expect(await page.getByRole('main').getByText('Of the default one').count()).toBe(0);
    await page.getByText('Every key', { exact: true }).click();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved: prompts and answers are kept from now on').waitFor();
    expect((await kept()).toSorted()).toEqual([
      ['default', 1],
      ['research', 1],
    ]);

    // Of all of them, the page is about the default one, and says so.
    await switcher(page).selectOption('All workspaces');
    await days('30').waitFor();
    const choice = page.getByRole('main').getByLabel('Workspace', { exact: true });
    expect(await choice.inputValue()).toBe('default');
    await choice.selectOption('Research');
    await days('90').waitFor();
    expect(await switcher(page).inputValue()).toBe('research');
    await page.getByRole('button', { name: 'Delete everything' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Delete all prompts and answers of Research?').waitFor();
    await dialog.getByRole('button', { name: 'Delete everything' }).click();
    await page.getByText('Everything that was kept of Research is deleted').waitFor();
    expect(await kept()).toEqual([['default', 1]]);
    expect(opened.complaints).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'by the keyboard alone, on a phone too, with its name and its value for screen readers',
  async () => {
    await using opened = await openAs(bench, owner, '/keys', { viewport: PHONE });
    const { page } = opened;
    await page.getByRole('button', { name: 'Open menu' }).click();
    const control = page.getByRole('combobox', { name: 'Workspace' });
    await control.focus();
    // All of them, the default one, Research.
    await page.keyboard.press('ArrowDown');
    await page.waitForURL((url) => url.searchParams.get('workspace') === 'default');
    await page.keyboard.press('ArrowDown');
    await page.waitForURL((url) => url.searchParams.get('workspace') === 'research');
    expect(await control.inputValue()).toBe('research');
    // It keeps the focus, so that the next one is a key away.
    expect(await page.locator('select:focus').inputValue()).toBe('research');
    expect(await accessibilityProblems(page)).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'somebody with one workspace sees none, whatever their address says',
  async () => {
    const max = await signUpMember(bench, owner, {
      ...{ email: 'max@example.com', password: 'staple battery horse', name: 'Max' },
    });
    await using opened = await openAs(bench, max, '/keys?workspace=research');
    await opened.page.getByText('No keys yet').waitFor();
    await opened.page.waitForLoadState('networkidle');
    expect(await switcher(opened.page).count()).toBe(0);
  },
  TIMEOUT_MS,
);
