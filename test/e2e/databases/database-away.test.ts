/** The database goes away while the gateway runs: every route that needs it says 503 and when to come back, and none fails. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { signUpOwner, Visitor } from '../../accounts.ts';
import { type Engine, engines, makeDoorToPostgres, pooledEngine } from '../../databases.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';
import { until } from '../faults/bench.ts';

interface Cuttable {
  readonly name: string;
  start(): Promise<{ bench: TestGateway; cut(): Promise<void>; mend: (() => Promise<void>) | null }>;
}

const sqlite: Engine = engines[0] as Engine;

const cuttables: readonly Cuttable[] = [
  {
    name: 'SQLite whose thread has ended',
    async start() {
      const bench = await startGateway({ engine: sqlite });
      return { bench, cut: () => bench.database.close(), mend: null };
    },
  },
  {
    name: 'PostgreSQL whose port is closed',
    async start() {
      const door = await makeDoorToPostgres();
      const bench = await startGateway({ engine: pooledEngine(door) });
      return { bench, cut: () => door.close(), mend: () => door.open() };
    },
  },
];

/** What needs no database, or has what it needs in memory. */
const WITHOUT_DATABASE = [
  /^GET \/health\/live$/,
  /^GET \/metrics$/,
  /^GET \/api\/v1\/(?:models|model|embeddings\/models|providers|endpoints|oauth\/jwks)/,
  /^GET \/\.well-known\//,
  /^GET \/assets\//,
  /^GET \/(?!api\/|auth$)/,
  // The key is in memory, and so is what it may spend.
  /^POST \/api\/v1\/(?:chat\/)?completions$/,
];

/** Enough to come past the reading of the body, where a route has one. */
const BODIES: Readonly<Record<string, unknown>> = {
  '/api/v1/chat/completions': { model: 'turnpike/echo', messages: [{ role: 'user', content: 'hi' }] },
  '/api/v1/completions': { model: 'turnpike/echo', prompt: 'hi' },
  '/api/v1/keys': { name: 'x' },
  '/api/v1/keys/:hash': { name: 'x' },
  '/api/dashboard/keys': { name: 'x' },
  '/api/dashboard/keys/:hash': { name: 'x' },
  '/api/v1/auth/keys': { code: 'some-code' },
  '/api/v1/auth/keys/code': { callback_url: 'https://app.example/back' },
  '/api/v1/oauth/token': { code: 'some-code' },
  '/api/auth/sign-in/email': { email: 'olivia@example.com', password: 'correct horse battery' },
  '/api/auth/sign-up/email': {
    ...{ name: 'Nina', email: 'nina@example.com', password: 'correct horse battery' },
    invitation_token: 'x',
  },
  '/api/auth/request-password-reset': { email: 'olivia@example.com' },
};

describe.each(cuttables)('$name', ({ start }) => {
  let bench: TestGateway;
  let mend: (() => Promise<void>) | null;
  let owner: Visitor;
  let hash: string;
  let generationId: string | null;

  beforeAll(async () => {
    const started = await start();
    ({ bench, mend } = started);
    owner = await signUpOwner(bench);
    ({ hash } = await makeKey(bench));
    await bench.gateway.preparePages();
    // The key and what it may spend come into memory.
    const answered = await ask('POST', '/api/v1/chat/completions', bench.apiKey);
    expect(answered.status).toBe(200);
    generationId = answered.headers.get('x-generation-id');
    await started.cut();
  });
  afterAll(async () => {
    await mend?.();
    await bench.stop();
  });

  async function ask(method: string, path: string, key: string) {
    return await fetch(bench.url + targetOf(path), {
      method,
      redirect: 'manual',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(method !== 'GET' && { body: JSON.stringify(BODIES[path] ?? {}) }),
    });
  }

  function targetOf(path: string): string {
    const target = path.replace(':hash', hash).replace(/:\w+/g, 'unknown').replace('*', 'x');
    return path === '/api/v1/generation' ? `${target}?id=${generationId}` : target;
  }

  function keyFor(access: string): string {
    return access === 'managementKey' ? bench.managementKey : bench.apiKey;
  }

  test('every route of the list answers 503 with Retry-After, or does without', async () => {
    const wrong: string[] = [];
    const unavailable: string[] = [];
    for (const route of bench.gateway.routes) {
      const { method, path, access } = route;
      const name = `${method} ${path}`;
      const isForPages = access === 'browser' || access === 'session' || access === 'sessionForm';
      const { status, headers } = isForPages
        ? await owner.send(method, targetOf(path), BODIES[path])
        : await ask(method, path, keyFor(access));
      if (status === 503) {
        unavailable.push(name);
        if (headers.get('retry-after') === null) wrong.push(`${name}: 503 without Retry-After`);
      } else if (status >= 500)
        wrong.push(
          `${name}: ${status} ${bench.logLines.findLast((line) => line.includes('request_failed'))}`,
        );
      else if (
        status < 400 &&
        (access === 'session' || access === 'managementKey') &&
        !WITHOUT_DATABASE.some((known) => known.test(name))
      )
        wrong.push(`${name}: ${status} without its database`);
    }
    expect(wrong).toEqual([]);
    for (const name of [
      'GET /api/v1/key',
      'GET /api/v1/keys',
      'POST /api/v1/keys',
      'PATCH /api/v1/keys/:hash',
      'GET /api/v1/credits',
      'GET /api/v1/generation',
      'POST /api/v1/auth/keys',
      'GET /api/dashboard/session',
      'GET /api/dashboard/keys',
      'GET /api/dashboard/members',
      'POST /api/auth/sign-in/email',
      'GET /health/ready',
    ])
      expect(unavailable).toContain(name);
  }, 240_000);

  test('the envelope and standard clients alike are told that it is for a while', async () => {
    const plain = await ask('GET', '/api/v1/key', bench.apiKey);
    expect(await plain.json()).toMatchObject({
      error: { code: 503, metadata: { error_code: 'unavailable' } },
    });
    const token = await fetch(`${bench.baseUrl}/oauth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'grant_type=authorization_code&client_id=https://app.example/&code=x&redirect_uri=https://app.example/back&code_verifier=x',
    });
    expect(token.status).toBe(503);
    expect(token.headers.get('retry-after')).not.toBeNull();
    expect(await token.json()).toMatchObject({ error: 'temporarily_unavailable' });
  });

  test('an unknown key is refused for a while, never as wrong', async () => {
    const stranger = await ask('GET', '/api/v1/key', `${bench.apiKey.slice(0, -1)}${'x'}`);
    expect(stranger.status).toBe(401);
    const { key } = await import('../../../src/auth/key-secret.ts').then(({ newKeySecret }) =>
      newKeySecret(),
    );
    expect((await ask('GET', '/api/v1/key', key)).status).toBe(503);
  });

  test('all is well again once it is back', async () => {
    if (mend === null) {
      // A thread that has ended is the end of the process, which its supervisor starts again.
      expect((await ask('GET', '/health/live', '')).status).toBe(200);
      return;
    }
    await mend();
    const visitor = new Visitor(bench.url);
    expect(await until(async () => (await ask('GET', '/api/v1/key', bench.apiKey)).status === 200)).toBe(
      true,
    );
    const signedIn = await visitor.signIn({ email: 'olivia@example.com', password: 'correct horse battery' });
    expect(signedIn.status).toBe(200);
  });
});
