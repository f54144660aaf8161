/** Which key a request goes out with: callers' own before the operator's, or behind, or instead. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { makeKey } from '../../harness.ts';
import { ByokRig } from './rig.ts';

const OWN = 'sk-own-acme-0123456789abcdef';
const OTHER = 'sk-other-acme-0123456789abcdef';
const SHARED = 'fake-provider-key';
const REFUSED = {
  status: 401,
  body: { error: { message: 'Incorrect API key provided', code: 'invalid_api_key' } },
};

let rig: ByokRig;
beforeAll(async () => {
  rig = await ByokRig.start({
    config: {
      providers: [
        {
          ...{ slug: 'solo', name: 'Solo', base_url: 'http://127.0.0.1:9/v1', own_keys_only: true },
          data_policy: { training: false, retains_prompts: true },
        },
        { slug: 'keeper', name: 'Keeper', base_url: 'http://127.0.0.1:9/v1', api_key: 'of-the-operator' },
      ],
      models: [
        {
          ...{ id: 'solo/only', context_length: 1000, max_completion_tokens: 100 },
          endpoints: [
            { provider: 'solo', model: 'only-2026', pricing: { prompt: '0.000001', completion: '0.000002' } },
          ],
        },
        {
          ...{ id: 'keeper/kept', context_length: 1000, max_completion_tokens: 100 },
          endpoints: [
            {
              provider: 'keeper',
              model: 'kept-2026',
              pricing: { prompt: '0.000001', completion: '0.000002' },
            },
          ],
        },
      ],
    },
  });
});
afterAll(() => rig?.[Symbol.asyncDispose]());
afterEach(async () => {
  rig.gateway.provider.clearScripts();
  for (const { id } of (await rig.call('GET', '/byok')).json.data) await rig.call('DELETE', `/byok/${id}`);
  rig.seen();
});

const plan = async (more: object = {}, key?: string) => {
  const { json } = await rig.call(
    'POST',
    '/routing/explain',
    { model: 'acme/twice', messages: [{ role: 'user', content: 'Hi' }], ...more },
    key ?? rig.gateway.apiKey,
  );
  return (json.data ?? json).endpoints.map(
    (endpoint: { tag: string; byok_id: string | null }) =>
      `${endpoint.tag}${endpoint.byok_id === null ? '' : ' own'}`,
  );
};

test('a key that was brought is what the provider is called with, and costs no credits', async () => {
  await rig.bring('acme', OWN);
  const answer = await rig.ask();
  expect(answer.status).toBe(200);
  expect(rig.seen()).toEqual([`small-2026 ${OWN}`]);
  expect(answer.json.usage).toMatchObject({ cost: 0, is_byok: true });
  expect(answer.json.usage.cost_details.upstream_inference_cost).toBeGreaterThan(0);
});

test('when it is refused the operator’s own serves until it has sat out, and then it is tried again', async () => {
  await rig.bring('acme', OWN);
  rig.gateway.provider.script({ behaviour: REFUSED });
  const answer = await rig.ask();
  expect(answer.json.usage.is_byok).toBe(false);
  expect(answer.json.usage.cost).toBeGreaterThan(0);
  expect(rig.seen()).toEqual([`small-2026 ${OWN}`, `small-2026 ${SHARED}`]);
  await rig.ask();
  expect(rig.seen()).toEqual([`small-2026 ${SHARED}`]);
  rig.gateway.anHourLater();
  await rig.ask();
  expect(rig.seen()).toEqual([`small-2026 ${OWN}`]);
});

test('one that was refused is tried at once when another key stands in its place', async () => {
  const id = await rig.bring('acme', OWN);
  rig.gateway.provider.script({ behaviour: REFUSED });
  await rig.ask();
  rig.seen();
  await rig.call('PATCH', `/byok/${id}`, { key: 'sk-own-acme-another-0123456789' });
  await rig.ask();
  expect(rig.seen()).toEqual(['small-2026 sk-own-acme-another-0123456789']);
});

test('a key of the fallback section serves only when nothing else does', async () => {
  await rig.bring('acme', OWN, { is_fallback: true });
  await rig.ask();
  expect(rig.seen()).toEqual([`small-2026 ${SHARED}`]);
  rig.gateway.provider.script({ behaviour: { status: 500 } });
  const answer = await rig.ask();
  expect(answer.json.usage.is_byok).toBe(true);
  expect(rig.seen()).toEqual([`small-2026 ${SHARED}`, `small-2026 ${OWN}`]);
});

describe('a key that is always used', () => {
  test('has its rate limit passed on when it is exhausted, and nothing of the operator’s is spent', async () => {
    await rig.bring('acme', OWN, { is_required: true });
    await rig.bring('acme', OTHER);
    for (let time = 0; time < 2; time += 1)
      rig.gateway.provider.script({ behaviour: { status: 429, headers: { 'retry-after': '7' } } });
    const answer = await rig.ask();
    expect(answer.status).toBe(429);
    expect(rig.seen()).toEqual([`small-2026 ${OWN}`, `small-2026 ${OTHER}`]);
  });

  test('leaves models that it is not for to the operator', async () => {
    await rig.bring('acme', OWN, { is_required: true, allowed_models: ['acme/reason'] });
    const answer = await rig.ask();
    expect(answer.json.usage.is_byok).toBe(false);
  });
});

describe('a provider that is used with own keys alone', () => {
  test('serves no model that the key is not for', async () => {
    await rig.bring('acme', OWN, { is_byok_only: true, allowed_models: ['acme/reason'] });
    const answer = await rig.ask();
    expect(answer.status).toBe(404);
    expect(answer.json.error.metadata.error_code).toBe('no_endpoints');
    expect(rig.seen()).toEqual([]);
  });

  test('is skipped, and others serve', async () => {
    await rig.bring('acme', OWN, { is_byok_only: true, allowed_models: ['acme/reason'] });
    await rig.ask({ model: 'acme/twice' });
    expect(rig.seen()).toEqual([`twice-backup ${SHARED}`]);
  });

  test('serves nobody who brought none where the operator says so, and whoever brought one', async () => {
    const without = await rig.ask({ model: 'solo/only' });
    expect(without.status).toBe(404);
    await rig.bring('solo', OWN);
    expect(await plan({ model: 'solo/only' })).toEqual(['solo own']);
    expect(await plan({ model: 'solo/only', provider: { zdr: true } })).toEqual([]);
  });
});

describe('its place in the plan', () => {
  test('own keys come first, whatever the caller’s order is, in the caller’s order', async () => {
    await rig.bring('backup', OWN);
    expect(await plan({ provider: { order: ['acme', 'backup'] } })).toEqual(['backup own', 'acme', 'backup']);
    await rig.bring('acme', OWN);
    expect(await plan({ provider: { order: ['backup', 'acme'] } })).toEqual([
      ...['backup own', 'acme own', 'backup', 'acme'],
    ]);
  });

  test('only and ignore decide which endpoints there are, for own keys too', async () => {
    await rig.bring('acme', OWN);
    await rig.bring('backup', OWN);
    expect(await plan({ provider: { only: ['backup'] } })).toEqual(['backup own', 'backup']);
    expect(await plan({ provider: { ignore: ['backup'] } })).toEqual(['acme own', 'acme']);
  });

  test('without fallbacks the endpoint that led before leads, once', async () => {
    await rig.bring('backup', OWN);
    expect(await plan({ provider: { sort: 'price', allow_fallbacks: false } })).toEqual(['acme']);
    await rig.bring('acme', OWN);
    expect(await plan({ provider: { sort: 'price', allow_fallbacks: false } })).toEqual(['acme own']);
  });

  test('a statement on what its provider keeps decides who may see a private request', async () => {
    const zdr = { provider: { zdr: true } };
    const id = await rig.bring('keeper', OWN);
    expect(await plan({ model: 'keeper/kept', ...zdr })).toEqual([]);
    await rig.call('PATCH', `/byok/${id}`, { declared_zdr: true });
    expect(await plan({ model: 'keeper/kept', ...zdr })).toEqual(['keeper own']);
    expect(await plan({ model: 'keeper/kept', provider: { zdr: true, data_collection: 'deny' } })).toEqual(
      [],
    );
    const denies = await rig.bring('acme', OWN, { declared_zdr: false });
    expect(await plan({ model: 'acme/small', ...zdr })).toEqual(['acme']);
    expect(await plan({ model: 'acme/small' })).toEqual(['acme own', 'acme']);
    await rig.call('DELETE', `/byok/${denies}`);
  });

  test('a fallback key with a statement does not lead around a required one without', async () => {
    await rig.bring('acme', OWN, { is_required: true });
    await rig.bring('acme', OTHER, { is_fallback: true, declared_zdr: true });
    expect(await plan({ model: 'acme/small' })).toEqual(['acme own']);
  });
});

describe('who may use it', () => {
  test('the keys that it names alone', async () => {
    const { key, data } = (await rig.call('POST', '/keys', { name: 'other' })).json;
    await rig.bring('acme', OWN, { allowed_api_key_hashes: [data.hash] });
    expect(await plan({ model: 'acme/small' })).toEqual(['acme']);
    expect(await plan({ model: 'acme/small' }, key)).toEqual(['acme own', 'acme']);
  });

  test('nobody, where the list of models or people is empty', async () => {
    const id = await rig.bring('acme', OWN, { allowed_user_ids: [] });
    expect(await plan({ model: 'acme/small' })).toEqual(['acme']);
    await rig.call('PATCH', `/byok/${id}`, { allowed_user_ids: null, allowed_models: [] });
    expect(await plan({ model: 'acme/small' })).toEqual(['acme']);
    await rig.call('PATCH', `/byok/${id}`, { allowed_models: null });
    expect(await plan({ model: 'acme/small' })).toEqual(['acme own', 'acme']);
  });

  test('nobody, while it is disabled, and after it was deleted', async () => {
    const id = await rig.bring('acme', OWN, { disabled: true });
    expect(await plan({ model: 'acme/small' })).toEqual(['acme']);
    await rig.call('PATCH', `/byok/${id}`, { disabled: false });
    expect(await plan({ model: 'acme/small' })).toEqual(['acme own', 'acme']);
    await rig.call('DELETE', `/byok/${id}`);
    expect(await plan({ model: 'acme/small' })).toEqual(['acme']);
  });
});

test('another key in its place is what the next request goes out with', async () => {
  const id = await rig.bring('acme', OWN);
  await rig.ask();
  await rig.call('PATCH', `/byok/${id}`, { key: OTHER });
  await rig.ask();
  expect(rig.seen()).toEqual([`small-2026 ${OWN}`, `small-2026 ${OTHER}`]);
});

test('somebody’s refused key does not put the endpoint in a bad light for others', async () => {
  const id = await rig.bring('acme', OWN, { is_required: true });
  for (let time = 0; time < 3; time += 1) {
    rig.gateway.provider.script({ behaviour: REFUSED });
    expect((await rig.ask({ provider: { only: ['acme'] } })).status).toBe(502);
  }
  await rig.call('DELETE', `/byok/${id}`);
  const { json } = await rig.call(
    'POST',
    '/routing/explain',
    { model: 'acme/small', messages: [{ role: 'user', content: 'Hi' }] },
    rig.gateway.apiKey,
  );
  expect((json.data ?? json).endpoints[0].standing).toBe('well');
});

test('a stream and its record say whose key it was', async () => {
  await rig.bring('acme', OWN);
  const { text } = await streamed();
  const usage = text
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice(6)))
    .findLast((chunk) => chunk.usage !== undefined);
  expect(usage.usage).toMatchObject({ cost: 0, is_byok: true });
  const found = await rig.call('GET', `/generation?id=${usage.id}`, undefined, rig.gateway.apiKey);
  expect(found.json.data).toMatchObject({ is_byok: true, total_cost: 0, usage: 0 });
  expect(found.json.data.upstream_inference_cost).toBe(usage.usage.cost_details.upstream_inference_cost);
  expect(found.json.data.provider_responses[0].is_byok).toBe(true);
});

async function streamed() {
  const response = await fetch(`${rig.gateway.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${rig.gateway.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'acme/small',
      stream: true,
      messages: [{ role: 'user', content: 'one two' }],
    }),
  });
  return { text: await response.text() };
}

test('what went through it is counted apart from what was charged, on the key and for the account', async () => {
  const { key: made } = await makeKey(rig.gateway, { name: 'counted' });
  await rig.bring('acme', OWN);
  const answer = await rig.ask({}, made);
  const price = answer.json.usage.cost_details.upstream_inference_cost;
  const { json } = await rig.call('GET', '/key', undefined, made);
  expect(json.data).toMatchObject({ usage: 0, byok_usage: price, byok_usage_daily: price });
});
