import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { hashOf } from '../../../src/auth/key-secret.ts';
import { isoFromMs } from '../../../src/clock.ts';
import { listWorkloadKeys } from '../../../src/keys/workload-keys.ts';
import { signUpMember } from '../../accounts.ts';
import { engines } from '../../databases.ts';
import { type MadeKey, makeKey } from '../../harness.ts';
import {
  approve,
  askForCode,
  type Bench,
  codeByKey,
  codeOf,
  keyRow,
  postForm,
  postJson,
  registerApp,
  S256,
  startBench,
  statusWith,
  VERIFIER,
} from './bench.ts';

const REDIRECT = 'https://your-app.com/callback';
const chatBody = { model: 'acme/small', messages: [{ role: 'user', content: 'Hello' }] };
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

for (const engine of engines) {
  describe(`what a key gave away, on ${engine.name}`, () => {
    let bench: Bench;
    beforeAll(async () => {
      bench = await startBench({ engine: engine.name });
    });
    afterAll(() => bench?.[Symbol.asyncDispose]());

    const exchange = async (code: string, proof: object = {}): Promise<string> => {
      const answer = await postJson(bench.gateway, '/auth/keys', { code, ...proof });
      if (answer.status !== 200) throw new Error(`no key: ${answer.text}`);
      return answer.json.key;
    };
    const childOf = async (parent: MadeKey, wish: object = {}): Promise<string> =>
      await exchange(await codeByKey(bench.gateway, wish, parent.key));
    const manage = async (method: string, hash: string, body?: object) => {
      const answer = await fetch(`${bench.gateway.baseUrl}/keys/${hash}`, {
        method,
        headers: {
          authorization: `Bearer ${bench.gateway.managementKey}`,
          'content-type': 'application/json',
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      expect(answer.status).toBe(200);
      return (await answer.json()) as { data: { disabled: boolean } };
    };
    const statusOf = (key: string) => statusWith(bench.gateway, key);

    /** A key from each way in which an app gets one. */
    const delegated = {
      'a code that a user allowed': async () =>
        await exchange(await codeOf(bench, bench.owner, { callback_url: REDIRECT, ...S256 }), {
          code_verifier: VERIFIER,
        }),
      'a code that a user copied': async () => {
        await approve(bench, bench.owner, S256);
        const { body } = await bench.owner.get('/api/dashboard/consent/code');
        return await exchange(String(body['code']), { code_verifier: VERIFIER });
      },
      'a code that a key allowed': async () => await childOf(await makeKey(bench.gateway)),
      'a registered app': async () => {
        const app = await registerApp(bench.owner);
        const query = { client_id: app.client_id, redirect_uri: REDIRECT, ...S256 };
        const answer = await postForm(bench.gateway, '/oauth/token', {
          ...{ grant_type: 'authorization_code', ...app, redirect_uri: REDIRECT },
          ...{ code: await codeOf(bench, bench.owner, query), code_verifier: VERIFIER },
        });
        return String(answer.json.access_token);
      },
      'a device': async () => {
        const { client_id } = await registerApp(bench.owner, { is_public: true });
        const started = await postForm(bench.gateway, '/oauth/device_authorization', { client_id });
        const { device_code, user_code } = started.json;
        await bench.owner.post('/api/dashboard/device', { user_code, decision: 'approve' });
        const fields = { grant_type: DEVICE_GRANT, device_code, client_id };
        return String((await postForm(bench.gateway, '/oauth/token', fields)).json.access_token);
      },
    };

    test.each(Object.entries(delegated))(
      'the key of %s works and authorises no other key',
      async (_, make) => {
        const key = await make();
        expect(await statusOf(key)).toBe(200);
        const refused = await askForCode(bench.gateway, { callback_url: 'https://bank.example' }, key);
        expect(refused.status).toBe(403);
        expect(refused.json.error.message).toContain('was made for an app');
        const keys = await postJson(bench.gateway, '/keys', { name: 'Sibling' }, key);
        expect(keys.status).toBe(403);
      },
    );

    test('a key by the consent of a key is disabled with it, and enabled with it', async () => {
      const parent = await makeKey(bench.gateway);
      const child = await childOf(parent);
      const other = await childOf(await makeKey(bench.gateway));
      expect(await statusOf(child)).toBe(200);
      await manage('PATCH', parent.hash, { disabled: true });
      expect(await statusOf(child)).toBe(403);
      expect(await statusOf(other)).toBe(200);
      expect((await manage('GET', hashOf(child))).data.disabled).toBe(true);
      // Enabling what hangs on a disabled key helps nothing.
      await manage('PATCH', hashOf(child), { disabled: false });
      expect(await statusOf(child)).toBe(403);
      await manage('PATCH', parent.hash, { disabled: false });
      expect(await statusOf(child)).toBe(200);
      await manage('PATCH', hashOf(child), { disabled: true });
      expect(await statusOf(parent.key)).toBe(200);
    });

    test('a limit that a key gets later is not passed by with what it authorised before', async () => {
      const parent = await makeKey(bench.gateway);
      const child = await childOf(parent);
      const chatWith = async (key: string) =>
        (await postJson(bench.gateway, '/chat/completions', chatBody, key)).status;
      expect(await chatWith(child)).toBe(200);
      await manage('PATCH', parent.hash, { limit: 0 });
      expect(await chatWith(parent.key)).toBe(402);
      expect(await chatWith(child)).toBe(403);
      expect((await manage('GET', hashOf(child))).data.disabled).toBe(true);
      await manage('PATCH', parent.hash, { limit: null });
      expect(await chatWith(child)).toBe(200);
    });

    test('a key by the consent of a key is deleted with it, and expires with it at the latest', async () => {
      const parent = await makeKey(bench.gateway);
      const child = await childOf(parent);
      expect(await statusOf(child)).toBe(200);
      await manage('DELETE', parent.hash);
      expect(await statusOf(child)).toBe(401);
      expect((await keyRow(bench.gateway, child)).deleted_at_ms).not.toBeNull();

      const short = await makeKey(bench.gateway, { expires_at: isoFromMs(bench.clock.nowMs() + 5000) });
      const offspring = await childOf(short);
      expect(await statusOf(offspring)).toBe(200);
      bench.clock.advance(5000);
      expect(await statusOf(offspring)).toBe(401);
    });

    test('of a key that was given on before this was refused, the whole line goes with the first', async () => {
      const first = await makeKey(bench.gateway);
      const [second, third] = [await childOf(first), await childOf(first)];
      await bench.gateway.database.db
        .updateTable('api_key')
        .set({ parent_key_hash: hashOf(second) })
        .where('hash', '=', hashOf(third))
        .execute();
      expect(await statusOf(third)).toBe(200);
      await manage('PATCH', first.hash, { disabled: true });
      expect([await statusOf(second), await statusOf(third)]).toEqual([403, 403]);
      await manage('PATCH', first.hash, { disabled: false });
      expect(await statusOf(third)).toBe(200);
      await manage('DELETE', first.hash);
      expect([await statusOf(second), await statusOf(third)]).toEqual([401, 401]);
    });

    test('whoever is removed takes the keys with them that theirs gave away', async () => {
      const member = await signUpMember(bench.gateway, bench.owner, {
        email: `gone-${engine.name}@example.com`,
        password: 'correct horse battery',
      });
      const userId = (await member.session())?.user.id ?? '';
      const made = await member.post('/api/dashboard/keys', { name: 'Mine' });
      const key = JSON.parse(made.text).key as string;
      const child = await childOf({ key, hash: hashOf(key) });
      // As if it were nobody's in particular: only what it hangs on tells.
      await bench.gateway.database.db
        .updateTable('api_key')
        .set({ creator_user_id: null })
        .where('hash', '=', hashOf(child))
        .execute();
      expect(await statusOf(child)).toBe(200);
      expect((await bench.owner.send('DELETE', `/api/dashboard/members/${userId}`)).status).toBe(200);
      expect(await statusOf(child)).toBe(403);
    });

    test('nobody chooses whom a key says it was made for', async () => {
      const code = await codeByKey(bench.gateway, { callback_url: 'https://bank.example/cb' });
      expect(await keyRow(bench.gateway, await exchange(code))).toMatchObject({
        made_for: null,
        parent_key_hash: hashOf(bench.gateway.apiKey),
      });
      const allowed = await codeOf(
        bench,
        bench.owner,
        { callback_url: REDIRECT },
        { key_label: 'bank.example' },
      );
      expect(await keyRow(bench.gateway, await exchange(allowed))).toMatchObject({
        made_for: 'your-app.com',
        parent_key_hash: null,
      });
    });

    test('a key that is disabled, limited or deleted while its code is exchanged leaves none behind that works', async () => {
      for (const [method, body] of [
        ['PATCH', { disabled: true }],
        ['PATCH', { limit: 0 }],
        ['DELETE', undefined],
      ] as const) {
        const parent = await makeKey(bench.gateway);
        const codes = await Promise.all(
          Array.from({ length: 8 }, () => codeByKey(bench.gateway, {}, parent.key)),
        );
        const [answers] = await Promise.all([
          Promise.all(codes.map((code) => postJson(bench.gateway, '/auth/keys', { code }))),
          manage(method, parent.hash, body),
        ]);
        for (const { status, json } of answers) {
          if (status === 200) expect([401, 403]).toContain(await statusOf(json.key));
          else expect(status).toBe(403);
        }
      }
    });

    test('a workload acts as no key that an app was given', async () => {
      const { account_id } = await keyRow(bench.gateway, bench.gateway.apiKey);
      const child = await exchange(await codeByKey(bench.gateway, {}));
      const targets = (await listWorkloadKeys(bench.gateway.database.db, account_id)).map(({ hash }) => hash);
      expect(targets).toContain(hashOf(bench.gateway.apiKey));
      expect(targets).not.toContain(hashOf(child));
    });
  });
}

test('a management key is told what it cannot do, and what can', async () => {
  await using bench = await startBench();
  const { status, json } = await askForCode(bench.gateway, {}, bench.gateway.managementKey);
  expect(status).toBe(403);
  expect(json.error.message).toBe(
    'A management key cannot authorise apps; use an API key, or ask a user at /auth',
  );
});
