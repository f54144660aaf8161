/** The way back from the consent page to the app, in a real browser: whatever the app's callback does next, the browser arrives. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Page } from 'playwright-core';
import { closeBrowser } from '../../browser.ts';
import { until } from '../faults/bench.ts';
import { type Bench, startBench } from '../oauth/bench.ts';
import { openAs } from './open-as.ts';

const TIMEOUT_MS = 120_000;

let bench: Bench;
/** Three places of their own: the app's callback, whom it sends its users through, and where they end. */
let places: readonly Bun.Server<undefined>[];
const visits: string[] = [];

beforeAll(async () => {
  bench = await startBench();
  const landing = serve('the end', () => page('You are connected'));
  const middle = serve('the middle', () => redirect(`http://localhost:${landing.port}/landing`));
  const callback = serve('the callback', ({ pathname, search }) => {
    if (pathname === '/to-an-app') return redirect('turnpike-test-app://connected');
    return redirect(`http://127.0.0.1:${middle.port}/middle${search}`);
  });
  places = [callback, middle, landing];
}, TIMEOUT_MS);
afterAll(async () => {
  await closeBrowser();
  for (const place of places ?? []) await place.stop(true);
  await bench?.[Symbol.asyncDispose]();
});

function serve(name: string, answer: (url: URL) => Response): Bun.Server<undefined> {
  return Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: (request) => {
      const url = new URL(request.url);
      if (url.pathname === '/favicon.ico') return new Response(null, { status: 404 });
      visits.push(
        `${name}: ${request.method} ${url.pathname}${url.searchParams.has('code') ? ' with a code' : ''}`,
      );
      return answer(url);
    },
  });
}

const redirect = (location: string) => new Response(null, { status: 302, headers: { location } });
const page = (html: string) =>
  new Response(`<!doctype html>${html}`, { headers: { 'content-type': 'text/html' } });
const callbackOf = (path: string) => `http://localhost:${places[0]?.port}${path}`;

async function answerAt(callback_url: string, decision: 'Approve' | 'Deny') {
  visits.length = 0;
  const opened = await openAs(bench.gateway, bench.owner, `/auth?${new URLSearchParams({ callback_url })}`);
  const asked: string[] = [];
  const session = await opened.page.context().newCDPSession(opened.page);
  await session.send('Network.enable');
  await session.send('Page.enable');
  session.on('Page.frameRequestedNavigation', ({ url }) => asked.push(url));
  session.on('Network.requestWillBeSent', ({ request }) => asked.push(request.url));
  await opened.page.getByRole('button', { name: decision }).click();
  return { ...opened, asked, [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
}

const blocked = (complaints: readonly string[]) =>
  complaints.filter((line) => /policy:|Content Security Policy|form-action/i.test(line));

async function arrives(shown: Page): Promise<void> {
  await shown.getByText('You are connected').waitFor({ timeout: 15_000 });
}

for (const decision of ['Approve', 'Deny'] as const) {
  test(
    `after "${decision}" the browser follows the callback across two more origins`,
    async () => {
      await using opened = await answerAt(callbackOf('/back'), decision);
      await arrives(opened.page);
      const proof = decision === 'Approve' ? ' with a code' : '';
      expect(visits).toEqual([
        `the callback: GET /back${proof}`,
        `the middle: GET /middle${proof}`,
        'the end: GET /landing',
      ]);
      expect(blocked(opened.complaints)).toEqual([]);
    },
    TIMEOUT_MS,
  );
}

test(
  'a callback may hand its user on to an app on their machine',
  async () => {
    await using opened = await answerAt(callbackOf('/to-an-app'), 'Approve');
    expect(await until(() => opened.asked.includes('turnpike-test-app://connected'))).toBe(true);
    expect(visits).toEqual(['the callback: GET /to-an-app with a code']);
    expect(blocked(opened.complaints)).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'an editor’s link is opened by the browser itself',
  async () => {
    await using opened = await answerAt('vscode://publisher.name/openrouter', 'Approve');
    const link = (url: string) => url.startsWith('vscode://publisher.name/openrouter?code=auth_code_');
    expect(await until(() => opened.asked.some(link))).toBe(true);
    // The browser stays, and its user is told where to go on.
    await opened.page.getByText('Go on in your editor').waitFor();
    expect(await opened.page.getByRole('button', { name: 'Approve' }).isEnabled()).toBe(true);
    expect(blocked(opened.complaints)).toEqual([]);
  },
  TIMEOUT_MS,
);
