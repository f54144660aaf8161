import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OpenRouter } from '@openrouter/sdk';
import { engines } from '../../test/databases.ts';
import { makeKey, startGateway, type TestGateway } from '../../test/harness.ts';
import { buildGateway } from '../app.ts';
import { hashOf, newKeySecret } from '../auth/key-secret.ts';
import { isoFromMs, ManualClock } from '../clock.ts';
import { addKey } from '../keys/create-key.ts';
import { newKeyRow, parseNewKey } from '../keys/keys.ts';
import { insertAccount, insertWorkspace } from '../keys/tenant-store.ts';
import { createLogger } from '../log.ts';
import { openDatabase } from '../storage/database.ts';
import { forgetOldCodes } from './codes.ts';

const START_MS = Date.parse('2026-11-20T12:00:00.000Z');
const MINUTE_MS = 60_000;
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
const S256 = { code_challenge: CHALLENGE, code_challenge_method: 'S256' };
const CALLBACK = 'http://localhost:3000/cb';
const INVALID = 'Invalid code or code_verifier';

interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: whatever was answered
  readonly json: any;
  readonly headers: Headers;
}

async function post(
  { baseUrl }: { baseUrl: string },
  path: string,
  body: unknown,
  key?: string,
): Promise<Answer> {
  const response = await fetch(`${baseUrl}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, json: await response.json(), headers: response.headers };
}

for (const engine of engines) {
  describe(`authorization codes on ${engine.name}`, () => {
    const clock = new ManualClock(START_MS);
    let gateway: TestGateway;
    beforeAll(async () => {
      gateway = await startGateway({ engine: engine.name, clock });
    });
    afterAll(() => gateway?.stop());

    const ask = (body: object, key = gateway.apiKey) =>
      post(gateway, '/auth/keys/code', { callback_url: CALLBACK, ...body }, key);
    const codeOf = async (body: object = S256, key = gateway.apiKey): Promise<string> => {
      const answer = await ask(body, key);
      expect(answer).toMatchObject({ status: 200 });
      return answer.json.data.id;
    };
    const exchange = (body: unknown, key?: string) => post(gateway, '/auth/keys', body, key);
    const keyOf = async (body: object, by = gateway.apiKey) => {
      const answer = await exchange({ code: await codeOf(body, by) });
      expect(answer).toMatchObject({ status: 200 });
      return await rowOf(answer.json.key);
    };
    const rowOf = (key: string) =>
      gateway.database.db
        .selectFrom('api_key')
        .selectAll()
        .where('hash', '=', hashOf(key))
        .executeTakeFirstOrThrow();
    const statusWith = async (key: string): Promise<number> =>
      (await fetch(`${gateway.baseUrl}/key`, { headers: { authorization: `Bearer ${key}` } })).status;
    const refusal = (status: number, message: string) => ({
      status,
      json: { error: { code: status, message } },
    });
    const keyCount = async () =>
      (await gateway.database.db.selectFrom('api_key').select('hash').execute()).length;

    test('the example of RFC 7636 is exchanged for a key of the asked name, limit, reset and expiry', async () => {
      const made = await ask({
        ...S256,
        ...{ key_label: 'My Custom Key', limit: 12.5, usage_limit_type: 'monthly' },
        ...{ expires_at: '2027-12-31T23:59:59Z', spawn_agent: 'a', spawn_cloud: 'b' },
      });
      expect(made.status).toBe(200);
      expect(made.headers.get('cache-control')).toBe('no-store');
      expect(made.json).toEqual({
        data: {
          id: expect.stringMatching(/^auth_code_[0-9a-f]{64}$/),
          app_id: expect.any(Number),
          created_at: isoFromMs(clock.nowMs()),
        },
      });
      const { id } = made.json.data;
      const answer = await exchange({ code: id, code_verifier: VERIFIER, code_challenge_method: 'S256' });
      expect(answer.status).toBe(200);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.headers.get('access-control-allow-origin')).toBe('*');
      expect(answer.json).toEqual({ key: expect.stringMatching(/^sk-or-v1-/), user_id: null });
      const creator = await rowOf(gateway.apiKey);
      expect(await rowOf(answer.json.key)).toMatchObject({
        name: 'My Custom Key',
        kind: 'api',
        account_id: creator.account_id,
        workspace_id: creator.workspace_id,
        limit_nano_usd: 12_500_000_000n,
        limit_reset: 'monthly',
        expires_at_ms: Date.parse('2027-12-31T23:59:59Z'),
      });
      expect(await statusWith(answer.json.key)).toBe(200);
    });

    test('neither the code nor the key is stored or logged in the clear', async () => {
      const code = await codeOf();
      const { json } = await exchange({ code, code_verifier: VERIFIER });
      const rows = JSON.stringify(
        await gateway.database.db.selectFrom('oauth_code').select(['code_hash', 'minted_key_hash']).execute(),
      );
      for (const secret of [code, json.key]) {
        expect(rows).not.toContain(secret);
        expect(gateway.logLines.join('\n')).not.toContain(secret);
      }
      expect(rows).toContain(hashOf(code));
      expect(gateway.logLines.join('\n')).not.toContain(VERIFIER);
    });

    test('a code asked for without a challenge is exchanged alone, for a key named after the app', async () => {
      const row = await keyOf({});
      expect(row).toMatchObject({ name: 'localhost:3000', limit_nano_usd: null, expires_at_ms: null });
      expect(await keyOf({ callback_url: 'https://myapp.com/cb' })).toMatchObject({ name: 'myapp.com' });
      expect(await keyOf({ limit: 0, usage_limit_type: 'daily' })).toMatchObject({
        limit_nano_usd: 0n,
        limit_reset: 'daily',
      });
      expect(await keyOf({ usage_limit_type: 'weekly' })).toMatchObject({
        limit_nano_usd: null,
        limit_reset: 'weekly',
      });
    });

    test('a challenge without a method is plain, and the method may be left out or null', async () => {
      const plain = await codeOf({ code_challenge: 'short' });
      expect(await exchange({ code: plain, code_verifier: 'short' })).toMatchObject({ status: 200 });
      const nulled = { code: await codeOf(), code_verifier: VERIFIER, code_challenge_method: null };
      expect(await exchange(nulled)).toMatchObject({ status: 200 });
    });

    test('whatever Authorization header comes along is ignored', async () => {
      const strangers = [gateway.managementKey, newKeySecret().key, 'nonsense', 'a,b'];
      for (const key of strangers) {
        const answer = await exchange({ code: await codeOf({}) }, key);
        expect(answer).toMatchObject({ status: 200 });
        expect((await rowOf(answer.json.key)).kind).toBe('api');
      }
    });

    test('a browser of another origin may exchange, and GET is told to POST', async () => {
      const preflight = await fetch(`${gateway.baseUrl}/auth/keys`, {
        method: 'OPTIONS',
        headers: { origin: 'https://myapp.com', 'access-control-request-method': 'POST' },
      });
      expect(preflight.status).toBe(204);
      expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
      expect(preflight.headers.get('access-control-allow-methods')).toContain('POST');
      const got = await fetch(`${gateway.baseUrl}/auth/keys`);
      expect(got.status).toBe(405);
      expect(got.headers.get('allow')).toContain('POST');
      expect(got.headers.get('allow')).not.toContain('GET');
      expect(await got.json()).toMatchObject({ error: { code: 405, message: 'Method not allowed' } });
    });

    test('only an API key can ask for a code', async () => {
      expect((await ask({}, gateway.managementKey)).status).toBe(403);
      expect((await ask({}, newKeySecret().key)).status).toBe(401);
      expect((await post(gateway, '/auth/keys/code', { callback_url: CALLBACK })).status).toBe(401);
    });

    test.each([
      ['callback_url', { callback_url: undefined }],
      ['callback_url', { callback_url: null }],
      ['callback_url', { callback_url: 'http://evil' }],
      ['callback_url', { callback_url: 'https://x/cb#part' }],
      ['code_challenge', { code_challenge: '' }],
      ['code_challenge', { code_challenge: 5 }],
      ['code_challenge', { code_challenge_method: 'S256' }],
      ['code_challenge_method', { code_challenge: 'x', code_challenge_method: 's256' }],
      ['code_challenge_method', { code_challenge: 'x', code_challenge_method: null }],
      ['key_label', { key_label: 'x'.repeat(101) }],
      ['key_label', { key_label: '' }],
      ['limit', { limit: -1 }],
      ['limit', { limit: '5' }],
      ['limit', { limit: null }],
      ['usage_limit_type', { usage_limit_type: 'yearly' }],
      ['usage_limit_type', { usage_limit_type: null }],
      ['expires_at', { expires_at: '2027-12-31T23:59Z' }],
      ['expires_at', { expires_at: '2020-12-31T23:59:59Z' }],
      ['workspace_id', { workspace_id: 'default' }],
    ])('a wrong %s is a 400 that names it: %j', async (field, body) => {
      const answer = await ask(body);
      expect(answer.status).toBe(400);
      expect(answer.json.error.message).toContain(field);
    });

    test('a label of 100 characters is taken', async () => {
      expect((await keyOf({ key_label: 'x'.repeat(100) })).name).toHaveLength(100);
    });

    test.each([
      ['{"code_verifier": "x"}', 'Invalid request parameters: code: must be a string'],
      ['{"code": ""}', 'Invalid request parameters: code: must not be empty'],
      ['{"code": null}', 'Invalid request parameters: code: must be a string'],
      ['{"code": "x", "code_verifier": 5}', 'Invalid request parameters: code_verifier: must be a string'],
      ['[]', 'Invalid request parameters: The request body must be a JSON object'],
      ['{"code": "x", "code_challenge_method": "s256"}', 'Invalid code_challenge_method'],
      ['{"code": "x", "code_challenge_method": 5}', 'Invalid code_challenge_method'],
    ])('the exchange %s is a 400', async (body, message) => {
      expect(await exchange(body)).toMatchObject(refusal(400, message));
    });

    test('a body that is no JSON is a 400', async () => {
      expect(await exchange('{"code":')).toMatchObject({ status: 400 });
    });

    test('an unknown code is a 403', async () => {
      for (const code of ['x', `auth_code_${'0'.repeat(64)}`]) {
        expect(await exchange({ code })).toMatchObject(refusal(403, INVALID));
      }
    });

    test('another method than that of the challenge is a 400, and uses nothing up', async () => {
      const code = await codeOf();
      for (let times = 0; times < 6; times++) {
        const wrong = { code, code_verifier: CHALLENGE, code_challenge_method: 'plain' };
        expect(await exchange(wrong)).toMatchObject(refusal(400, 'Invalid code_challenge_method'));
      }
      // Left out, the stored method counts: the challenge does not prove itself.
      expect(await exchange({ code, code_verifier: CHALLENGE })).toMatchObject(refusal(403, INVALID));
      expect(await exchange({ code, code_verifier: VERIFIER })).toMatchObject({ status: 200 });
      const plain = await codeOf({ code_challenge: 'x', code_challenge_method: 'plain' });
      expect(
        await exchange({ code: plain, code_verifier: 'x', code_challenge_method: 'S256' }),
      ).toMatchObject(refusal(400, 'Invalid code_challenge_method'));
    });

    test('a challenge cannot be passed by leaving the verifier out', async () => {
      const code = await codeOf();
      expect(await exchange({ code })).toMatchObject(refusal(403, INVALID));
      expect(await exchange({ code, code_challenge_method: 'S256' })).toMatchObject(refusal(403, INVALID));
    });

    test('a verifier for a code without a challenge is a 403, for its challenge was taken away', async () => {
      const code = await codeOf({});
      const withVerifier = { code, code_verifier: VERIFIER };
      expect(await exchange(withVerifier)).toMatchObject(refusal(403, INVALID));
      expect(await exchange({ ...withVerifier, code_challenge_method: 'S256' })).toMatchObject(
        refusal(403, INVALID),
      );
      expect(await exchange({ code, code_challenge_method: 'S256' })).toMatchObject(
        refusal(400, 'Invalid code_challenge_method'),
      );
      expect(await exchange({ code })).toMatchObject({ status: 200 });
    });

    test('four wrong verifiers leave a code usable, five burn it', async () => {
      for (const [wrong, status] of [
        [4, 200],
        [5, 403],
      ] as const) {
        const code = await codeOf();
        const before = await keyCount();
        for (let times = 0; times < wrong; times++) {
          expect(await exchange({ code, code_verifier: `${VERIFIER}x` })).toMatchObject(
            refusal(403, INVALID),
          );
        }
        expect((await exchange({ code, code_verifier: VERIFIER })).status).toBe(status);
        expect(await keyCount()).toBe(before + (status === 200 ? 1 : 0));
      }
    });

    test("the code of one app is nothing to another without that app's verifier", async () => {
      const code = await codeOf({ ...S256, callback_url: 'https://a.example/cb' });
      expect(await exchange({ code, code_verifier: 'verifier-of-app-b' })).toMatchObject(
        refusal(403, INVALID),
      );
      expect(await exchange({ code, code_verifier: VERIFIER })).toMatchObject({ status: 200 });
    });

    test('a replay with a wrong verifier is only refused, with the right one it revokes the key', async () => {
      const code = await codeOf();
      const { key } = (await exchange({ code, code_verifier: VERIFIER })).json;
      expect(await exchange({ code, code_verifier: 'guess' })).toMatchObject(refusal(403, INVALID));
      expect(await exchange({ code })).toMatchObject(refusal(403, INVALID));
      expect(await statusWith(key)).toBe(200);
      expect(await exchange({ code, code_verifier: VERIFIER })).toMatchObject(refusal(403, INVALID));
      expect(await statusWith(key)).toBe(401);
      expect(gateway.logLines.some((line) => line.includes('oauth_code_replayed'))).toBe(true);
      expect(await exchange({ code, code_verifier: VERIFIER })).toMatchObject(refusal(403, INVALID));
    });

    test('a replay without any challenge is refused and takes no key away', async () => {
      const code = await codeOf({});
      const { key } = (await exchange({ code })).json;
      expect(await exchange({ code })).toMatchObject(refusal(403, INVALID));
      expect(await statusWith(key)).toBe(200);
    });

    test('a code lives ten minutes to the millisecond', async () => {
      const last = await codeOf();
      const late = await codeOf();
      clock.advance(10 * MINUTE_MS - 1);
      expect(await exchange({ code: last, code_verifier: VERIFIER })).toMatchObject({ status: 200 });
      clock.advance(2);
      expect(await exchange({ code: late, code_verifier: VERIFIER })).toMatchObject(
        refusal(403, 'Authorization code expired'),
      );
    });

    test('an app has one number, however many ask at once', async () => {
      const askFor = async (callback_url: string): Promise<number> => {
        const { json } = await ask({ callback_url });
        return json.data.app_id;
      };
      const urls = Array.from({ length: 12 }, (_, i) => `https://${i % 2}.example.org/path/${i}`);
      const ids = await Promise.all(urls.map(askFor));
      expect(new Set(ids.filter((_, i) => i % 2 === 0)).size).toBe(1);
      expect(new Set(ids.filter((_, i) => i % 2 === 1)).size).toBe(1);
      expect(new Set(ids).size).toBe(2);
      expect(ids.every((id) => Number.isInteger(id) && id > 0)).toBe(true);
    });

    test('a key with a limit authorises nothing', async () => {
      const { key } = await makeKey(gateway, { limit: 10 });
      expect((await ask({ limit: 1 }, key)).status).toBe(403);
    });

    test('a key passes on no more than it has', async () => {
      const expires_at = isoFromMs(clock.nowMs() + 60 * MINUTE_MS);
      const { key } = await makeKey(gateway, { expires_at });
      const beyond = [
        { expires_at: isoFromMs(clock.nowMs() + 61 * MINUTE_MS) },
        { workspace_id: crypto.randomUUID() },
      ];
      for (const body of beyond) {
        const answer = await ask(body, key);
        expect(answer.status).toBe(403);
        expect(answer.json.error.message).toContain(Object.keys(body).at(-1) ?? '');
      }
      expect(await keyOf({}, key)).toMatchObject({ expires_at_ms: Date.parse(expires_at) });
      const { workspace_id } = await rowOf(key);
      expect(await keyOf({ workspace_id: workspace_id?.toUpperCase() }, key)).toMatchObject({ workspace_id });
    });

    test('what the key lost before the exchange is not passed on any more', async () => {
      const change = (hash: string, method: string, body?: object) =>
        fetch(`${gateway.baseUrl}/keys/${hash}`, {
          method,
          headers: { authorization: `Bearer ${gateway.managementKey}`, 'content-type': 'application/json' },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        });
      const demoted = await makeKey(gateway);
      const code = await codeOf({ limit: 8 }, demoted.key);
      await change(demoted.hash, 'PATCH', { limit: 3 });
      expect((await exchange({ code })).status).toBe(403);

      const disabled = await makeKey(gateway);
      const held = await codeOf({}, disabled.key);
      await change(disabled.hash, 'PATCH', { disabled: true });
      expect(await exchange({ code: held })).toMatchObject(refusal(403, INVALID));
      await change(disabled.hash, 'PATCH', { disabled: false });
      expect(await exchange({ code: held })).toMatchObject({ status: 200 });

      const deleted = await makeKey(gateway);
      const orphan = await codeOf({}, deleted.key);
      await change(deleted.hash, 'DELETE');
      expect(await exchange({ code: orphan })).toMatchObject(refusal(403, INVALID));

      const short = await makeKey(gateway, { expires_at: isoFromMs(clock.nowMs() + MINUTE_MS) });
      const stale = await codeOf({}, short.key);
      clock.advance(MINUTE_MS);
      expect(await exchange({ code: stale })).toMatchObject(refusal(403, INVALID));
    });

    test("one account's key cannot reach into another, and its codes are its own whoever exchanges them", async () => {
      const foreign = newKeySecret();
      const workspaceId = crypto.randomUUID();
      const nowMs = clock.nowMs();
      await gateway.database.transaction(async (trx) => {
        await insertAccount(trx, { id: 'other', kind: 'personal', name: 'Other', created_at_ms: nowMs });
        const place = { account_id: 'other', name: 'W', slug: 'w', is_default: 1 } as const;
        await insertWorkspace(trx, { id: workspaceId, ...place, created_at_ms: nowMs });
        const key = parseNewKey({ name: 'Foreign' }, nowMs);
        const whose = { accountId: 'other', workspaceId, creatorUserId: 'u', nowMs };
        await addKey(trx, newKeyRow({ secret: foreign, key, kind: 'api', ...whose }));
      });
      const intoOther = await ask({ workspace_id: workspaceId });
      const intoNothing = await ask({ workspace_id: crypto.randomUUID() });
      expect(intoOther.status).toBe(403);
      expect(intoOther.json).toEqual(intoNothing.json);

      const ofOther = await codeOf({}, foreign.key);
      const answer = await exchange({ code: ofOther }, gateway.apiKey);
      expect(answer.json.user_id).toBe('u');
      expect(await rowOf(answer.json.key)).toMatchObject({
        account_id: 'other',
        workspace_id: workspaceId,
        creator_user_id: 'u',
      });
    });

    test('the official client walks the whole way and then chats', async () => {
      const client = new OpenRouter({ apiKey: gateway.apiKey, serverURL: gateway.baseUrl });
      const { codeChallenge, codeVerifier } = await client.oAuth.createSHA256CodeChallenge();
      const url = new URL(
        await client.oAuth.createAuthorizationUrl({
          callbackUrl: CALLBACK,
          codeChallenge,
          codeChallengeMethod: 'S256',
          limit: 5,
        }),
      );
      expect(`${url.origin}${url.pathname}`).toBe(`${gateway.url}/auth`);
      const made = await client.oAuth.createAuthCode({
        requestBody: {
          callbackUrl: CALLBACK,
          codeChallenge,
          codeChallengeMethod: 'S256',
          limit: 5,
          usageLimitType: 'daily',
          expiresAt: new Date(clock.nowMs() + 60 * MINUTE_MS),
        },
      });
      for (const app of [client, new OpenRouter({ serverURL: gateway.baseUrl })]) {
        const code = app === client ? made.data.id : await codeOf(S256);
        const minted = await app.oAuth.exchangeAuthCodeForAPIKey({
          requestBody: {
            code,
            codeVerifier: app === client ? codeVerifier : VERIFIER,
            codeChallengeMethod: 'S256',
          },
        });
        const user = new OpenRouter({ apiKey: minted.key, serverURL: gateway.baseUrl });
        const chatRequest = {
          model: 'acme/small',
          messages: [{ role: 'user' as const, content: 'Hello there' }],
        };
        const result = await user.chat.send({ chatRequest });
        expect(result).toMatchObject({ choices: [{ message: { content: 'Hello there' } }] });
      }
    });

    test('codes are forgotten after a day, and their keys stay', async () => {
      const { database } = gateway;
      const code = await codeOf();
      const { key } = (await exchange({ code, code_verifier: VERIFIER })).json;
      const isKept = async (): Promise<boolean> => {
        await forgetOldCodes({ database, clock });
        const rows = await database.db.selectFrom('oauth_code').select('code_hash').execute();
        return rows.some((row) => row.code_hash === hashOf(code));
      };
      clock.advance(24 * 60 * MINUTE_MS - 1);
      expect(await isKept()).toBe(true);
      clock.advance(1);
      expect(await isKept()).toBe(false);
      expect(await exchange({ code, code_verifier: VERIFIER })).toMatchObject(refusal(403, INVALID));
      expect(await statusWith(key)).toBe(200);
    });

    test('a code outlives a restart, to the same millisecond', async () => {
      const [before, after] = [await codeOf(), await codeOf()];
      await using again = await startNode(gateway, clock);
      clock.advance(10 * MINUTE_MS - 1);
      const ask = { code_verifier: VERIFIER };
      expect(await post(again, '/auth/keys', { code: before, ...ask })).toMatchObject({ status: 200 });
      clock.advance(2);
      expect(await post(again, '/auth/keys', { code: after, ...ask })).toMatchObject(
        refusal(403, 'Authorization code expired'),
      );
    });
  });
}

