/** Errors of Anthropic's: whose fault they are, and which of its sentences callers get word for word, because their clients read them. */
import { expect, test } from 'bun:test';
import { playedAnthropic } from '../__fixtures__/upstream.ts';

function errorOf(status: number, type: string, message: string, headers = {}) {
  const body = JSON.stringify({
    type: 'error',
    error: { type, message },
    request_id: 'req_011CSHoEeqs5C35K2UUqR7Fy',
  });
  const { error } = playedAnthropic({ status, body, headers }, { dialect: 'anthropic-messages' });
  if (error === null) throw new Error('there was no error');
  return error;
}

test.each([
  ['prompt is too long: 208310 tokens > 200000 maximum', true],
  [
    'input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000, decrease input length or `max_tokens` and try again',
    true,
  ],
  [
    'max_tokens: 128000 > 64000, which is the maximum allowed number of output tokens for claude-sonnet-4-5-20250929',
    false,
  ],
  ['context_management: Extra inputs are not permitted', false],
  ['messages.1.content.0.thinking.signature: Field required', false],
  ['messages.3: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_01.', false],
])('a fault of the caller keeps its sentence: %s', (message, isContextLength) => {
  const error = errorOf(400, 'invalid_request_error', message);
  expect(error).toMatchObject({ fault: 'caller', status: 400, message, isContextLength });
});

test.each([
  [401, 'authentication_error', 'invalid x-api-key'],
  [402, 'billing_error', 'Your payment method was declined'],
  [403, 'permission_error', 'Your API key does not have permission to use the specified resource'],
  [
    400,
    'invalid_request_error',
    'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.',
  ],
  [400, 'invalid_request_error', 'This organization has been disabled.'],
  [
    400,
    'invalid_request_error',
    'You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC.',
  ],
])("%i %s about the operator's account is not for the caller: %s", (status, type, message) => {
  const error = errorOf(status, type, message);
  expect(error.fault).toBe('account');
  expect(error.message).not.toContain(message);
});

test('a rate limit says when to come back', () => {
  const message =
    'This request would exceed your organization’s rate limit of 40,000 input tokens per minute';
  expect(errorOf(429, 'rate_limit_error', message, { 'retry-after': '17' })).toMatchObject({
    fault: 'rate',
    status: 429,
    retryAfterSeconds: 17,
  });
});

test.each([
  [529, 'overloaded_error', 'provider'],
  [500, 'api_error', 'provider'],
  [504, 'timeout_error', 'provider'],
  [404, 'not_found_error', 'provider'],
  [413, 'request_too_large', 'caller'],
] as const)('%i %s is the fault of the %s', (status, type, fault) => {
  expect(errorOf(status, type, 'no')).toMatchObject({ status, fault });
});
