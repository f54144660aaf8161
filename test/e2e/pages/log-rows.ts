/** What was done with keys, as the gateway tells it: rows of the log, refusals, figures. */
import { data, inHours } from './page-states.ts';

/** Markup, a template, a turned direction, a script's address, and more of it than any page can hold. */
export const HOSTILE = `<img src=x onerror="alert(1)">{{7*7}}\u202egnp.exe javascript:alert(1) ${'W'.repeat(100_000)}`;

export const HASH = 'a1'.repeat(32);

export const figures = (rows: readonly object[]) =>
  data({ data: rows, metadata: { complete_until: inHours(-0.01), truncated: false } });

export const REFUSALS = [
  {
    ...{ hour: inHours(-1), reason: 'key_limit_exceeded', requests: 3120, first_at: inHours(-1) },
    ...{ last_at: inHours(-0.1), workspace_id: null, status: 402, path: '/api/v1/chat/completions' },
    message: 'Key limit exceeded: this request may cost up to $0.02, and $0 of $5 a day is left',
    ...{ last_request_id: 'req-4b0264a37526a6737127', api_key_hash: HASH },
    ...{ api_key_name: 'Production backend', api_key_label: 'sk-or-v1-0e6...1c96' },
  },
  {
    ...{ hour: inHours(-9), reason: 'model_not_found', requests: 1, first_at: inHours(-9) },
    ...{ last_at: inHours(-9), workspace_id: null, status: 400, path: '/api/v1/messages' },
    ...{ message: HOSTILE.slice(0, 300), last_request_id: 'req-4b0264a37526a6737128' },
    ...{ api_key_hash: 'b2'.repeat(32), api_key_name: HOSTILE, api_key_label: null },
  },
];

export const generation = (changes: object = {}) => ({
  ...{ id: 'gen-1795259408-15400ef74c67d5920ce5', request_id: 'req-4b0264a37526a6737127' },
  ...{ upstream_id: 'chatcmpl-7', created_at: inHours(-1), api_type: 'completions', model: 'acme/small' },
  ...{ router: null, provider_name: 'Acme', streamed: true, cancelled: false, is_byok: false },
  provider_responses: [
    {
      ...{ provider_name: 'Backup', endpoint_id: 'backup', model_permaslug: 'acme/small' },
      ...{ status: null, latency: 2100, is_byok: false },
    },
    {
      ...{ provider_name: 'Acme', endpoint_id: 'acme', model_permaslug: 'acme/small' },
      ...{ status: 200, latency: 340, is_byok: false },
    },
  ],
  ...{ finish_reason: 'stop', native_finish_reason: 'end_turn', service_tier: null },
  ...{ total_cost: 0.0123, cache_discount: 0.0004, upstream_inference_cost: 0 },
  ...{ tokens_prompt: 12_345, tokens_completion: 678, native_tokens_reasoning: 120 },
  ...{ native_tokens_cached: 10_000, num_media_prompt: 2, latency: 340, generation_time: 4200 },
  ...{ http_referer: 'https://chat.example.com/', app_title: 'Reading room', user_agent: 'curl/8.9' },
  ...{ session_id: 'session-42', external_user: null, is_estimated: false, error: null, billed_to: null },
  ...{ agent_id: null, parent_agent_id: null, agent_class: null },
  content_filters: null,
  plan: [
    { endpoint_id: 'backup', model: 'acme/small', is_byok: false },
    { endpoint_id: 'acme', model: 'acme/small', is_byok: false },
    {
      endpoint_id: 'acme/fast',
      model: 'acme/a-model-whose-name-goes-on-and-on-2026-11-20-preview',
      is_byok: true,
    },
  ],
  ...{ api_key_hash: HASH, api_key_name: 'Production backend', api_key_label: 'sk-or-v1-0e6...1c96' },
  ...changes,
});

const ENDINGS = [
  {},
  { finish_reason: 'length', total_cost: 0.5, generation_time: 91_000 },
  { cancelled: true, is_estimated: true, finish_reason: null, total_cost: 0.000000123 },
  {
    ...{ finish_reason: 'error', total_cost: 0, provider_name: null, generation_time: null, app_title: null },
    error: {
      ...{ code: 'provider_overloaded', message: 'Provider is overloaded', status: 503 },
      provider_name: 'Acme',
    },
  },
  { finish_reason: 'tool_calls', api_key_name: null, api_key_label: null, is_byok: true },
  { finish_reason: 'content_filter', model: 'acme/a-model-whose-name-goes-on-and-on-2026-11-20-preview' },
  {
    ...{ model: HOSTILE, provider_name: HOSTILE, app_title: HOSTILE, api_key_name: HOSTILE },
    ...{ finish_reason: HOSTILE, http_referer: 'javascript:alert(1)', user_agent: HOSTILE },
    ...{ session_id: HOSTILE, external_user: HOSTILE },
  },
];

/** Each way in which a request can end, several times. */
export const ENDED = Array.from({ length: 50 }, (_, index) =>
  generation({
    ...ENDINGS[index % ENDINGS.length],
    id: `gen-${1_795_259_408 - index}-15400ef74c67d5920ce5`,
    created_at: inHours(-1 - index / 10),
  }),
);
