import { afterAll, beforeAll, expect, test } from 'bun:test';
import { startGateway, type TestGateway } from '../../test/harness.ts';
import { OPENROUTER_ADDRESSES } from './openrouter-addresses.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.stop());

const at = (path: string) => fetch(gateway.url + path, { redirect: 'manual' });

test.each([
  ['/settings/keys', '/keys'],
  ['/settings/credits', '/credits'],
  ['/chat?models=openai/gpt-4o-mini,acme/small', '/playground?models=openai/gpt-4o-mini,acme/small'],
  ['/workspaces/default/keys', '/keys'],
  ['/settings/keys?next=//evil.example.com', '/keys?next=//evil.example.com'],
])('the bookmark %s leads to %s', async (from, to) => {
  const answer = await at(from);
  expect([answer.status, answer.headers.get('location')]).toEqual([302, to]);
});

test('every address leads to a page of ours, and none takes the place of one', () => {
  const pages = new Set(gateway.gateway.routes.map(({ path }) => path));
  const paths = gateway.gateway.routes.filter(({ method }) => method === 'GET').map(({ path }) => path);
  for (const [from, to] of Object.entries(OPENROUTER_ADDRESSES)) {
    expect([to, pages.has(to), Object.hasOwn(OPENROUTER_ADDRESSES, to)]).toEqual([to, true, false]);
    expect([from, paths.filter((path) => path === from).length]).toEqual([from, 1]);
  }
});
