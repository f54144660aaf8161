import { afterAll, beforeAll, expect, test } from 'bun:test';
import { createUpstreamClient } from '../upstream/client.ts';
import type { UpstreamClient } from '../upstream/upstream.ts';
import { credentials, type KeyToTry } from './credentials.ts';

const SECRET = 'sk-very-secret-6f1d2a';

/** What each provider answers to the list of models, by its path. */
const ANSWERS: Readonly<Record<string, () => Response>> = {
  '/fine/models': () => Response.json({ data: [] }),
  // OpenAI's, Anthropic's and Google's documented answers to a wrong key.
  '/openai/models': () =>
    Response.json(
      { error: { message: `Incorrect API key provided: ${SECRET}`, code: 'invalid_api_key' } },
      { status: 401 },
    ),
  '/google/models': () =>
    Response.json(
      {
        error: {
          ...{ code: 400, message: 'API key not valid.', status: 'INVALID_ARGUMENT' },
          details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID' }],
        },
      },
      { status: 400 },
    ),
  '/poor/models': () => new Response('', { status: 402 }),
  '/narrow/models': () => new Response('', { status: 403 }),
  '/without/models': () => new Response('', { status: 404 }),
};

const shown: { path: string; headers: Headers }[] = [];
let server: ReturnType<typeof Bun.serve>;
let client: UpstreamClient;
beforeAll(() => {
  server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: (request) => {
      const { pathname: path } = new URL(request.url);
      shown.push({ path: `${request.method} ${path}`, headers: request.headers });
      return ANSWERS[path]?.() ?? new Response('', { status: 500 });
    },
  });
  client = createUpstreamClient({ environment: {} });
});
afterAll(async () => {
  client.close();
  await server.stop(true);
});

const key = (slug: string, format: KeyToTry['format'] = 'openai'): KeyToTry => ({
  ...{ slug, format, id: 'first', apiKey: SECRET },
  baseUrl: `http://127.0.0.1:${server.port}/${slug}`,
});

test.each([
  ['fine', 'openai', 'ok', 'is taken'],
  ['openai', 'openai', 'FAIL', 'is refused with 401'],
  ['google', 'google', 'FAIL', 'is refused with 400'],
  ['poor', 'openai', 'FAIL', 'has nothing left to spend there (402)'],
  ['narrow', 'anthropic', 'warn', 'may not list models (403)'],
  ['without', 'openai', 'ok', 'could not be told: the list of models answers 404'],
] as const)('a key of %s (%s): %s, %s', async (slug, format, level, text) => {
  const [finding, ...others] = await credentials(client, [key(slug, format)]);
  expect(finding).toMatchObject({ check: `key first of ${slug}`, level, text });
  expect(finding?.remedy === null).toBe(level === 'ok');
  expect(others).toEqual([]);
  expect(JSON.stringify(finding)).not.toContain(SECRET);
});

test('each is shown as its provider reads it, by a GET', async () => {
  shown.length = 0;
  await credentials(client, [key('fine', 'openai')]);
  await credentials(client, [key('fine', 'anthropic')]);
  await credentials(client, [key('fine', 'google')]);
  expect(shown.map(({ path }) => path)).toEqual(Array.from({ length: 3 }, () => 'GET /fine/models'));
  expect([
    shown[0]?.headers.get('authorization'),
    shown[1]?.headers.get('x-api-key'),
    shown[2]?.headers.get('x-goog-api-key'),
  ]).toEqual([`Bearer ${SECRET}`, SECRET, SECRET]);
});

test('nothing is said of what cannot be reached, nor of a package of the AI SDK', async () => {
  const gone = { ...key('fine'), baseUrl: 'http://127.0.0.1:9/v1' };
  expect(await credentials(client, [gone, { ...key('fine'), format: 'ai-sdk' }])).toEqual([]);
});
