/** What the OAuth tests share: a gateway with an owner, the RFC's own PKCE pair, and consent as the page gives it. */
import { hashOf } from '../../../src/auth/key-secret.ts';
import { ManualClock } from '../../../src/clock.ts';
import { signUpOwner, type Visitor } from '../../accounts.ts';
import type { Engine } from '../../databases.ts';
import { type ConfigText, startGateway, type TestGateway } from '../../harness.ts';

export const MINUTE_MS = 60_000;
/** RFC 7636, appendix B. */
export const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
export const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
export const S256 = { code_challenge: CHALLENGE, code_challenge_method: 'S256' };
export const CALLBACK = 'http://localhost:3000/cb';
export const INVALID = 'Invalid code or code_verifier';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: whatever was answered
  readonly json: any;
  readonly text: string;
}

export type Texts = Readonly<Record<string, string>>;

export async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
  return { status: response.status, headers: response.headers, json: isJson ? JSON.parse(text) : null, text };
}

/** To the API, with JSON, from nowhere in particular. */
export async function postJson(
  { baseUrl }: { baseUrl: string },
  path: string,
  body: unknown,
  key?: string,
): Promise<Answer> {
  const authorization = key === undefined ? {} : { authorization: `Bearer ${key}` };
  return await answerOf(
    await fetch(`${baseUrl}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...authorization },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    }),
  );
}

/** `POST /auth/keys/code`: an API key consents, the gateway's first one unless told. */
export function askForCode(
  gateway: Pick<TestGateway, 'baseUrl' | 'apiKey'>,
  body: object,
  key = gateway.apiKey,
): Promise<Answer> {
  return postJson(gateway, '/auth/keys/code', { callback_url: CALLBACK, ...body }, key);
}

export async function codeByKey(
  gateway: Pick<TestGateway, 'baseUrl' | 'apiKey'>,
  body: object = S256,
  key = gateway.apiKey,
): Promise<string> {
  const answer = await askForCode(gateway, body, key);
  if (answer.status !== 200) throw new Error(`no code: ${answer.status} ${answer.text}`);
  return answer.json.data.id;
}

/** To the API, as standard clients send it. */
export async function postForm(
  { baseUrl }: { baseUrl: string },
  path: string,
  fields: Texts,
  headers: Texts = {},
): Promise<Answer> {
  return await answerOf(
    await fetch(`${baseUrl}${path}`, { method: 'POST', headers, body: new URLSearchParams(fields) }),
  );
}

export interface Bench extends AsyncDisposable {
  readonly gateway: TestGateway;
  readonly clock: ManualClock;
  readonly owner: Visitor;
}

export async function startBench(
  options: { engine?: Engine['name']; config?: ConfigText } = {},
): Promise<Bench> {
  // Sessions are made by the real time.
  const clock = new ManualClock(Date.now());
  const gateway = await startGateway({ ...options, clock });
  try {
    const owner = await signUpOwner(gateway);
    return { gateway, clock, owner, [Symbol.asyncDispose]: () => gateway.stop() };
  } catch (thrown) {
    await gateway.stop();
    throw thrown;
  }
}

/** What the page is told before it asks its user. */
export async function consentPage(visitor: Visitor, query: Texts): Promise<Answer> {
  const { status, headers, text } = await visitor.get(`/api/dashboard/consent?${new URLSearchParams(query)}`);
  return { status, headers, text, json: JSON.parse(text) };
}

export interface FormOptions {
  /** Null: none is sent. */
  readonly origin?: string | null;
  readonly csrfToken?: string | null;
}

/** The consent form, as the browser sends it. */
export async function sendConsent(
  { gateway }: { gateway: Pick<TestGateway, 'url'> },
  visitor: Visitor,
  fields: Texts,
  options: FormOptions = {},
): Promise<Answer> {
  const csrfToken =
    options.csrfToken === undefined ? (await visitor.session())?.csrf_token : options.csrfToken;
  const { origin = new URL(gateway.url).origin } = options;
  const response = await fetch(`${gateway.url}/auth/consent`, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie: visitor.cookieHeader, ...(origin !== null && { origin }) },
    body: new URLSearchParams({ ...fields, ...(csrfToken && { csrf_token: csrfToken }) }),
  });
  for (const line of response.headers.getSetCookie()) {
    const [pair = ''] = line.split(';');
    visitor.cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
  }
  return await answerOf(response);
}

/** Asks, shows and approves: where the browser is sent. */
export async function approve(
  bench: { gateway: TestGateway },
  visitor: Visitor,
  query: Texts,
  choice: Texts = {},
): Promise<URL> {
  const page = await consentPage(visitor, query);
  if (page.status !== 200) throw new Error(`no consent page: ${page.text}`);
  const form = { ...query, ...choice, consent_id: page.json.data.consent_id, decision: 'approve' };
  const answer = await sendConsent(bench, visitor, form);
  if (answer.status !== 303) throw new Error(`no redirect: ${answer.status} ${answer.text}`);
  return new URL(answer.headers.get('location') ?? '', bench.gateway.url);
}

export async function codeOf(
  bench: { gateway: TestGateway },
  visitor: Visitor,
  query: Texts,
  choice: Texts = {},
): Promise<string> {
  return (await approve(bench, visitor, query, choice)).searchParams.get('code') ?? '';
}

export function keyRow({ database }: Pick<TestGateway, 'database'>, key: string) {
  return database.db
    .selectFrom('api_key')
    .selectAll()
    .where('hash', '=', hashOf(key))
    .executeTakeFirstOrThrow();
}

/** 200 for a key that works. */
export async function statusWith({ baseUrl }: Pick<TestGateway, 'baseUrl'>, key: string): Promise<number> {
  return (await fetch(`${baseUrl}/key`, { headers: { authorization: `Bearer ${key}` } })).status;
}

export interface App {
  readonly client_id: string;
  readonly client_secret: string;
}

/** An app that an admin registers; public ones have an empty secret. */
export async function registerApp(
  admin: Visitor,
  { redirect_uris = ['https://your-app.com/callback'], is_public = false, name = 'Your App' } = {},
): Promise<App> {
  const answer = await admin.post('/api/dashboard/apps', { name, redirect_uris, is_public });
  if (answer.status !== 201) throw new Error(`no app: ${answer.text}`);
  return {
    client_id: String(answer.body['client_id']),
    client_secret: String(answer.body['client_secret'] ?? ''),
  };
}

export const refusal = (status: number, message: string) => ({
  status,
  json: { error: { code: status, message } },
});
