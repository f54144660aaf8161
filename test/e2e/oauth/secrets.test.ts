import { expect, test } from 'bun:test';
import { type Engine, engines } from '../../databases.ts';
import {
  type Bench,
  codeByKey,
  codeOf,
  approve as consentTo,
  postForm,
  postJson,
  registerApp,
  S256,
  startBench,
  VERIFIER,
} from './bench.ts';

const REDIRECT = 'https://your-app.com/callback';
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

/** Goes every way once, right and wrong, and gives what nobody may find afterwards. */
async function everySecret({ gateway, owner, ...bench }: Bench): Promise<string[]> {
  const place = { gateway, owner, ...bench };
  const exchange = async (code: string) => {
    await postJson(gateway, '/auth/keys', { code, code_verifier: `${VERIFIER}-wrong` });
    return (await postJson(gateway, '/auth/keys', { code, code_verifier: VERIFIER })).json.key as string;
  };
  const byKey = await codeByKey(gateway, S256);
  const consented = await codeOf(place, owner, { callback_url: REDIRECT, ...S256 });
  await consentTo(place, owner, S256);
  const shown = String((await owner.get('/api/dashboard/consent/code')).body['code']);
  const keys = [await exchange(byKey), await exchange(consented), await exchange(shown)];

  const app = await registerApp(owner);
  const query = { client_id: app.client_id, redirect_uri: REDIRECT, ...S256 };
  const bound = await codeOf(place, owner, query);
  const fields = { ...app, grant_type: 'authorization_code', code: bound, redirect_uri: REDIRECT };
  await postForm(gateway, '/oauth/token', { ...fields, client_secret: 'wrong-client-secret' });
  const { access_token } = (await postForm(gateway, '/oauth/token', { ...fields, code_verifier: VERIFIER }))
    .json;
  await postForm(gateway, '/oauth/introspect', { ...app, token: access_token });
  await postForm(gateway, '/oauth/revoke', { ...app, token: access_token });
  const renewed = await owner.post(`/api/dashboard/apps/${app.client_id}/secret`);

  const registered = await postJson(gateway, '/oauth/register', { redirect_uris: [REDIRECT] });
  const shared = await registerApp(owner, { is_public: true });
  const { client_id } = shared;
  const { device_code, user_code } = (await postForm(gateway, '/oauth/device_authorization', { client_id }))
    .json;
  const poll = () => postForm(gateway, '/oauth/token', { grant_type: DEVICE_GRANT, client_id, device_code });
  await poll();
  await owner.post('/api/dashboard/device', { user_code, decision: 'approve' });
  const device = (await poll()).json;

  const secrets = [
    ...[byKey, consented, shown, bound, ...keys, access_token, VERIFIER, `${VERIFIER}-wrong`],
    ...[
      app.client_secret,
      renewed.body['client_secret'],
      registered.json.client_secret,
      'wrong-client-secret',
    ],
    ...[device_code, user_code, user_code.replace('-', ''), device.access_token],
    owner.cookies.get('turnpike_code'),
  ];
  for (const secret of secrets) {
    if (typeof secret !== 'string' || secret.length < 8) throw new Error(`not a secret: ${secret}`);
  }
  return secrets as string[];
}

/** Every cell of every table, as text. */
async function everythingStored({ gateway }: Bench): Promise<string> {
  const { db } = gateway.database;
  const tables = await db.introspection.getTables();
  const rows = await Promise.all(
    tables.map(({ name }) =>
      db
        .selectFrom(name as 'oauth_code')
        .selectAll()
        .execute(),
    ),
  );
  expect(tables.map(({ name }) => name)).toContain('oauth_code');
  return JSON.stringify(rows, (_, value) => (typeof value === 'bigint' ? String(value) : value));
}

test.each(engines.map(({ name }): [Engine['name']] => [name]))(
  'no code, verifier, key or secret is stored or logged in the clear, on %s',
  async (engine) => {
    await using bench = await startBench({ engine, config: { oauth: { dynamic_registration: true } } });
    const secrets = await everySecret(bench);
    const stored = await everythingStored(bench);
    const logged = bench.gateway.logLines.join('\n');
    expect(secrets.filter((secret) => stored.includes(secret))).toEqual([]);
    expect(secrets.filter((secret) => logged.includes(secret))).toEqual([]);
  },
);
