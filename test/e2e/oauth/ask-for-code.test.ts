import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { putMember } from '../../../src/accounts/members/member-store.ts';
import { newKeySecret } from '../../../src/auth/key-secret.ts';
import { isoFromMs, ManualClock } from '../../../src/clock.ts';
import { addKey } from '../../../src/keys/create-key.ts';
import { newKeyRow, parseNewKey } from '../../../src/keys/keys.ts';
import { insertAccount, insertWorkspace } from '../../../src/tenancy/store.ts';
import { signUpOwner } from '../../accounts.ts';
import { engines } from '../../databases.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';
import {
  askForCode,
  CALLBACK,
  codeByKey,
  keyRow,
  MINUTE_MS,
  postJson,
  S256,
  statusWith,
  VERIFIER,
} from './bench.ts';

const START_MS = Date.parse('2026-11-20T12:00:00.000Z');

for (const engine of engines) {
  describe(`codes by the consent of a key on ${engine.name}`, () => {
    const clock = new ManualClock(START_MS);
    let gateway: TestGateway;
    beforeAll(async () => {
      gateway = await startGateway({ engine: engine.name, clock });
    });
    afterAll(() => gateway?.stop());

    const ask = (body: object, key?: string) => askForCode(gateway, body, key);
    const codeOf = (body: object = S256, key?: string) => codeByKey(gateway, body, key);
    const exchange = (body: unknown, key?: string) => postJson(gateway, '/auth/keys', body, key);
    const keyOf = async (body: object, by?: string) => {
      const answer = await exchange({ code: await codeOf(body, by) });
      expect(answer).toMatchObject({ status: 200 });
      return await keyRow(gateway, answer.json.key);
    };

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
      const creator = await keyRow(gateway, gateway.apiKey);
      expect(await keyRow(gateway, answer.json.key)).toMatchObject({
        name: 'My Custom Key',
        kind: 'api',
        account_id: creator.account_id,
        workspace_id: creator.workspace_id,
        limit_nano_usd: 12_500_000_000n,
        limit_reset: 'monthly',
        expires_at_ms: Date.parse('2027-12-31T23:59:59Z'),
      });
      expect(await statusWith(gateway, answer.json.key)).toBe(200);
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

    test('only an API key can ask for a code', async () => {
      expect((await ask({}, gateway.managementKey)).status).toBe(403);
      expect((await ask({}, newKeySecret().key)).status).toBe(401);
      expect((await postJson(gateway, '/auth/keys/code', { callback_url: CALLBACK })).status).toBe(401);
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
      const { workspace_id } = await keyRow(gateway, key);
      expect(await keyOf({ workspace_id: workspace_id?.toUpperCase() }, key)).toMatchObject({ workspace_id });
    });

    test("one account's key cannot reach into another, and its codes are its own whoever exchanges them", async () => {
      const foreign = newKeySecret();
      const workspaceId = crypto.randomUUID();
      const nowMs = clock.nowMs();
      const creatorUserId = (await (await signUpOwner(gateway)).session())?.user.id ?? '';
      await gateway.database.transaction(async (trx) => {
        await insertAccount(trx, { id: 'other', kind: 'personal', name: 'Other', created_at_ms: nowMs });
        const place = { account_id: 'other', name: 'W', slug: 'w', is_default: 1 } as const;
        await insertWorkspace(trx, { id: workspaceId, ...place, created_at_ms: nowMs });
        await putMember(trx, { accountId: 'other', userId: creatorUserId, role: 'member', nowMs });
        const key = parseNewKey({ name: 'Foreign' }, nowMs);
        const whose = { accountId: 'other', workspaceId, creatorUserId, nowMs };
        await addKey(trx, newKeyRow({ secret: foreign, key, kind: 'api', ...whose }));
      });
      const intoOther = await ask({ workspace_id: workspaceId });
      const intoNothing = await ask({ workspace_id: crypto.randomUUID() });
      expect(intoOther.status).toBe(403);
      expect(intoOther.json).toEqual(intoNothing.json);

      const ofOther = await codeOf({}, foreign.key);
      const answer = await exchange({ code: ofOther }, gateway.apiKey);
      expect(answer.json.user_id).toBe(creatorUserId);
      expect(await keyRow(gateway, answer.json.key)).toMatchObject({
        account_id: 'other',
        workspace_id: workspaceId,
        creator_user_id: creatorUserId,
      });
    });
  });
}
