import { afterAll, beforeAll, expect, test } from 'bun:test';
import { startGateway, type TestGateway } from '../../harness.ts';

const TIMEOUT_MS = 60_000;
const BROWSER = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

let bench: TestGateway;
beforeAll(async () => {
  bench = await startGateway();
  await bench.gateway.preparePages();
}, TIMEOUT_MS);
afterAll(() => bench?.stop());

const pagePaths = () =>
  bench.gateway.routes
    .filter(
      ({ access, method, path }) =>
        access === 'browser' && method === 'GET' && !/^\/(?:api|assets)\//.test(path),
    )
    .map(({ path }) => path.replace(':hash', 'f'.repeat(64)));

test('no page may be framed, guessed at, kept or left with its address, and none runs what is not ours', async () => {
  expect(pagePaths()).toContain('/sign-in');
  for (const path of pagePaths()) {
    const { headers } = await fetch(bench.url + path, { headers: BROWSER });
    expect([path, headers.get('content-type')]).toEqual([path, 'text/html; charset=utf-8']);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy.split('; ')).toEqual([
      ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:"],
      ...[
        "connect-src 'self'",
        "font-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
      ],
    ]);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.has('access-control-allow-origin')).toBe(false);
  }
});

test('only a page that asks for an app lets a form lead away from us', async () => {
  const formAction = async (callback: string) => {
    const { headers } = await fetch(`${bench.url}/auth?callback_url=${encodeURIComponent(callback)}`, {
      headers: BROWSER,
    });
    return /form-action ([^;]*)/.exec(headers.get('content-security-policy') ?? '')?.[1];
  };
  expect(await formAction('https://app.example.com:8443/back?x=1')).toBeUndefined();
  expect(await formAction('http://[::1]:3000/cb')).toBeUndefined();
  expect(await formAction('vscode://publisher.name/back')).toBeUndefined();
  expect(await formAction('http://evil.example')).toBe("'self'");
});

test('what a page loads is served compressed and for ever, and a changed file has another name', async () => {
  const html = await (await fetch(`${bench.url}/sign-in`)).text();
  const asked = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
  // Who is signed in is asked for along with the files, and is nobody's to keep.
  const paths = asked.filter((path) => path !== '/api/dashboard/session');
  expect([asked.length, paths.length]).toEqual([5, 4]);
  for (const path of paths) {
    expect(path).toMatch(/^\/assets\/[\w-]+-[\w]{8}\.(?:js|css|svg)$/);
    const answer = await fetch(bench.url + path, { headers: { 'accept-encoding': 'gzip' } });
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    const plain = await fetch(bench.url + path, { headers: { 'accept-encoding': 'identity' } });
    expect(plain.headers.has('content-encoding')).toBe(false);
    expect(await plain.text()).toBe(await answer.text());
    const again = await fetch(bench.url + path, {
      headers: { 'accept-encoding': 'gzip', 'if-none-match': answer.headers.get('etag') ?? '' },
    });
    expect(again.status).toBe(304);
  }
});

test('an unknown address is a page for a browser, and the usual envelope for everybody else', async () => {
  const page = await fetch(`${bench.url}/there/is/nothing`, { headers: BROWSER });
  expect(page.status).toBe(404);
  expect(page.headers.get('content-type')).toStartWith('text/html');
  expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
  const program = await fetch(`${bench.url}/there/is/nothing`);
  expect(await program.json()).toMatchObject({ error: { code: 404 } });
  const api = await fetch(`${bench.url}/api/v1/nothing`, { headers: BROWSER });
  expect(await api.json()).toMatchObject({ error: { code: 404 } });
  const asset = await fetch(`${bench.url}/assets/..%2f..%2fmanifest.json`, { headers: BROWSER });
  expect(asset.status).toBe(404);
});

test('the scripts of a first visit stay below half a megabyte', async () => {
  const html = await (await fetch(`${bench.url}/sign-in`)).text();
  const main = /src="(\/assets\/main-[^"]+)"/.exec(html)?.[1] ?? '';
  const script = await (await fetch(bench.url + main)).text();
  expect(script.length).toBeLessThan(500_000);
  // The development build of React checks and warns, and is many times slower.
  expect(script).not.toContain('jsxDEV');
});
