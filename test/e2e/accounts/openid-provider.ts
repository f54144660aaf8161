/** A real OpenID provider on loopback with people in it, whose sign-in and consent pages are clicked through by request. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';
import { Visitor } from '../../accounts.ts';

export interface Person {
  readonly sub: string;
  readonly email: string;
  readonly email_verified?: boolean;
  readonly name?: string;
}

export interface OpenIdProvider extends AsyncDisposable {
  readonly issuer: string;
  /** An entry of `accounts.oidc`. */
  readonly config: object;
  /** It has one client: a gateway that starts after it, whose address is known later. Until then it does not answer. */
  register(callbackUrl: string): void;
  /** Signs somebody in at the provider; gives the address that it sends the browser back to. */
  authorize(address: string, person: Person): Promise<URL>;
}

const CLIENT = { client_id: 'turnpike', client_secret: 'a-secret-of-the-test-alone' };

export async function startOpenIdProvider(): Promise<OpenIdProvider> {
  const people = new Map<string, Person>();
  const server = createServer();
  await new Promise<void>((listening) => void server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}`;
  const providerFor = (callbackUrl: string) =>
    new Provider(issuer, {
      clients: [{ ...CLIENT, redirect_uris: [callbackUrl], response_types: ['code'] }],
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
      findAccount: (_context: unknown, sub: string) => ({ accountId: sub, claims: () => people.get(sub) }),
      cookies: { keys: ['of the test'] },
    });
  let answer: RequestListener = (_request, response) => void response.writeHead(503).end();
  server.on('request', (request, response) => answer(request, response));
  return {
    register(callbackUrl) {
      answer = providerFor(callbackUrl).callback();
    },
    issuer,
    config: { id: 'corp', name: 'Corp', issuer, ...CLIENT },
    async authorize(address, person) {
      people.set(person.sub, person);
      const browser = new Visitor(issuer);
      const form = { headers: { 'content-type': 'application/x-www-form-urlencoded' } };
      let next = new URL(address);
      for (let step = 0; step < 10 && next.origin === issuer; step++) {
        const page = await browser.send('GET', next.href);
        const location = page.headers.get('location');
        if (location !== null) {
          next = new URL(location, next);
          continue;
        }
        const prompt = page.text.includes('value="login"') ? 'login' : 'consent';
        const fields = new URLSearchParams({ prompt, login: person.sub, password: 'any' });
        const sent = await browser.sendRaw('POST', next.href, fields.toString(), form);
        next = new URL(sent.headers.get('location') ?? '', next);
      }
      return next;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
