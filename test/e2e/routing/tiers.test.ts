/** Service tiers as callers see them: who serves, what the vendor is told, what is billed (OpenRouter's page on service tiers). */
import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';
import { askerOf, type JsonObject } from './asking.ts';
import { type RoutedProviders, startRoutedProviders } from './providers.ts';

let providers: RoutedProviders;
let gateway: TestGateway;
const { ask, explain, generation, post } = askerOf(() => gateway);

beforeAll(async () => {
  providers = startRoutedProviders();
  gateway = await startGateway({ config: providers.config });
});
beforeEach(() => providers.servedTiers.clear());
afterAll(async () => {
  await gateway?.stop();
  await providers?.stop();
});

const MODEL = 'routed/tiers';
const costOf = ({ body }: { body: JsonObject }) => body['usage'].cost;
/** What the provider counts for it is within what its bytes can be. */
const LONG = { messages: [{ role: 'user', content: 'word '.repeat(1000) }] };
/** Another conversation, of whose length nothing is known yet. */
const LONG_TOO = { messages: [{ role: 'user', content: 'text '.repeat(1000) }] };
const lastAsked = () => providers.asked.at(-1);

/** The tags that explain names, in order. */
async function tagsOf(body: JsonObject): Promise<string[]> {
  const { endpoints } = await explain({ model: MODEL, ...body });
  return endpoints.map(({ tag }: JsonObject) => tag);
}

test('who does not ask for a tier never gets one', async () => {
  expect(await tagsOf({})).toEqual(['a', 'b']);
  expect(await tagsOf({ provider: { sort: 'price' } })).toEqual(['a', 'b']);
  expect(await tagsOf({ provider: { only: ['a'] } })).toEqual(['a']);
  expect(await tagsOf({ service_tier: 'default', provider: { sort: 'price' } })).toEqual(['a', 'b']);
  expect((await explain({ model: MODEL })).excluded).toMatchObject([
    { tag: 'a/flex', reason: 'service_tier' },
    { tag: 'b/priority', reason: 'service_tier' },
  ]);
});

test('priority comes first and falls back to the usual tier; flex is alone where there is any', async () => {
  for (const tier of [{ service_tier: 'priority' }, { service_tier: 'fast' }, { speed: 'fast' }])
    expect((await tagsOf(tier))[0]).toBe('b/priority');
  expect(await tagsOf({ service_tier: 'priority' })).toHaveLength(3);
  expect(await tagsOf({ service_tier: 'flex' })).toEqual(['a/flex']);
  expect(await tagsOf({ service_tier: 'flex', model: 'routed/two' })).toEqual(['a', 'c']);
  expect(await tagsOf({ service_tier: 'flex', provider: { ignore: ['a'] } })).toEqual(['b']);
});

test('a slug names a tier, and the suffixes let one compete', async () => {
  expect(await tagsOf({ provider: { only: ['b/priority'] } })).toEqual(['b/priority']);
  expect(await tagsOf({ provider: { order: ['b/priority', 'a'] } })).toEqual(['b/priority', 'a', 'b']);
  expect(await tagsOf({ model: `${MODEL}:floor` })).toEqual(['a/flex', 'a', 'b']);
  expect((await tagsOf({ model: `${MODEL}:nitro` })).toSorted()).toEqual(['a', 'b', 'b/priority']);
  expect(await tagsOf({ model: `${MODEL}:floor`, service_tier: 'default' })).toEqual(['a', 'b']);
  expect(await tagsOf({ model: `${MODEL}:floor`, provider: { order: ['b'] } })).toEqual(['b', 'a']);
  // The last suffix that sorts decides.
  expect((await tagsOf({ model: `${MODEL}:nitro:floor` }))[0]).toBe('a/flex');
});

test('the vendor is told the tier, its price is billed, and the record has it', async () => {
  const flex = await ask({ model: MODEL, service_tier: 'flex' });
  expect([lastAsked()?.provider, lastAsked()?.body['service_tier']]).toEqual(['a', 'flex']);
  expect(flex.body['service_tier']).toBe('flex');
  expect(costOf(flex)).toBeCloseTo(0.0005, 12);
  expect(await generation(flex.body['id'])).toMatchObject({ service_tier: 'flex', total_cost: 0.0005 });
  const priority = await ask({ model: MODEL, service_tier: 'fast' });
  expect([lastAsked()?.provider, lastAsked()?.body['service_tier']]).toEqual(['b', 'priority']);
  expect(costOf(priority)).toBeCloseTo(0.004, 12);
});

