import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { forgetUnusedClients } from '../../../src/oauth/clients/registration.ts';
import { engines } from '../../databases.ts';
import {
  answerOf,
  type Bench,
  consentPage,
  keyRow,
  postForm,
  postJson,
  registerApp,
  S256,
  startBench,
} from './bench.ts';

const REDIRECT = 'https://your-app.com/callback';
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const DAY_MS = 24 * 60 * 60 * 1000;

for (const engine of engines) {
  describe(`discovery and registration on ${engine.name}`, () => {
    let bench: Bench;
    let open: Bench;
    beforeAll(async () => {
      bench = await startBench({ engine: engine.name });
      open = await startBench({ engine: engine.name, config: { oauth: { dynamic_registration: true } } });
    });
    afterAll(async () => {
      await bench?.[Symbol.asyncDispose]();
      await open?.[Symbol.asyncDispose]();
    });

    const get = async (path: string, { gateway } = bench) =>
      await answerOf(await fetch(`${gateway.url}${path}`));
    const register = (body: unknown, { gateway } = open) => postJson(gateway, '/oauth/register', body);

    test('the server says what it can do, to every origin', async () => {
      const { url, baseUrl } = bench.gateway;
      const { status, headers, json } = await get('/.well-known/oauth-authorization-server');
      expect(status).toBe(200);
      expect(headers.get('content-type')).toStartWith('application/json');
      expect(headers.get('access-control-allow-origin')).toBe('*');
      expect(json).toMatchObject({
        issuer: url,
        authorization_endpoint: `${url}/auth`,
        token_endpoint: `${baseUrl}/oauth/token`,
        revocation_endpoint: `${baseUrl}/oauth/revoke`,
        introspection_endpoint: `${baseUrl}/oauth/introspect`,
        device_authorization_endpoint: `${baseUrl}/oauth/device_authorization`,
        jwks_uri: `${baseUrl}/oauth/jwks`,
        response_types_supported: ['code'],
        code_challenge_methods_supported: ['S256', 'plain'],
        authorization_response_iss_parameter_supported: true,
      });
      expect(json).not.toHaveProperty('registration_endpoint');
      expect(json.grant_types_supported).toContain('urn:ietf:params:oauth:grant-type:token-exchange');
      for (const name of Object.keys(json).filter((key) => key.endsWith('_endpoint'))) {
        const response = await fetch(json[name], {
          method: name === 'authorization_endpoint' ? 'GET' : 'POST',
        });
        expect([404, 405]).not.toContain(response.status);
      }
    });

    test('the API names the server that gives keys for it', async () => {
      const { url, baseUrl } = bench.gateway;
      expect((await get('/.well-known/oauth-protected-resource')).json).toMatchObject({
        resource: url,
        authorization_servers: [url],
      });
      expect((await get('/.well-known/oauth-protected-resource/api/v1')).json).toMatchObject({
        resource: baseUrl,
        authorization_servers: [url],
        bearer_methods_supported: ['header'],
      });
    });

    test('whoever comes without a good key is told where to look', async () => {
      const { baseUrl, url } = bench.gateway;
      const where = `resource_metadata="${url}/.well-known/oauth-protected-resource/api/v1"`;
      const challengeTo = async (headers: Record<string, string>) =>
        (await fetch(`${baseUrl}/key`, { headers })).headers.get('www-authenticate');
      expect(await challengeTo({})).toBe(`Bearer realm="turnpike", ${where}`);
      const unknown = { authorization: `Bearer sk-or-v1-${'0'.repeat(64)}` };
      expect(await challengeTo(unknown)).toBe(`Bearer realm="turnpike", error="invalid_token", ${where}`);
    });

    test('whoever is asked learns that the app registered itself, under a name that nobody checked', async () => {
      const body = { redirect_uris: [REDIRECT], client_name: 'Official App', grant_types: [DEVICE_GRANT] };
      const { client_id } = (await register({ ...body, token_endpoint_auth_method: 'none' })).json;
      const asked = { client_id, redirect_uri: REDIRECT, ...S256 };
      const page = await consentPage(open.owner, asked);
      expect(page.json.data.app).toMatchObject({ client_name: 'Official App', is_dynamic: true });
      const started = await postForm(open.gateway, '/oauth/device_authorization', { client_id });
      const { user_code, device_code } = started.json;
      const device = await open.owner.get(`/api/dashboard/device?user_code=${user_code}`);
      expect(device.body).toMatchObject({ app: { client_name: 'Official App', is_dynamic: true } });
      await open.owner.post('/api/dashboard/device', { user_code, decision: 'approve' });
      const { json } = await postForm(open.gateway, '/oauth/token', {
        ...{ grant_type: DEVICE_GRANT, client_id, device_code },
      });
      expect((await keyRow(open.gateway, json.access_token)).made_for).toBeNull();
      const vetted = await registerApp(open.owner);
      const ours = await consentPage(open.owner, { ...asked, client_id: vetted.client_id });
      expect(ours.json.data.app).toMatchObject({ is_dynamic: false });
    });

    test('no device gets a key for an app that registered itself and never said so', async () => {
      const { client_id } = (
        await register({ redirect_uris: [REDIRECT], token_endpoint_auth_method: 'none' })
      ).json;
      const started = await postForm(open.gateway, '/oauth/device_authorization', { client_id });
      expect(started.status).toBe(400);
      expect(started.json).toEqual({ error: 'unauthorized_client', error_description: expect.any(String) });
    });

    test('nobody registers unless the operator lets them', async () => {
      expect((await register({ redirect_uris: [REDIRECT] }, bench)).status).toBe(404);
      const { json } = await get('/.well-known/oauth-authorization-server', open);
      expect(json.registration_endpoint).toBe(`${open.gateway.baseUrl}/oauth/register`);
    });

    test('an app registers itself, with a secret or without', async () => {
      const known = await register({
        redirect_uris: [REDIRECT],
        client_name: 'Some App',
        logo_uri: 'https://x/',
      });
      expect(known.status).toBe(201);
      expect(known.headers.get('cache-control')).toBe('no-store');
      expect(known.json).toEqual({
        client_id: expect.stringMatching(/^app_/),
        client_id_issued_at: Math.floor(open.clock.nowMs() / 1000),
        client_secret: expect.stringMatching(/^app_secret_/),
        client_secret_expires_at: 0,
        client_name: 'Some App',
        redirect_uris: [REDIRECT],
        token_endpoint_auth_method: 'client_secret_basic',
        grant_types: ['authorization_code'],
        response_types: ['code'],
      });
      const shared = await register({ redirect_uris: [REDIRECT], token_endpoint_auth_method: 'none' });
      expect(shared.json).toMatchObject({ client_name: 'your-app.com', token_endpoint_auth_method: 'none' });
      expect(shared.json).not.toHaveProperty('client_secret');
      const listed = await open.owner.get('/api/dashboard/apps');
      expect(listed.body['list']).toContainEqual(
        expect.objectContaining({ client_id: shared.json.client_id, is_dynamic: true }),
      );
    });

    test.each([
      ['invalid_redirect_uri', {}],
      ['invalid_redirect_uri', { redirect_uris: [] }],
      ['invalid_redirect_uri', { redirect_uris: ['http://example.com/'] }],
      ['invalid_redirect_uri', { redirect_uris: ['myapp://cb'] }],
      ['invalid_client_metadata', { redirect_uris: [REDIRECT], client_name: '' }],
      ['invalid_client_metadata', { redirect_uris: [REDIRECT], client_name: 'a\u202eb' }],
      ['invalid_client_metadata', { redirect_uris: [REDIRECT], response_types: ['token'] }],
      [
        'invalid_client_metadata',
        { redirect_uris: [REDIRECT], token_endpoint_auth_method: 'private_key_jwt' },
      ],
      ['invalid_client_metadata', []],
    ])('%s is the answer to %j', async (error, body) => {
      // Each of these counts, and one address may not register often.
      open.clock.advance(60 * 60 * 1000);
      const answer = await register(body);
      expect(answer.status).toBe(400);
      expect(answer.json).toEqual({ error, error_description: expect.any(String) });
    });

    test('one address registers twenty apps an hour', async () => {
      open.clock.advance(60 * 60 * 1000);
      for (let times = 0; times < 20; times++) {
        expect((await register({ redirect_uris: [REDIRECT] })).status).toBe(201);
      }
      const late = await register({ redirect_uris: [REDIRECT] });
      expect(late.status).toBe(429);
      expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0);
      open.clock.advance(60 * 60 * 1000);
      expect((await register({ redirect_uris: [REDIRECT] })).status).toBe(201);
    });

    test('an app that registered itself and got no key in a day is forgotten', async () => {
      const { database } = open.gateway;
      const ids = async () =>
        (await database.db.selectFrom('oauth_client').select('client_id').execute()).map(
          (row) => row.client_id,
        );
      const made = await open.owner.post('/api/dashboard/apps', { name: 'Kept', redirect_uris: [REDIRECT] });
      open.clock.advance(60 * 60 * 1000);
      const { client_id } = (await register({ redirect_uris: [REDIRECT] })).json;
      open.clock.advance(DAY_MS - 1);
      await forgetUnusedClients({ database, clock: open.clock });
      expect(await ids()).toContain(client_id);
      open.clock.advance(1);
      await forgetUnusedClients({ database, clock: open.clock });
      expect(await ids()).not.toContain(client_id);
      expect(await ids()).toContain(String(made.body['client_id']));
    });
  });
}
