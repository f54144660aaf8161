/** Where our sign-in leads: to a page of ours, whatever the link that somebody followed says. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { OWNER, signUpOwner, type Visitor } from '../../accounts.ts';
import { closeBrowser } from '../../browser.ts';
import { startGateway, type TestGateway } from '../../harness.ts';
import { openAs } from './open-as.ts';

const TIMEOUT_MS = 180_000;

/** Each leads to the host `evil.example` as one parser or another reads it. */
const EVIL = [
  ...['//evil.example', '///evil.example', '/\\evil.example', '\\\\evil.example', '\\/evil.example'],
  ...['/\t/evil.example', '/\n/evil.example', '\t//evil.example', ' //evil.example', '/\r\n\\evil.example'],
  ...[
    '/.//evil.example',
    '/..//evil.example',
    '/keys/..//evil.example',
    '/%2e//evil.example',
    '/./\\evil.example',
  ],
  ...['https:evil.example', 'https:/evil.example', 'https://evil.example', 'http:\\\\evil.example'],
  ...[
    '//user:pass@evil.example',
    '/%2F%2Fevil.example',
    '/%5Cevil.example',
    '//evil%2Eexample',
    '//evil。example',
  ],
  ...['javascript:location="https://evil.example"', 'data:text/html,<script>1</script>', '/@evil.example'],
];

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
  'somebody who is signed in already is led to a page of ours by every link',
  async () => {
    await using opened = await openAs(bench, owner, '/keys');
    const { page } = opened;
    const elsewhere: string[] = [];
    page.on('request', (request) => {
      const { origin, protocol } = new URL(request.url());
      if (origin !== bench.url && protocol !== 'data:') elsewhere.push(request.url());
    });
    for (const evil of EVIL) {
      await page.goto(`${bench.url}/sign-in?return_to=${encodeURIComponent(evil)}`);
      await page.waitForURL((url) => url.pathname !== '/sign-in');
      expect([evil, new URL(page.url()).origin]).toEqual([evil, bench.url]);
    }
    expect(elsewhere).toEqual([]);
    await page.goto(`${bench.url}/sign-in?return_to=${encodeURIComponent('/logs?x=1#y')}`);
    await page.waitForURL(`${bench.url}/logs?x=1#y`);
  },
  TIMEOUT_MS,
);

test(
  'whoever signs in by such a link is led to their keys',
  async () => {
    for (const evil of ['/.//evil.example', '/\t/evil.example']) {
      await using opened = await openAs(
        bench,
        { cookies: new Map() } as unknown as Visitor,
        `/sign-in?return_to=${encodeURIComponent(evil)}`,
      );
      await opened.page.getByLabel('E-mail address').fill(OWNER.email);
      await opened.page.getByRole('textbox', { name: 'Password' }).fill(OWNER.password);
      await opened.page.getByRole('button', { name: 'Sign in' }).click();
      await opened.page.waitForURL((url) => url.pathname !== '/sign-in');
      expect([evil, opened.page.url()]).toEqual([evil, `${bench.url}/keys`]);
    }
  },
  TIMEOUT_MS,
);