test('a tier that the vendor sheds is billed at what was served, and the hold has bounded that too', async () => {
  providers.servedTiers.set('b', 'default');
  const shed = await ask({ model: MODEL, service_tier: 'priority' });
  expect(shed.body['service_tier']).toBe('default');
  expect(costOf(shed)).toBeCloseTo(0.002, 12);
  // Under a limit the usual price of a flex request is held, which is the dearer one.
  providers.servedTiers.set('a', 'default');
  const { key } = await makeKey(gateway, { name: 'limited', limit: 1 });
  const dearer = await ask({ ...LONG, model: MODEL, service_tier: 'flex' }, key);
  expect(costOf(dearer)).toBeCloseTo(0.001, 12);
});

test('an endpoint without the tier serves at its own, and its vendor hears nothing of it', async () => {
  for (const service_tier of ['flex', 'priority', 'fast', 'ultrafast', 'PRIORITY']) {
    const answer = await ask({ model: 'routed/two', service_tier, provider: { only: ['a'] } });
    expect([answer.status, answer.body['service_tier']]).toEqual([200, 'default']);
    expect(lastAsked()?.body).not.toHaveProperty('service_tier');
    expect(costOf(answer)).toBeCloseTo(0.001, 12);
  }
  // Words of a vendor's own go on as they are.
  await ask({ model: 'routed/two', service_tier: 'on_demand' });
  expect(lastAsked()?.body['service_tier']).toBe('on_demand');
  expect(await ask({ model: 'routed/two', service_tier: 5 })).toMatchObject({ status: 400 });
});

test('a key with a limit gets a tier, which has a price', async () => {
  const { key } = await makeKey(gateway, { name: 'limited too', limit: 1 });
  const answer = await ask({ ...LONG, model: MODEL, service_tier: 'priority' }, key);
  expect(answer.status).toBe(200);
  expect(costOf(answer)).toBeCloseTo(0.004, 12);
  // Some 5000 tokens: at the usual price less than the limit, at that of the tier more.
  const short = await makeKey(gateway, { name: 'short', limit: 0.015 });
  const asked = { ...LONG, model: MODEL, provider: { only: ['b'] } };
  expect((await ask(asked, short.key)).status).toBe(200);
  const refused = await ask({ ...asked, ...LONG_TOO, service_tier: 'priority' }, short.key);
  expect([refused.status, refused.body['error'].metadata.limit_source]).toEqual([
    402,
    'openrouter_key_limit',
  ]);
});

test('by the doors of Messages and Responses the tier is asked for and told alike', async () => {
  const messages = await post('/messages', {
    model: MODEL,
    max_tokens: 10,
    service_tier: 'flex',
    messages: [{ role: 'user', content: 'hi' }],
  });
  expect(lastAsked()?.body['service_tier']).toBe('flex');
  expect(messages.body['usage']).toMatchObject({ service_tier: 'flex', cost: 0.0005 });
  const responses = await post('/responses', { model: MODEL, service_tier: 'priority', input: 'hi' });
  expect(lastAsked()?.body['service_tier']).toBe('priority');
  expect(responses.body).toMatchObject({ service_tier: 'priority', usage: { cost: 0.004 } });
  const fast = await post('/messages', {
    model: MODEL,
    max_tokens: 10,
    speed: 'fast',
    messages: [{ role: 'user', content: 'hi' }],
  });
  expect([lastAsked()?.body['service_tier'], fast.status]).toEqual(['priority', 200]);
});

test('each tier is an endpoint of the listing, with its price, and the model has the usual one', async () => {
  const listing = await fetch(`${gateway.baseUrl}/models/${MODEL}/endpoints`);
  const { data } = (await listing.json()) as { data: { endpoints: JsonObject[] } };
  expect(data.endpoints.map(({ tag, service_tier, pricing }) => [tag, service_tier, pricing.prompt])).toEqual(
    [
      ['a', null, '0.000001'],
      ['b', null, '0.000002'],
      ['a/flex', 'flex', '0.0000005'],
      ['b/priority', 'priority', '0.000004'],
    ],
  );
  const row = (await (await fetch(`${gateway.baseUrl}/model/${MODEL}`)).json()) as { data: JsonObject };
  expect(row.data['pricing'].prompt).toBe('0.000001');
});
