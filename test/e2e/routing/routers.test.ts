/** The names that choose a model: who is chosen, for what reason, and what the answer and its record say. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { startGateway, type TestGateway } from '../../harness.ts';
import { askerOf, HI, type JsonObject } from './asking.ts';
import { type RoutedProviders, startRoutedProviders } from './providers.ts';

let providers: RoutedProviders;
let gateway: TestGateway;
const { ask, explain, generation, post } = askerOf(() => gateway);

beforeAll(async () => {
  providers = startRoutedProviders();
  gateway = await startGateway({ config: providers.config });
});
afterAll(async () => {
  await gateway?.stop();
  await providers?.stop();
});

const TOOLS = [{ type: 'function', function: { name: 'f', parameters: {} } }];
const PICTURE = [
  {
    role: 'user',
    content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }],
  },
];
const auto = (settings: JsonObject = {}) => ({
  model: 'openrouter/auto',
  plugins: [{ id: 'auto-router', ...settings }],
});

async function chosenFor(body: JsonObject): Promise<string[]> {
  const { choices } = await explain({ model: 'openrouter/auto', ...body });
  return choices[0].models;
}

test('auto answers with a real model, at its price, and says so in the answer, its head and its record', async () => {
  const answer = await ask({ model: 'openrouter/auto' });
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({ model: 'routed/two', router: 'openrouter/auto' });
  expect(answer.headers.get('x-turnpike-router')).toBe('openrouter/auto');
  const dear = answer.body['provider'] === 'C' ? 0.003 : 0.001;
  expect(answer.body['usage'].cost).toBeCloseTo(dear, 12);
  expect(await generation(answer.body['id'])).toMatchObject({
    model: 'routed/two',
    router: 'openrouter/auto',
    total_cost: answer.body['usage'].cost,
  });
  const named = await ask({ model: 'routed/two' });
  expect(named.body).not.toHaveProperty('router');
  expect(named.headers.has('x-turnpike-router')).toBe(false);
});

test('every door takes a router', async () => {
  const model = 'openrouter/auto';
  for (const [path, body] of [
    ['/chat/completions', { model, messages: HI }],
    ['/messages', { model, max_tokens: 10, messages: HI }],
    ['/responses', { model, input: 'hi' }],
    ['/completions', { model, prompt: 'hi' }],
  ] as const) {
    const whole = await post(path, body);
    expect([path, whole.status, whole.body['model'], whole.body['router']]).toEqual([
      path,
      200,
      'routed/two',
      model,
    ]);
  }
});

test('the rules of the operator decide by what is asked for, then what each model can do', async () => {
  expect(await chosenFor({})).toEqual(['routed/two', 'routed/one', 'routed/eyes']);
  expect((await chosenFor({ tools: TOOLS }))[0]).toBe('routed/one');
  expect(await chosenFor({ messages: PICTURE })).toEqual(['routed/eyes']);
  const { choices } = await explain({ model: 'openrouter/auto', tools: TOOLS });
  expect(choices[0]).toMatchObject({ router: 'openrouter/auto', rule: 0, kept_from_last_turn: false });
  // No endpoint answers at this length but the dearest.
  expect(await chosenFor({ max_tokens: 4500 })).toEqual(['routed/one']);
});

test('the restrictions of the request narrow it, and its own plugin id alone is listened to', async () => {
  expect(await chosenFor(auto({ allowed_models: ['routed/e*'] }))).toEqual(['routed/eyes']);
  expect(await chosenFor(auto({ excluded_models: ['routed/two'] }))).toEqual(['routed/one', 'routed/eyes']);
  expect(await chosenFor(auto({ allowed_models: ['*'], excluded_models: ['*/one', 'ROUTED/EYES'] }))).toEqual(
    ['routed/two'],
  );
  const beta = { ...auto({ allowed_models: ['routed/eyes'] }), model: 'openrouter/auto-beta' };
  expect(await chosenFor(beta)).toHaveLength(3);
  expect(await chosenFor(auto({ enabled: false, allowed_models: ['routed/eyes'] }))).toHaveLength(3);
  const none = await ask(auto({ allowed_models: ['openai/*'] }));
  expect([none.status, none.body['error'].message]).toEqual([
    404,
    'No models match your request and model restrictions',
  ]);
  for (const wrong of [
    { allowed_models: 'routed/*' },
    { allowed_models: ['x'.repeat(1025)] },
    { excluded_models: Array.from({ length: 1025 }, () => 'x') },
    { cost_tier: 'cheap' },
    { cost_quality_tradeoff: 11 },
  ])
    expect((await ask(auto(wrong))).status).toBe(400);
  expect((await ask({ model: 'routed/one', plugins: [{ id: 'web' }] })).status).toBe(400);
});

test('a cost tier is a band of prices: cheaper ones are left out as well', async () => {
  expect(await chosenFor(auto({ cost_tier: 'max' }))).toEqual(['routed/eyes']);
  expect(await chosenFor(auto({ cost_tier: 'low' }))).not.toContain('routed/eyes');
  expect(await chosenFor(auto({ cost_quality_tradeoff: 10 }))).toHaveLength(1);
  expect(await chosenFor(auto({ cost_quality_tradeoff: 0 }))).toHaveLength(3);
});

