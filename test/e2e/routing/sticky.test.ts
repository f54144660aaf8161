/** A conversation whose prompt is in a provider's cache stays with that provider. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import type { JsonObject } from '../../../src/json.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';
import { type RoutedProviders, startRoutedProviders } from './providers.ts';

let providers: RoutedProviders;
let gateway: TestGateway;

beforeAll(async () => {
  providers = startRoutedProviders();
  gateway = await startGateway({ config: providers.config });
});
beforeEach(() => providers.cachedTokens.clear());
afterAll(async () => {
  await gateway?.stop();
  await providers?.stop();
});

/** The provider that answers. */
async function turn(body: JsonObject, headers: Record<string, string> = {}): Promise<string> {
  const answer = await fetch(`${gateway.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.apiKey}`, ...headers },
    body: JSON.stringify({ model: 'routed/one', messages: [{ role: 'user', content: 'hi' }], ...body }),
  });
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { provider: string }).provider;
}

async function turns(count: number, body: (at: number) => JsonObject, headers?: Record<string, string>) {
  const by: string[] = [];
  for (let at = 0; at < count; at += 1) by.push(await turn(body(at), headers));
  return by;
}

const message = (content: string) => ({ role: 'user', content });

test('fifty turns of a session stay where the first was answered, whatever draws lots for others', async () => {
  const first = await turn({ session_id: 'one session', provider: { only: ['d'] } });
  expect(first).toBe('D');
  const by = await turns(50, () => ({ session_id: 'one session' }));
  expect(new Set(by)).toEqual(new Set(['D']));
  expect(new Set(await turns(10, () => ({}), { 'x-session-id': 'one session' }))).toEqual(new Set(['D']));
});

test('without a name a conversation stays once something came out of a cache, known by how it begins', async () => {
  const begin = [{ role: 'system', content: 'You are terse.' }, message('What is a monad?')];
  const turnOf = (at: number) => ({
    messages: [...begin, ...Array.from({ length: at }, (_, past) => message(`and ${past}?`))],
  });
  providers.cachedTokens.set('e', 900);
  expect(await turn({ ...turnOf(0), provider: { only: ['e'] } })).toBe('E');
  expect(new Set(await turns(20, turnOf))).toEqual(new Set(['E']));
  // Another beginning is another conversation: the dearest of five is drawn for hardly any of them.
  providers.cachedTokens.clear();
  const others = await turns(20, () => ({ messages: [message('What is a functor?')] }));
  expect(others.filter((provider) => provider === 'E').length).toBeLessThan(20);
});

test('nobody is kept by what another account calls its session, nor against an order of names', async () => {
  await turn({ session_id: 'shared', provider: { only: ['e'] } });
  expect(await turn({ session_id: 'shared', provider: { order: ['b'] } })).toBe('B');
  expect(await turn({ session_id: 'shared' })).toBe('B');
  const other = await makeKey(gateway, { name: 'of the same account' });
  expect(await turn({ session_id: 'shared' }, { authorization: `Bearer ${other.key}` })).toBe('B');
});
