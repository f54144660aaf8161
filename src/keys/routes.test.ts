import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { CreateKeysResponse$inboundSchema } from '@openrouter/sdk/models/operations/createkeys.js';
import { DeleteKeysResponse$inboundSchema } from '@openrouter/sdk/models/operations/deletekeys.js';
import { GetCurrentKeyResponse$inboundSchema } from '@openrouter/sdk/models/operations/getcurrentkey.js';
import { GetKeyResponse$inboundSchema } from '@openrouter/sdk/models/operations/getkey.js';
import { ListResponse$inboundSchema } from '@openrouter/sdk/models/operations/list.js';
import { UpdateKeysResponse$inboundSchema } from '@openrouter/sdk/models/operations/updatekeys.js';
import { noAccessTokens } from '../../test/access-tokens.ts';
import { engines, type TestDatabase } from '../../test/databases.ts';
import { withoutPages } from '../../test/sessions.ts';
import { createAuthenticator } from '../auth/authenticate.ts';
import { KeyCache } from '../auth/key-cache.ts';
import { newKeySecret } from '../auth/key-secret.ts';
import { ManualClock } from '../clock.ts';
import { readJson } from '../http/body.ts';
import { mountRoutes } from '../http/mount.ts';
import { createLogger } from '../log.ts';
import { ChangeFeed } from '../storage/changes.ts';
import { insertAccount, insertWorkspace } from '../tenancy/store.ts';
import { ensureInstance } from './bootstrap.ts';
import { addKey } from './create-key.ts';
import { newKeyRow, parseNewKey } from './keys.ts';
import { principalReader } from './principal-reader.ts';
import { keyRoutes } from './routes.ts';
import { type KeyUsage, NO_USAGE } from './usage.ts';

const START_MS = Date.parse('2026-11-20T12:00:00.000Z');
const DAY_MS = 86_400_000;
const OTHER_WORKSPACE = '00000000-0000-7000-8000-00000000000b';

/** The key routes behind their gates, on a database with two accounts. */
async function start(opened: TestDatabase) {
  const { database } = opened;
  const clock = new ManualClock(START_MS);
  const management = newKeySecret();
  const instance = await ensureInstance({ database, clock, bootstrapManagementKey: management.key });
  const foreign = newKeySecret();
  await database.transaction(async (trx) => {
    await insertAccount(trx, { id: 'other', kind: 'personal', name: 'Other', created_at_ms: START_MS });
    const place = {
      account_id: 'other',
      name: 'W',
      slug: 'w',
      is_default: 1,
      created_at_ms: START_MS,
    } as const;
    await insertWorkspace(trx, { id: OTHER_WORKSPACE, ...place });
    const key = parseNewKey({ name: 'Foreign' }, START_MS);
    const whose = { accountId: 'other', workspaceId: OTHER_WORKSPACE, creatorUserId: 'u', nowMs: START_MS };
    await addKey(trx, newKeyRow({ secret: foreign, key, kind: 'api', ...whose }));
  });
  const feed = new ChangeFeed({ database, clock, pollMs: 60_000 });
  const cache = new KeyCache({
    read: principalReader(database.db),
    clock,
    feedReadAtMs: () => feed.lastReadAtMs,
  });
  feed.subscribe('api_key', (hash) => cache.invalidate(hash));
  await feed.start();
  const usage = new Map<string, KeyUsage>();
  const routes = keyRoutes({
    database,
    clock,
    masterKey: new Uint8Array(32).fill(7),
    dataRegion: 'global',
    chatModelId: (id) => (id === 'acme/small' ? id : null),
    readJson: (request) => readJson(request, 1_000_000),
    usage: { ofKeys: async () => usage },
    budgets: { layersOf: async () => [] },
    freeRequests: { ofAccount: () => ({ limit: 50, used: 51 }) },
    account: {
      hasPurchasedCredits: async () => false,
      isMember: async (_, user) => user === 'member',
      staysMember: async (_, __, user) => (user === 'member' ? 'member' : undefined),
    },
    changed: async (hash) => {
      cache.invalidate(hash);
      await feed.poll();
    },
  });
  const logger = createLogger({ level: 'error', write: () => {}, clock });
  const authenticate = createAuthenticator({ cache, clock, accessTokens: noAccessTokens });
  const handler = mountRoutes({ clientIdleSeconds: 15, routes, authenticate, logger, ...withoutPages });
  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const init = {
      method,
      headers: { authorization: `Bearer ${management.key}`, 'content-type': 'application/json', ...headers },
      ...(text !== undefined && { body: text }),
    };
    // Changes say where they come from; no key route asks the server for anything else, and no connection is there to be kept open.
    const server = { requestIP: () => ({ address: '127.0.0.1' }), timeout() {} } as unknown as Parameters<
      typeof handler
    >[1];
    const response = await handler(new Request(`http://localhost/api/v1${path}`, init), server);
    const answer = await response.text();
    const json = JSON.parse(answer);
    return {
      status: response.status,
      text: answer,
      json,
      headers: response.headers,
    };
  };
  const make = async (body: Record<string, unknown> = {}) => {
    const made = await call('POST', '/keys', { name: 'Made', ...body });
    expect(made.status).toBe(201);
    return { key: made.json.key as string, hash: made.json.data.hash as string, data: made.json.data };
  };
  const asKey = (key: string) => ({ authorization: `Bearer ${key}` });
  const rows = () => database.db.selectFrom('api_key').selectAll().orderBy('hash').execute();
  const dispose = async () => {
    await feed.stop();
    await opened.dispose();
  };
  return {
    ...opened,
    dispose,
    instance,
    clock,
    management,
    foreign,
    usage,
    call,
    make,
    asKey,
    rows,
    cache,
    authenticate,
  };
}

