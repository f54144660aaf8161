/** What a person does with the log, from a request to the reason why another was refused. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { signUpMember, signUpOwner, type Visitor } from '../../accounts.ts';
import { closeBrowser } from '../../browser.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';
import { openAs } from './open-as.ts';

const TIMEOUT_MS = 120_000;

let bench: TestGateway;
let owner: Visitor;
let member: Visitor;
beforeAll(async () => {
  bench = await startGateway();
  owner = await signUpOwner(bench);
  member = await signUpMember(bench, owner, {
    ...{ email: 'max@example.com', password: 'staple battery horse', name: 'Max' },
  });
}, TIMEOUT_MS);
afterAll(async () => {
  await closeBrowser();
  await bench?.stop();
});

const chat = (key: string, headers: Record<string, string> = {}, model = 'acme/small') =>
  fetch(`${bench.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model, max_tokens: 100, messages: [{ role: 'user', content: 'Hi' }] }),
  });
const SHOP = { 'x-title': 'Shop app', 'http-referer': 'https://shop.example' };
const idOf = async (answer: Response): Promise<string> => ((await answer.json()) as { id: string }).id;

test(
  'a request is found by its id and by filter, a refused one tells its reason, and a raised limit lets the next one pass',
  async () => {
    const { key, hash } = await makeKey(bench, { name: 'Shop', limit: 0.01 });
    const session = '<b>session</b> & 1';
    const id = await idOf(await chat(key, { 'x-session-id': session, ...SHOP }));
    const other = await idOf(await chat(key));

    await using opened = await openAs(bench, owner, '/logs');
    const { page, complaints } = opened;
    await page.getByLabel('Find by id').fill(id);
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/logs?id=${id}`);
    const sheet = page.getByRole('dialog');
    await sheet.getByRole('heading', { name: 'Attempts' }).waitFor();
    await sheet.getByRole('row', { name: /^Output/ }).waitFor();
    await sheet.getByRole('row', { name: /^List price/ }).waitFor();
    // The other one came later: it stands above.
    await page.keyboard.press('ArrowUp');
    await page.waitForURL(`**/logs?id=${other}`);
    await page.keyboard.press('ArrowDown');
    await page.waitForURL(`**/logs?id=${id}`);
    // Its session leads to all requests of it, which is one.
    await sheet.getByRole('link', { name: session }).click();
    await page.getByText('1 request', { exact: true }).waitFor();
    await page.getByRole('list', { name: 'Narrowed to' }).getByText(session).waitFor();
    await page.goto(page.url());
    await page.getByText('1 request', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Remove Session' }).click();
    await page.getByText('2 requests', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Filter', exact: true }).click();
    await page.getByLabel('App', { exact: true }).fill('Shop app');
    await page.getByRole('button', { name: 'Apply' }).click();
    await page.getByText('1 request', { exact: true }).waitFor();

    // What is shown is what the file has.
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'CSV' }).click();
    const file = await Bun.file(await (await download).path()).text();
    expect(file.trim().split('\r\n').length).toBe(2);
    expect(file).toContain(id);

    await owner.send('PATCH', `/api/dashboard/keys/${hash}`, { limit: 0 });
    const refused = await chat(key);
    expect(refused.status).toBe(402);
    await page.goto(`${bench.url}/logs?api_key_hash=${hash}`);
    await page.getByRole('link', { name: 'See what was refused' }).click();
    await page.getByText('key_limit_exceeded').waitFor();
    await page.getByText('Raise the limit of this key').waitFor();
    await page.getByRole('link', { name: 'Shop', exact: true }).click();
    await page.getByRole('heading', { name: 'Shop', exact: true }).waitFor();
    await page.getByText('Limit reached').waitFor();
    await page.getByRole('button', { name: 'Raise the limit' }).click();
    await page.getByLabel('Limit in USD').fill('5');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Active', { exact: true }).waitFor();
    expect((await chat(key)).status).toBe(200);
    expect(complaints).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'while it is live new requests appear by themselves, and one that runs is seen before it ends',
  async () => {
    const { key } = await makeKey(bench, { name: 'Live' });
    await using opened = await openAs(bench, owner, '/logs?live=1');
    const { page, complaints } = opened;
    await page.getByRole('switch', { name: 'Live' }).waitFor();
    const id = await idOf(await chat(key));
    await page.locator(`tbody a[href*="${id}"]`).waitFor();

    bench.provider.script({ behaviour: { delayMs: 8000 } });
    const waiting = chat(key, { 'x-title': 'Slow' });
    await page.getByText('1 running now').waitFor();
    const slow = await idOf(await waiting);
    await page.locator(`tbody a[href*="${slow}"]`).waitFor();
    await page.getByText('1 running now').waitFor({ state: 'detached' });
    expect(complaints).toEqual([]);
  },
  TIMEOUT_MS,
);

test("a member opens no request of somebody else's key, by page or by API, and sees none of it running", async () => {
  const { key, hash } = await makeKey(bench, { name: 'Private' });
  const id = await idOf(await chat(key));
  expect((await owner.get(`/api/dashboard/generations/${id}`)).status).toBe(200);
  expect((await member.get(`/api/dashboard/generations/${id}`)).status).toBe(404);
  expect((await member.get(`/api/dashboard/generations?api_key_hash=${hash}`)).body).toEqual({ list: [] });
  const running = await member.get(`/api/dashboard/running?api_key_hash=${hash}`);
  expect(running.body).toEqual({ list: [] });
});
