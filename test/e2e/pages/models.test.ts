/** People look for a model, hold two beside each other, and take away how to call one. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { signUpOwner, type Visitor } from '../../accounts.ts';
import { closeBrowser } from '../../browser.ts';
import { startGateway, type TestGateway } from '../../harness.ts';
import { openAs } from './open-as.ts';

const TIMEOUT_MS = 120_000;

let bench: TestGateway;
let owner: Visitor;
beforeAll(async () => {
  bench = await startGateway();
  owner = await signUpOwner(bench);
}, TIMEOUT_MS);
afterAll(async () => {
  await closeBrowser();
  await bench?.stop();
});

test(
  'what is looked for, filtered and compared stands in the address, and comes back with it',
  async () => {
    await using opened = await openAs(bench, owner, '/models');
    const { page, complaints } = opened;
    await page.getByRole('searchbox', { name: 'Search' }).fill('acme');
    await page.getByRole('link', { name: 'twice', exact: true }).waitFor();
    await page.getByLabel('Compare small').check();
    await page.getByLabel('Compare twice').check();
    await page.getByRole('table', { name: 'Compared models' }).waitFor();
    await page.getByRole('checkbox', { name: 'Free', exact: true }).check();
    await page
      .getByRole('status')
      .filter({ hasText: /^1 of \d+ models$/ })
      .waitFor();
    expect(Object.fromEntries(new URL(page.url()).searchParams)).toEqual({
      ...{ q: 'acme', free: '1', compare: 'acme/small,acme/twice' },
    });
    await page.reload();
    await page
      .getByRole('status')
      .filter({ hasText: /^1 of \d+ models$/ })
      .waitFor();
    expect(await page.getByRole('searchbox', { name: 'Search' }).inputValue()).toBe('acme');
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByRole('table', { name: 'Compared models' }).waitFor({ state: 'detached' });
    expect(complaints).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'a model shows how its providers did here, and how to call it',
  async () => {
    for (let asked = 0; asked < 3; asked += 1)
      await fetch(`${bench.baseUrl}/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${bench.apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'acme/small', messages: [{ role: 'user', content: 'Hi' }] }),
      });
    await using opened = await openAs(bench, owner, '/models?q=small');
    const { page, complaints } = opened;
    await page.getByRole('link', { name: 'small', exact: true }).click();
    const row = page.getByRole('row', { name: /^Acme/ });
    await row.getByText('100 %').waitFor();
    expect(await row.textContent()).toMatch(/ ms|\d s/);
    await page.getByRole('tab', { name: 'Claude Code' }).click();
    await page.getByText(`ANTHROPIC_BASE_URL=${bench.url}/api`).waitFor();
    expect(complaints).toEqual([]);
  },
  TIMEOUT_MS,
);
