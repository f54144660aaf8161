/** Which answers are compressed, in what, and which must not be. Raw bytes: `fetch` of the runtime would undo it. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { signUpOwner, type Visitor } from '../../accounts.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';
import { askDoor, contentOf, DOOR_CASES, type DoorCase, keep } from '../content/rig.ts';

const CHAT = DOOR_CASES[0] as DoorCase;
const decoders: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  gzip: gunzipSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
};

let gateway: TestGateway;
let owner: Visitor;
beforeAll(async () => {
  gateway = await startGateway();
  owner = await signUpOwner(gateway);
  for (let n = 0; n < 30; n++) await askDoor(gateway, CHAT, `hello ${n}`);
});
afterAll(() => gateway?.stop());

interface Raw {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

async function raw(
  path: string,
  headers: Record<string, string> = {},
  init: { method?: string; body?: string } = {},
): Promise<Raw> {
  const answer = await fetch(gateway.url + path, { ...init, headers, decompress: false } as RequestInit);
  return { status: answer.status, headers: answer.headers, bytes: await answer.bytes() };
}

const asOwner = () => ({ cookie: owner.cookieHeader });
const askWithNewKey = async () => {
  const { key } = await makeKey(gateway);
  await askDoor({ ...gateway, apiKey: key }, CHAT, 'hello');
};
const asManager = () => ({ authorization: `Bearer ${gateway.managementKey}` });

test.each(['gzip', 'br', 'zstd'])(
  'a long list comes in %s, with the same content and room for caches to tell',
  async (coding) => {
    const path = '/api/dashboard/generations?limit=30';
    const plain = await raw(path, { ...asOwner(), 'accept-encoding': 'identity' });
    expect(plain.headers.get('content-encoding')).toBeNull();
    expect(plain.headers.get('vary')).toMatch(/accept-encoding/i);
    const small = await raw(path, { ...asOwner(), 'accept-encoding': coding });
    expect(small.headers.get('content-encoding')).toBe(coding);
    expect(small.headers.get('vary')).toMatch(/accept-encoding/i);
    expect(small.headers.get('content-length')).toBe(String(small.bytes.length));
    expect(Buffer.from(decoders[coding]?.(small.bytes) ?? [])).toEqual(Buffer.from(plain.bytes));
    expect(small.bytes.length * 5).toBeLessThan(plain.bytes.length);
  },
);

test('the list of models has a weak tag when it is compressed, and a 304 for it', async () => {
  const first = await raw('/api/v1/models', { 'accept-encoding': 'br' });
  const tag = first.headers.get('etag');
  if (tag !== null) {
    const again = await raw('/api/v1/models', { 'accept-encoding': 'br', 'if-none-match': tag });
    expect([again.status, again.bytes.length]).toEqual([304, 0]);
  }
  expect(first.headers.get('content-encoding')).toBe('br');
});

test('HEAD says what GET would, and sends nothing', async () => {
  const get = await raw('/api/v1/models', { 'accept-encoding': 'gzip' });
  const head = await raw('/api/v1/models', { 'accept-encoding': 'gzip' }, { method: 'HEAD' });
  for (const name of ['content-encoding', 'content-length', 'content-type', 'vary'])
    expect([name, head.headers.get(name)]).toEqual([name, get.headers.get(name)]);
  expect(head.bytes.length).toBe(0);
});

test('figures, which are asked for by POST and change nothing, are compressed by either door', async () => {
  const body = JSON.stringify({
    metrics: ['request_count', 'total_usage', 'tokens_total', 'error_count', 'latency_p50', 'throughput'],
    ...{ dimensions: ['api_key_id', 'outcome'], granularity: 'minute' },
  });
  await Promise.all(Array.from({ length: 8 }, () => askWithNewKey()));
  await owner.session();
  for (const [path, who] of [
    ['/api/v1/analytics/query', asManager()],
    ['/api/dashboard/analytics/query', { ...asOwner(), ...owner.changing() }],
  ] as const) {
    const ask = (coding: string) =>
      raw(
        path,
        { ...who, 'content-type': 'application/json', 'accept-encoding': coding },
        { method: 'POST', body },
      );
    const small = await ask('br');
    expect([path, small.status, small.headers.get('content-encoding')]).toEqual([path, 200, 'br']);
    const plain = await ask('identity');
    expect([path, plain.headers.get('content-encoding')]).toEqual([path, null]);
    const rows = (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString()).data.data;
    expect(rows(brotliDecompressSync(small.bytes))).toEqual(rows(plain.bytes));
    expect(small.bytes.length * 2).toBeLessThan(plain.bytes.length);
  }
});

test('a short answer stays as it is', async () => {
  const { headers } = await raw('/api/v1/credits', { ...asManager(), 'accept-encoding': 'gzip' });
  expect(headers.get('content-encoding')).toBeNull();
});

test('what shows a secret beside a text of somebody’s choice is never compressed', async () => {
  const everything = { 'accept-encoding': 'gzip, br, zstd' };
  const name = 'a'.repeat(250);
  const made = await raw(
    '/api/v1/keys',
    { ...asManager(), ...everything, 'content-type': 'application/json' },
    { method: 'POST', body: JSON.stringify({ name }) },
  );
  expect([made.status, made.headers.get('content-encoding')]).toEqual([201, null]);
  expect(Buffer.from(made.bytes).toString()).toContain('sk-or-v1-');
  const session = await raw('/api/dashboard/session', { ...asOwner(), ...everything });
  expect(session.headers.get('content-encoding')).toBeNull();
  expect(Buffer.from(session.bytes).toString()).toContain('csrf_token');
  await keep(gateway);
  const { id } = await askDoor(gateway, CHAT, 'x'.repeat(4000));
  await contentOf(gateway, id);
  const content = await raw(`/api/v1/generation/content?id=${id}`, { ...asManager(), ...everything });
  expect([content.status, content.headers.get('content-encoding')]).toEqual([200, null]);
});

test('an answer of a model is not compressed, whole or streamed', async () => {
  for (const stream of [false, true]) {
    const { headers, status } = await raw(
      '/api/v1/chat/completions',
      {
        authorization: `Bearer ${gateway.apiKey}`,
        'content-type': 'application/json',
        'accept-encoding': 'gzip, br, zstd',
      },
      { method: 'POST', body: JSON.stringify({ ...CHAT.body('y'.repeat(4000)), stream }) },
    );
    expect([status, headers.get('content-encoding')]).toEqual([200, null]);
  }
});

test('the dashboard’s files come in brotli, in gzip or as they are, each with a tag of its own', async () => {
  const page = Buffer.from((await raw('/')).bytes).toString();
  const script = /src="(\/assets\/main-[^"]+)"/.exec(page)?.[1] ?? '';
  const plain = await raw(script, { 'accept-encoding': 'identity' });
  const br = await raw(script, { 'accept-encoding': 'gzip, deflate, br, zstd' });
  const gzip = await raw(script, { 'accept-encoding': 'gzip' });
  expect([plain, gzip, br].map(({ headers }) => headers.get('content-encoding'))).toEqual([
    null,
    'gzip',
    'br',
  ]);
  expect(new Set([plain, gzip, br].map(({ headers }) => headers.get('etag'))).size).toBe(3);
  expect(br.headers.get('vary')).toMatch(/accept-encoding/i);
  expect(Buffer.from(brotliDecompressSync(br.bytes))).toEqual(Buffer.from(plain.bytes));
  expect(br.bytes.length).toBeLessThan(gzip.bytes.length);
  const known = { 'accept-encoding': 'br', 'if-none-match': `"other", ${br.headers.get('etag')}` };
  expect((await raw(script, known)).status).toBe(304);
  expect((await raw(script, { ...known, 'accept-encoding': 'gzip' })).status).toBe(200);
  const head = await raw(script, { 'accept-encoding': 'br' }, { method: 'HEAD' });
  expect([head.headers.get('content-length'), head.bytes.length]).toEqual([String(br.bytes.length), 0]);
});
