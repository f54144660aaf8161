/** Whom a whole gateway believes to be who they say: nobody whose certificate is not verified, whatever its environment says. */
import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { spawnGateway } from '../../harness.ts';

const FIXTURES = join(import.meta.dir, '../../../src/upstream/__fixtures__');
const UNVERIFIED = { NODE_TLS_REJECT_UNAUTHORIZED: '0' };
const TRUSTING = { NODE_EXTRA_CA_CERTS: join(FIXTURES, 'authority.pem') };

test.each([
  ['nobody of an unknown authority, even where the environment asks for no verification', UNVERIFIED, false],
  ['those of an authority that the operator added', TRUSTING, true],
])('providers of models and of sign-ins: %s', async (_, env, isReached) => {
  const seen: string[] = [];
  const server = Bun.serve({
    hostname: 'localhost',
    port: 0,
    tls: { cert: Bun.file(join(FIXTURES, 'localhost.pem')), key: Bun.file(join(FIXTURES, 'localhost.key')) },
    fetch(request) {
      seen.push(new URL(request.url).pathname);
      return new Response(null, { status: 500 });
    },
  });
  try {
    const origin = `https://localhost:${server.port}`;
    await using gateway = await spawnGateway({
      env,
      config: {
        providers: [{ slug: 'tls', base_url: `${origin}/v1`, api_key: 'of-the-provider' }],
        models: [
          {
            id: 'tls/small',
            context_length: 1000,
            endpoints: [{ provider: 'tls', model: 'm', pricing: { prompt: '0', completion: '0' } }],
          },
        ],
        accounts: {
          oidc: [{ id: 'corp', name: 'Corp', issuer: origin, client_id: 'x', client_secret: 'y' }],
        },
      },
    });
    const post = (path: string, body: object, headers: Record<string, string>) =>
      fetch(`${gateway.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
    const authorization = `Bearer ${gateway.apiKey}`;
    const messages = [{ role: 'user', content: 'Hello' }];
    const chatted = await post(
      '/api/v1/chat/completions',
      { model: 'tls/small', messages },
      { authorization },
    );
    expect(chatted.status).toBe(502);
    const signedIn = await post('/api/auth/sign-in/social', { provider: 'corp' }, { origin: gateway.url });
    expect(signedIn.status).toBe(503);
    const paths = ['/.well-known/openid-configuration', '/v1/chat/completions'];
    expect([...new Set(seen)].sort()).toEqual(isReached ? paths : []);
    expect(gateway.stderr.includes('NODE_TLS_REJECT_UNAUTHORIZED=0 is ignored')).toBe(!isReached);
  } finally {
    await server.stop(true);
  }
});
