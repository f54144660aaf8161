import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Page } from 'playwright-core';
import { signUpOwner, type Visitor } from '../../accounts.ts';
import { closeBrowser } from '../../browser.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';
import { createIssuer, type Issuer } from '../workload-identity/issuer.ts';
import { openAs } from './open-as.ts';

const TIMEOUT_MS = 120_000;
const PATH = '/settings/workload-identity';
/** What a shell could trip over. */
const AUDIENCE = `https://turnpike.example.com/it's "$HOME"`;

let gateway: TestGateway;
let owner: Visitor;
let issuer: Issuer;
beforeAll(async () => {
  gateway = await startGateway();
  owner = await signUpOwner(gateway);
  issuer = await createIssuer();
}, TIMEOUT_MS);
afterAll(async () => {
  await closeBrowser();
  await gateway?.stop();
});

const inDialog = (page: Page) => page.getByRole('dialog');
const field = (page: Page, name: string) => inDialog(page).getByRole('textbox', { name });
const press = (page: Page, name: string) => inDialog(page).getByRole('button', { name, exact: true }).click();

/** Takes a command apart as a shell does, and sends what curl would. */
async function runCurl(command: string, env: Record<string, string>): Promise<Response> {
  const shell = Bun.spawnSync(['sh', '-c', `curl() { printf '%s\\n' "$@"; }\n${command}`], { env });
  const words = shell.stdout.toString().trim().split('\n');
  const url = words.find((word) => word.startsWith('http')) ?? '';
  const pairs = words.flatMap((word, index) => (words[index - 1] === '--data-urlencode' ? [word] : []));
  const body = new URLSearchParams(
    pairs.map((pair): [string, string] => [
      pair.slice(0, pair.indexOf('=')),
      pair.slice(pair.indexOf('=') + 1),
    ]),
  );
  return await fetch(url, { method: 'POST', body });
}

async function addIssuer(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Add issuer' }).click();
  await field(page, 'Name').fill('Build farm');
  await field(page, 'Issuer URL').fill('http://idp.example.com');
  await inDialog(page).getByRole('radio', { name: 'Paste them' }).check();
  await field(page, 'Key set').fill('{"keys": []}');
  await press(page, 'Add issuer');
  await page.getByText('Must be an https URL').waitFor();
  await field(page, 'Issuer URL').fill(issuer.url);
  await press(page, 'Add issuer');
  await page.getByText('Must hold 1 to 100 keys').waitFor();
  await field(page, 'Key set').fill(issuer.jwks);
  await press(page, 'Add issuer');
  await page.getByRole('heading', { name: 'Build farm' }).waitFor();
}

async function addPolicy(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Add policy' }).click();
  expect(await field(page, 'Audience').inputValue()).toBe(gateway.url);
  await field(page, 'Name').fill('Deployments');
  await field(page, 'Subject').fill('ci');
  await field(page, 'Audience').fill(AUDIENCE);
  await field(page, 'Scope').fill('deploy');
  await press(page, 'Add policy');
  await inDialog(page).getByRole('paragraph').getByText('Choose a key').waitFor();
  const keys = inDialog(page).getByRole('combobox', { name: 'Acts as the key' });
  const offered = await keys.getByRole('option').allInnerTexts();
  expect(offered.some((text) => text.startsWith('Somebody’s own'))).toBe(false);
  const chosen = offered.find((text) => text.startsWith('For workloads')) ?? '';
  await keys.selectOption(chosen);
  await press(page, 'Add policy');
  await inDialog(page).getByRole('heading', { name: 'How to use Deployments' }).waitFor();
}

