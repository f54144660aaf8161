/** A real OpenID provider on loopback, which gives its clients signed tokens as a CI system gives them to its jobs. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import Provider from 'oidc-provider';

export type Algorithm = 'ES256' | 'RS256';

export interface IdentityProvider extends AsyncDisposable {
  /** Its `iss`. */
  readonly url: string;
  /** `host:port`, as `egress.private_hosts` has it. */
  readonly host: string;
  readonly jwksUrl: string;
  /** What the gateway, and whoever else, asked it for: paths. */
  readonly requests: readonly string[];
  /** A new token of the one workload it knows. */
  token(audience: string, algorithm?: Algorithm): Promise<string>;
  /** From now on every request is answered with 500. */
  break(): void;
}

/** The `sub` of its tokens. */
export const WORKLOAD = 'build-server';
/** The `scopes` and the `token_type` of its tokens. */
export const CLAIMS = { scopes: ['deploy', 'test'], token_type: 'job' };

interface TokenContext {
  readonly oidc: { readonly params: { readonly scope?: string } };
}

const SECRET = 'a secret of the test, and of nobody else';

export async function startIdentityProvider(): Promise<IdentityProvider> {
  const requests: string[] = [];
  let isBroken = false;
  const server = createServer();
  await new Promise<void>((listening) => void server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const host = `127.0.0.1:${port}`;
  const url = `http://${host}`;
  const answer = (await providerOf(url)).callback();
  server.on('request', (request, response) => {
    requests.push(request.url ?? '');
    if (isBroken) response.writeHead(500).end();
    else answer(request, response);
  });
  return {
    ...{ url, host, requests },
    jwksUrl: `${url}/jwks`,
    async token(audience, algorithm = 'ES256') {
      const response = await fetch(`${url}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${WORKLOAD}:${encodeURIComponent(SECRET)}`)}` },
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          resource: audience,
          scope: algorithm,
        }),
      });
      const body = (await response.json()) as { access_token?: string };
      if (body.access_token === undefined) throw new Error(`no token: ${JSON.stringify(body)}`);
      return body.access_token;
    },
    break() {
      isBroken = true;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

async function providerOf(url: string): Promise<Provider> {
  const algorithms: Algorithm[] = ['ES256', 'RS256'];
  const keys = await Promise.all(
    algorithms.map(async (alg) => {
      const { privateKey } = await generateKeyPair(alg, { extractable: true });
      return { ...(await exportJWK(privateKey)), alg, use: 'sig', kid: `idp-${alg}` };
    }),
  );
  return new Provider(url, {
    jwks: { keys },
    scopes: algorithms,
    clients: [
      {
        client_id: WORKLOAD,
        client_secret: SECRET,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        scope: algorithms.join(' '),
      },
    ],
    ttl: { ClientCredentials: 300 },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (context: TokenContext, audience: string) => ({
          audience,
          scope: algorithms.join(' '),
          accessTokenFormat: 'jwt',
          accessTokenTTL: 300,
          // The scope that is asked for names the algorithm: one way to have both from one provider.
          jwt: { sign: { alg: context.oidc.params.scope === 'RS256' ? 'RS256' : 'ES256' } },
        }),
      },
    },
    extraTokenClaims: () => CLAIMS,
  });
}
