/** Secrets of sign-ins and of the mail server, put into place while the gateway runs. */
import { expect, test } from 'bun:test';
import { OWNER, signUpOwner, Visitor } from '../../accounts.ts';
import { startGateway } from '../../harness.ts';
import { startMailServer } from '../../mail-server.ts';

const FROM = 'Turnpike <turnpike@example.com>';

test('mails go by the new server, and sign-ins by the new client', async () => {
  await using first = await startMailServer();
  await using second = await startMailServer();
  await using bench = await startGateway({
    config: {
      accounts: { sign_up: 'open', github: { client_id: 'first-client', client_secret: 'first-secret' } },
      mail: { smtp_url: first.url, from: FROM },
    },
  });
  await signUpOwner(bench);
  const visitor = new Visitor(bench.url);
  const askForReset = () => visitor.post('/api/auth/request-password-reset', { email: OWNER.email });
  const clientOf = async () => {
    const answer = await visitor.post('/api/auth/sign-in/social', { provider: 'github' });
    return new URL(String(answer.body['url'])).searchParams.get('client_id');
  };
  expect((await askForReset()).status).toBe(200);
  await first.next(OWNER.email);
  expect(await clientOf()).toBe('first-client');

  const { config } = bench;
  const github = { clientId: 'second-client', clientSecret: 'second-secret' };
  await bench.gateway.applySecrets({
    ...config,
    mail: { smtpUrl: second.url, from: FROM },
    accounts: { ...config.accounts, github },
  });
  expect((await askForReset()).status).toBe(200);
  await second.next(OWNER.email);
  expect(await clientOf()).toBe('second-client');
  expect(first.mails.length).toBe(1);
});

test('a key of this gateway is taken for no provider’s, and nothing changes then', async () => {
  await using bench = await startGateway({});
  const { config } = bench;
  const [acme, ...others] = config.providers;
  if (acme === undefined) throw new Error('there is no provider');
  const providers = [{ ...acme, apiKey: bench.apiKey }, ...others];
  const refused = await bench.gateway.applySecrets({ ...config, providers }).then(String, String);
  expect(refused).toContain('this is a key of this gateway, not the provider');
  const answer = await fetch(`${bench.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bench.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'acme/small', messages: [{ role: 'user', content: 'Hi' }] }),
  });
  expect(answer.status).toBe(200);
  expect(bench.provider.requests.at(-1)?.authorization).not.toContain(bench.apiKey);
});