test(
  'an issuer and a policy that are added on the page let a workload in, with the very command that is shown',
  async () => {
    await makeKey(gateway, { name: 'For workloads', creator_user_id: null });
    await owner.post('/api/dashboard/keys', { name: 'Somebody’s own' });
    await using opened = await openAs(gateway, owner, PATH);
    const { page, complaints } = opened;
    await page.getByText('Add an issuer first').waitFor();
    await addIssuer(page);
    await addPolicy(page);

    const command = await inDialog(page).getByRole('region', { name: 'Swap a token with curl' }).innerText();
    const claims = { sub: 'ci', aud: AUDIENCE, scopes: ['deploy'] };
    const swap = async (changes: object = {}) =>
      await runCurl(command, { SUBJECT_TOKEN: await issuer.token({ ...claims, ...changes }) });
    const swapped = await swap();
    expect(swapped.status).toBe(200);
    const { access_token: token } = (await swapped.json()) as { access_token: string };
    const who = await fetch(`${gateway.baseUrl}/key`, { headers: { authorization: `Bearer ${token}` } });
    expect(who.status).toBe(200);
    expect((await swap({ scopes: [] })).status).toBe(400);

    await inDialog(page).getByRole('tab', { name: 'GitHub Actions' }).click();
    const job = await inDialog(page)
      .getByRole('region', { name: 'Swap a token in GitHub Actions' })
      .innerText();
    const policyId = /federation_policy_id=(\S+)/.exec(command)?.[1] ?? '';
    expect(Bun.YAML.parse(job)).toMatchObject({
      permissions: { 'id-token': 'write' },
      jobs: { example: { env: { TURNPIKE: gateway.url, POLICY: policyId, AUDIENCE } } },
    });
    await press(page, 'Done');

    const enabled = page.getByRole('switch', { name: 'Enabled Deployments' });
    await enabled.click();
    await page.getByText('Deployments is paused').waitFor();
    expect((await swap()).status).toBe(400);
    await enabled.click();
    await page.getByText('Deployments is enabled').waitFor();
    expect((await swap()).status).toBe(200);

    await page.getByRole('button', { name: 'Edit Deployments' }).click();
    expect(await field(page, 'Audience').inputValue()).toBe(AUDIENCE);
    await field(page, 'Scope').fill('');
    await press(page, 'Save');
    await page.getByText('Deployments is changed').waitFor();
    expect((await swap({ scopes: [] })).status).toBe(200);

    await page.getByRole('button', { name: 'Delete Build farm' }).click();
    await page.getByText('This policy is deleted with it').waitFor();
    await press(page, 'Delete issuer');
    await page.getByText('Add an issuer first').waitFor();
    expect((await swap()).status).toBe(400);
    expect(complaints).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'an issuer keeps one source of its keys, whichever one was chosen last',
  async () => {
    const made = await owner.post('/api/dashboard/workload-identity/issuers', {
      ...{ name: 'Cluster', issuer_url: issuer.url, jwks_url: `${issuer.url}/jwks` },
    });
    const sources = async () => {
      const { body } = await owner.get('/api/dashboard/workload-identity/issuers');
      const list = body['list'] as { id: string; jwks_url: string | null; jwks: object | null }[];
      const { jwks_url, jwks } = list.find(({ id }) => id === made.body['id']) ?? {};
      return { jwks_url, jwks };
    };
    await using opened = await openAs(gateway, owner, PATH);
    const { page } = opened;
    const choose = async (source: string, fill: () => Promise<void> = async () => {}) => {
      await page.getByRole('button', { name: 'Edit Cluster' }).click();
      await inDialog(page).getByRole('radio', { name: source }).check();
      await fill();
      await press(page, 'Save');
      await inDialog(page).waitFor({ state: 'detached' });
    };
    await choose('Paste them', () => field(page, 'Key set').fill(issuer.jwks));
    expect(await sources()).toEqual({ jwks_url: null, jwks: JSON.parse(issuer.jwks) });
    await choose('Discovery');
    expect(await sources()).toEqual({ jwks_url: null, jwks: null });
    await choose('JWKS URL', () => field(page, 'JWKS URL').fill(`${issuer.url}/jwks`));
    expect(await sources()).toEqual({ jwks_url: `${issuer.url}/jwks`, jwks: null });
  },
  TIMEOUT_MS,
);
