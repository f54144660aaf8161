/** A key that GitHub found in public, as its owner meets it on the page: one click, and it works again with a secret that nobody has read. */
import { afterAll, expect, test } from 'bun:test';
import { signUpOwner } from '../../accounts.ts';
import { closeBrowser } from '../../browser.ts';
import { callerOf } from '../../call.ts';
import { startGithub } from '../../github-reports.ts';
import { startGateway } from '../../harness.ts';
import { openAs } from '../pages/open-as.ts';

afterAll(closeBrowser);

test('one click replaces the secret of a quarantined key', async () => {
  using github = startGithub();
  await using gateway = await startGateway({ secretScanningKeysUrl: github.keysUrl });
  await gateway.gateway.preparePages();
  const owner = await signUpOwner(gateway);
  const made = await owner.post('/api/dashboard/keys', { name: 'Backend' });
  const [key, hash] = [String(made.body['key']), String(made.body['hash'])];
  const { body, headers } = github.report([{ token: key, type: 'turnpike_api_key', url: null }]);
  await fetch(`${gateway.url}/webhooks/github-secret-scanning`, { method: 'POST', headers, body });
  const { page } = await openAs(gateway, owner, `/keys/${hash}`);
  await page.getByText('This key is public').waitFor();
  await page.getByRole('button', { name: 'Replace its secret' }).click();
  const fresh = (await page.getByLabel('Secret key').textContent()) ?? '';
  await page.getByRole('button', { name: 'I have saved it' }).click();
  await page.getByText('Active', { exact: true }).first().waitFor();
  const call = callerOf(() => gateway);
  expect((await call('GET', '/key', undefined, fresh)).status).toBe(200);
  expect((await call('GET', '/key', undefined, key)).status).toBe(401);
}, 120_000);

test('a quarantined management key says so on its page, is replaced by one click, and another one restored', async () => {
  using github = startGithub();
  await using gateway = await startGateway({ secretScanningKeysUrl: github.keysUrl });
  await gateway.gateway.preparePages();
  const owner = await signUpOwner(gateway);
  const call = callerOf(() => gateway);
  const may = async (key: string) => (await call('GET', '/keys', undefined, key)).status === 200;
  const make = async (name: string) =>
    String((await owner.post('/api/dashboard/management-keys', { name })).body['key']);
  const [pipeline, terraform] = [await make('Pipeline'), await make('Terraform')];
  const url = 'https://github.com/octocat/Hello-World/blob/master/.env';
  const { body, headers } = github.report(
    [pipeline, terraform].map((token) => ({ token, type: 'turnpike_api_key', url, source: 'commit' })),
  );
  await fetch(`${gateway.url}/webhooks/github-secret-scanning`, { method: 'POST', headers, body });
  expect(await Promise.all([pipeline, terraform].map(may))).toEqual([false, false]);
  const { page } = await openAs(gateway, owner, '/settings/management-keys');
  const notice = page.getByRole('alert').filter({ hasText: 'Pipeline is public' });
  await notice.waitFor();
  expect(await page.getByRole('cell', { name: /Quarantined/ }).count()).toBe(2);
  const folder = process.env['TURNPIKE_TEST_PICTURES'];
  if (folder !== undefined)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: `${folder}/management-keys-${colorScheme}.png`, fullPage: true });
    }
  await notice.getByRole('button', { name: 'Replace its secret' }).click();
  const fresh = (await page.getByLabel('Secret key').textContent()) ?? '';
  await page.getByRole('button', { name: 'I have saved it' }).click();
  await notice.waitFor({ state: 'detached' });
  expect(await Promise.all([fresh, pipeline].map(may))).toEqual([true, false]);
  const other = page.getByRole('alert').filter({ hasText: 'Terraform is public' });
  await other.getByRole('button', { name: 'Restore as it is' }).click();
  await page.getByRole('button', { name: 'Restore it' }).click();
  await other.waitFor({ state: 'detached' });
  expect(await page.getByText('Quarantined').count()).toBe(0);
  expect(await may(terraform)).toBe(true);
}, 120_000);
