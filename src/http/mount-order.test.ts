/** Paths that overlap: none hides another, whatever the order in which routes are listed. */
import { expect, test } from 'bun:test';
import { withoutPages } from '../../test/sessions.ts';
import { systemClock } from '../clock.ts';
import { createLogger } from '../log.ts';
import { mountRoutes } from './mount.ts';
import { publicRoute, type Route } from './route.ts';

function routeOf(method: 'GET' | 'POST', path: string): Route {
  return publicRoute(method, path, ({ params }) => Response.json({ path, params }));
}

async function asked(routes: readonly Route[], method: string, path: string): Promise<[number, unknown]> {
  const fetch = mountRoutes({
    routes,
    authenticate: () => {
      throw new Error('nobody is asked for a key');
    },
    ...withoutPages,
    logger: createLogger({ level: 'error', write: () => {}, clock: systemClock }),
    clientIdleSeconds: 40,
  });
  using server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch });
  const answer = await globalThis.fetch(`http://127.0.0.1:${server.port}${path}`, { method });
  return [answer.status, await answer.json()];
}

const ROUTES = [
  routeOf('POST', '/api/v1/models/:id'),
  routeOf('POST', '/api/v1/models/:author/:slug'),
  routeOf('POST', '/api/v1beta/:author/:slug'),
  routeOf('GET', '/api/v1/models/:id'),
  routeOf('GET', '/api/v1/models/:author/:slug'),
  routeOf('GET', '/api/v1/models/count'),
  routeOf('GET', '/api/v1/models/:author/:slug/endpoints'),
  routeOf('GET', '/api/v1beta/models/:id'),
];

const CASES: readonly [string, string, object][] = [
  ['GET', '/api/v1/models/count/', { path: '/api/v1/models/count', params: {} }],
  ['GET', '/api/v1/models/a/b', { path: '/api/v1/models/:author/:slug', params: { author: 'a', slug: 'b' } }],
  ['GET', '/api/v1/models/a/b/endpoints', { path: '/api/v1/models/:author/:slug/endpoints' }],
  ['POST', '/api/v1/models/a/b:say', { path: '/api/v1/models/:author/:slug', params: { slug: 'b:say' } }],
  ['POST', '/api/v1/models/a%2Fb:say', { path: '/api/v1/models/:id', params: { id: 'a/b:say' } }],
  [
    'POST',
    '/api/v1beta/a/b:say',
    { path: '/api/v1beta/:author/:slug', params: { author: 'a', slug: 'b:say' } },
  ],
  ['GET', '/api/v1beta/models/a', { path: '/api/v1beta/models/:id', params: { id: 'a' } }],
];

test.each(CASES)('%s %s', async (method, path, expected) => {
  expect(await asked(ROUTES, method, path)).toMatchObject([200, expected]);
  expect(await asked(ROUTES.toReversed(), method, path)).toMatchObject([200, expected]);
});

test('a method that a written-out path lacks is a 405 there, though a parameter in its place has it', async () => {
  expect((await asked(ROUTES, 'POST', '/api/v1/models/count'))[0]).toBe(405);
});

test('a path whose routes answer errors in two forms refuses other methods in OpenRouter’s', async () => {
  const form = { errorBody: () => ({ said: 'otherwise' }) };
  const own = [{ ...routeOf('POST', '/api/x/:id'), errorForm: form }];
  expect(await asked(own, 'PUT', '/api/x/1')).toEqual([405, { said: 'otherwise' }]);
  const [status, body] = await asked([...own, routeOf('GET', '/api/x/:id')], 'PUT', '/api/x/1');
  expect([status, Object.keys(body as object)]).toEqual([405, ['error']]);
});
