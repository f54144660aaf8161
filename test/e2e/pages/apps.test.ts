import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Page } from 'playwright-core';
import { signUpMember } from '../../accounts.ts';
import { closeBrowser } from '../../browser.ts';
import { type Bench, codeOf, postForm, S256, startBench, statusWith, VERIFIER } from '../oauth/bench.ts';
import { openAs } from './open-as.ts';

const TIMEOUT_MS = 120_000;
const APPS = '/settings/apps';
const REDIRECT = 'https://support.example.com/oauth/callback';

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
}, TIMEOUT_MS);
afterAll(async () => {
  await closeBrowser();
  await bench?.[Symbol.asyncDispose]();
});

const inDialog = (page: Page) => page.getByRole('dialog');

/** What the dialog shows once; closed afterwards. */
async function readCredentials(page: Page): Promise<{ clientId: string; secret: string }> {
  const secret = await inDialog(page).getByRole('group', { name: 'Client secret' }).innerText();
  const clientId = (await inDialog(page).innerText()).match(/app_[0-9a-f]{32}/)?.[0] ?? '';
  await page.keyboard.press('Escape');
  expect(await inDialog(page).isVisible()).toBe(true);
  await inDialog(page).getByRole('button', { name: 'I have saved it' }).click();
  expect(await page.content()).not.toContain(secret);
  return { clientId, secret };
}

/** The owner consents to the app, which then shows its credentials. */
async function exchange(clientId: string, secret: string, redirect_uri = REDIRECT) {
  const query = { client_id: clientId, redirect_uri, response_type: 'code', ...S256 };
  const code = await codeOf(bench, bench.owner, query);
  return await postForm(
    bench.gateway,
    '/oauth/token',
    { grant_type: 'authorization_code', code, code_verifier: VERIFIER, redirect_uri },
    { authorization: `Basic ${btoa(`${clientId}:${secret}`)}` },
  );
}

test(
  'an app that is registered on the page gets keys with its credentials, until its secret is renewed and it is deleted',
  async () => {
    await using opened = await openAs(bench.gateway, bench.owner, APPS);
    const { page, complaints } = opened;
    await page.getByText('No apps yet').waitFor();
    const metadataUrl = `${bench.gateway.url}/.well-known/oauth-authorization-server`;
    await page.getByText(metadataUrl).waitFor();

    await page.getByRole('button', { name: 'Register app' }).click();
    await inDialog(page).getByRole('textbox', { name: 'Name' }).fill('Support bot');
    const uris = inDialog(page).getByRole('textbox', { name: 'Redirect URIs' });
    await uris.fill(`${REDIRECT}\n\nhttp://support.example.com/callback`);
    await inDialog(page).getByRole('button', { name: 'Register app' }).click();
    await page.getByText('Line 2 must be an https URL').waitFor();
    await uris.fill(`${REDIRECT}\n`);
    await inDialog(page).getByRole('button', { name: 'Register app' }).click();
    const { clientId, secret } = await readCredentials(page);

    const token = await exchange(clientId, secret);
    expect(token.status).toBe(200);
    const { access_token: key } = token.json as { access_token: string };
    expect(await statusWith(bench.gateway, key)).toBe(200);

    await page.getByRole('button', { name: 'New secret for Support bot' }).click();
    await inDialog(page).getByRole('button', { name: 'Make new secret' }).click();
    const renewed = await readCredentials(page);
    expect(renewed.clientId).toBe(clientId);
    expect((await exchange(clientId, secret)).status).toBe(401);
    expect((await exchange(clientId, renewed.secret)).status).toBe(200);

    await page.getByRole('button', { name: 'Edit Support bot' }).click();
    await inDialog(page).getByRole('textbox', { name: 'Name' }).fill('Help desk');
    await uris.fill(`${REDIRECT}\nhttps://help.example.com/callback`);
    await inDialog(page).getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Help desk' }).waitFor();
    const moved = await exchange(clientId, renewed.secret, 'https://help.example.com/callback');
    expect(moved.status).toBe(200);

    await page.getByRole('button', { name: 'Delete Help desk' }).click();
    await inDialog(page).getByRole('button', { name: 'Delete app' }).click();
    await page.getByText('No apps yet').waitFor();
    const answer = await postForm(bench.gateway, '/oauth/introspect', {
      ...{ token: key, client_id: clientId, client_secret: renewed.secret },
    });
    expect(answer.status).toBe(401);
    expect(await statusWith(bench.gateway, key)).toBe(200);
    expect(complaints).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'a public app is told that it has no secret, and gets none later',
  async () => {
    await using opened = await openAs(bench.gateway, bench.owner, APPS);
    const { page } = opened;
    await page.getByRole('button', { name: 'Register app' }).click();
    await inDialog(page).getByRole('textbox', { name: 'Name' }).fill('Terminal chat');
    await inDialog(page).getByRole('textbox', { name: 'Redirect URIs' }).fill('http://127.0.0.1/callback');
    await inDialog(page).getByRole('radio', { name: 'It runs on' }).check();
    await inDialog(page).getByRole('button', { name: 'Register app' }).click();
    await page.getByText('This app has no secret').waitFor();
    await inDialog(page).getByRole('button', { name: 'Done' }).click();
    await page.getByRole('button', { name: 'Edit Terminal chat' }).waitFor();
    expect(await page.getByRole('button', { name: 'New secret for Terminal chat' }).count()).toBe(0);
  },
  TIMEOUT_MS,
);

test(
  'a client id is copied with one press',
  async () => {
    const made = await bench.owner.post('/api/dashboard/apps', {
      name: 'To copy',
      redirect_uris: [REDIRECT],
    });
    await using opened = await openAs(bench.gateway, bench.owner, APPS, {
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const { page } = opened;
    await page.getByRole('button', { name: 'Copy client id of To copy' }).click();
    await page.getByRole('status').getByText('Copied').waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(made.body['client_id']);
  },
  TIMEOUT_MS,
);

test(
  'a member who opens the pages of admins reads that their role does not allow it, and nothing is asked for',
  async () => {
    const member = await signUpMember(bench.gateway, bench.owner, {
      email: 'max@example.com',
      password: 'staple battery horse',
    });
    for (const path of [APPS, '/settings/workload-identity']) {
      await using opened = await openAs(bench.gateway, member, '/settings/account');
      const { page } = opened;
      // What the page before asks for is its own.
      await page.waitForLoadState('networkidle');
      const asked: string[] = [];
      page.on('request', (request) => asked.push(new URL(request.url()).pathname));
      await page.goto(`${bench.gateway.url}${path}`);
      await page.getByText('Your role does not allow this').waitFor();
      // Who they are and where they work, the frame asks on every page.
      const ofFrame = ['/api/dashboard/session', '/api/dashboard/workspaces'];
      const others = asked.filter((each) => each.startsWith('/api/') && !ofFrame.includes(each));
      expect(others).toEqual([]);
    }
  },
  TIMEOUT_MS,
);
