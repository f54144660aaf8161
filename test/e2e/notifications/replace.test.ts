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
