import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { signUpMember } from '../../accounts.ts';
import { engines } from '../../databases.ts';
import {
  approve,
  type Bench,
  codeOf,
  consentPage,
  INVALID,
  keyRow,
  postForm,
  postJson,
  refusal,
  registerApp,
  S256,
  sendConsent,
  startBench,
  statusWith,
  VERIFIER,
} from './bench.ts';

const REDIRECT = 'https://your-app.com/callback';

for (const engine of engines) {
  describe(`registered apps on ${engine.name}`, () => {
    let bench: Bench;
    beforeAll(async () => {
      bench = await startBench({ engine: engine.name });
    });
    afterAll(() => bench?.[Symbol.asyncDispose]());

    const token = (body: object) => postJson(bench.gateway, '/oauth/token', body);
    const member = (name: string) =>
      signUpMember(bench.gateway, bench.owner, {
        email: `${name}-${engine.name}@example.com`,
        password: 'correct horse battery',
      });

    test('an admin registers, changes and deletes apps, and sees a secret once', async () => {
      const made = await bench.owner.post('/api/dashboard/apps', {
        name: 'My App',
        redirect_uris: [REDIRECT],
      });
      expect(made.status).toBe(201);
      expect(made.headers.get('cache-control')).toBe('no-store');
      expect(made.body).toEqual({
        id: made.body['client_id'],
        client_id: expect.stringMatching(/^app_[0-9a-f]{32}$/),
        client_secret: expect.stringMatching(/^app_secret_[0-9a-f]{64}$/),
        name: 'My App',
        redirect_uris: [REDIRECT],
        is_public: false,
        is_dynamic: false,
        created_at: new Date(bench.clock.nowMs()).toISOString(),
        last_used_at: null,
      });
      const path = `/api/dashboard/apps/${made.body['id']}`;
      const listed = await bench.owner.get('/api/dashboard/apps');
      expect(listed.text).toContain(String(made.body['client_id']));
      expect(listed.text).not.toContain('secret');

      const changed = await bench.owner.send('PATCH', path, { redirect_uris: ['https://other.example/cb'] });
      expect(changed.body).toMatchObject({ name: 'My App', redirect_uris: ['https://other.example/cb'] });
      const renewed = await bench.owner.post(`${path}/secret`);
      expect(renewed.status).toBe(200);
      expect(renewed.body['client_secret']).not.toBe(made.body['client_secret']);

      expect((await bench.owner.send('DELETE', path)).body).toEqual({ deleted: true });
      expect((await bench.owner.send('DELETE', path)).status).toBe(404);
      expect((await bench.owner.get('/api/dashboard/apps')).text).not.toContain(String(made.body['id']));
    });

    test.each([
      [{ redirect_uris: [REDIRECT] }, 'name'],
      [{ name: '', redirect_uris: [REDIRECT] }, 'name'],
      [{ name: 'a\u202eb', redirect_uris: [REDIRECT] }, 'name'],
      [{ name: 'x'.repeat(101), redirect_uris: [REDIRECT] }, 'name'],
      [{ name: 'A', redirect_uris: [] }, 'redirect_uris'],
      [{ name: 'A', redirect_uris: REDIRECT }, 'redirect_uris'],
      [{ name: 'A', redirect_uris: ['http://example.com/cb'] }, 'redirect_uris'],
      [{ name: 'A', redirect_uris: ['https://x/cb#f'] }, 'redirect_uris'],
      [{ name: 'A', redirect_uris: [REDIRECT], is_public: 'yes' }, 'is_public'],
    ])('an app like %j is a 400 that names %s', async (body, field) => {
      const answer = await bench.owner.post('/api/dashboard/apps', body);
      expect(answer.status).toBe(400);
      expect(answer.text).toContain(field);
    });

    test('members register none, and an app of another account is a 404 like one that does not exist', async () => {
      const someone = await member('member');
      expect((await someone.get('/api/dashboard/apps')).status).toBe(403);
      expect(
        (await someone.post('/api/dashboard/apps', { name: 'A', redirect_uris: [REDIRECT] })).status,
      ).toBe(403);

      const { db } = bench.gateway.database;
      const id = `other-${engine.name}`;
      await db
        .insertInto('account')
        .values({ id, kind: 'personal', name: 'Other', created_at_ms: 0 })
        .execute();
      const { client_id } = await registerApp(bench.owner);
      await db
        .updateTable('oauth_client')
        .set({ account_id: id })
        .where('client_id', '=', client_id)
        .execute();
      const before = await db
        .selectFrom('oauth_client')
        .selectAll()
        .where('client_id', '=', client_id)
        .execute();
      const attempts = [
        ['PATCH', '', { name: 'Mine' }],
        ['POST', '/secret', {}],
        ['DELETE', '', {}],
      ] as const;
      for (const [method, suffix, body] of attempts) {
        const [foreign, none] = [
          await bench.owner.send(method, `/api/dashboard/apps/${client_id}${suffix}`, body),
          await bench.owner.send(method, `/api/dashboard/apps/app_${'0'.repeat(32)}${suffix}`, body),
        ];
        expect(foreign.status).toBe(404);
        expect(foreign.text).toBe(none.text);
      }
      expect((await bench.owner.get('/api/dashboard/apps')).text).not.toContain(client_id);
      const after = await db
        .selectFrom('oauth_client')
        .selectAll()
        .where('client_id', '=', client_id)
        .execute();
      expect(after).toEqual(before);
    });

    test("an app's code is exchanged with its secret and its redirect_uri, and nowhere else", async () => {
      const app = await registerApp(bench.owner, { name: 'Your App' });
      const query = { client_id: app.client_id, redirect_uri: REDIRECT, scope: 'read write' };
      const page = await consentPage(bench.owner, query);
      expect(page.json.data.app).toMatchObject({
        name: 'Your App',
        client_name: 'Your App',
        host: 'your-app.com',
      });
      expect(page.json.data.key).toMatchObject({ label: 'Your App', limit: null, expires_at: null });
      const back = await approve(bench, bench.owner, query);
      expect(back.searchParams.get('iss')).toBe(bench.gateway.url);
      const code = back.searchParams.get('code') ?? '';
      const good = { ...app, code, redirect_uri: REDIRECT };
      const other = await registerApp(bench.owner);

      expect(await postJson(bench.gateway, '/auth/keys', { code })).toMatchObject(refusal(403, INVALID));
      for (const [body, status, word] of [
        [{ ...good, client_secret: `${app.client_secret}x` }, 401, 'invalid_client'],
        [{ ...good, client_secret: undefined }, 401, 'invalid_client'],
        [{ ...good, client_id: 'app_unknown' }, 401, 'invalid_client'],
        [{ ...good, ...other }, 403, 'invalid_grant'],
        [{ ...good, code: 'auth_code_x' }, 403, 'invalid_grant'],
        [{ ...good, code_verifier: VERIFIER }, 403, 'invalid_grant'],
        [{ ...good, redirect_uri: `${REDIRECT}/` }, 400, 'invalid_grant'],
        [{ ...good, redirect_uri: 'HTTPS://your-app.com/callback' }, 400, 'invalid_grant'],
        [{ ...good, redirect_uri: undefined }, 400, undefined],
        [{ ...good, code: undefined }, 400, undefined],
        [{ ...good, client_id: undefined }, 400, 'invalid_request'],
        [{ ...good, code: 5 }, 400, undefined],
      ] as const) {
        const answer = await token(body);
        expect(answer.json.error.code).toBe(status);
        expect(answer.status).toBe(status);
        expect(answer.json.error.metadata.oauth_error).toBe(word);
      }

      const answer = await token(good);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.headers.get('access-control-allow-origin')).toBe('*');
      const { api_key } = answer.json;
      const { id } = (await bench.owner.session())?.user ?? {};
      expect(answer.json).toEqual({
        ...{ api_key, key: api_key, access_token: api_key },
        ...{ token_type: 'bearer', user_id: id, scope: 'read write' },
      });
      expect(await statusWith(bench.gateway, api_key)).toBe(200);
      expect((await keyRow(bench.gateway, api_key)).name).toBe('Your App');
      const listed = await bench.owner.get('/api/dashboard/apps');
      const apps = listed.body['list'] as { client_id: string; last_used_at: string | null }[];
      expect(apps.find(({ client_id }) => client_id === app.client_id)?.last_used_at).toBe(
        new Date(bench.clock.nowMs()).toISOString(),
      );
    });

    test("an unregistered app's code is nothing to a registered one", async () => {
      const app = await registerApp(bench.owner);
      const code = await codeOf(bench, bench.owner, { callback_url: REDIRECT });
      expect(await token({ ...app, code, redirect_uri: REDIRECT })).toMatchObject(refusal(403, INVALID));
      expect((await postJson(bench.gateway, '/auth/keys', { code })).status).toBe(200);
    });

    test('a replay by the app itself revokes the key, by anybody else it is only refused', async () => {
      const app = await registerApp(bench.owner);
      const code = await codeOf(bench, bench.owner, { client_id: app.client_id, redirect_uri: REDIRECT });
      const good = { ...app, code, redirect_uri: REDIRECT };
      const { api_key } = (await token(good)).json;
      const other = await registerApp(bench.owner);
      expect((await token({ ...good, ...other })).status).toBe(403);
      expect((await postJson(bench.gateway, '/auth/keys', { code })).status).toBe(403);
      expect(await statusWith(bench.gateway, api_key)).toBe(200);
      bench.clock.advance(60_000);
      expect((await token(good)).status).toBe(403);
      expect(await statusWith(bench.gateway, api_key)).toBe(401);
      expect(bench.gateway.logLines.some((line) => line.includes('oauth_code_replayed'))).toBe(true);
    });

    test('with a grant_type, answers and errors are those of RFC 6749', async () => {
      const app = await registerApp(bench.owner);
      const query = { client_id: app.client_id, redirect_uri: REDIRECT, response_type: 'code', ...S256 };
      const grant = (fields: Record<string, string>, headers = {}) =>
        postForm(
          bench.gateway,
          '/oauth/token',
          { grant_type: 'authorization_code', redirect_uri: REDIRECT, ...fields },
          headers,
        );
      const code = await codeOf(bench, bench.owner, query);
      const basic = { authorization: `Basic ${btoa(`${app.client_id}:${app.client_secret}`)}` };
      const wrong = { authorization: `Basic ${btoa(`${app.client_id}:x`)}` };
      for (const [answer, status, error] of [
        [await grant({ code, code_verifier: VERIFIER }, wrong), 401, 'invalid_client'],
        [await grant({ code, code_verifier: VERIFIER }, { authorization: 'Basic %' }), 401, 'invalid_client'],
        [await grant({ ...app, code, code_verifier: VERIFIER }, basic), 400, 'invalid_request'],
        [await grant({ code, code_verifier: VERIFIER }), 400, 'invalid_request'],
        [await grant({ code: 'x', code_verifier: VERIFIER }, basic), 400, 'invalid_grant'],
        [await grant({ code, code_verifier: 'wrong' }, basic), 400, 'invalid_grant'],
        [await grant({ code }, basic), 400, 'invalid_grant'],
        [await grant({ code, redirect_uri: 'https://x/' }, basic), 400, 'invalid_grant'],
        [await grant({ code_verifier: VERIFIER }, basic), 400, 'invalid_request'],
        [await grant({ grant_type: 'password' }), 400, 'unsupported_grant_type'],
        [await grant({ grant_type: 'constructor' }), 400, 'unsupported_grant_type'],
      ] as const) {
        expect(answer.json).toEqual({ error, error_description: expect.any(String) });
        expect(answer.status).toBe(status);
        expect(answer.headers.get('cache-control')).toBe('no-store');
      }
      expect((await grant({}, wrong)).headers.get('www-authenticate')).toStartWith('Basic');

      const answer = await grant({ code, code_verifier: VERIFIER }, basic);
      expect(answer.status).toBe(200);
      expect(answer.json).toMatchObject({ token_type: 'bearer' });
      expect(answer.json).not.toHaveProperty('scope');
      expect(answer.json).not.toHaveProperty('expires_in');

      const repeated = new URLSearchParams([
        ['grant_type', 'authorization_code'],
        ['code', 'a'],
        ['code', 'b'],
      ]);
      const twice = await fetch(`${bench.gateway.baseUrl}/oauth/token`, { method: 'POST', body: repeated });
      expect(twice.status).toBe(400);
      expect(await twice.json()).toMatchObject({ error: 'invalid_request' });
    });

    test('sent as JSON, what nobody knows is ignored, and what is wrong is told as the sender reads it', async () => {
      const app = await registerApp(bench.owner);
      const code = await codeOf(bench, bench.owner, { client_id: app.client_id, redirect_uri: REDIRECT });
      const good = { ...app, code, redirect_uri: REDIRECT };
      const grant_type = 'authorization_code';
      const standard = { error: 'invalid_request', error_description: expect.any(String) };
      expect(await token({ ...good, grant_type, code: 5 })).toMatchObject({ status: 400, json: standard });
      expect((await token({ ...good, grant_type, code: 5 })).json).toEqual(standard);
      expect((await token({ ...good, grant_type, code: 'a\0b' })).json).toEqual(standard);
      expect((await token({ ...good, grant_type: 5 })).json).toEqual(standard);
      expect((await token({ ...good, code: 5 })).json.error.code).toBe(400);
      const unknown = { extra: 5, more: { a: [1] }, none: null };
      expect((await token({ ...good, ...unknown, grant_type })).status).toBe(200);
    });

    test('a body over 32 KB is a 413, as JSON too', async () => {
      const padding = 'x'.repeat(32 * 1024);
      const paths = ['/token', '/revoke', '/introspect', '/device_authorization', '/authorization'];
      for (const path of paths) {
        expect((await postJson(bench.gateway, `/oauth${path}`, { padding })).status).toBe(413);
        expect((await postForm(bench.gateway, `/oauth${path}`, { padding })).status).toBe(413);
      }
      expect((await postJson(bench.gateway, '/auth/keys', { code: padding })).status).toBe(413);
    });

    test('a public app has no secret and cannot do without S256', async () => {
      const loopback = 'http://127.0.0.1/cb';
      const app = await registerApp(bench.owner, { is_public: true, redirect_uris: [loopback] });
      expect(app.client_secret).toBe('');
      expect((await bench.owner.post(`/api/dashboard/apps/${app.client_id}/secret`)).status).toBe(400);
      const query = { client_id: app.client_id, redirect_uri: 'http://127.0.0.1:51423/cb' };
      expect((await consentPage(bench.owner, query)).status).toBe(400);
      const plain = { code_challenge: 'x'.repeat(43), code_challenge_method: 'plain' };
      expect((await consentPage(bench.owner, { ...query, ...plain })).status).toBe(400);

      const code = await codeOf(
        bench,
        bench.owner,
        { ...query, ...S256 },
        {
          expires_at: new Date(bench.clock.nowMs() + 3_600_000).toISOString(),
        },
      );
      const good = {
        grant_type: 'authorization_code',
        ...{ client_id: app.client_id, code, redirect_uri: query.redirect_uri, code_verifier: VERIFIER },
      };
      const withSecret = await postForm(bench.gateway, '/oauth/token', { ...good, client_secret: 'x' });
      expect(withSecret).toMatchObject({ status: 401, json: { error: 'invalid_client' } });
      const { code_verifier: _, ...without } = good;
      expect((await postForm(bench.gateway, '/oauth/token', without)).json.error).toBe('invalid_grant');
      expect(await postForm(bench.gateway, '/oauth/token', good)).toMatchObject({
        status: 200,
        json: { expires_in: 3600 },
      });
    });

    test.each([
      ['another path', `${REDIRECT}/x`],
      ['another query', `${REDIRECT}?a=1`],
      ['another host', 'https://your-app.com.evil.example/callback'],
      ['another port', 'https://your-app.com:8443/callback'],
      ['another spelling', 'https://YOUR-APP.com/callback'],
    ])('a redirect_uri with %s is not the registered one', async (_, redirect_uri) => {
      const { client_id } = await registerApp(bench.owner);
      const query = { client_id, redirect_uri };
      expect((await consentPage(bench.owner, query)).status).toBe(400);
      const answer = await sendConsent(bench, bench.owner, { ...query, decision: 'approve' });
      expect(answer.status).toBe(400);
      expect(answer.headers.get('location')).toBeNull();
    });

    test('a deleted app gets no key for the code it has', async () => {
      const app = await registerApp(bench.owner);
      const code = await codeOf(bench, bench.owner, { client_id: app.client_id, redirect_uri: REDIRECT });
      await bench.owner.send('DELETE', `/api/dashboard/apps/${app.client_id}`);
      expect((await token({ ...app, code, redirect_uri: REDIRECT })).status).toBe(401);
    });

    test("OpenRouter's older way: ask for the address, send the user there, exchange the code", async () => {
      const app = await registerApp(bench.owner);
      const asked = await postJson(bench.gateway, '/oauth/authorization', {
        ...{ client_id: app.client_id, redirect_uri: REDIRECT, scope: 'read write', state: 'xyz' },
      });
      expect(asked.status).toBe(200);
      expect(asked.json).toEqual({
        authorization_url: expect.any(String),
        request_id: expect.any(String),
        expires_in: 600,
      });
      const url = new URL(asked.json.authorization_url);
      expect(`${url.origin}${url.pathname}`).toBe(`${bench.gateway.url}/auth`);
      expect(Object.fromEntries(url.searchParams)).toEqual({
        ...{ callback_url: REDIRECT, client_id: app.client_id, scope: 'read write', state: 'xyz' },
      });
      const back = await approve(bench, bench.owner, Object.fromEntries(url.searchParams));
      expect(back.searchParams.get('state')).toBe('xyz');
      const code = back.searchParams.get('code');
      expect((await token({ ...app, code, redirect_uri: REDIRECT })).json.scope).toBe('read write');

      const got = await fetch(
        `${bench.gateway.baseUrl}/oauth/authorization?response_type=code&client_id=${app.client_id}&redirect_uri=${REDIRECT}`,
        { redirect: 'manual' },
      );
      expect(got.status).toBe(302);
      expect(got.headers.get('location')).toBe(
        `${bench.gateway.url}/auth?${new URLSearchParams({ callback_url: REDIRECT, client_id: app.client_id })}`,
      );
    });

    test.each([
      ['no client_id', { client_id: undefined }, 400],
      ['an unknown client_id', { client_id: 'app_unknown' }, 401],
      ['a redirect_uri that is not registered', { redirect_uri: 'https://other.example/' }, 400],
      ['no redirect_uri', { redirect_uri: undefined }, 400],
      ['a scope with two spaces', { scope: 'a  b' }, 400],
      ['another response_type', { response_type: 'token' }, 400],
    ] as const)('asking for the address with %s is refused', async (_, changes, status) => {
      const { client_id } = await registerApp(bench.owner);
      const body = { client_id, redirect_uri: REDIRECT, ...changes };
      const answer = await postJson(bench.gateway, '/oauth/authorization', body);
      expect(answer.status).toBe(status);
      expect(answer.json.error.code).toBe(status);
    });
  });
}
