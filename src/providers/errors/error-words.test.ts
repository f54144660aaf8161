import { describe, expect, test } from 'bun:test';
import { kindOfWord, namesNoModel } from './error-words.ts';

/** As vendors write them, in the case in which they do. */
const words: readonly [status: number, fault: string, words: string][] = [
  [400, 'caller', 'invalid_request_error invalid_request BadRequest BadRequestError INVALID_ARGUMENT'],
  [400, 'caller', 'invalid_parameter_error invalid_value unsupported_value unsupported_parameter'],
  [
    400,
    'caller',
    'unknown_parameter missing_required_parameter validation_error wrong_api_format invalid_prompt',
  ],
  [
    400,
    'caller',
    'UnprocessableEntity UnprocessableEntityError context_length_exceeded context_window_exceeded',
  ],
  [400, 'caller', 'exceed_context_size_error string_above_max_length request_too_large prompt_too_long'],
  [400, 'caller', 'tool_use_failed json_validate_failed FAILED_PRECONDITION 1210 1213 1214 1261 2013'],
  [400, 'content', 'content_filter content_policy_violation DataInspectionFailed data_inspection_failed'],
  [400, 'content', 'ResponsibleAIPolicyViolation 1301'],
  [
    401,
    'account',
    'invalid_api_key authentication_error invalid_authentication_error incorrect_api_key_error',
  ],
  [401, 'account', 'Unauthorized UNAUTHENTICATED authentication_failed API_KEY_INVALID 1004'],
  [402, 'account', 'insufficient_quota billing_hard_limit_reached billing_not_active billing_error'],
  [402, 'account', 'insufficient_balance exceeded_current_quota_error insufficient_credits payment_required'],
  [402, 'account', 'Arrearage account_deactivated 1008 1113'],
  [
    403,
    'account',
    'PERMISSION_DENIED permission_error Forbidden access_denied account_suspended access_terminated',
  ],
  [403, 'account', 'organization_restricted'],
  [429, 'rate', 'rate_limit_exceeded rate_limit_error RateLimitError rate_limit rate_limited'],
  [429, 'rate', 'rate_limit_reached_error too_many_requests RESOURCE_EXHAUSTED Throttling'],
  [429, 'rate', 'Throttling.RateQuota Throttling.AllocationQuota limit_requests limit_burst_rate'],
  [429, 'rate', 'tokens requests 1302 1303 1305'],
  [529, 'provider', 'overloaded_error OverloadedError'],
  [503, 'provider', 'overloaded engine_overloaded_error model_overloaded server_overloaded'],
  [
    503,
    'provider',
    'UNAVAILABLE service_unavailable ServiceUnavailableError server_busy no_capacity over_capacity',
  ],
  [
    500,
    'provider',
    'server_error internal_server_error InternalServerError internal_error INTERNAL api_error',
  ],
  [500, 'provider', 'unknown_error 1234'],
  [504, 'provider', 'timeout timeout_error DEADLINE_EXCEEDED request_timeout gateway_timeout'],
  [404, 'provider', 'not_found NotFoundError model_not_found model_not_available model_decommissioned'],
  [404, 'provider', 'model_not_supported invalid_model unknown_model'],
];

describe('words of vendors', () => {
  test.each(
    words.flatMap(([status, fault, list]) => list.split(' ').map((word) => [word, status, fault] as const)),
  )('%s is a %i and the fault of the %s', (word, status, fault) => {
    expect(kindOfWord(word)).toEqual({ status, fault: fault as 'caller' });
  });

  test.each(['', 'kaput', '3001', 'constructor', '__proto__'])('%j means nothing', (word) => {
    expect(kindOfWord(word)).toBeNull();
  });
});

test('of the words for what is missing some mean the model, and others may mean anything', () => {
  for (const word of ['model_not_found', 'model_decommissioned', 'invalid_model'])
    expect([word, namesNoModel(word)]).toEqual([word, true]);
  for (const word of ['not_found', 'invalid_request_error', 'kaput'])
    expect([word, namesNoModel(word)]).toEqual([word, false]);
});
