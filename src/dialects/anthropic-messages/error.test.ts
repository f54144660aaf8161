import { describe, expect, test } from 'bun:test';
import { TurnpikeError } from '../../errors.ts';
import { messagesErrorBody, messagesErrorHeaders } from './error.ts';

const messageOf = (error: TurnpikeError) =>
  (messagesErrorBody(error)['error'] as { message: string }).message;
const repeats = (error: TurnpikeError) => messagesErrorHeaders(error, 'req-1')['x-should-retry'];

const limit = (
  affordable: number,
  code: 'key_limit_exceeded' | 'in_flight_budget_exhausted' = 'key_limit_exceeded',
) =>
  new TurnpikeError(code, {
    message: 'Key limit exceeded.',
    metadata: { requested_tokens: 128_000, affordable_tokens: affordable },
  });

describe('a cap that the money left does not pay for', () => {
  test('is answered with the one that it does, in the words by which Claude Code lowers itself', () => {
    expect(messageOf(limit(5000))).toMatch(
      /^max_tokens: 128000 > 5000, which is the maximum allowed number of output tokens for .+\. Key limit exceeded\.$/,
    );
    expect(repeats(limit(5000))).toBeUndefined();
    expect(messageOf(limit(4096, 'in_flight_budget_exhausted'))).toStartWith('max_tokens: 128000 > 4096,');
  });

  test('is refused plainly where too little is left to be of use', () => {
    expect([messageOf(limit(4095)), repeats(limit(4095))]).toEqual(['Key limit exceeded.', 'false']);
  });
});

describe('whether it helps to repeat a request', () => {
  test.each([
    ['missing_api_key', {}, 'false'],
    ['key_disabled', {}, 'false'],
    ['insufficient_credits', {}, 'false'],
    ['in_flight_budget_exhausted', { retryAfterSeconds: 2 }, 'true'],
    ['rate_limit_exceeded', {}, 'false'],
    ['rate_limit_exceeded', { retryAfterSeconds: 40_000 }, 'false'],
    ['rate_limit_exceeded', { retryAfterSeconds: 20 }, undefined],
    ['provider_rate_limited', {}, undefined],
    ['provider_overloaded', {}, undefined],
    ['invalid_request', {}, undefined],
  ] as const)('%s with %j: %s', (code, details, expected) => {
    expect(repeats(new TurnpikeError(code, details))).toBe(expected);
  });
});

describe('a prompt that does not fit', () => {
  const tooLong = (message: string) => messageOf(new TurnpikeError('context_length_exceeded', { message }));

  test.each([
    'prompt is too long: 250000 tokens > 200000 maximum',
    'input length and `max_tokens` exceed context limit: 190000 + 64000 > 200000, decrease input length or `max_tokens` and try again',
  ])('keeps Anthropic’s own words: %s', (message) => {
    expect(tooLong(message)).toBe(message);
  });

  test.each([
    [
      'OpenAI',
      "This model's maximum context length is 128000 tokens. However, your messages resulted in 130012 tokens. Please reduce the length of the messages.",
      'prompt is too long: 130012 tokens > 128000 maximum. ',
    ],
    [
      'OpenAI, with an answer that is too long',
      "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens (5000 in the messages, 4000 in the completion). Please reduce the length of the messages or completion.",
      'input length and `max_tokens` exceed context limit: 5000 + 4000 > 8192. ',
    ],
    [
      'vLLM',
      "'max_tokens' or 'max_completion_tokens' is too large: 32000. This model's maximum context length is 32768 tokens and your request has 1200 input tokens (32000 > 32768 - 1200).",
      'input length and `max_tokens` exceed context limit: 1200 + 32000 > 32768. ',
    ],
    [
      'vLLM, of late',
      "This model's maximum context length is 131072 tokens. However, you requested 32000 output tokens and your prompt contains at least 99073 input tokens, for a total of at least 131073 tokens.",
      'input length and `max_tokens` exceed context limit: 99073 + 32000 > 131072. ',
    ],
    [
      'SGLang',
      "Requested token count exceeds the model's maximum context length of 262144 tokens. You requested a total of 262462 tokens: 230462 tokens from the input messages and 32000 tokens for the completion.",
      'input length and `max_tokens` exceed context limit: 230462 + 32000 > 262144. ',
    ],
    [
      'NVIDIA',
      "The input (345516 tokens) is longer than the model's context length (262144 tokens).",
      'prompt is too long: 345516 tokens > 262144 maximum. ',
    ],
    [
      'a server of MLX',
      'Prompt too long: 32799 tokens exceeds max context window of 32768 tokens',
      'prompt is too long: 32799 tokens > 32768 maximum. ',
    ],
    [
      'Google',
      'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
      'prompt is too long: 1200000 tokens > 1048576 maximum. ',
    ],
    ['one without numbers', 'Your input exceeds the context window of this model.', 'prompt is too long: '],
    ['one whose name has numbers', 'llama-3.1-405b: context length exceeded', 'prompt is too long: llama'],
  ])('is told in them for %s', (_, message, beginning) => {
    expect(tooLong(message)).toStartWith(beginning);
    expect(tooLong(message)).toEndWith(message);
  });
});

test('the request is named by its generation once there is one', () => {
  const headers = { 'x-generation-id': 'gen-1' };
  expect(messagesErrorBody(new TurnpikeError('provider_unavailable', { headers }))['request_id']).toBe(
    'gen-1',
  );
  expect(messagesErrorBody(new TurnpikeError('invalid_request'))['request_id']).toBeNull();
});

test('a wrong key is told where to put the right one', () => {
  expect(messageOf(new TurnpikeError('invalid_api_key'))).toContain('ANTHROPIC_AUTH_TOKEN');
});