for (const engine of engines) {
  describe(`keys on ${engine.name}`, () => {
    let app: Awaited<ReturnType<typeof start>>;
    beforeAll(async () => {
      app = await start(await engine.open());
    });
    afterAll(() => app.dispose());

    test('a new key is shown once and stored as its hash alone', async () => {
      const made = await app.call('POST', '/keys', {
        name: 'First',
        limit: 0.1 + 0.2,
        limit_reset: 'weekly',
      });
      expect(made.status).toBe(201);
      expect(made.headers.get('cache-control')).toBe('no-store');
      const { key, data } = made.json;
      expect(data.key).toBe(key);
      expect(data.label).toBe(`${key.slice(0, 12)}...${key.slice(-3)}`);
      expect(data.hash).toBe(new Bun.CryptoHasher('sha256').update(key).digest('hex'));
      const one = await app.call('GET', `/keys/${data.hash}`);
      const list = await app.call('GET', '/keys');
      const own = await app.call('GET', '/key', undefined, app.asKey(key));
      const patched = await app.call('PATCH', `/keys/${data.hash}`, {});
      for (const answer of [one, list, own, patched]) {
        expect(answer.status).toBe(200);
        expect(answer.text).not.toContain(key);
      }
      const stored = await app.rows();
      expect(stored.find((row) => row.hash === data.hash)?.limit_nano_usd).toBe(300_000_000n);
      const dump = JSON.stringify(stored, (_, value) => (typeof value === 'bigint' ? String(value) : value));
      expect(dump).not.toContain(key.slice(9));
    });

    test('the official SDK parses every answer, and the key object has its 23 fields and ours', async () => {
      const body = {
        name: 'SDK',
        limit: 75,
        expires_at: '2027-12-31T23:59:59.000Z',
        external: { user: ' u ' },
      };
      const made = await app.call('POST', '/keys/', body);
      CreateKeysResponse$inboundSchema.parse(made.json);
      const path = `/keys/${made.json.data.hash}`;
      const spent = { ...NO_USAGE, total: 25_500_000_000n, byokTotal: 1_000_000_000n };
      app.usage.set(made.json.data.hash, spent);
      const one = await app.call('GET', path);
      GetKeyResponse$inboundSchema.parse(one.json);
      expect(Object.keys(one.json.data)).toHaveLength(27);
      expect(one.json.data).toMatchObject({
        limit: 75,
        limit_remaining: 49.5,
        usage: 25.5,
        external_user: 'u',
      });
      expect(one.json.data).toMatchObject({ updated_at: null, expires_at: '2027-12-31T23:59:59.000Z' });
      ListResponse$inboundSchema.parse((await app.call('GET', '/keys?offset=0&include_disabled=true')).json);
      const patched = await app.call('PATCH', path, { include_byok_in_limit: true });
      UpdateKeysResponse$inboundSchema.parse(patched.json);
      expect(patched.json.data).toMatchObject({
        limit_remaining: 48.5,
        updated_at: '2026-11-20T12:00:00.000Z',
      });
      const reset = await app.call('PATCH', path, { limit_reset: 'daily' });
      expect(reset.json.data.limit_remaining).toBe(75);
      for (const [own, key] of [
        ['/key', made.json.key],
        ['/auth/key', app.management.key],
      ]) {
        const answer = await app.call('GET', own, undefined, app.asKey(key));
        GetCurrentKeyResponse$inboundSchema.parse(answer.json);
        const isManagement = own === '/auth/key';
        expect(answer.json.data).toMatchObject({
          is_management_key: isManagement,
          is_provisioning_key: isManagement,
          is_free_tier: true,
          organization_id: app.instance.accountId,
          workspace_id: isManagement ? null : app.instance.workspaceId,
          free_model_daily_requests: { limit: 50, remaining: 0, used: 51 },
          rate_limit: { requests: -1, interval: '10s' },
        });
      }
      const deleted = await app.call('DELETE', path);
      DeleteKeysResponse$inboundSchema.parse(deleted.json);
      expect([deleted.status, deleted.json]).toEqual([200, { deleted: true }]);
    });

    test('a body that says nothing usable is 400, names the field, and makes no key', async () => {
      const before = await app.rows();
      const wrong: [unknown, string][] = [
        [[], 'The request body'],
        [{}, 'name'],
        [{ name: '' }, 'name'],
        [{ name: 5 }, 'name'],
        [{ name: '', label: 'good' }, 'name'],
        [{ name: 'a\0b' }, 'name'],
        ...[-1, '10', 1e15, true].map((limit): [unknown, string] => [{ name: 'n', limit }, 'limit']),
        ['{"name":"n","limit":1e400}', ''],
        ['{"name":"n","limit":NaN}', ''],
        [{ name: 'n', limit_reset: 'yearly' }, 'limit_reset'],
        [{ name: 'n', include_byok_in_limit: null }, 'include_byok_in_limit'],
        ...[
          '2026-11-20T12:00:00Z',
          '2027-01-01T00:00:00+02:00',
          '2027-01-01T00:00:00',
          '2027-01-01T00:00Z',
          '2027-01-01',
          '2027-02-30T00:00:00Z',
          '2027-01-01T24:00:00Z',
          '+275760-09-13T00:00:00Z',
          1_900_000_000,
        ].map((expires_at): [unknown, string] => [{ name: 'n', expires_at }, 'expires_at']),
        [{ name: 'n', creator_user_id: 'stranger' }, 'creator_user_id'],
        [{ name: 'n', workspace_id: 'x' }, 'workspace_id'],
        [{ name: 'n', workspace_id: OTHER_WORKSPACE }, 'workspace_id'],
        [{ name: 'n', external: { user: '  ' } }, 'external.user'],
        [{ name: 'n', external: { user: 'u', api_key: 'a'.repeat(40) } }, 'external.api_key'],
      ];
      for (const [body, field] of wrong) {
        const answer = await app.call('POST', '/keys', body);
        expect([body, answer.status]).toEqual([body, 400]);
        expect(answer.json.error.message).toStartWith(field);
      }
      expect(await app.rows()).toEqual(before);
    });

    test('a foreign workspace is refused in the words for an unknown one', async () => {
      const unknown = OTHER_WORKSPACE.replace('b', 'c');
      const [theirs, nobodys] = await Promise.all(
        [OTHER_WORKSPACE, unknown].map((workspace_id) =>
          app.call('POST', '/keys', { name: 'n', workspace_id }),
        ),
      );
      expect(theirs!.text).toBe(nobodys!.text);
      expect((await app.call('GET', `/keys?workspace_id=${OTHER_WORKSPACE}`)).json).toEqual({ data: [] });
    });

    test('limits and expiry are stored as asked, and the old name of the name is understood', async () => {
      const { data } = await app.make({ name: undefined, label: 'Old name', limit: 0, expires_at: null });
      expect(data).toMatchObject({ name: 'Old name', limit: 0, limit_remaining: 0, expires_at: null });
      expect(data.label).toMatch(/^sk-or-v1-...\.\.\....$/);
      const both = await app.make({ name: 'Name', label: 5, creator_user_id: 'member' });
      expect(both.data).toMatchObject({
        name: 'Name',
        limit: null,
        limit_remaining: null,
        creator_user_id: 'member',
      });
      expect((await app.make({ expires_at: '2027-01-01T00:00:00+00:00' })).data.expires_at).toBe(
        '2027-01-01T00:00:00.000Z',
      );
    });

    test('fields that are not ours to set are ignored, on creation and on change', async () => {
      const extras =
        '"role":"owner","kind":"management","is_management":true,"usage":-5,"hash":"x","account_id":"other",' +
        '"__proto__":{"disabled":true,"limit":9},"constructor":{"prototype":{"limit":9}},"version":99';
      const made = await app.call('POST', '/keys', `{"name":"Plain",${extras}}`);
      // The edge may refuse such names altogether; if it lets them pass, they mean nothing.
      expect([201, 400]).toContain(made.status);
      const { hash, data } = await app.make();
      const unpatchable = `"workspace_id":"${OTHER_WORKSPACE}","creator_user_id":"u","expires_at":"2028-01-01T00:00:00Z","label":"l"`;
      const patched = await app.call('PATCH', `/keys/${hash}`, `{${unpatchable},${extras}}`);
      expect([200, 400]).toContain(patched.status);
      const { updated_at: _, ...rest } = (await app.call('GET', `/keys/${hash}`)).json.data;
      const { updated_at: __, key: ___, ...created } = data;
      expect(rest).toEqual(created);
      expect(({} as Record<string, unknown>).limit).toBeUndefined();
    });

    test('omitted, null and zero are three different limits in a change', async () => {
      const { hash } = await app.make({ limit: 5, limit_reset: 'daily' });
      const patch = async (body: unknown) => (await app.call('PATCH', `/keys/${hash}`, body)).json.data;
      expect(await patch({ name: 'Renamed' })).toMatchObject({
        name: 'Renamed',
        limit: 5,
        limit_reset: 'daily',
      });
      expect(await patch({ limit: 0 })).toMatchObject({ limit: 0, limit_remaining: 0 });
      expect(await patch({ limit: null, limit_reset: null })).toMatchObject({
        limit: null,
        limit_reset: null,
      });
      for (const body of [
        { name: '' },
        { name: null },
        { disabled: 'yes' },
        { limit: -1 },
        [],
        { limit_reset: 'x' },
      ]) {
        expect((await app.call('PATCH', `/keys/${hash}`, body)).status).toBe(400);
      }
      expect((await app.call('GET', `/keys/${hash}`)).json.data.name).toBe('Renamed');
    });

    test('disabling, enabling and deleting hold for the very next request', async () => {
      const { key, hash } = await app.make();
      const own = async () => (await app.call('GET', '/key', undefined, app.asKey(key))).status;
      expect(await own()).toBe(200);
      await app.call('PATCH', `/keys/${hash}`, { disabled: true });
      expect(await own()).toBe(403);
      const hidden = (await app.call('GET', '/keys')).json.data.map((row: { hash: string }) => row.hash);
      expect(hidden).not.toContain(hash);
      await app.call('PATCH', `/keys/${hash}`, { disabled: false });
      expect(await own()).toBe(200);
      expect((await app.call('DELETE', `/keys/${hash}`)).status).toBe(200);
      expect(await own()).toBe(401);
      for (const method of ['GET', 'DELETE', 'PATCH']) {
        const body = method === 'PATCH' ? {} : undefined;
        expect((await app.call(method, `/keys/${hash}`, body)).status).toBe(404);
      }
    });

    test('a key expires at its instant, and is listed from then on only where that is asked for', async () => {
      const { key, hash } = await app.make({ expires_at: '2026-11-20T13:00:00Z' });
      const own = async () =>
        (await app.call('GET', '/key', undefined, app.asKey(key))).json.error?.metadata.error_code;
      app.clock.set(Date.parse('2026-11-20T12:59:59.999Z'));
      expect(await own()).toBeUndefined();
      app.clock.advance(1);
      expect(await own()).toBe('key_expired');
      expect((await app.call('GET', `/keys/${hash}`)).status).toBe(200);
      const listed = async (query: string) =>
        (await app.call('GET', `/keys${query}`)).json.data.some((row: { hash: string }) => row.hash === hash);
      expect(await listed('')).toBe(false);
      expect(await listed('?include_expired=false')).toBe(false);
      expect(await listed('?include_expired=true')).toBe(true);
      app.clock.set(START_MS);
      expect(await listed('')).toBe(true);
    });

    test('a key that an app got by OAuth is found by its hash and not listed', async () => {
      const { hash } = await app.make();
      const listed = async () =>
        (await app.call('GET', '/keys')).json.data.some((row: { hash: string }) => row.hash === hash);
      expect(await listed()).toBe(true);
      await app.database.db
        .updateTable('api_key')
        .set({ is_delegated: 1 })
        .where('hash', '=', hash)
        .execute();
      expect(await listed()).toBe(false);
      expect((await app.call('GET', `/keys/${hash}`)).status).toBe(200);
      expect((await app.call('DELETE', `/keys/${hash}`)).status).toBe(200);
    });

    test('a limit that rounds to nothing, a name without end and a query that says two things are 400', async () => {
      for (const body of [
        { name: 'x', limit: 1e-10 },
        { name: 'x'.repeat(257) },
        { name: 'x'.repeat(100_000) },
      ])
        expect((await app.call('POST', '/keys', body)).status).toBe(400);
      const { hash } = await app.make({ name: 'x'.repeat(256), limit: 1e-9 });
      expect((await app.call('PATCH', `/keys/${hash}`, { limit: 4e-10 })).status).toBe(400);
      expect((await app.call('PATCH', `/keys/${hash}`, { name: 'x'.repeat(257) })).status).toBe(400);
      for (const query of [
        'offset=0&offset=100',
        'include_disabled=true&include_disabled=false',
        'include_expired=yes',
      ])
        expect((await app.call('GET', `/keys?${query}`)).status).toBe(400);
    });

    test('a foreign hash, a management key and a hash in upper case look exactly like an unknown one', async () => {
      const unknown = newKeySecret().hash;
      const { hash } = await app.make();
      const before = await app.rows();
      for (const [method, body] of [
        ['GET'],
        ['PATCH', { name: 'Stolen', disabled: true }],
        ['DELETE'],
      ] as const) {
        const expected = await app.call(method, `/keys/${unknown}`, body);
        expect(expected.status).toBe(404);
        for (const other of [app.foreign.hash, app.management.hash, hash.toUpperCase(), "' OR '1'='1"]) {
          const answer = await app.call(method, `/keys/${encodeURIComponent(other)}`, body);
          expect([answer.status, answer.text]).toEqual([404, expected.text]);
          expect([...answer.headers.keys()]).toEqual([...expected.headers.keys()]);
        }
      }
      expect(await app.rows()).toEqual(before);
    });

    test('every management operation refuses an API key, whatever its body, and changes nothing', async () => {
      const { key, hash } = await app.make();
      const before = await app.rows();
      for (const [method, path] of [
        ['GET', '/keys'],
        ['POST', '/keys'],
        ['GET', `/keys/${hash}`],
        ['PATCH', `/keys/${hash}`],
        ['DELETE', `/keys/${hash}`],
      ] as const) {
        const body = method === 'GET' ? undefined : '{broken';
        const answer = await app.call(method, path, body, app.asKey(key));
        expect([answer.status, answer.json.error.message]).toEqual([
          403,
          'Only management keys can perform this operation',
        ]);
        expect((await app.call(method, path, body, app.asKey(hash))).status).toBe(401);
        expect((await app.call(method, path, body, { authorization: '' })).json.error.message).toBe(
          'Missing Authentication header',
        );
      }
      expect(await app.rows()).toEqual(before);
    });

    test('pages hold a hundred keys, newest first, of the default workspace alone', async () => {
      app.clock.advance(1000);
      const key = parseNewKey({ name: 'Many' }, START_MS);
      const place = {
        kind: 'api',
        accountId: app.instance.accountId,
        workspaceId: app.instance.workspaceId,
      } as const;
      await app.database.transaction(async (trx) => {
        for (let index = 0; index < 120; index += 1) {
          const nowMs = app.clock.nowMs() + (index >> 1);
          await addKey(trx, newKeyRow({ secret: newKeySecret(), key, ...place, creatorUserId: null, nowMs }));
        }
      });
      const hashes: string[] = [];
      for (let offset = 0; ; offset += 100) {
        const { data } = (await app.call('GET', `/keys?offset=${offset}&include_disabled=true`)).json;
        if (offset === 0) expect(data).toHaveLength(100);
        if (offset === 0) expect(data[0].created_at > data[99].created_at).toBe(true);
        for (const row of data) hashes.push(row.hash);
        if (data.length < 100) break;
      }
      const stored = (await app.rows()).filter(
        (row) => row.account_id === place.accountId && row.kind === 'api',
      );
      expect(hashes.toSorted()).toEqual(
        stored.filter((row) => row.deleted_at_ms === null).map((row) => row.hash),
      );
      expect((await app.call('GET', '/keys?offset=99999999')).json).toEqual({ data: [] });
      for (const query of [
        'offset=-1',
        'offset=x',
        'offset=1.5',
        'offset=',
        'include_disabled=1',
        'workspace_id=x',
      ]) {
        expect((await app.call('GET', `/keys?${query}`)).status).toBe(400);
      }
      app.clock.set(START_MS);
    });

    test('a repeated Idempotency-Key gets the first answer again, and another body 409', async () => {
      const once = { 'idempotency-key': 'order-1' };
      const body = { name: 'Once', expires_at: '2026-11-20T13:00:00Z' };
      const first = await app.call('POST', '/keys', body, once);
      expect(first.status).toBe(201);
      app.clock.advance(2 * 60 * 60 * 1000);
      const again = await app.call('POST', '/keys', body, once);
      expect([again.status, again.text]).toEqual([201, first.text]);
      expect((await app.call('POST', '/keys', { name: 'Other' }, once)).status).toBe(409);
      const stored = await app.database.db.selectFrom('idempotent_answer').selectAll().execute();
      expect(JSON.stringify(stored)).not.toContain(first.json.key.slice(9));
      app.clock.set(START_MS + DAY_MS);
      const later = await app.call('POST', '/keys', { name: 'Other' }, once);
      expect(later.status).toBe(201);
      expect(later.json.key).not.toBe(first.json.key);
      app.clock.set(START_MS);
      for (const bad of ['', 'two words', 'x'.repeat(256), 'ä']) {
        expect((await app.call('POST', '/keys', { name: 'n' }, { 'idempotency-key': bad })).status).toBe(400);
      }
    });

    test('twins at the same time make one key', async () => {
      const name = 'Twin';
      const calls = Array.from({ length: 8 }, () =>
        app.call('POST', '/keys', { name }, { 'idempotency-key': 'twins' }),
      );
      const answers = await Promise.all(calls);
      expect(new Set(answers.map((answer) => `${answer.status} ${answer.text}`)).size).toBe(1);
      expect(answers[0]?.status).toBe(201);
      expect((await app.rows()).filter((row) => row.name === name)).toHaveLength(1);
    });

    test('changes racing loads end with what the database says, and no answer is older than the last change', async () => {
      const { key, hash } = await app.make();
      const read = async () => {
        const request = new Request('http://localhost/', { headers: app.asKey(key) });
        return app.authenticate(request, 'apiKey');
      };
      const racing: Promise<unknown>[] = [];
      let seen = (await read()).version;
      for (let batch = 0; batch < 50; batch += 1) {
        const patches = Array.from({ length: 10 }, (_, index) => {
          racing.push(read());
          return app.call('PATCH', `/keys/${hash}`, { limit: batch * 10 + index });
        });
        racing.push(read());
        await Promise.all(patches);
        const row = (await app.rows()).find((stored) => stored.hash === hash);
        const { version, limitNanoUsd } = await read();
        expect(limitNanoUsd).toBe(row!.limit_nano_usd!);
        expect(version).toBeGreaterThanOrEqual(seen + 10);
        seen = version;
      }
      await Promise.all(racing);
      const row = (await app.rows()).find((stored) => stored.hash === hash);
      expect(row!.version).toBe(501);
    });
  });
}
