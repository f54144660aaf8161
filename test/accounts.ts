/** People in tests: a visitor with cookies, as a browser has them, and the ways in which somebody becomes a user. */
import { createSetupLink } from '../src/accounts/members/invitations.ts';
import { isJsonObject, type JsonObject } from '../src/json.ts';
import { holdToDeclared } from './answers.ts';
import type { TestGateway } from './harness.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The answer's JSON, `data` unpacked; an empty object for anything else. */
  readonly body: JsonObject;
  readonly text: string;
}

export interface SendOptions {
  readonly headers?: Record<string, string>;
  /** Null: none is sent. */
  readonly origin?: string | null;
}

/** Keeps cookies and sends what our own pages send: Origin and, once signed in, the CSRF token. Follows no redirect. */
export class Visitor {
  readonly cookies = new Map<string, string>();
  readonly #url: string;
  readonly #address: string | null;
  #csrfToken: string | null = null;

  /** `address`: where a proxy that the gateway trusts says that the visitor comes from. */
  constructor(url: string, address: string | null = null) {
    this.#url = url;
    this.#address = address;
  }

  get cookieHeader(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  send(method: string, path: string, body?: unknown, options: SendOptions = {}): Promise<Answer> {
    return this.sendRaw(method, path, JSON.stringify(body ?? {}), options);
  }

  async sendRaw(method: string, path: string, body: string, options: SendOptions = {}): Promise<Answer> {
    const { origin = new URL(this.#url).origin } = options;
    const answer = await fetch(new URL(path, this.#url), {
      method,
      redirect: 'manual',
      headers: {
        ...(this.cookies.size > 0 && { cookie: this.cookieHeader }),
        ...(origin !== null && method !== 'GET' && { origin }),
        ...(this.#csrfToken !== null && { 'x-csrf-token': this.#csrfToken }),
        ...(this.#address !== null && { 'x-forwarded-for': this.#address }),
        ...(method !== 'GET' && { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(method !== 'GET' && { body }),
    });
    this.#keep(answer.headers);
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.startsWith('application/json') === true;
    const value: unknown = isJson && text !== '' ? JSON.parse(text) : {};
    if (isJson) holdToDeclared(method, path, answer.status, value);
    const inner = isJsonObject(value) && 'data' in value ? value['data'] : value;
    return {
      status: answer.status,
      headers: answer.headers,
      body: isJsonObject(inner) ? inner : { list: inner },
      text,
    };
  }

  get(path: string): Promise<Answer> {
    return this.send('GET', path);
  }

  post(path: string, body?: unknown, options?: SendOptions): Promise<Answer> {
    return this.send('POST', path, body, options);
  }

  /** Who is signed in, as the pages ask; null: nobody. Keeps the CSRF token for what comes after. */
  async session(): Promise<SessionAnswer | null> {
    const { body } = await this.get('/api/dashboard/session');
    const session = body['session'] as SessionAnswer | null;
    this.#csrfToken = session?.csrf_token ?? null;
    return session;
  }

  /** What a change is to have, for whoever sends it by themselves. */
  changing(): Record<string, string> {
    return { origin: new URL(this.#url).origin, 'x-csrf-token': this.#csrfToken ?? '' };
  }

  async signIn(credentials: Credentials): Promise<Answer> {
    const answer = await this.post('/api/auth/sign-in/email', credentials);
    await this.session();
    return answer;
  }

  #keep(headers: Headers): void {
    for (const line of headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split('; ');
      const name = pair.slice(0, pair.indexOf('='));
      const isGone = attributes.some((attribute) => /^max-age=0$/i.test(attribute));
      if (isGone) this.cookies.delete(name);
      else this.cookies.set(name, pair.slice(pair.indexOf('=') + 1));
    }
  }
}

export interface SessionAnswer {
  readonly id: string;
  readonly user: {
    readonly id: string;
    readonly name: string;
    readonly email: string;
    readonly email_verified: boolean;
    readonly two_factor_enabled: boolean;
    readonly has_password: boolean;
  };
  readonly account: { readonly id: string; readonly name: string; readonly role: string };
  readonly csrf_token: string;
}

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

export const OWNER = { name: 'Olivia Owner', email: 'olivia@example.com', password: 'correct horse battery' };

/** The token of a fresh setup link, as a start of the gateway would print it. */
export async function setupToken({ gateway }: Pick<TestGateway, 'gateway'>): Promise<string> {
  const link = await createSetupLink(gateway.accounts, gateway.accounts.accountId);
  if (link === null) throw new Error('there is an owner already');
  return tokenOf(link);
}

export function tokenOf(link: string): string {
  return new URL(link).searchParams.get('token') ?? '';
}

/** A visitor who is signed in as the first owner. */
export async function signUpOwner(bench: TestGateway): Promise<Visitor> {
  const visitor = new Visitor(bench.url);
  const invitation_token = await setupToken(bench);
  const answer = await visitor.post('/api/auth/sign-up/email', { ...OWNER, invitation_token });
  if (answer.status !== 200 || (await visitor.session()) === null)
    throw new Error(`no owner: ${answer.text}`);
  return visitor;
}

/** A visitor who is signed in as somebody the owner invited. */
export async function signUpMember(
  bench: Pick<TestGateway, 'url'>,
  owner: Visitor,
  person: Credentials & { readonly name?: string; readonly role?: 'owner' | 'admin' | 'member' },
): Promise<Visitor> {
  const { role = 'member', name = 'Max Member', ...credentials } = person;
  const invited = await owner.post('/api/dashboard/invitations', { email: person.email, role });
  const visitor = new Visitor(bench.url);
  const answer = await visitor.post('/api/auth/sign-up/email', {
    ...{ name, ...credentials },
    invitation_token: tokenOf(String(invited.body['link'])),
  });
  if (answer.status !== 200 || (await visitor.session()) === null)
    throw new Error(`no member: ${answer.text}`);
  return visitor;
}

/** Shows that the address is theirs, where there is no mail server and an admin invited them. */
export async function confirmEmail(
  bench: Pick<TestGateway, 'announcements'>,
  visitor: Visitor,
  { email, password }: Credentials,
): Promise<void> {
  await visitor.post('/api/dashboard/email-change', { email, password });
  const link = /https?:\S+/.exec(bench.announcements.at(-1) ?? '')?.[0] ?? '';
  const answer = await visitor.post('/api/dashboard/email-change/confirm', { token: tokenOf(link) });
  if (answer.status !== 200) throw new Error(`not confirmed: ${answer.text}`);
}