test('what the preferences exclude is never chosen', async () => {
  expect(await chosenFor({ provider: { only: ['e'] } })).toEqual(['routed/one']);
  expect(await chosenFor({ provider: { enforce_distillable_text: true } })).toEqual(['routed/two']);
  expect(await chosenFor({ provider: { max_price: { prompt: 1 } } })).toEqual(['routed/two', 'routed/one']);
  const answer = await ask({ model: 'openrouter/auto', provider: { only: ['b'], zdr: true } });
  expect([answer.body['model'], answer.body['provider']]).toEqual(['routed/one', 'B']);
  expect((await ask({ model: 'openrouter/auto', provider: { only: ['nobody'] } })).status).toBe(404);
});

test('when the chosen model fails the next one takes over; in a list the router is one of the models', async () => {
  const { endpoints } = await explain({
    models: ['openrouter/auto', 'routed/gift:free'],
    messages: [{ role: 'user', content: 'who comes next?' }],
  });
  const models = [...new Set(endpoints.map(({ model }: JsonObject) => model))];
  expect(models).toEqual(['routed/two', 'routed/one', 'routed/eyes', 'routed/gift:free']);
  const named = await ask({ models: ['routed/eyes', 'openrouter/auto'] });
  expect(named.body['model']).toBe('routed/eyes');
  expect(named.body).not.toHaveProperty('router');
});

test('free draws among what costs nothing, and never bills', async () => {
  const told = await explain({ model: 'openrouter/free' });
  expect(told.endpoints.map(({ tag, chance }: JsonObject) => [tag, chance])).toEqual([
    ['a', 0.5],
    ['d', 0.5],
  ]);
  const answer = await ask({ model: 'openrouter/free' });
  expect(answer.body).toMatchObject({ model: 'routed/gift:free', router: 'openrouter/free' });
  expect(answer.body['usage'].cost).toBe(0);
  expect((await ask({ model: 'openrouter/free', messages: PICTURE })).status).toBe(404);
});

test('the router for code takes the cheapest of those that are good enough', async () => {
  const code = (settings: JsonObject = {}) =>
    chosenFor({ model: 'openrouter/pareto-code', plugins: [{ id: 'pareto-router', ...settings }] });
  expect(await code()).toEqual(['routed/one']);
  expect(await code({ min_coding_score: 0.5 })).toEqual(['routed/two', 'routed/eyes']);
  expect((await code({ min_coding_score: 0 }))[0]).toBe('routed/gift:free');
  expect(await code({ max_price: 1.5 })).not.toContain('routed/eyes');
});

test('a conversation keeps the model that it had, while that is still among the best', async () => {
  const session_id = 'a long talk';
  await ask({ model: 'openrouter/auto', session_id, tools: TOOLS });
  const told = await explain({ model: 'openrouter/auto', session_id });
  expect(told.choices[0]).toMatchObject({ kept_from_last_turn: true });
  expect(told.choices[0].models[0]).toBe('routed/one');
  expect(told.conversation).toMatchObject({ known_by: 'session', models: ['routed/one'] });
  expect((await ask({ model: 'openrouter/auto', session_id })).body['model']).toBe('routed/one');
  const pinned = await ask({
    ...auto({ pin_model: true }),
    messages: [...HI, { role: 'assistant', content: 'Hello!', model: 'routed/eyes' }, ...HI],
  });
  expect(pinned.body['model']).toBe('routed/eyes');
});

test('suffixes go with a router, and a name that is none is refused', async () => {
  const told = await explain({
    model: 'openrouter/auto:floor',
    messages: [{ role: 'user', content: 'the cheapest, please' }],
  });
  expect(told.endpoints[0]).toMatchObject({ model: 'routed/two', tag: 'a', chance: 1 });
  expect((await ask({ model: 'OpenRouter/Auto' })).status).toBe(200);
  for (const model of ['openrouter/fusion', 'openrouter/auto:free', 'openrouter/auto:foo', 'auto'])
    expect([model, (await ask({ model })).status]).toEqual([model, 400]);
  const vectors = await post('/embeddings', { model: 'openrouter/auto', input: 'hi' });
  expect(vectors.body['error']).toMatchObject({ code: 400, availability: { code: 'wrong_endpoint' } });
});

test('routers are listed as OpenRouter lists them', async () => {
  const all = (await (await fetch(`${gateway.baseUrl}/models`)).json()) as { data: JsonObject[] };
  const row = (id: string) => all.data.find((model) => model['id'] === id);
  expect(row('openrouter/auto')).toMatchObject({
    canonical_slug: 'openrouter/auto',
    pricing: { prompt: '-1', completion: '-1' },
    architecture: { tokenizer: 'Router', input_modalities: ['text', 'image'] },
    top_provider: { context_length: null, max_completion_tokens: null, is_moderated: false },
  });
  expect(row('openrouter/free')).toMatchObject({ pricing: { prompt: '0', completion: '0' } });
  const one = await fetch(`${gateway.baseUrl}/model/openrouter/auto`);
  expect(((await one.json()) as { data: JsonObject }).data['id']).toBe('openrouter/auto');
  const endpoints = await fetch(`${gateway.baseUrl}/models/openrouter/auto/endpoints`);
  expect(((await endpoints.json()) as { data: JsonObject }).data).toMatchObject({ endpoints: [] });
  const found = await fetch(`${gateway.baseUrl}/models?q=auto%20router&supported_parameters=tools`);
  const { data } = (await found.json()) as { data: JsonObject[] };
  expect(data.map(({ id }) => id)).toEqual(['openrouter/auto', 'openrouter/auto-beta']);
});
