/** Who the app and its end user are: kept, bounded, for the account's own eyes; the provider learns none of it, and prompts are kept nowhere. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROVIDER_KEY, startGateway, type TestGateway } from '../../harness.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway?.stop());
afterEach(() => {
  gateway.provider.clearScripts();
  gateway.provider.clearRequests();
});

type Json = Record<string, unknown>;

async function chat(headers: Record<string, string>, body: Json = {}): Promise<Response> {
  return await fetch(`${gateway.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${gateway.apiKey}`,
      'content-type': 'application/json',
      ...headers,
    },
    body: JSON.stringify({
      model: 'acme/small',
      messages: [{ role: 'user', content: 'Hello!' }],
      ...body,
    }),
  });
}

/** What `GET /generation` says of the request that this answers. */
async function generationOf(answer: Response): Promise<Json> {
  expect(answer.status).toBe(200);
  await answer.text();
  const id = answer.headers.get('x-generation-id');
  const read = await fetch(`${gateway.baseUrl}/generation?id=${id}`, {
    headers: { authorization: `Bearer ${gateway.apiKey}` },
  });
  expect(read.status).toBe(200);
  return ((await read.json()) as { data: Json }).data;
}

const app = { 'http-referer': 'https://your-app.com', 'x-title': 'Your App Name' };

describe('the app', () => {
  test('its address and its title, under the old name and the new, are told with the generation', async () => {
    const old = await generationOf(await chat(app));
    expect(old).toMatchObject({ http_referer: 'https://your-app.com/', app_title: 'Your App Name' });
    const both = { ...app, 'x-openrouter-title': 'The New Name' };
    expect(await generationOf(await chat(both))).toMatchObject({ app_title: 'The New Name' });
  });

  test('the query of its address stays behind, which may hold anything', async () => {
    const headers = { 'http-referer': 'https://user:pass@your-app.com/page?token=secret#part' };
    const { http_referer, origin } = await generationOf(await chat(headers));
    expect([http_referer, origin]).toEqual(['https://your-app.com/page', 'https://your-app.com/page']);
  });

  test('a title is read as UTF-8, freed of control characters, and cut at 256 characters', async () => {
    const bytes = (text: string) => Buffer.from(text).toString('latin1');
    const named = { ...app, 'x-title': bytes('Käse 東京') };
    expect(await generationOf(await chat(named))).toMatchObject({ app_title: 'Käse 東京' });
    const hidden = { ...app, 'x-title': bytes('safe\u202etxt') };
    expect(await generationOf(await chat(hidden))).toMatchObject({ app_title: 'safe txt' });
    const long = { ...app, 'x-title': 'x'.repeat(1000) };
    expect((await generationOf(await chat(long)))['app_title']).toBe('x'.repeat(256));
  });

  test('without an address there is no app, and a local one counts with a title alone', async () => {
    const untracked = { http_referer: null, app_title: null };
    expect(await generationOf(await chat({}))).toMatchObject(untracked);
    expect(await generationOf(await chat({ 'x-title': 'Nobody' }))).toMatchObject(untracked);
    expect(await generationOf(await chat({ 'http-referer': 'http://localhost:3000' }))).toMatchObject(
      untracked,
    );
    const local = { 'http-referer': 'http://localhost:3000', 'x-title': 'Mine' };
    expect(await generationOf(await chat(local))).toMatchObject({ app_title: 'Mine' });
  });

  test('nonsense in these headers refuses no request', async () => {
    const nonsense = {
      'http-referer': 'not a url',
      'x-title': '   ',
      'x-openrouter-categories': ',,;,'.repeat(200),
    };
    expect((await chat(nonsense)).status).toBe(200);
  });

  test('of its categories the first two that are known are kept', async () => {
    const categories = { ...app, 'x-openrouter-categories': 'nonsense, cli-agent,cli-agent ,roleplay,game' };
    const { id } = await generationOf(await chat(categories));
    const row = await gateway.database.db
      .selectFrom('generations')
      .select('app_categories')
      .where('id', '=', String(id))
      .executeTakeFirst();
    expect(row?.app_categories).toBe('cli-agent,roleplay');
  });

  test('a session is told with the generation, the one in the body before the one in the header', async () => {
    const header = { 'x-session-id': 'from the header' };
    expect(await generationOf(await chat(header))).toMatchObject({ session_id: 'from the header' });
    const body = { session_id: 'from the body' };
    expect(await generationOf(await chat(header, body))).toMatchObject(body);
  });
});

