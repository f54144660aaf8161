/**
 * GitHub and Google as far as a sign-in needs them, on loopback: whoever calls their fixed addresses out of this process gets
 * there instead. They hold a client to the rules: its secret, its callback, its proof key, and codes that work once.
 */
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { JsonObject } from '../../../src/json.ts';

/** Their names and paths are theirs to fix; better-auth knows no others. */
const ADDRESSES: Readonly<Record<string, string>> = {
  'github.com': '/github',
  'api.github.com': '/github-api',
  'oauth2.googleapis.com': '/google',
  'www.googleapis.com': '/google-certs',
};

export const CLIENT = { client_id: 'the-client', client_secret: 'a-secret-that-only-providers-see' };

export interface SocialPerson {
  readonly id: number;
  readonly name: string;
  readonly email: string;
  readonly isVerified: boolean;
  /** At GitHub: keeps the address out of the profile. */
  readonly isPrivate?: boolean;
}

export interface SocialProviders extends Disposable {
  /** Signs somebody in at the provider that the address belongs to; gives the address that it sends the browser back to. */
  authorize(address: string, person: SocialPerson): URL;
  /** From now on it answers so to the exchange of a code, whatever is sent. Null: as it should. */
  failWith(answer: (() => Response) | null): void;
}

interface Grant {
  readonly person: SocialPerson;
  readonly asked: URLSearchParams;
}

export async function startSocialProviders(): Promise<SocialProviders> {
  const grants = new Map<string, Grant>();
  const tokens = new Map<string, SocialPerson>();
  let failure: (() => Response) | null = null;
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  const kid = 'google-of-the-test';

  const publicJwk = async () => ({ ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' });

  function redeem(form: URLSearchParams): Grant | null {
    const code = form.get('code') ?? '';
    const grant = grants.get(code);
    grants.delete(code);
    if (grant === undefined) return null;
    const { asked } = grant;
    const verifier = form.get('code_verifier') ?? '';
    const isTheirs =
      form.get('client_id') === CLIENT.client_id &&
      form.get('client_secret') === CLIENT.client_secret &&
      form.get('redirect_uri') === asked.get('redirect_uri') &&
      new Bun.CryptoHasher('sha256').update(verifier).digest('base64url') === asked.get('code_challenge');
    return isTheirs ? grant : null;
  }

  function githubToken(form: URLSearchParams): Response {
    if (failure !== null) return failure();
    const grant = redeem(form);
    // GitHub tells of a bad code with a status of 200.
    if (grant === null) return Response.json({ error: 'bad_verification_code' });
    const access_token = `gho_${crypto.randomUUID()}`;
    tokens.set(access_token, grant.person);
    return Response.json({ access_token, token_type: 'bearer', scope: 'read:user,user:email' });
  }

  function github(headers: Headers, path: string): Response {
    const bearer = /^Bearer (.+)$/i.exec(headers.get('authorization') ?? '')?.[1] ?? '';
    const person = tokens.get(bearer);
    if (person === undefined || !headers.has('user-agent'))
      return Response.json({ message: 'Bad credentials' }, { status: 401 });
    const { id, name, email, isVerified, isPrivate = false } = person;
    if (path === '/user/emails')
      return Response.json([
        { email: 'old@example.com', primary: false, verified: true, visibility: null },
        { email, primary: true, verified: isVerified, visibility: isPrivate ? 'private' : 'public' },
      ]);
    return Response.json({ id, login: `user-${id}`, name, email: isPrivate ? null : email, avatar_url: '' });
  }

  async function googleToken(form: URLSearchParams): Promise<Response> {
    if (failure !== null) return failure();
    const grant = redeem(form);
    if (grant === null) return Response.json({ error: 'invalid_grant' }, { status: 400 });
    const { id, name, email, isVerified } = grant.person;
    const nonce = grant.asked.get('nonce');
    const claims: JsonObject = { email, email_verified: isVerified, name, ...(nonce !== null && { nonce }) };
    const id_token = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', kid })
      .setIssuer('https://accounts.google.com')
      .setAudience(CLIENT.client_id)
      .setSubject(String(id))
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(privateKey);
    const access_token = `ya29.${crypto.randomUUID()}`;
    return Response.json({ access_token, token_type: 'Bearer', expires_in: 3599, id_token });
  }

  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: async (request) => {
      const { pathname } = new URL(request.url);
      const form = new URLSearchParams(await request.text());
      if (pathname === '/github/login/oauth/access_token') return githubToken(form);
      if (pathname.startsWith('/github-api/user')) return github(request.headers, pathname.slice(11));
      if (pathname === '/google/token') return await googleToken(form);
      if (pathname === '/google-certs/oauth2/v3/certs') return Response.json({ keys: [await publicJwk()] });
      return new Response('unknown', { status: 404 });
    },
  });

  const original = globalThis.fetch;
  const redirected = (input: string | URL | Request, init?: RequestInit) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const path = ADDRESSES[url.hostname];
    if (path === undefined) return original(input, init);
    return original(`http://127.0.0.1:${server.port}${path}${url.pathname}${url.search}`, init);
  };
  globalThis.fetch = Object.assign(redirected, { preconnect: original.preconnect });

  return {
    authorize(address, person) {
      const { host, searchParams: asked } = new URL(address);
      if (host !== 'github.com' && host !== 'accounts.google.com') throw new Error(`${host} is neither`);
      if (asked.get('client_id') !== CLIENT.client_id || asked.get('code_challenge_method') !== 'S256')
        throw new Error(`not as it was registered: ${address}`);
      const code = crypto.randomUUID();
      grants.set(code, { person, asked });
      const back = new URL(asked.get('redirect_uri') ?? '');
      back.searchParams.set('code', code);
      back.searchParams.set('state', asked.get('state') ?? '');
      return back;
    },
    failWith(answer) {
      failure = answer;
    },
    [Symbol.dispose]() {
      globalThis.fetch = original;
      void server.stop(true);
    },
  };
}
