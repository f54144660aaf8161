/** The apps in examples/, as their users have them: in a real browser, from the first click to the revoked key. */
import { afterAll, afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { OWNER, signUpOwner } from '../../accounts.ts';
import { closeBrowser, openPage, type TestPage } from '../../browser.ts';
import { startGateway, type TestGateway } from '../../harness.ts';

const EXAMPLES = join(import.meta.dir, '../../../examples');

let gateway: TestGateway;
let browser: TestPage;
let page: Page;
let stack: AsyncDisposableStack;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  gateway = stack.use(await startGateway());
  await signUpOwner(gateway);
  browser = stack.use(await openPage());
  ({ page } = browser);
});
afterEach(async () => {
  await stack.disposeAsync();
});
afterAll(closeBrowser);

test('a single-page app gets a key of its own, chats with it, and loses it when its user revokes it', async () => {
  const app = run(['node', join(EXAMPLES, 'single-page-app/serve.mjs')], { PORT: '0' });
  const address = await app.line(/^http:\/\/localhost:\d+$/);

  await page.goto(`${address}/?turnpike=${gateway.url}`);
  await page.getByRole('button', { name: 'Sign in with Turnpike' }).click();
  await signIn();
  await expectConsentFor(new URL(address).host);
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByText('You are signed in.').waitFor();
  expect(page.url()).toBe(`${address}/`);

  await say('Hello from the browser');
  await page.getByText('Hello from the browser').waitFor();

  await page.getByRole('link', { name: 'Manage or revoke this key' }).click();
  await revoke('Echo chamber');
  await page.goto(`${address}/`);
  await say('Hello again');
  await page.getByText('Your key was revoked. Sign in again to go on.').waitFor();
  expect(browser.complaints).toEqual([]);
});

test('a user who denies sends the single-page app away without a key', async () => {
  const app = run(['node', join(EXAMPLES, 'single-page-app/serve.mjs')], { PORT: '0' });
  const address = await app.line(/^http:\/\/localhost:\d+$/);

  await page.goto(`${address}/?turnpike=${gateway.url}`);
  await page.getByRole('button', { name: 'Sign in with Turnpike' }).click();
  await signIn();
  await page.getByRole('button', { name: 'Deny' }).click();
  await page.getByText('You did not allow it, so there is no key.').waitFor();
  expect(await page.getByRole('button', { name: 'Sign in with Turnpike' }).isVisible()).toBe(true);
});

test('a command-line app gets a key through the browser, keeps it for its owner alone, and loses it when it is revoked', async () => {
  const keyFile = join(temporaryDirectory(), 'key');
  const say = (message: string, ...more: string[]) =>
    run([
      'node',
      join(EXAMPLES, 'command-line-app/main.mjs'),
      ...['--turnpike', gateway.url, '--key-file', keyFile, ...more, message],
    ]);

  const first = say('Hello from the terminal');
  await page.goto(await first.line(/^http:\/\/127\.0\.0\.1:\d+\/auth\?/));
  await signIn();
  await expectConsentFor('127.0.0.1');
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByText('Done. You can close this page.').waitFor();
  expect(await first.end()).toEqual({ code: 0, stdout: 'Hello from the terminal\n' });
  expect(statSync(keyFile).mode & 0o777).toBe(0o600);

  expect(await say('Once more').end()).toEqual({ code: 0, stdout: 'Once more\n' });

  await page.goto(`${gateway.url}/keys`);
  await page.getByRole('link', { name: 'Echo command' }).click();
  await revoke('Echo command');
  const refused = say('Is it still there?');
  expect(await refused.line(/revoked/)).toBe('Your key was revoked. Run this again to sign in.');
  expect((await refused.end()).code).toBe(1);
});

test('a command-line app without a browser takes the code that the page shows', async () => {
  const keyFile = join(temporaryDirectory(), 'key');
  const app = run([
    'node',
    join(EXAMPLES, 'command-line-app/main.mjs'),
    ...['--turnpike', gateway.url, '--key-file', keyFile, '--paste', 'Hello, headless'],
  ]);
  await page.goto(await app.line(/^http:\/\/127\.0\.0\.1:\d+\/auth\?/));
  await signIn();
  await page.getByRole('button', { name: 'Approve' }).click();
  const code = await page.getByText(/^auth_code_[0-9a-f]{64}$/).innerText();
  app.type(`${code}\n`);
  expect(await app.end()).toEqual({ code: 0, stdout: 'Hello, headless\n' });
});

async function signIn(): Promise<void> {
  await page.getByLabel('E-mail').fill(OWNER.email);
  await page.getByLabel('Password', { exact: true }).fill(OWNER.password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

async function expectConsentFor(host: string): Promise<void> {
  await page.getByRole('heading', { name: 'An app asks for a key' }).waitFor();
  await page.getByText(host).first().waitFor();
}

async function say(message: string): Promise<void> {
  await page.getByLabel('Your message').fill(message);
  await page.getByRole('button', { name: 'Send' }).click();
}

/** On the page of this key. */
async function revoke(name: string): Promise<void> {
  await page.getByRole('heading', { name }).waitFor();
  await page.getByRole('button', { name: 'Revoke' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
}

function temporaryDirectory(): string {
  return stack.adopt(mkdtempSync(join(tmpdir(), 'turnpike-example-')), (path) =>
    rmSync(path, { recursive: true, force: true }),
  );
}

/** A program of ours, ended with the test. */
function run(command: string[], env: Record<string, string> = {}) {
  const child = Bun.spawn(command, {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  stack.defer(async () => {
    child.kill();
    await child.exited;
  });
  const output = { stdout: '', stderr: '' };
  const collect = async (name: 'stdout' | 'stderr') => {
    const decoder = new TextDecoder();
    for await (const bytes of child[name]) output[name] += decoder.decode(bytes, { stream: true });
  };
  const collected = Promise.all([collect('stdout'), collect('stderr')]);
  return {
    /** The first line, of either output, that matches. */
    async line(pattern: RegExp): Promise<string> {
      while (true) {
        const found = `${output.stdout}\n${output.stderr}`.split('\n').find((line) => pattern.test(line));
        if (found !== undefined) return found;
        if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${output.stderr}`);
        await Bun.sleep(20);
      }
    },
    type(text: string): void {
      child.stdin.write(text);
      child.stdin.end();
    },
    async end(): Promise<{ code: number; stdout: string }> {
      const code = await child.exited;
      await collected;
      return { code, stdout: output.stdout };
    },
  };
}
