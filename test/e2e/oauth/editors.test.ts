/** Extensions of editors sign in with a link of their editor's own scheme (RFC 8252, 7.1). */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import {
  approve,
  askForCode,
  type Bench,
  consentPage,
  keyRow,
  postJson,
  registerApp,
  sendConsent,
  startBench,
  statusWith,
} from './bench.ts';

/** As Cline, Roo Code and Kilo Code ask. */
const CALLBACKS = [
  ['vscode://saoudrizwan.claude-dev/openrouter', 'vscode://saoudrizwan.claude-dev'],
  ['vscode://rooveterinaryinc.roo-cline/openrouter', 'vscode://rooveterinaryinc.roo-cline'],
  ['vscode-insiders://kilocode.kilo-code/openrouter', 'vscode-insiders://kilocode.kilo-code'],
  ['vscodium://saoudrizwan.claude-dev/openrouter', 'vscodium://saoudrizwan.claude-dev'],
  ['cursor://saoudrizwan.claude-dev/openrouter?windowId=3', 'cursor://saoudrizwan.claude-dev'],
  ['windsurf://rooveterinaryinc.roo-cline/openrouter', 'windsurf://rooveterinaryinc.roo-cline'],
] as const;

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
afterAll(() => bench?.[Symbol.asyncDispose]());

const authPage = (callback_url: string, of = bench) =>
  fetch(`${of.gateway.url}/auth?${new URLSearchParams({ callback_url })}`);

test.each(CALLBACKS)('%s gets its code, and a key for it without a challenge', async (callback_url, name) => {
  expect((await authPage(callback_url)).status).toBe(200);
  const page = await consentPage(bench.owner, { callback_url });
  expect(page.json.data).toMatchObject({ app: { host: name, is_local: true }, key: { label: name } });
  const back = await approve(bench, bench.owner, { callback_url });
  expect(back.href).toStartWith(callback_url);
  const code = back.searchParams.get('code') ?? '';
  const { status, json } = await postJson(bench.gateway, '/auth/keys', { code });
  expect(status).toBe(200);
  expect(await statusWith(bench.gateway, json.key)).toBe(200);
  expect(await keyRow(bench.gateway, json.key)).toMatchObject({ name, made_for: name });
});

test('a no goes back to the editor as well', async () => {
  const callback_url = CALLBACKS[0][0];
  const { json } = await consentPage(bench.owner, { callback_url });
  const form = { callback_url, consent_id: json.data.consent_id, decision: 'deny' };
  const answer = await sendConsent(bench, bench.owner, form);
  expect([answer.status, answer.headers.get('location')]).toEqual([
    303,
    `${callback_url}?error=access_denied`,
  ]);
});

test.each([
  'zed://extension/openrouter',
  'vscode:saoudrizwan.claude-dev',
  'vscode:/saoudrizwan.claude-dev/openrouter',
  'vscode:///openrouter',
  'vscode://',
  'vscode://user@publisher.name/openrouter',
  'vscode://publisher.name:1/openrouter',
  'vscode://publisher.name/a#b',
  'vscode://publisher.name/%0d%0a',
  'vscode://publisher.name/a\\b',
  'vscode://publisher.name/..;/b',
  'vscode://p\u202ename/a',
  'vscode.evil://publisher.name/openrouter',
  'xvscode://publisher.name/openrouter',
  'javascript://publisher.name/%0aalert(1)',
])('%j is a 400 on the page', async (callback_url) => {
  expect((await authPage(callback_url)).status).toBe(400);
  expect((await consentPage(bench.owner, { callback_url })).status).toBe(400);
});

describe('an editor’s link', () => {
  const [callback_url] = CALLBACKS[0];

  test('is none for a code by key, and for no registered app', async () => {
    const { status, json } = await askForCode(bench.gateway, { callback_url });
    expect([status, json.error.message]).toEqual([
      400,
      expect.stringContaining('callback_url: must be an https'),
    ]);
    expect(json.error.message).not.toContain('editor');
    const asked = await bench.owner.post('/api/dashboard/apps', { name: 'A', redirect_uris: [callback_url] });
    expect(asked.status).toBe(400);
    const { client_id } = await registerApp(bench.owner);
    expect((await consentPage(bench.owner, { client_id, redirect_uri: callback_url })).status).toBe(400);
  });

  test('is one only for the schemes that the operator lists', async () => {
    await using none = await startBench({ config: { oauth: { editor_schemes: [] } } });
    expect((await authPage(callback_url, none)).status).toBe(400);
    await using other = await startBench({ config: { oauth: { editor_schemes: ['Zed'] } } });
    expect((await authPage(callback_url, other)).status).toBe(400);
    expect((await authPage('zed://extension/openrouter', other)).status).toBe(200);
  });
});
