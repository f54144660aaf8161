import { expect, test } from 'bun:test';
import type { Route } from '../../../src/http/route.ts';
import { signUpMember, signUpOwner, Visitor } from '../../accounts.ts';
import { Passkey, totpCode } from '../../authenticators.ts';
import { engines } from '../../databases.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';
import { CALLBACK, ID, ISSUER, RIGHT_BODIES } from './right-bodies.ts';

const WRONG: readonly unknown[] = [
  ...[0, -1, 1e308, 0.5, true, false, null, [], [null], ['x', {}], {}, { x: { y: [1] } }],
  ...['', ' ', 'x'.repeat(20_000), 'a\0b', '\ud800', '\u202e', '../../x', '%00', '__proto__'],
  JSON.parse(`${'{"x":'.repeat(40)}1${'}'.repeat(40)}`),
];

const takesBody = ({ method, path, access }: Route): boolean =>
  method !== 'GET' &&
  method !== 'DELETE' &&
  access !== 'sessionForm' &&
  /^\/(?:scim|api\/(?:auth|dashboard|v1\/(?:keys?|auth|oauth|byok|guardrails|policy\/replay|workspaces|organization|external-users|scim|webhooks)))(?:\/|$)/.test(
    path,
  );

/** What to do to a right body: each member, however deep, once in every wrong shape, and once left out. */
function* mistakes(
  sample: unknown,
): Generator<{ readonly where: string; readonly make: (right: unknown) => unknown }> {
  for (const wrong of WRONG) yield { where: '', make: () => wrong };
  if (typeof sample !== 'object' || sample === null || Array.isArray(sample)) return;
  for (const [name, member] of Object.entries(sample)) {
    for (const { where, make } of mistakes(member)) {
      const inside = (right: unknown) => make((right as Record<string, unknown>)[name]);
      yield {
        where: `${name}${where === '' ? '' : `.${where}`}`,
        make: (right) => ({ ...(right as object), [name]: inside(right) }),
      };
    }
    yield { where: `no ${name}`, make: (right) => ({ ...(right as object), [name]: undefined }) };
  }
}

/** Somebody who asks, with the body that would be right for them at this moment. */
interface Asker {
  readonly visitor: Visitor;
  readonly ready: () => Promise<unknown>;
  /** How many of their requests may run side by side; few enough for every limit of attempts. */
  readonly atOnce: number;
}

const forgetAttempts = ({ database }: TestGateway) => database.db.deleteFrom('attempt_count').execute();

