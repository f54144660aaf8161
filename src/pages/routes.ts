/** The addresses of the dashboard's pages, and the files that they are made of. */
import { TurnpikeError } from '../errors.ts';
import { acceptedCoding } from '../http/accept-encoding.ts';
import { browserRoute, type Call, type Route } from '../http/route.ts';
import type { Bundler } from './bundle.ts';
import { OPENROUTER_ADDRESSES } from './openrouter-addresses.ts';
import type { Shell } from './shell.ts';

/** What the browser's own router shows; `dashboard/app/router.tsx` has the same list. `/auth` is the OAuth server's. */
const PAGES = [
  '/',
  '/setup',
  '/sign-in',
  '/sign-in/two-factor',
  '/sign-up',
  '/verify-email',
  '/forgot-password',
  '/reset-password',
  '/change-email',
  '/auth/code',
  '/device',
  '/error',
  '/activity',
  '/keys',
  '/keys/:hash',
  '/logs',
  '/exports',
  '/reconciliation',
  '/feedback',
  '/playground',
  '/apps',
  '/models',
  '/models/:author/:slug',
  '/credits',
  '/settings/account',
  '/settings/organisation',
  '/settings/budgets',
  '/settings/content',
  '/settings/management-keys',
  '/settings/notifications',
  '/settings/key-report',
  '/settings/members',
  '/settings/workspaces',
  '/settings/scim',
  '/workspaces/:slug/settings',
  '/settings/apps',
  '/settings/byok',
  '/settings/guardrails',
  '/settings/guardrails/:id',
  '/settings/workload-identity',
  '/settings/providers',
];

/** Names carry a hash of the content, so what was loaded once is right for ever. */
const IMMUTABLE = 'public, max-age=31536000, immutable';

export function pageRoutes({ shell, bundler }: { shell: Shell; bundler: Bundler }): Route[] {
  return [
    ...PAGES.map((path) => browserRoute('GET', path, () => shell.page())),
    ...Object.entries(OPENROUTER_ADDRESSES).map(([from, to]) =>
      browserRoute('GET', from, ({ url }) => moved(`${to}${url.search}`)),
    ),
    browserRoute('GET', '/assets/:file', (call) => asset(call, bundler)),
  ];
}

/** 302: which page it is may change, and browsers keep a permanent one for ever. */
const moved = (location: string): Response => new Response(null, { status: 302, headers: { location } });

async function asset({ request, params }: Call, bundler: Bundler): Promise<Response> {
  const name = params['file'] ?? '';
  const bundle = await bundler.bundle().catch((cause: unknown) => {
    throw new TurnpikeError('unavailable', { cause });
  });
  const found = bundle.assets.get(name);
  if (found === undefined) throw new TurnpikeError('not_found');
  const coding = acceptedCoding(request.headers.get('accept-encoding'), ['br', 'gzip']);
  // Each coding is a representation of its own, with bytes of its own (RFC 9110, 8.8.3.3).
  const etag = coding === null ? `"${name}"` : `"${name}.${coding}"`;
  const headers: Record<string, string> = {
    'content-type': found.type,
    'cache-control': IMMUTABLE,
    etag,
    vary: 'accept-encoding',
  };
  const known = request.headers.get('if-none-match')?.split(',') ?? [];
  if (known.some((tag) => tag.trim().replace(/^W\//, '') === etag))
    return new Response(null, { status: 304, headers });
  const body = coding === null ? found.bytes : found.compressed[coding];
  if (coding !== null) headers['content-encoding'] = coding;
  // An answer to HEAD loses its body on the way, and would be told to be empty.
  headers['content-length'] = String(body.length);
  return new Response(body, { headers });
}
