import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { engines } from '../../databases.ts';
import { makeKey } from '../../harness.ts';
import {
  type App,
  type Bench,
  codeOf,
  postForm,
  registerApp,
  S256,
  startBench,
  statusWith,
  type Texts,
  VERIFIER,
} from './bench.ts';

const REDIRECT = 'https://your-app.com/callback';

for (const engine of engines) {
  describe(`keys that apps were given, on ${engine.name}`, () => {
    let bench: Bench;
    let app: App;
    let other: App;
    beforeAll(async () => {
      bench = await startBench({ engine: engine.name });
      [app, other] = [await registerApp(bench.owner), await registerApp(bench.owner)];
    });
    afterAll(() => bench?.[Symbol.asyncDispose]());

    const keyFor = async ({ client_id, client_secret }: App, choice: Texts = {}): Promise<string> => {
      const query = { client_id, redirect_uri: REDIRECT, scope: 'inference', ...S256 };
      const answer = await postForm(bench.gateway, '/oauth/token', {
        grant_type: 'authorization_code',
        ...{ client_id, redirect_uri: REDIRECT, code_verifier: VERIFIER },
        ...(client_secret !== '' && { client_secret }),
        code: await codeOf(bench, bench.owner, query, choice),
      });
      expect(answer.status).toBe(200);
      return answer.json.access_token;
    };
    const revoke = (fields: Texts) => postForm(bench.gateway, '/oauth/revoke', fields);
    const introspect = (fields: Texts) => postForm(bench.gateway, '/oauth/introspect', fields);

    test('an app gives its key back, which then is refused', async () => {
      const token = await keyFor(app);
      expect(await revoke({ ...app, token, token_type_hint: 'access_token' })).toMatchObject({
        status: 200,
        text: '',
      });
      expect(await statusWith(bench.gateway, token)).toBe(401);
      expect((await revoke({ ...app, token })).status).toBe(200);
    });

    test('a public app gives its key back with its id alone', async () => {
      const shared = await registerApp(bench.owner, { is_public: true });
      const token = await keyFor(shared);
      expect((await revoke({ client_id: shared.client_id, token })).status).toBe(200);
      expect(await statusWith(bench.gateway, token)).toBe(401);
    });

    test("a key of another app, or of nobody's, is left alone, and the answer is the same", async () => {
      const token = await keyFor(app);
      const { key } = await makeKey(bench.gateway);
      for (const foreign of [token, key, bench.gateway.managementKey, 'nonsense']) {
        expect(await revoke({ ...other, token: foreign })).toMatchObject({ status: 200, text: '' });
      }
      expect(await statusWith(bench.gateway, token)).toBe(200);
      expect(await statusWith(bench.gateway, key)).toBe(200);
    });

    test('an app that does not show who it is gets nothing', async () => {
      const token = await keyFor(app);
      for (const call of [revoke, introspect]) {
        const wrong = await call({ client_id: app.client_id, client_secret: 'x', token });
        expect(wrong).toMatchObject({ status: 401, json: { error: 'invalid_client' } });
        expect(await call({ token })).toMatchObject({ status: 400, json: { error: 'invalid_request' } });
        expect(await call({ ...app })).toMatchObject({ status: 400, json: { error: 'invalid_request' } });
      }
      const shared = await registerApp(bench.owner, { is_public: true });
      const asked = await introspect({ client_id: shared.client_id, token: await keyFor(shared) });
      expect(asked).toMatchObject({ status: 401, json: { error: 'invalid_client' } });
      expect(await statusWith(bench.gateway, token)).toBe(200);
    });

    test('an app learns of its own keys, and of no other whether they exist', async () => {
      const expires_at = new Date(bench.clock.nowMs() + 3_600_000).toISOString();
      const token = await keyFor(app, { expires_at });
      const answer = await introspect({ ...app, token });
      expect(answer.status).toBe(200);
      expect(answer.json).toEqual({
        active: true,
        ...{ client_id: app.client_id, token_type: 'bearer', scope: 'inference' },
        iss: bench.gateway.url,
        sub: (await bench.owner.session())?.user.id,
        exp: Math.floor(Date.parse(expires_at) / 1000),
      });
      const { key } = await makeKey(bench.gateway);
      for (const [asker, asked] of [
        [other, token],
        [app, key],
        [app, 'nonsense'],
      ] as const) {
        expect(await introspect({ ...asker, token: asked })).toMatchObject({
          status: 200,
          json: { active: false },
        });
      }
    });

    test('a key that is disabled, deleted or expired is active no more', async () => {
      const change = async (token: string, method: string, body: object) => {
        const { hash } = await bench.gateway.database.db
          .selectFrom('api_key')
          .select('hash')
          .where('hash', '=', Bun.SHA256.hash(token, 'hex'))
          .executeTakeFirstOrThrow();
        expect((await bench.owner.send(method, `/api/dashboard/keys/${hash}`, body)).status).toBe(200);
      };
      const active = async (token: string) => (await introspect({ ...app, token })).json;
      const disabled = await keyFor(app);
      await change(disabled, 'PATCH', { disabled: true });
      expect(await active(disabled)).toEqual({ active: false });
      const deleted = await keyFor(app);
      await change(deleted, 'DELETE', {});
      expect(await active(deleted)).toEqual({ active: false });
      const short = await keyFor(app, { expires_at: new Date(bench.clock.nowMs() + 1000).toISOString() });
      bench.clock.advance(1000);
      expect(await active(short)).toEqual({ active: false });
    });
  });
}
