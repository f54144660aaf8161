import { expect, test } from 'bun:test';
import { AT_MS, generationOf } from '../../test/generations.ts';
import { generationJson } from './generation-json.ts';

test('a generation is shown with every member that OpenRouter has, and with ours', () => {
  const attempts = [
    { provider: 'Acme Inc.', tag: 'acme/fast', model: 'acme/small-2026', status: 200, latency_ms: 7 },
  ];
  const row = generationOf({
    ...{ id: 'gen-1', request_id: 'req-1', upstream_id: 'up-1', workspace_id: 'space' },
    ...{ model: 'acme/small', model_permaslug: 'acme/small-2026', router: '~acme/latest' },
    ...{
      provider_name: 'Acme Inc.',
      finish_reason: 'tool_calls',
      native_finish_reason: 'STOP',
      service_tier: 'flex',
    },
    ...{ prompt_tokens: 11, completion_tokens: 22, reasoning_tokens: 3, cached_tokens: 4, image_count: 5 },
    ...{ cost_nano_usd: 1_500_000n, upstream_cost_nano_usd: 9n, cache_discount_nano_usd: -250n },
    ...{ latency_ms: 70, generation_time_ms: 900, attempts: JSON.stringify(attempts) },
    ...{ http_referer: 'https://a.example/', app_title: 'App', user_agent: 'agent', session_id: 's' },
    ...{ agent_id: 'a-2', parent_agent_id: 'a-1', agent_class: 'subagent' },
    ...{ door: 'responses', tags: '{"team":"a"}' },
    plan: '[["acme/fast","acme/small"],["other","acme/large",1]]',
    external_user: 'them',
    content_filters: '{"applied":2,"matched":[],"skipped":[],"failed":[]}',
  });
  expect(generationJson(row)).toEqual({
    ...{ id: 'gen-1', request_id: 'req-1', upstream_id: 'up-1', workspace_id: 'space' },
    ...{ created_at: new Date(AT_MS).toISOString(), api_type: 'completions', data_region: 'global' },
    ...{ model: 'acme/small-2026', router: '~acme/latest', provider_name: 'Acme Inc.' },
    provider_responses: [
      {
        ...{ provider_name: 'Acme Inc.', endpoint_id: 'acme/fast', model_permaslug: 'acme/small-2026' },
        ...{ status: 200, latency: 7, is_byok: false },
      },
    ],
    ...{ streamed: false, cancelled: false, is_byok: false, is_estimated: false, billed_to: null },
    ...{ finish_reason: 'tool_calls', native_finish_reason: 'STOP', service_tier: 'flex' },
    ...{ total_cost: 0.0015, usage: 0.0015, cache_discount: -0.00000025, upstream_inference_cost: 0 },
    ...{ tokens_prompt: 11, native_tokens_prompt: 11, tokens_completion: 22, native_tokens_completion: 22 },
    ...{ native_tokens_reasoning: 3, native_tokens_cached: 4, native_tokens_completion_images: null },
    ...{ num_media_prompt: 5, num_media_completion: null, num_input_audio_prompt: null },
    ...{ num_search_results: null, num_fetches: null, web_search_engine: null },
    ...{ latency: 70, moderation_latency: null, generation_time: 900 },
    ...{ app_id: null, preset_id: null, response_cache_source_id: null },
    ...{ http_referer: 'https://a.example/', origin: 'https://a.example/', app_title: 'App' },
    ...{ user_agent: 'agent', session_id: 's', external_user: 'them' },
    ...{ agent_id: 'a-2', parent_agent_id: 'a-1', agent_class: 'subagent', error: null },
    downgraded_from: null,
    ...{ door: 'responses', tags: { team: 'a' } },
    content_filters: { applied: 2, matched: [], skipped: [], failed: [] },
    plan: [
      { endpoint_id: 'acme/fast', model: 'acme/small', is_byok: false },
      { endpoint_id: 'other', model: 'acme/large', is_byok: true },
    ],
  });
});

test('a failure is shown by its code, in our words and with what its provider answered', () => {
  const attempt = { provider: 'Acme', tag: 'acme', model: 'm', status: 429, latency_ms: 1 };
  const failed = (error: string) =>
    generationJson(generationOf({ attempts: JSON.stringify([{ ...attempt, error }]) }))['error'];
  expect(failed('provider_rate_limited')).toEqual({
    ...{ code: 'provider_rate_limited', message: 'Provider rate limit exceeded' },
    ...{ status: 429, provider_name: 'Acme' },
  });
  // Of a version that knows more codes.
  expect(failed('constructor')).toMatchObject({ code: 'constructor', message: null });
});

test('a model in whose place another answered is named, and no provider is said to have been asked for it', () => {
  const attempt = { provider: 'Acme', tag: 'acme', latency_ms: 1 };
  const refused = { ...attempt, model: 'acme/large', status: 402, error: 'key_limit_exceeded' };
  const attempts = JSON.stringify([refused, { ...attempt, model: 'acme/small', status: 200 }]);
  const shown = generationJson(generationOf({ attempts }));
  expect(shown).toMatchObject({ downgraded_from: 'acme/large', error: null });
  expect(shown['provider_responses']).toMatchObject([{ model_permaslug: 'acme/small', status: 200 }]);
});

test('switches are shown as what they are, and nothing where there is nothing', () => {
  expect(
    generationJson(generationOf({ streamed: 1, cancelled: 1, estimated: 1, cache_discount_nano_usd: 0n })),
  ).toMatchObject({ streamed: true, cancelled: true, is_estimated: true, cache_discount: null, origin: '' });
});

test('a request that a caller’s own subscription paid for says so', () => {
  expect(generationJson(generationOf({ endpoint_tag: 'anthropic:subscription' }))).toMatchObject({
    billed_to: 'subscription',
  });
});

test('what a request with an own key of its caller’s cost at the provider is shown', () => {
  const attempts = JSON.stringify([
    { provider: 'Acme', tag: 'acme', model: 'm', status: null, latency_ms: 1, is_byok: true },
  ]);
  expect(
    generationJson(generationOf({ is_byok: 1, upstream_cost_nano_usd: 2_000_000n, attempts })),
  ).toMatchObject({
    is_byok: true,
    total_cost: 0,
    upstream_inference_cost: 0.002,
    provider_responses: [{ is_byok: true, status: null }],
  });
});
