import { expect, test } from 'bun:test';
import type { JsonObject } from '../../json.ts';
import { unpricedMembers } from './unpriced.ts';

/** What providers and their servers take that costs nothing beside the tokens, with a value that says as much as it can. */
const FREE: JsonObject = {
  messages: [{ role: 'user', content: 'hi' }],
  ...{ max_tokens: 5, max_completion_tokens: 5, n: 128, stop: ['x'], seed: 1 },
  ...{ temperature: 2, top_p: 1, top_k: 1, min_p: 1, top_a: 1, typical_p: 1 },
  ...{ mirostat: 2, mirostat_eta: 0.1, mirostat_tau: 5 },
  ...{
    frequency_penalty: 1,
    presence_penalty: 1,
    repetition_penalty: 1,
    length_penalty: 1,
    repeat_penalty: 1,
  },
  ...{
    logit_bias: { 1: 1 },
    logprobs: true,
    top_logprobs: 20,
    prompt_logprobs: 1,
    prediction: { type: 'content' },
  },
  ...{ min_tokens: 1, ignore_eos: true },
  ...{
    tools: [
      { type: 'function', function: { name: 'f' } },
      { type: 'custom', custom: { name: 'g' } },
    ],
  },
  ...{
    tool_choice: 'required',
    parallel_tool_calls: true,
    functions: [{ name: 'f' }],
    function_call: 'auto',
  },
  ...{ response_format: { type: 'json_object' }, structured_outputs: true },
  ...{ guided_json: {}, guided_regex: 'x', guided_choice: ['x'], guided_grammar: 'x', grammar: 'x' },
  ...{ stop_token_ids: [1] },
  ...{ verbosity: 'high', thinking: { type: 'enabled' }, thinking_budget: 5, enable_thinking: true },
  ...{ chat_template_kwargs: { thinking: true }, reasoning_format: 'raw' },
  ...{ include_stop_str_in_output: true, skip_special_tokens: true },
  ...{ add_generation_prompt: true, continue_final_message: true },
  ...{ cache_control: { type: 'ephemeral' }, prompt_cache_key: 'k', prompt_cache_options: {} },
  ...{ prompt_cache_retention: '24h', cache_prompt: true },
  ...{ safe_prompt: true, safety_identifier: 'x', safety_settings: [], raw_mode: true, store: true },
  ...{
    random_seed: 1,
    do_sample: true,
    keep_alive: '5m',
    options: { num_ctx: 1 },
    format: 'json',
    think: true,
  },
  ...{ service_tier: 'flex', speed: 'standard', modalities: ['text'] },
};

test.each(Object.entries(FREE))('%s is free', (name, value) => {
  expect(unpricedMembers({ [name]: value })).toEqual([]);
});

/** What may cost, or is not known. */
const DEAR: [name: string, ...values: unknown[]][] = [
  ['best_of', 2, 1, null],
  ['service_tier', 'scale', 'SCALE', ' priority', ' flex', 'priority!', '', 5, ['flex']],
  ['speed', 'faster', 'FAST', '', 1],
  ['mcp_servers', [], [{ url: 'https://a.example' }]],
  ['extra_body', {}, { web_search: true }],
  ['modalities', ['audio'], ['text', 'audio'], ['image'], ['TEXT', 'AUDIO'], 'text', 'audio'],
  ['audio', { voice: 'x', format: 'wav' }],
  ['tools', [{ type: 'function' }, { type: 'web_search' }], [{ type: 'mcp' }], [{}], [7], [null], 'x', {}],
  ['web_search', true],
  ['search_parameters', { mode: 'auto' }, { mode: 'on' }, {}, { mode: 'OFF' }],
  ['enable_search', true, 'true', 1],
  ['web_search_options', {}],
  ['plugins', [{ id: 'web' }]],
  ['container', 'x'],
  ['Messages', []],
  ['made_up', 1, 'x', null, [], {}],
  ['__proto__x', 1],
  ['constructor', 1],
];

test.each(DEAR)('%s is named', (name, ...values) => {
  for (const value of values) expect([value, unpricedMembers({ [name]: value })]).toEqual([value, [name]]);
});

test('what is switched off costs nothing, whatever it is', () => {
  const off = { enable_search: false, web_search: false, made_up: false, search_parameters: { mode: 'off' } };
  expect(unpricedMembers(off)).toEqual([]);
});

test('tiers are compared as vendors compare them', () => {
  for (const tier of [
    'auto',
    'default',
    'DEFAULT',
    'Standard',
    'standard_only',
    'flex',
    'batch',
    'on_demand',
  ])
    expect(unpricedMembers({ service_tier: tier })).toEqual([]);
  expect(unpricedMembers({ speed: 'Standard' })).toEqual([]);
});

test('all of them are named, in the caller’s order', () => {
  expect(unpricedMembers({ z: 1, messages: [], a: 1, seed: 1, best_of: 2 })).toEqual(['z', 'a', 'best_of']);
});
