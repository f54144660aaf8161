/** What a state of a page is made of: its address, what the gateway answers to it there, and what is done on it. */
import type { Page } from 'playwright-core';
import { until } from '../../browser.ts';

/** By method and path, without the query. Anything else that a page asks for is a 404. */
export type Answers = Readonly<
  Record<
    string,
    | { readonly status?: number; readonly json: unknown }
    | { readonly text: string; readonly headers: Readonly<Record<string, string>> }
    | { readonly stream: string; readonly ends: boolean }
  >
>;

export interface PageState {
  /** Unique; names its pictures. */
  readonly name: string;
  readonly path: string;
  readonly answers: Answers;
  /** What shows that the page is whole; default: its heading. */
  readonly shows?: string;
  readonly act?: (page: Page) => Promise<unknown>;
  /** The page breaks, and says so on the console. */
  readonly isBroken?: boolean;
}

/** No part of the page waits for an answer any more. */
export async function nothingLoads(page: Page): Promise<void> {
  await until(page, `document.querySelector('[role=status] [class*="animate-pulse"]') === null`);
}

export const data = (value: unknown, status = 200) => ({ status, json: { data: value } });

/** As the gateway refuses: a message that begins with a field (`redirect_uris.1: must be …`) tells it in `issues` too. */
export const refusal = (status: number, code: string, message: string) => {
  const [, field, wrong] = /^([\w.]+): (.*)$/.exec(message) ?? [];
  const path = field?.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  const issues = path === undefined ? {} : { issues: [{ path, message: wrong }] };
  return { status, json: { error: { code: status, message, metadata: { error_code: code, ...issues } } } };
};

interface SessionChanges {
  readonly user?: object;
  readonly role?: 'member' | 'admin' | 'owner';
  readonly account?: object;
  readonly sign_in?: object;
}

const SIGN_IN = {
  sign_up: 'invitation',
  providers: [],
  mail: true,
  setup_needed: false,
  passkey_host: 'localhost',
};
const PROVIDERS = [
  { id: 'github', name: 'GitHub', kind: 'social' },
  { id: 'google', name: 'Google', kind: 'social' },
  { id: 'corp', name: 'Corp SSO', kind: 'oidc' },
];

export const nobody = (sign_in: object = {}): Answers => ({
  'GET /api/dashboard/session': data({ session: null, sign_in: { ...SIGN_IN, ...sign_in } }),
});
export const nobodyWithProviders = (sign_in: object = {}): Answers =>
  nobody({ providers: PROVIDERS, ...sign_in });

/** Ada, who owns the organisation unless told otherwise. */
export const somebody = ({
  user = {},
  role = 'owner',
  account = {},
  sign_in = {},
}: SessionChanges = {}): Answers => ({
  // What the frame asks for: nothing to choose among.
  'GET /api/dashboard/workspaces': { json: { data: [], total_count: 0 } },
  'GET /api/dashboard/session': data({
    session: {
      id: 'session-1',
      user: {
        ...{ id: 'user-1', name: 'Ada Lovelace', email: 'ada@example.com', email_verified: true },
        ...{ two_factor_enabled: false, has_password: true },
        ...user,
      },
      account: {
        ...{ id: 'account-1', name: 'Analytical Engines', role, time_zone: 'UTC', logo: null },
        ...account,
      },
      csrf_token: 'token',
    },
    sign_in: { ...SIGN_IN, ...sign_in },
  }),
});

/** An empty page of the stage's own. */
export const NOTHING = '/api/nothing';

/** The pages of a gateway, with answers of ours instead of its own. Between browser and gateway, nothing would be cached. */
export interface Stage extends Disposable {
  readonly url: string;
  answers: Answers;
}

export function openStage(gateway: { readonly url: string }): Stage {
  const stage = { answers: {} as Answers };
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    // A page may wait for the dashboard to be built, which takes a busy machine longer than Bun would.
    idleTimeout: 0,
    fetch: async (request) => {
      const { pathname, search } = new URL(request.url);
      if (!pathname.startsWith('/api/')) {
        return await fetch(`${gateway.url}${pathname}${search}`, {
          headers: request.headers,
          decompress: false,
        });
      }
      if (pathname === NOTHING)
        return new Response('<!doctype html>', { headers: { 'content-type': 'text/html' } });
      const found = stage.answers[`${request.method} ${pathname}`];
      if (found !== undefined && 'text' in found) return new Response(found.text, { headers: found.headers });
      if (found !== undefined && 'stream' in found) return eventStream(found);
      const { status = 200, json } = found ?? refusal(404, 'not_found', 'Resource not found');
      return Response.json(json, { status });
    },
  });
  return Object.assign(stage, {
    // By name: browsers have no passkeys for an address of digits.
    url: `http://localhost:${server.port}`,
    [Symbol.dispose]: () => void server.stop(true),
  });
}

/** One that does not end goes on until its page leaves. */
function eventStream({ stream, ends }: { readonly stream: string; readonly ends: boolean }): Response {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(stream));
      if (ends) controller.close();
    },
  });
  return new Response(body, {
    headers: { 'content-type': 'text/event-stream', 'x-generation-id': 'gen-1' },
  });
}

/** Hours from now, as the gateway writes moments. */
export const inHours = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString();