describe('the provider', () => {
  test('sees our own user agent and key, and nothing of the app, the session, the cookies or the address', async () => {
    const answer = await chat({
      ...app,
      'x-openrouter-title': 'Title',
      'x-openrouter-categories': 'cli-agent',
      'x-session-id': 'session',
      'x-forwarded-for': '203.0.113.7',
      'user-agent': 'secret-app/1',
      cookie: 'a=b',
      origin: 'https://your-app.com',
    });
    expect(answer.status).toBe(200);
    const [seen] = gateway.provider.requests;
    expect(seen?.identifyingHeaders).toEqual({ 'user-agent': 'turnpike' });
    expect(seen?.authorization).toBe(`Bearer ${PROVIDER_KEY}`);
    const known = ['authorization', 'content-type', 'accept', 'accept-encoding', 'user-agent'];
    const transport = ['host', 'content-length'];
    expect([...(seen?.headerNames ?? [])].sort()).toEqual([...known, ...transport].sort());
  });

  test('never gets the end user, the session, the metadata or the trace of a request', async () => {
    const marks = {
      user: 'mark-user@example.com',
      session_id: 'mark-session',
      metadata: { team: 'mark-metadata' },
      trace: { trace_id: 'mark-trace' },
    };
    for (const stream of [false, true]) await (await chat({}, { ...marks, stream })).text();
    expect(gateway.provider.requests).toHaveLength(2);
    expect(JSON.stringify(gateway.provider.requests)).not.toContain('mark-');
  });
});

describe('prompts and secrets', () => {
  const CANARY = 'canary-7f3a91';

  test('neither stays in the log, the journal or the database, however the request ends', async () => {
    const content = `please keep ${CANARY} to yourself`;
    const message = `cannot answer "${content}"`;
    const ask = (body: Json = {}) => chat({}, { messages: [{ role: 'user', content }], ...body });
    const user = `${CANARY}@example.com`;
    await (await ask({ user, metadata: { note: CANARY } })).text();
    await (await ask({ stream: true, user })).text();
    expect((await ask({ temperature: CANARY })).status).toBe(400);
    for (const status of [400, 401, 402, 403, 429, 500]) {
      const code = [400, 429, 500].includes(status) ? CANARY : 'refused';
      const error = { message, code, metadata: { flagged_input: content }, param: CANARY };
      gateway.provider.script({ behaviour: { status, body: { error } } });
      await (await ask()).text();
      gateway.provider.script({ behaviour: { status, body: `<p>${message}</p>` } });
      await (await ask()).text();
    }
    gateway.provider.script({ behaviour: { garbage: 'html' } });
    await (await ask({ stream: true })).text();
    gateway.provider.script({ behaviour: { status: 200, body: `data: ${message}` } });
    await (await ask()).text();
    gateway.provider.script({ behaviour: { errorAfterChunks: 1, chunkDelayMs: 10 } });
    await (await ask({ stream: true })).text();
    // Reading a generation waits until all of them are in the database.
    await generationOf(await ask());

    const secrets = [CANARY, gateway.apiKey, gateway.managementKey, PROVIDER_KEY];
    const files = filesUnder(gateway.dataDir);
    expect(files.length).toBeGreaterThan(1);
    for (const secret of secrets) {
      expect(gateway.logLines.filter((line) => line.includes(secret))).toEqual([]);
      expect(files.filter((path) => readFileSync(path).includes(secret))).toEqual([]);
    }
  });
});

function filesUnder(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
