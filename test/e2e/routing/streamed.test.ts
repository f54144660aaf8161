/** Streams whose model a router chose, or that another model answers: the head of the answer and its first event say so, by every door. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';
import type { JsonObject } from './asking.ts';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startGateway({
    config: {
      routers: { auto: { models: ['acme/small'] } },
      budgets: { on_exhaust: 'downgrade', downgrade: [{ from: 'acme/small', to: 'acme/free:free' }] },
    },
  });
});
afterAll(() => gateway?.stop());

const MESSAGES = [{ role: 'user', content: 'hi' }];
const DOORS: readonly (readonly [
  path: string,
  body: JsonObject,
  first: (events: JsonObject[]) => JsonObject,
])[] = [
  ['/chat/completions', { messages: MESSAGES }, ([chunk]) => chunk ?? {}],
  ['/completions', { prompt: 'hi' }, ([chunk]) => chunk ?? {}],
  ['/messages', { messages: MESSAGES, max_tokens: 300 }, ([start]) => start?.['message']],
  ['/responses', { input: 'hi' }, ([created]) => created?.['response']],
];

async function streamed(path: string, body: JsonObject, key: string) {
  const answer = await fetch(`${gateway.baseUrl}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ ...body, stream: true }),
  });
  const text = await answer.text();
  const events = [...text.matchAll(/^data: (\{.*)$/gm)].map(
    ([, json = '']) => JSON.parse(json) as JsonObject,
  );
  return { status: answer.status, headers: answer.headers, events };
}

for (const [path, body, first] of DOORS) {
  test(`a stream by ${path} names its router`, async () => {
    const { status, headers, events } = await streamed(
      path,
      { ...body, model: 'openrouter/auto' },
      gateway.apiKey,
    );
    expect([status, headers.get('x-turnpike-router')]).toEqual([200, 'openrouter/auto']);
    expect(first(events)).toMatchObject({ model: 'acme/small', router: 'openrouter/auto' });
    const named = await streamed(path, { ...body, model: 'acme/small' }, gateway.apiKey);
    expect(named.headers.has('x-turnpike-router')).toBe(false);
    expect(first(named.events)).not.toHaveProperty('router');
  });

  test(`a stream by ${path} names the model in whose place another answers`, async () => {
    const { key } = await makeKey(gateway, { name: 'spent', limit: 0.00001 });
    const { status, headers, events } = await streamed(path, { ...body, model: 'openrouter/auto' }, key);
    expect([status, headers.get('x-turnpike-downgraded-from')]).toEqual([200, 'acme/small']);
    expect(first(events)).toMatchObject({ model: 'acme/free:free', downgraded_from: 'acme/small' });
  });
}
