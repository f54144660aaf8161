/** The words that vendors have for kinds of errors (`code`, `type`, `status`), as HTTP statuses and as whose fault it is. */
import type { Fault } from '../provider-error.ts';

interface Kind {
  readonly status: number;
  readonly fault: Fault;
}

const CALLER: Kind = { status: 400, fault: 'caller' };
const CONTENT: Kind = { status: 400, fault: 'content' };
const KEY: Kind = { status: 401, fault: 'account' };
const BALANCE: Kind = { status: 402, fault: 'account' };
const RIGHTS: Kind = { status: 403, fault: 'account' };
const RATE: Kind = { status: 429, fault: 'rate' };
const OVERLOADED: Kind = { status: 503, fault: 'provider' };
/** Anthropic's own status for it. */
const OVERLOADED_529: Kind = { status: 529, fault: 'provider' };
const BROKEN: Kind = { status: 500, fault: 'provider' };
const SLOW: Kind = { status: 504, fault: 'provider' };
const MISSING: Kind = { status: 404, fault: 'provider' };
/** Whatever its status: some vendors say 400. */
const MISSING_MODEL: Kind = { status: 404, fault: 'provider' };

/** In lower case, letters and digits alone, so that `RateLimitError` and `rate_limit_error` are one. */
const kinds: ReadonlyMap<string, Kind> = new Map(
  (
    [
      [
        CALLER,
        'invalid_request_error invalid_request bad_request bad_request_error invalid_argument invalid_parameter_error',
      ],
      [
        CALLER,
        'invalid_value unsupported_value unsupported_parameter unknown_parameter missing_required_parameter',
      ],
      [
        CALLER,
        'validation_error wrong_api_format unprocessable_entity unprocessable_entity_error invalid_prompt',
      ],
      [
        CALLER,
        'context_length_exceeded context_window_exceeded exceed_context_size_error string_above_max_length',
      ],
      [CALLER, 'request_too_large prompt_too_long tool_use_failed json_validate_failed failed_precondition'],
      [
        CONTENT,
        'content_filter content_policy_violation data_inspection_failed responsible_ai_policy_violation',
      ],
      // Zhipu: parameters and prompts that are too long; and content.
      [CALLER, '1210 1213 1214 1261 2013'],
      [CONTENT, '1301'],
      [
        KEY,
        'invalid_api_key authentication_error invalid_authentication_error incorrect_api_key_error unauthorized',
      ],
      [KEY, 'unauthenticated authentication_failed api_key_invalid 1004'],
      [
        BALANCE,
        'insufficient_quota billing_hard_limit_reached billing_not_active billing_error insufficient_balance',
      ],
      [
        BALANCE,
        'exceeded_current_quota_error insufficient_credits payment_required arrearage account_deactivated 1008 1113',
      ],
      [
        RIGHTS,
        'permission_denied permission_error forbidden access_denied account_suspended access_terminated organization_restricted',
      ],
      [
        RATE,
        'rate_limit_exceeded rate_limit_error rate_limit rate_limited rate_limit_reached_error too_many_requests',
      ],
      [
        RATE,
        'resource_exhausted throttling throttling_rate_quota throttling_allocation_quota limit_requests',
      ],
      [RATE, 'limit_burst_rate tokens requests 1302 1303 1305'],
      [OVERLOADED, 'overloaded engine_overloaded_error model_overloaded server_overloaded unavailable'],
      [OVERLOADED_529, 'overloaded_error'],
      [OVERLOADED, 'service_unavailable service_unavailable_error server_busy no_capacity over_capacity'],
      [BROKEN, 'server_error internal_server_error internal_error internal api_error unknown_error 1234'],
      [SLOW, 'timeout timeout_error deadline_exceeded request_timeout gateway_timeout'],
      [MISSING, 'not_found not_found_error'],
      [MISSING_MODEL, 'model_not_found model_not_available model_decommissioned model_not_supported'],
      [MISSING_MODEL, 'invalid_model unknown_model'],
    ] as const
  ).flatMap(([kind, words]) => words.split(' ').map((word) => [folded(word), kind] as const)),
);

function folded(word: string): string {
  return word.toLowerCase().replace(/[^a-z0-9]/g, '');
}

/** Null: a word of no known meaning. */
export function kindOfWord(word: string): Kind | null {
  return kinds.get(folded(word)) ?? null;
}

/** The vendor has no such model, or has it no more. */
export function namesNoModel(word: string): boolean {
  return kindOfWord(word) === MISSING_MODEL;
}