async function openBench(engine: 'sqlite' | 'postgres') {
  const bench = await startGateway({
    engine,
    config: {
      accounts: { sign_up: 'open', github: { client_id: 'x', client_secret: 'x' } },
      oauth: { dynamic_registration: true },
      figures: { tags: ['project'] },
    },
  });
  const owner = await signUpOwner(bench);
  const max = { email: 'max@example.com', password: 'staple battery horse' };
  const member = await signUpMember(bench, owner, max);
  const enabled = await member.post('/api/auth/two-factor/enable', { password: max.password });
  const code = totpCode(String(enabled.body['totpURI']), Date.now());
  await member.post('/api/auth/two-factor/verify-totp', { code });
  const memberId = (await member.session())?.user.id ?? '';
  const app = await owner.post('/api/dashboard/apps', { name: 'A', redirect_uris: [CALLBACK] });
  const issuer = await owner.post('/api/dashboard/workload-identity/issuers', ISSUER);
  const { hash } = await makeKey(bench);
  const scim = async (path: string, body: object): Promise<string> => {
    const answer = await fetch(`${bench.url}/scim/v2${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bench.managementKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return ((await answer.json()) as { id: string }).id;
  };
  const scimUser = await scim('/Users', { userName: 'scim@example.com' });
  const scimGroup = await scim('/Groups', { displayName: 'Team' });
  const ids = {
    client: String(app.body['client_id']),
    issuer: String(issuer.body['id']),
    hash,
    memberId,
    scimUser,
    scimGroup,
  };
  const passkey = new Passkey(bench.url);
  const half = new Visitor(bench.url);
  const stranger = new Visitor(bench.url);

  const askersOf = (name: string, sample: object): readonly Asker[] => {
    const plain = (visitor: Visitor): Asker => ({ visitor, ready: async () => sample, atOnce: 5 });
    const halfWay: Asker = {
      visitor: half,
      atOnce: 1,
      ready: async () => {
        await half.post('/api/auth/sign-in/email', max);
        return sample;
      },
    };
    if (name.includes('/api/auth/two-factor/verify')) return [plain(stranger), plain(owner), halfWay];
    if (name.endsWith('/passkey/verify-authentication')) {
      const ready = async () => {
        const options = await stranger.get('/api/auth/passkey/generate-authenticate-options');
        return { response: passkey.assert(options.body as never) };
      };
      return [{ visitor: stranger, ready, atOnce: 1 }];
    }
    if (name.endsWith('/passkey/verify-registration')) {
      const ready = async () => {
        const options = await owner.get('/api/auth/passkey/generate-register-options');
        if (options.status !== 200) throw new Error(`no options: ${options.text}`);
        return { response: passkey.register(options.body as never), name: 'Phone' };
      };
      return [{ visitor: owner, ready, atOnce: 1 }];
    }
    return name.includes(' /api/auth/') ? [plain(stranger), plain(owner)] : [plain(owner)];
  };
  return { bench, owner, ids, askersOf };
}

test.each(engines.map(({ name }) => [name] as const))(
  'on %s, no value of the wrong type, to any route that takes a body, is anything but a refusal',
  async (engine) => {
    const { bench, owner, ids, askersOf } = await openBench(engine);
    await using _ = bench;
    const routes = bench.gateway.routes.filter(takesBody);
    const names = routes.map((route) => `${route.method} ${route.path}`);
    expect(names.sort()).toEqual(Object.keys(RIGHT_BODIES).sort());
    const failures: string[] = [];
    let sent = 0;
    for (const [name, sample] of Object.entries(RIGHT_BODIES)) {
      const [method = '', path = ''] = name.split(' ');
      const id = path.startsWith('/scim/')
        ? path.includes('/Users/')
          ? ids.scimUser
          : ids.scimGroup
        : path.includes('/apps/')
          ? ids.client
          : path.includes('/issuers/')
            ? ids.issuer
            : path.includes('/workspaces/')
              ? 'default'
              : ID;
      const target = path
        .replace(':hash', ids.hash)
        .replace(':userId', ids.memberId)
        .replace(':id', id)
        .replace(':interval', 'daily')
        .replace(/:\w+/, ID);
      const known = JSON.parse(JSON.stringify(sample).replaceAll('app_0', ids.client)) as object;
      const key = /\/(?:auth\/keys\/code|key\/children)$/.test(path) ? bench.apiKey : bench.managementKey;
      const headers = /^\/(?:api\/v1|scim)\//.test(path) ? { authorization: `Bearer ${key}` } : {};
      for (const { visitor, ready, atOnce } of askersOf(name, known)) {
        await forgetAttempts(bench);
        const wrong = [...mistakes(await ready())];
        for (let start = 0; start < wrong.length; start += atOnce) {
          await forgetAttempts(bench);
          const together = wrong.slice(start, start + atOnce).map(async ({ where, make }) => {
            const body = make(await ready());
            const answer = await visitor.send(method, target, body, { headers });
            sent += 1;
            if (answer.status < 500) return;
            failures.push(`${name} ${where}: ${answer.status} to ${JSON.stringify(body)?.slice(0, 300)}`);
          });
          await Promise.all(together);
        }
      }
    }
    expect(failures).toEqual([]);
    expect(sent).toBeGreaterThan(3000);
    expect(bench.logLines.filter((line) => line.includes('"account_work_failed"'))).toEqual([]);
    expect(await owner.session()).toBeNull();
  },
  600_000,
);

const PARAMETERS = [
  ...['token', 'user_code', 'state', 'code', 'error', 'callback_url', 'redirect_uri', 'client_id', 'scope'],
  ...['code_challenge', 'code_challenge_method', 'key_label', 'limit', 'expires_at', 'workspace_id'],
  ...['offset', 'include_disabled', 'response_type', 'id', 'callbackURL', 'query', 'before', 'key'],
];
const ODD = [
  '',
  '%00',
  '%ED%A0%80',
  '%',
  'x'.repeat(4000),
  '-1',
  '1e400',
  '[object Object]',
  '%22%7B%7D',
  'x&NAME=y',
];

test('on postgres, no odd value of a query parameter is anything but a refusal', async () => {
  const { bench, owner } = await openBench('postgres');
  await using _ = bench;
  const routes = bench.gateway.routes.filter(
    ({ method, path }) =>
      method === 'GET' && /^\/api\/(?:auth|dashboard|v1\/(?:keys|auth|oauth|key))(?:\/|$)/.test(path),
  );
  expect(routes.length).toBeGreaterThan(15);
  const failures: string[] = [];
  for (const { path, access } of routes) {
    const headers = access === 'managementKey' ? { authorization: `Bearer ${bench.managementKey}` } : {};
    const target = path.replace(':hash', 'f'.repeat(64)).replace(':provider', 'github').replace(/:\w+/, ID);
    for (const name of PARAMETERS) {
      await forgetAttempts(bench);
      const together = ODD.map(async (odd) => {
        const query = `${name}=${odd.replace('NAME', name)}`;
        const answer = await owner.send('GET', `${target}?${query}`, undefined, { headers });
        if (answer.status >= 500) failures.push(`${target}?${query.slice(0, 100)}: ${answer.status}`);
      });
      await Promise.all(together);
    }
  }
  expect(failures).toEqual([]);
}, 600_000);

test('what is no JSON object is a refusal on every route, and signs nobody out', async () => {
  const { bench, owner } = await openBench('sqlite');
  await using _ = bench;
  const failures: string[] = [];
  for (const { method, path, access } of bench.gateway.routes.filter(takesBody)) {
    // They read no body, or take any.
    if (/\/(?:secret|sync-jobs|refresh)$/.test(path)) continue;
    await forgetAttempts(bench);
    const target = path
      .replace('/workspaces/:id', '/workspaces/default')
      .replace(':interval', 'daily')
      .replace(':hash', 'f'.repeat(64))
      .replace(/:\w+/, ID);
    const headers = access === 'managementKey' ? { authorization: `Bearer ${bench.managementKey}` } : {};
    for (const body of [
      '',
      'not json',
      '[]',
      '"x"',
      '7',
      'null',
      '{"a":',
      '{"a":1,"a":2}',
      '\ufeff',
      '{}{}',
    ]) {
      const { status } = await owner.sendRaw(method, target, body, { headers });
      if (status < 400 || status >= 500) failures.push(`${method} ${target}: ${status} to ${body}`);
    }
  }
  expect(failures).toEqual([]);
  expect(await owner.session()).not.toBeNull();
});
