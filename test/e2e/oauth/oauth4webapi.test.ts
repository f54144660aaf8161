/** A standard client, unmodified, that knows nothing of us but our address. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import * as oauth from 'oauth4webapi';
import { rejectionOf } from '../../databases.ts';
import { type Bench, consentPage, registerApp, sendConsent, startBench, statusWith } from './bench.ts';

/** On loopback there is no TLS. */
const options = { [oauth.allowInsecureRequests]: true };
const REDIRECT = 'http://127.0.0.1:51423/callback';

let bench: Bench;
let as: oauth.AuthorizationServer;
beforeAll(async () => {
  bench = await startBench({ config: { oauth: { dynamic_registration: true } } });
  const issuer = new URL(bench.gateway.url);
  const found = await oauth.discoveryRequest(issuer, { ...options, algorithm: 'oauth2' });
  as = await oauth.processDiscoveryResponse(issuer, found);
});
afterAll(() => bench?.[Symbol.asyncDispose]());

/** The user's part: opens the address, and answers the page. */
async function answerPage(url: URL, decision: 'approve' | 'deny'): Promise<URL> {
  const opened = await fetch(url);
  expect(opened.status).toBe(200);
  const query = Object.fromEntries(url.searchParams);
  const { consent_id } = (await consentPage(bench.owner, query)).json.data;
  const answer = await sendConsent(bench, bench.owner, { ...query, consent_id, decision });
  expect(answer.status).toBe(303);
  return new URL(answer.headers.get('location') ?? '');
}

async function authorize(client: oauth.Client, decision: 'approve' | 'deny') {
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const url = new URL(as.authorization_endpoint ?? '');
  const parameters = {
    ...{
      client_id: client.client_id,
      redirect_uri: REDIRECT,
      response_type: 'code',
      scope: 'inference',
      state,
    },
    ...{ code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' },
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  const back = await answerPage(url, decision);
  return { verifier, parameters: () => oauth.validateAuthResponse(as, client, back, state) };
}

async function signIn(client: oauth.Client, auth: oauth.ClientAuth): Promise<oauth.TokenEndpointResponse> {
  const { verifier, parameters } = await authorize(client, 'approve');
  const answer = await oauth.authorizationCodeGrantRequest(
    ...([as, client, auth, parameters(), REDIRECT, verifier, options] as const),
  );
  return await oauth.processAuthorizationCodeResponse(as, client, answer);
}

async function client({ is_public = false } = {}) {
  const app = await registerApp(bench.owner, { is_public, redirect_uris: [REDIRECT] });
  return { client: { client_id: app.client_id }, secret: app.client_secret };
}

test.each([
  ['a secret in the body', false, oauth.ClientSecretPost],
  ['a secret in the header', false, oauth.ClientSecretBasic],
  ['no secret', true, () => oauth.None()],
] as const)('with %s it gets a key, asks about it and gives it back', async (_, is_public, authOf) => {
  const { client: app, secret } = await client({ is_public });
  const auth = authOf(secret);
  const token = await signIn(app, auth);
  expect(token).toMatchObject({ token_type: 'bearer', scope: 'inference' });
  expect(await statusWith(bench.gateway, token.access_token)).toBe(200);

  if (!is_public) {
    const asked = await oauth.introspectionRequest(as, app, auth, token.access_token, options);
    expect(await oauth.processIntrospectionResponse(as, app, asked)).toMatchObject({ active: true });
  }
  const revoked = await oauth.revocationRequest(as, app, auth, token.access_token, options);
  await oauth.processRevocationResponse(revoked);
  expect(await statusWith(bench.gateway, token.access_token)).toBe(401);
});

test('it understands that the user refused', async () => {
  const { client: app } = await client();
  const { parameters } = await authorize(app, 'deny');
  expect(parameters).toThrow(oauth.AuthorizationResponseError);
});

test('it understands every refusal at the token endpoint', async () => {
  const { client: app, secret } = await client();
  const { verifier, parameters } = await authorize(app, 'approve');
  const redeem = async (auth: oauth.ClientAuth, codeVerifier: string) => {
    const answer = await oauth.authorizationCodeGrantRequest(
      ...([as, app, auth, parameters(), REDIRECT, codeVerifier, options] as const),
    );
    return await oauth.processAuthorizationCodeResponse(as, app, answer);
  };
  const wrongVerifier = await rejectionOf(redeem(oauth.ClientSecretPost(secret), `${verifier}x`));
  expect(wrongVerifier).toMatchObject({ error: 'invalid_grant', status: 400 });
  const wrongSecret = await rejectionOf(redeem(oauth.ClientSecretPost('x'), verifier));
  expect(wrongSecret).toMatchObject({ error: 'invalid_client', status: 401 });
  const challenged = await rejectionOf(redeem(oauth.ClientSecretBasic('x'), verifier));
  expect(challenged).toBeInstanceOf(oauth.WWWAuthenticateChallengeError);
  expect(await redeem(oauth.ClientSecretPost(secret), verifier)).toMatchObject({ token_type: 'bearer' });
});

test('a device gets its key when its user has decided', async () => {
  const { client: app } = await client({ is_public: true });
  const auth = oauth.None();
  const asked = await oauth.deviceAuthorizationRequest(as, app, auth, { scope: 'inference' }, options);
  const { device_code, user_code } = await oauth.processDeviceAuthorizationResponse(as, app, asked);
  const poll = async () =>
    await oauth.processDeviceCodeResponse(
      as,
      app,
      await oauth.deviceCodeGrantRequest(as, app, auth, device_code, options),
    );
  expect(await rejectionOf(poll())).toMatchObject({ error: 'authorization_pending' });
  expect(await rejectionOf(poll())).toMatchObject({ error: 'slow_down' });
  const decided = await bench.owner.post('/api/dashboard/device', { user_code, decision: 'approve' });
  expect(decided.status).toBe(200);
  const token = await poll();
  expect(await statusWith(bench.gateway, token.access_token)).toBe(200);
});

test('sent away for want of a key, it finds the way, registers itself and gets one for a week and 10 USD', async () => {
  const resource = new URL(bench.gateway.baseUrl);
  const refused = await fetch(`${resource}/chat/completions`, { method: 'POST' });
  const [, metadataUrl] =
    /resource_metadata="([^"]+)"/.exec(refused.headers.get('www-authenticate') ?? '') ?? [];
  const found = await oauth.resourceDiscoveryRequest(resource, options);
  expect(found.url).toBe(metadataUrl ?? '');
  const { authorization_servers } = await oauth.processResourceDiscoveryResponse(resource, found);
  expect(authorization_servers).toEqual([as.issuer]);

  const registered = await oauth.processDynamicClientRegistrationResponse(
    await oauth.dynamicClientRegistrationRequest(
      as,
      { client_name: 'MCP client', redirect_uris: [REDIRECT], token_endpoint_auth_method: 'none' },
      options,
    ),
  );
  const app = { client_id: registered.client_id };
  const query = {
    client_id: app.client_id,
    redirect_uri: REDIRECT,
    code_challenge: 'x',
    code_challenge_method: 'S256',
  };
  const page = await consentPage(bench.owner, query);
  expect(page.json.data.key).toMatchObject({
    label: 'MCP client',
    limit: 10,
    expires_at: new Date(bench.clock.nowMs() + 7 * 24 * 3600 * 1000).toISOString(),
  });
  const token = await signIn(app, oauth.None());
  expect(await statusWith(bench.gateway, token.access_token)).toBe(200);
});
