import { afterAll, beforeAll, expect, test } from 'bun:test';
import { OWNER, signUpOwner, type Visitor } from '../../accounts.ts';
import { closeBrowser, openPage, type TestPage } from '../../browser.ts';
import { startGateway, type TestGateway } from '../../harness.ts';

const TIMEOUT_MS = 120_000;
/** RFC 7636, appendix B. */
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const S256 = 'code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256';

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

async function openAsOwner(path: string): Promise<TestPage> {
  const opened = await openPage();
  const cookies = [...owner.cookies].map(([name, value]) => ({ name, value, url: bench.url }));
  await opened.page.context().addCookies(cookies);
  await opened.page.goto(bench.url + path);
  return opened;
}

async function post(path: string, body: object): Promise<{ status: number; json: Record<string, string> }> {
  const answer = await fetch(bench.baseUrl + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: answer.status, json: (await answer.json()) as Record<string, string> };
}

test(
  'a program without an address gets its code by hand, and a pressed button twice gives no second one',
  async () => {
    await using opened = await openAsOwner(`/auth?${S256}&key_label=Notebook`);
    const { page, complaints } = opened;
    await page.getByRole('button', { name: 'Approve' }).dblclick();
    await page.getByRole('heading', { name: 'Copy your code' }).waitFor();
    await page.getByText('Notebook').waitFor();
    const code = await page.getByRole('group', { name: 'Code' }).innerText();
    const { status, json } = await post('/auth/keys', {
      code,
      code_verifier: VERIFIER,
      code_challenge_method: 'S256',
    });
    expect([status, json['key']]).toEqual([200, expect.stringMatching(/^sk-or-v1-/)]);
    const codes = await bench.database.db.selectFrom('oauth_code').select('code_hash').execute();
    expect(codes).toHaveLength(1);
    expect(bench.logLines.join('')).not.toContain(code);
    expect(complaints).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  "a no leads back to the app with the app's own words, and with no code",
  async () => {
    using app = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('back') });
    const callback = encodeURIComponent(`http://localhost:${app.port}/cb?keep=1`);
    // What stands in the address beside the request is neither the user's answer nor in its way.
    const noise = 'utm=1&utm=2&decision=approve&csrf_token=x&consent_id=y';
    await using opened = await openAsOwner(`/auth?callback_url=${callback}&state=abc&${noise}`);
    const { page, complaints } = opened;
    await page.getByText('On this device').waitFor();
    await page.getByRole('button', { name: 'Deny' }).click();
    await page.waitForURL((url) => url.port === String(app.port));
    expect(Object.fromEntries(new URL(page.url()).searchParams)).toEqual({
      keep: '1',
      error: 'access_denied',
      state: 'abc',
    });
    expect(complaints).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'a device is let in by the code that it shows',
  async () => {
    const made = await owner.post('/api/dashboard/apps', {
      name: 'Terminal chat',
      redirect_uris: ['http://127.0.0.1/cb'],
      is_public: true,
    });
    const client_id = String(made.body['client_id']);
    const started = await post('/oauth/device_authorization', { client_id });
    expect([started.status, started.json]).toEqual([
      200,
      expect.objectContaining({ user_code: expect.any(String) }),
    ]);
    await using opened = await openAsOwner('/device');
    const { page, complaints } = opened;
    await page.getByLabel('Code').fill(String(started.json['user_code']).toLowerCase());
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('heading', { name: 'A device asks for a key' }).waitFor();
    await page.getByText('Terminal chat', { exact: true }).first().waitFor();
    await page.getByLabel('Limit in USD').fill('2.50');
    await page.getByLabel('Expires').selectOption('In 7 days');
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.getByRole('heading', { name: 'The device is connected' }).waitFor();
    const grant = {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      client_id,
      device_code: started.json['device_code'],
    };
    const { status, json } = await post('/oauth/token', grant);
    expect([status, json]).toEqual([
      200,
      expect.objectContaining({ access_token: expect.stringMatching(/^sk-or-v1-/) }),
    ]);
    expect(complaints).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'somebody who is signed out comes back to the same request, word for word',
  async () => {
    await using opened = await openPage();
    const { page } = opened;
    const query = `?callback_url=https%3A%2F%2Fapp.example.com%2Fcb%3Fa%3D1%26b%3D%2B&${S256}&state=%2B%20%26&key_label=My%20key`;
    await page.goto(`${bench.url}/auth${query}`);
    await page.getByLabel('E-mail address').fill(OWNER.email);
    await page.getByLabel('Password', { exact: true }).fill(OWNER.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    // The sign-in names the app too.
    await page.getByRole('heading', { name: 'An app asks for a key' }).waitFor();
    await page.getByText('app.example.com', { exact: true }).waitFor();
    expect(page.url()).toBe(`${bench.url}/auth${query}`);
    expect(await page.getByLabel('Name of the key').inputValue()).toBe('My key');
  },
  TIMEOUT_MS,
);

test(
  'a sign-in leads to no other site, whatever its address says',
  async () => {
    for (const target of [
      'https://evil.example',
      '//evil.example',
      '/\\evil.example',
      'javascript:alert(1)',
      '/%09/evil.example',
    ]) {
      await using opened = await openPage();
      const { page } = opened;
      await page.goto(`${bench.url}/sign-in?return_to=${encodeURIComponent(target)}`);
      await page.getByLabel('E-mail address').fill(OWNER.email);
      await page.getByLabel('Password', { exact: true }).fill(OWNER.password);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.waitForURL((url) => url.pathname !== '/sign-in');
      expect(new URL(page.url()).origin).toBe(bench.url);
    }
  },
  TIMEOUT_MS,
);
