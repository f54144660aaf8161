/** What a key says of its own spent money, in the place of what the installation says. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';
import { askerOf, type JsonObject } from './asking.ts';
import { type RoutedProviders, startRoutedProviders } from './providers.ts';

const LONG = [{ role: 'user', content: 'word '.repeat(1000) }];
const GIFT = { action: 'downgrade', model: 'routed/gift:free' };
const REFUSES = { action: 'refuse', model: null };

let providers: RoutedProviders;
/** Of one installation that refuses, and of one where a model takes over. */
let strict: TestGateway;
let kind: TestGateway;

beforeAll(async () => {
  providers = startRoutedProviders();
  const { config } = providers;
  strict = await startGateway({ config });
  const budgets = { on_exhaust: 'downgrade', downgrade: [{ from: 'routed/*', to: 'routed/gift:free' }] };
  kind = await startGateway({ config: { ...config, budgets } });
});
afterAll(async () => {
  await strict?.stop();
  await kind?.stop();
  await providers?.stop();
});

const asks = (gateway: TestGateway, key: string) => {
  const asker = askerOf(() => gateway);
  const body = { messages: LONG, model: 'routed/one' };
  return {
    ask: (more: JsonObject = {}) => asker.ask({ ...body, ...more }, key),
    explain: (more: JsonObject = {}) => asker.explain({ ...body, ...more }, key),
  };
};

async function call(gateway: TestGateway, method: string, path: string, body?: unknown, key?: string) {
  const answer = await fetch(`${gateway.baseUrl}${path}`, {
    method,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key ?? gateway.managementKey}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, json: (await answer.json()) as JsonObject };
}

async function keyWith(gateway: TestGateway, onExhaust: unknown) {
  return await makeKey(gateway, { name: 'spent', limit: 0.0001, on_exhaust: onExhaust });
}

test('a key names who takes over for it where the installation refuses, and says so in its own JSON', async () => {
  const { key, hash } = await keyWith(strict, GIFT);
  const { json } = await call(strict, 'GET', `/keys/${hash}`);
  expect(json['data'].on_exhaust).toEqual(GIFT);
  const { ask, explain } = asks(strict, key);
  expect(await explain()).toMatchObject({
    ...{ downgraded_from: 'routed/one', error: null, on_exhaust: { ...GIFT, set_by: 'key' } },
  });
  const answer = await ask();
  expect([answer.status, answer.body['model'], answer.body['downgraded_from']]).toEqual([
    ...[200, 'routed/gift:free', 'routed/one'],
  ]);
  expect(answer.headers.get('x-turnpike-downgraded-from')).toBe('routed/one');
  const other = await keyWith(strict, null);
  expect((await asks(strict, other.key).ask()).status).toBe(402);
  expect(await asks(strict, other.key).explain()).toMatchObject({
    on_exhaust: { action: 'refuse', model: null, set_by: 'installation' },
  });
});

test('a key refuses where the installation would let another model answer, until that is taken back', async () => {
  const { key, hash } = await keyWith(kind, { action: 'refuse' });
  const { ask, explain } = asks(kind, key);
  expect((await ask()).status).toBe(402);
  const told = await explain();
  expect([told['error'].status, told['downgraded_from'], told['on_exhaust']]).toEqual([
    ...[402, null, { ...REFUSES, set_by: 'key' }],
  ]);
  const changed = await call(kind, 'PATCH', `/keys/${hash}`, { on_exhaust: null });
  expect([changed.status, changed.json['data'].on_exhaust]).toEqual([200, null]);
  expect((await ask()).body).toMatchObject({ downgraded_from: 'routed/one' });
  expect(await explain()).toMatchObject({
    on_exhaust: { action: 'downgrade', model: null, set_by: 'installation' },
  });
  // Whoever changes something else changes nothing of this.
  await call(kind, 'PATCH', `/keys/${hash}`, { on_exhaust: GIFT });
  const renamed = await call(kind, 'PATCH', `/keys/${hash}`, { name: 'renamed' });
  expect(renamed.json['data'].on_exhaust).toEqual(GIFT);
});

test('guardrails of the key hold for whoever takes over', async () => {
  const { key, hash } = await keyWith(strict, GIFT);
  const made = await call(strict, 'POST', '/guardrails', { name: 'One', allowed_models: ['routed/one'] });
  await call(strict, 'POST', `/guardrails/${made.json['data'].id}/assignments/keys`, { key_hashes: [hash] });
  const { ask, explain } = asks(strict, key);
  expect((await ask()).status).toBe(402);
  expect((await explain())['error'].status).toBe(402);
});

test('a key that a key made for itself does as that one says, also when that changes, and can say nothing itself', async () => {
  const { key, hash } = await keyWith(strict, GIFT);
  const made = await call(strict, 'POST', '/key/children', { name: 'child' }, key);
  expect([made.status, made.json['data'].on_exhaust]).toEqual([201, null]);
  const { ask } = asks(strict, made.json['key']);
  expect((await ask()).body).toMatchObject({ downgraded_from: 'routed/one' });
  await call(strict, 'PATCH', `/keys/${hash}`, { on_exhaust: { action: 'refuse' } });
  expect((await ask()).status).toBe(402);
  const saying = { name: 'child', on_exhaust: GIFT };
  expect((await call(strict, 'POST', '/key/children', saying, key)).status).toBe(400);
  expect((await call(strict, 'PATCH', `/keys/${hash}`, { on_exhaust: GIFT }, key)).status).toBe(403);
});

test('what cannot be is refused when it is saved, with its place', async () => {
  const { hash } = await keyWith(strict, null);
  for (const [wrong, said] of [
    [{ action: 'downgrade' }, 'on_exhaust.model'],
    [{ action: 'downgrade', model: 'routed/none' }, 'on_exhaust.model: names no chat model'],
    [{ action: 'downgrade', model: 'routed/one:nitro' }, 'on_exhaust.model: names no chat model'],
    [{ action: 'downgrade', model: 'openrouter/auto' }, 'on_exhaust.model: names no chat model'],
    [{ action: 'refuse', model: 'routed/two' }, 'on_exhaust.model: must be null'],
    [{ action: 'wait' }, 'on_exhaust'],
    ['downgrade', 'on_exhaust: must be'],
    [{ action: 'downgrade', model: 'x'.repeat(300) }, 'on_exhaust.model'],
  ] as const) {
    for (const [method, path] of [
      ['POST', '/keys'],
      ['PATCH', `/keys/${hash}`],
    ] as const) {
      const { status, json } = await call(strict, method, path, { name: 'x', on_exhaust: wrong });
      expect([wrong, status]).toEqual([wrong, 400]);
      expect(json['error'].message).toContain(said);
    }
  }
  expect((await call(strict, 'GET', `/keys/${hash}`)).json['data']).toMatchObject({
    ...{ name: 'spent', on_exhaust: null },
  });
});

test('the audit log says who takes over, before and after', async () => {
  const { hash } = await keyWith(strict, GIFT);
  await call(strict, 'PATCH', `/keys/${hash}`, { on_exhaust: { action: 'refuse' } });
  const { json } = await call(strict, 'GET', '/audit?action=key.changed');
  const events: JsonObject[] = json['data'];
  const { before, after } = events.find((event) => event['target'] === hash) ?? {};
  expect([before, after]).toMatchObject([
    { on_exhaust: 'downgrade', on_exhaust_model: 'routed/gift:free' },
    { on_exhaust: 'refuse', on_exhaust_model: null },
  ]);
});
