import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { signUpMember, Visitor } from '../../accounts.ts';
import { engines } from '../../databases.ts';
import {
  type App,
  type Bench,
  keyRow,
  MINUTE_MS,
  postForm,
  registerApp,
  startBench,
  statusWith,
  type Texts,
} from './bench.ts';

const GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const SECOND_MS = 1000;

for (const engine of engines) {
  describe(`devices on ${engine.name}`, () => {
    let bench: Bench;
    let app: App;
    beforeAll(async () => {
      bench = await startBench({ engine: engine.name });
      app = await registerApp(bench.owner, { name: 'TV', is_public: true });
    });
    afterAll(() => bench?.[Symbol.asyncDispose]());

    const start = (fields: Texts = {}) =>
      postForm(bench.gateway, '/oauth/device_authorization', { client_id: app.client_id, ...fields });
    const poll = (device_code: string, client_id = app.client_id) =>
      postForm(bench.gateway, '/oauth/token', { grant_type: GRANT, client_id, device_code });
    const decide = (visitor: Visitor, body: object) => visitor.post('/api/dashboard/device', body);
    const refused = (error: string) => ({
      status: 400,
      json: { error, error_description: expect.any(String) },
    });
    const member = (name: string) =>
      signUpMember(bench.gateway, bench.owner, {
        email: `${name}-${engine.name}@example.com`,
        password: 'correct horse battery',
      });

    test('a device waits for its user, and then gets a key as the user decided, once', async () => {
      const { status, headers, json } = await start({
        key_label: 'Living room',
        limit: '5',
        scope: 'inference',
      });
      expect(status).toBe(200);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(json).toEqual({
        device_code: expect.stringMatching(/^device_code_[0-9a-f]{64}$/),
        user_code: expect.stringMatching(/^[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}$/),
        verification_uri: `${bench.gateway.url}/device`,
        verification_uri_complete: `${bench.gateway.url}/device?user_code=${json.user_code}`,
        expires_in: 600,
        interval: 5,
      });
      expect(await poll(json.device_code)).toMatchObject(refused('authorization_pending'));

      const user_code = json.user_code.toLowerCase().replace('-', ' ');
      const page = await bench.owner.get(`/api/dashboard/device?user_code=${encodeURIComponent(user_code)}`);
      expect(page.body).toMatchObject({
        client_name: 'TV',
        app: { name: 'TV', host: null },
        key: { label: 'Living room', limit: 5, usage_limit_type: null, expires_at: null },
        workspaces: [{ id: expect.any(String) }],
        account: { name: expect.any(String) },
      });
      const choice = { key_label: 'Mine', limit: 2.5, usage_limit_type: 'weekly', expires_at: null };
      expect((await decide(bench.owner, { user_code, decision: 'approve', ...choice })).status).toBe(200);
      expect((await decide(bench.owner, { user_code, decision: 'approve', ...choice })).status).toBe(404);

      const answers = await Promise.all([1, 2, 3, 4].map(() => poll(json.device_code)));
      const given = answers.filter((answer) => answer.status === 200);
      expect(given).toHaveLength(1);
      for (const answer of answers)
        if (answer !== given[0]) expect(answer).toMatchObject(refused('invalid_grant'));
      const { access_token, token_type, scope, user_id } = given[0]?.json ?? {};
      expect([token_type, scope]).toEqual(['bearer', 'inference']);
      expect(user_id).toBe((await bench.owner.session())?.user.id);
      expect(await keyRow(bench.gateway, access_token)).toMatchObject({
        name: 'Mine',
        limit_nano_usd: 2_500_000_000n,
        limit_reset: 'weekly',
        creator_user_id: user_id,
        made_for: 'TV',
      });
      expect(await statusWith(bench.gateway, access_token)).toBe(200);
      expect(await poll(json.device_code)).toMatchObject(refused('invalid_grant'));
    });

    test('a no is access_denied, from anybody who knows the code', async () => {
      const { json } = await start();
      const { user_code } = json;
      expect((await decide(bench.owner, { user_code, decision: 'maybe' })).status).toBe(400);
      expect((await decide(bench.owner, { user_code, decision: 'deny' })).status).toBe(200);
      expect((await decide(bench.owner, { user_code, decision: 'approve' })).status).toBe(404);
      expect(await poll(json.device_code)).toMatchObject(refused('access_denied'));
    });

    test('whoever polls too soon is told to slow down, and has to', async () => {
      const { device_code } = (await start()).json;
      const after = async (ms: number) => {
        bench.clock.advance(ms);
        return (await poll(device_code)).json.error;
      };
      expect(await after(0)).toBe('authorization_pending');
      expect(await after(5 * SECOND_MS)).toBe('authorization_pending');
      expect(await after(3 * SECOND_MS)).toBe('slow_down');
      expect(await after(5 * SECOND_MS)).toBe('slow_down');
      expect(await after(15 * SECOND_MS)).toBe('authorization_pending');
    });

    test('a device that nobody allowed in ten minutes is too late', async () => {
      const { device_code, user_code } = (await start()).json;
      bench.clock.advance(10 * MINUTE_MS);
      expect(await poll(device_code)).toMatchObject(refused('expired_token'));
      expect((await decide(bench.owner, { user_code, decision: 'approve' })).status).toBe(404);
    });

    test("a device's code is its app's alone", async () => {
      const { device_code } = (await start()).json;
      const other = await registerApp(bench.owner, { is_public: true });
      expect(await poll(device_code, other.client_id)).toMatchObject(refused('invalid_grant'));
      expect(await poll('device_code_x')).toMatchObject(refused('invalid_grant'));
      const unknown = await poll(device_code, 'app_unknown');
      expect(unknown).toMatchObject({ status: 401, json: { error: 'invalid_client' } });
      expect(await start({ client_id: 'app_unknown' })).toMatchObject({ status: 401 });
      expect(await start({ limit: 'much' })).toMatchObject(refused('invalid_request'));
      expect(await start({ scope: 'a"b' })).toMatchObject(refused('invalid_scope'));
    });

    test('who left before the device asked again gives it no key', async () => {
      const { device_code, user_code } = (await start()).json;
      const leaver = await member('leaver');
      expect((await decide(leaver, { user_code, decision: 'approve' })).status).toBe(200);
      const { id } = (await leaver.session())?.user ?? {};
      await bench.owner.send('DELETE', `/api/dashboard/members/${id}`);
      expect(await poll(device_code)).toMatchObject(refused('invalid_grant'));
    });

    test('only somebody who is signed in decides, from our own page', async () => {
      const { user_code } = (await start()).json;
      const body = { user_code, decision: 'approve' };
      expect((await decide(new Visitor(bench.gateway.url), body)).status).toBe(401);
      const foreign = { origin: 'https://evil.example' };
      expect((await bench.owner.post('/api/dashboard/device', body, foreign)).status).toBe(403);
      const blind = { headers: { 'x-csrf-token': 'x' } };
      expect((await bench.owner.post('/api/dashboard/device', body, blind)).status).toBe(403);
    });

    test('one address starts sixty devices in ten minutes, and then has to wait', async () => {
      bench.clock.advance(10 * MINUTE_MS);
      const answers = await Promise.all(Array.from({ length: 62 }, () => start()));
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(60);
      const late = answers.filter(({ status }) => status === 429);
      expect(late).toHaveLength(2);
      expect(late[0]?.json).toEqual({ error: 'invalid_request', error_description: expect.any(String) });
      expect(Number(late[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
      bench.clock.advance(10 * MINUTE_MS);
      expect((await start()).status).toBe(200);
    });

    test('codes cannot be guessed: after twenty tries a user has to wait', async () => {
      const guesser = await member('guesser');
      const { user_code } = (await start()).json;
      const guess = (code: string) => guesser.get(`/api/dashboard/device?user_code=${code}`);
      for (let tries = 0; tries < 20; tries++) expect((await guess('BBBB-BBBB')).status).toBe(404);
      const late = await guess(user_code);
      expect(late.status).toBe(429);
      expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0);
      expect((await decide(guesser, { user_code, decision: 'approve' })).status).toBe(429);
      bench.clock.advance(10 * MINUTE_MS);
      const { user_code: fresh } = (await start()).json;
      expect((await guess(fresh)).status).toBe(200);
    });
  });
}
