/** The HTML document that every page starts as, and the policy that says what it may load. */
import type { TurnpikeError } from '../errors.ts';
import type { Bundle, Bundler } from './bundle.ts';

export interface PageOptions {
  readonly status?: number;
  /**
   * Whether a form of this page may end elsewhere. Chrome holds every redirect that follows a form to `form-action`, also those that
   * an app makes once it has its code: so where an app is answered no list could name all that may come.
   */
  readonly formsMayLeave?: boolean;
  /** Shown instead of the page. */
  readonly error?: { readonly code: string; readonly message: string };
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Shell {
  page(options?: PageOptions): Promise<Response>;
}

export function createShell({ bundler }: { bundler: Bundler }): Shell {
  return {
    async page(options = {}) {
      const bundle = await bundler.bundle().catch(() => null);
      return new Response(bundle === null ? UNBUILT : documentOf(bundle, options.error), {
        status: bundle === null ? 500 : (options.status ?? 200),
        headers: {
          ...options.headers,
          'content-type': 'text/html; charset=utf-8',
          'content-security-policy': policyOf(options.formsMayLeave ?? false),
        },
      });
    },
  };
}

/** An error as a page, with what the caller may know of it. */
export function pageOfError(shell: Shell, error: TurnpikeError): Promise<Response> {
  const { code, message, status } = error;
  const { retryAfterSeconds, headers } = error;
  return shell.page({
    status,
    error: { code, message },
    headers:
      retryAfterSeconds === undefined ? headers : { ...headers, 'retry-after': String(retryAfterSeconds) },
  });
}

/** Nothing inline and nothing from elsewhere; what React sets through the DOM's own style object is not inline. */
function policyOf(formsMayLeave: boolean): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "font-src 'self'",
    ...(formsMayLeave ? [] : ["form-action 'self'"]),
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function documentOf(bundle: Bundle, error: PageOptions['error']): string {
  const meta =
    error === undefined
      ? ''
      : `\n<meta name="turnpike-error" content="${escapeAttribute(JSON.stringify(error))}">`;
  // Who is signed in is the first thing that every page asks: asked for with the scripts, not once they run.
  const preloads = [
    ...bundle.preloads.map((name) => `<link rel="modulepreload" href="/assets/${name}">`),
    '<link rel="preload" as="fetch" crossorigin="anonymous" href="/api/dashboard/session">',
  ]
    .map((line) => `\n${line}`)
    .join('');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">${meta}
<title>Turnpike</title>
<link rel="icon" type="image/svg+xml" href="/assets/${bundle.icon}">
<link rel="stylesheet" href="/assets/${bundle.style}">
<script src="/assets/${bundle.theme}"></script>
<script type="module" src="/assets/${bundle.script}"></script>${preloads}
</head>
<body>
<div id="root"></div>
<noscript>This page needs JavaScript.</noscript>
</body>
</html>
`;
}

const UNBUILT = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Turnpike</title>
<h1>The pages could not be built</h1>
<p>The API works all the same. Whoever runs this gateway finds the reason in its log, as <code>dashboard_build_failed</code>.</p>
</html>
`;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '"': '&quot;',
  "'": '&#39;',
  '<': '&lt;',
  '>': '&gt;',
};

const escapeAttribute = (text: string): string => text.replace(/[&"'<>]/g, (found) => ESCAPES[found] ?? '');
