/** A real gateway that does everything for which it calls somebody else, watched from below: who opens connections, and that nobody else does. */
import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { OWNER, tokenOf, Visitor } from '../../accounts.ts';
import { spawnGateway } from '../../harness.ts';
import { postgresEngine } from '../../lease-node.ts';
import { startMailServer } from '../../mail-server.ts';
import { startOpenIdProvider } from '../accounts/openid-provider.ts';
import { chat, until } from '../faults/bench.ts';
import { startIdentityProvider, WORKLOAD } from '../workload-identity/identity-provider.ts';
import { AUDIENCE, accessTokenFor } from '../workload-identity/trust.ts';

const WATCH = join(import.meta.dir, '../../watch-ways-out.ts');
const BASE = '/api/dashboard/workload-identity';

/** To providers, to addresses that people typed in, to the database, to the operator's mail server and sign-in providers. */
const WAYS_OUT = [
  'src/upstream/connection.ts',
  'src/egress/guarded-get.ts',
  'pg',
  'nodemailer',
  '@better-fetch/fetch',
];

test('connections are opened by the client to providers, the guarded way out, and the libraries of database, mail and sign-in alone', async () => {
  await using stack = new AsyncDisposableStack();
  const opened = stack.adopt(await postgresEngine().open({ migrated: false }), (database) =>
    database.dispose(),
  );
  const mails = stack.use(await startMailServer());
  const signIn = stack.use(await startOpenIdProvider());
  const issuer = stack.use(await startIdentityProvider());
  const gateway = stack.use(
    await spawnGateway({
      config: {
        egress: { private_hosts: [issuer.host] },
        mail: { smtp_url: mails.url, from: 'turnpike@example.com' },
        accounts: { oidc: [signIn.config] },
      },
      env: { TURNPIKE_DATABASE_URL: opened.databaseUrl ?? '', BUN_OPTIONS: `--preload ${WATCH}` },
    }),
  );
  for (const stream of [false, true]) {
    const answer = await chat(gateway, { model: 'acme/small', stream });
    expect(answer.status).toBe(200);
    await answer.text();
  }
  const setupLink = /\(one-time link\): (\S+)/.exec(gateway.stdout)?.[1] ?? '';
  const owner = new Visitor(gateway.url);
  const signedUp = await owner.post('/api/auth/sign-up/email', {
    ...OWNER,
    invitation_token: tokenOf(setupLink),
  });
  expect(signedUp.status).toBe(200);
  await owner.session();
  await owner.post('/api/dashboard/invitations', { email: 'max@example.com', role: 'member' });
  expect((await mails.next('max@example.com')).text).toContain('http');
  await new Visitor(gateway.url).post('/api/auth/sign-in/social', {
    provider: 'corp',
    callbackURL: '/keys',
  });

  const made = await owner.post(`${BASE}/issuers`, { name: 'CI', issuer_url: issuer.url });
  expect(made.status).toBe(201);
  const keys = (await owner.get(`${BASE}/target-keys`)).body['list'] as { hash: string }[];
  const policy = await owner.post(`${BASE}/policies`, {
    ...{ name: 'Deployments', issuer_id: made.body['id'], subject: WORKLOAD, audience: AUDIENCE },
    target_key_hash: keys[0]?.hash,
  });
  expect(policy.status).toBe(201);
  const token = await accessTokenFor(gateway, String(policy.body['id']), await issuer.token(AUDIENCE));
  expect(token.length).toBeGreaterThan(20);

  const owners = () =>
    new Set([...gateway.stderr.matchAll(/^way-out \S+ (.+)$/gm)].map((match) => match[1] ?? ''));
  // Each way was gone, so that a watcher that sees nothing is no proof.
  expect(await until(() => owners().size >= WAYS_OUT.length)).toBe(true);
  expect([...owners()].sort()).toEqual([...WAYS_OUT].sort());
});