/** One more gateway on the same database, with memory and a journal of its own. */
async function startNode(first: TestGateway, clock: ManualClock) {
  const dataDir = mkdtempSync(join(tmpdir(), 'turnpike-test-'));
  const isShared = first.config.databaseUrl !== null;
  const database = isShared
    ? await openDatabase({ databaseUrl: first.config.databaseUrl, dataDir })
    : first.database;
  const logger = createLogger({ level: 'error', write: () => {}, clock });
  const gateway = await buildGateway({
    idleTimeoutSeconds: 15,
    config: { ...first.config, dataDir },
    ...{ database, clock, logger, nodeId: crypto.randomUUID(), onJournalFailure: () => {} },
  });
  const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: gateway.fetch });
  return {
    baseUrl: `http://127.0.0.1:${server.port}/api/v1`,
    async [Symbol.asyncDispose]() {
      await server.stop(true);
      await gateway.close();
      if (isShared) await database.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

test('fifty exchanges of one code at two nodes of one PostgreSQL make exactly one key', async () => {
  const clock = new ManualClock(START_MS);
  await using first = await startGateway({ engine: 'postgres', clock });
  await using second = await startNode(first, clock);
  const { db } = first.database;
  for (const [challenge, proof] of [
    [S256, { code_verifier: VERIFIER }],
    [{}, {}],
  ]) {
    const before = (await db.selectFrom('api_key').select('hash').execute()).length;
    const made = await post(first, '/auth/keys/code', { callback_url: CALLBACK, ...challenge }, first.apiKey);
    const body = { code: made.json.data.id, ...proof };
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => post(i % 2 === 0 ? first : second, '/auth/keys', body)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 403)).toHaveLength(49);
    expect(await db.selectFrom('api_key').select('hash').execute()).toHaveLength(before + 1);
  }
});
