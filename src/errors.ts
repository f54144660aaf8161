/**
 * The error catalogue: every failure has one code, which fixes its status, its `error_type` and whether a repeat can help.
 * Throw a `TurnpikeError` by meaning; `http/envelope.ts` alone turns it into an answer.
 */

interface ErrorKind {
  status: number;
  /** OpenRouter's canonical word (`ApiErrorType` of its OpenAPI document). */
  type: string;
  /** What the caller may read; a `TurnpikeError` may say something more precise. */
  message: string;
}

const kinds = {
  // Credentials.
  missing_api_key: { status: 401, type: 'authentication', message: 'Missing Authentication header' },
  invalid_api_key: { status: 401, type: 'authentication', message: 'Invalid API key' },
  key_expired: { status: 401, type: 'authentication', message: 'This API key has expired' },
  key_disabled: { status: 403, type: 'permission_denied', message: 'This API key is disabled' },
  management_key_required: {
    status: 403,
    type: 'permission_denied',
    message: 'Only management keys can perform this operation',
  },
  management_key_not_allowed: {
    status: 403,
    type: 'permission_denied',
    message: 'Management keys cannot be used for inference; use an API key',
  },
  permission_denied: { status: 403, type: 'permission_denied', message: 'Forbidden' },
  // Guardrails.
  model_not_allowed: {
    status: 403,
    type: 'permission_denied',
    message: 'No model and provider that your guardrails allow can serve this request',
  },
  region_not_allowed: {
    status: 403,
    type: 'permission_denied',
    message: 'Your guardrails do not allow requests through this region',
  },
  content_blocked: {
    status: 403,
    type: 'permission_denied',
    message: 'Request blocked by content filter',
  },
  // Apps, which come with a client id and perhaps a secret.
  invalid_client: { status: 401, type: 'authentication', message: 'Unknown client or wrong client secret' },
  // People, who come with a session instead of a key.
  not_signed_in: { status: 401, type: 'authentication', message: 'Sign in to continue' },
  foreign_request: {
    status: 403,
    type: 'permission_denied',
    message: 'This request did not come from a page of this site; reload the page and try again',
  },
  role_required: {
    status: 403,
    type: 'permission_denied',
    message: 'Your role in this organisation does not allow this',
  },
  // Programs that sign what they send.
  bad_signature: {
    status: 401,
    type: 'authentication',
    message: 'This message is not signed by whoever it is said to come from',
  },
  // What callers bring for their provider.
  login_refused: {
    status: 401,
    type: 'authentication',
    message: 'The provider refused the login that came with this request',
  },
  // The request itself.
  invalid_request: { status: 400, type: 'invalid_request', message: 'Invalid request parameters' },
  model_not_found: { status: 400, type: 'invalid_request', message: 'The requested model does not exist' },
  context_length_exceeded: { status: 400, type: 'context_length_exceeded', message: 'The input is too long' },
  not_found: { status: 404, type: 'not_found', message: 'Resource not found' },
  no_endpoints: { status: 404, type: 'not_found', message: 'No endpoint can serve this request' },
  method_not_allowed: { status: 405, type: 'invalid_request', message: 'Method not allowed' },
  gone: { status: 410, type: 'not_found', message: 'This operation is no longer offered' },
  conflict: { status: 409, type: 'invalid_request', message: 'Resource conflict. Please try again later.' },
  payload_too_large: { status: 413, type: 'payload_too_large', message: 'Request payload too large' },
  unsupported_media_type: {
    status: 415,
    type: 'invalid_request',
    message: 'Unsupported content type; send application/json without compression',
  },
  unprocessable: { status: 422, type: 'unprocessable', message: 'Invalid argument' },
  // Money and rates.
  insufficient_credits: { status: 402, type: 'payment_required', message: 'Insufficient credits' },
  key_limit_exceeded: { status: 402, type: 'payment_required', message: 'Key limit exceeded' },
  workspace_budget_exceeded: {
    status: 403,
    type: 'permission_denied',
    message: 'Budget limit exceeded: the workspace has spent what it may',
  },
  guardrail_budget_exceeded: {
    status: 403,
    type: 'permission_denied',
    message: 'Budget limit exceeded: a guardrail allows no more',
  },
  tag_budget_exceeded: {
    status: 403,
    type: 'permission_denied',
    message: 'Budget limit exceeded: requests with this tag have cost what they may',
  },
  in_flight_budget_exhausted: {
    status: 402,
    type: 'payment_required',
    message:
      'The remaining credit is held by requests in flight; repeat this request when they have finished',
  },
  unpriceable_request: { status: 402, type: 'payment_required', message: 'This request cannot be priced' },
  rate_limit_exceeded: { status: 429, type: 'rate_limit_exceeded', message: 'Rate limit exceeded' },
  // Providers.
  provider_rejected: { status: 400, type: 'invalid_request', message: 'Provider returned error' },
  provider_rate_limited: {
    status: 429,
    type: 'rate_limit_exceeded',
    message: 'Provider rate limit exceeded',
  },
  provider_unavailable: { status: 502, type: 'provider_unavailable', message: 'Provider returned error' },
  provider_overloaded: { status: 503, type: 'provider_overloaded', message: 'Provider is overloaded' },
  provider_timeout: { status: 504, type: 'timeout', message: 'Provider did not answer in time' },
  // Ourselves.
  request_timeout: { status: 408, type: 'timeout', message: 'Operation timed out. Please try again later.' },
  client_closed_request: {
    status: 499,
    type: 'invalid_request',
    message: 'The client closed the request before it was answered',
  },
  unavailable: { status: 503, type: 'provider_overloaded', message: 'Service temporarily unavailable' },
  internal: { status: 500, type: 'server', message: 'Internal Server Error' },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof kinds;

/** Whether money is spent that comes back with time, or with a higher limit: free models may go on, or a cheaper one. */
export function saysSpent(code: string): boolean {
  return SPENT.has(code);
}

const SPENT: ReadonlySet<string> = new Set<ErrorCode>([
  ...(['insufficient_credits', 'key_limit_exceeded', 'workspace_budget_exceeded'] as const),
  ...(['guardrail_budget_exceeded', 'tag_budget_exceeded'] as const),
]);

export interface ErrorDetails {
  /** Replaces the catalogue's public text. */
  message?: string;
  /** For the operator's log only: never sent to a caller. */
  detail?: string;
  /** Replaces the catalogue's status, where an upstream's own is passed on (524, 529). */
  status?: number;
  /** Goes into `error.metadata` beside `error_type` and `error_code`. */
  metadata?: Record<string, unknown>;
  /** Goes into `error` itself (`availability`). */
  extra?: Record<string, unknown>;
  /** Takes the place of the whole envelope, where a standard has a shape of its own (RFC 6749, 5.2). */
  body?: Record<string, unknown>;
  /** Whole seconds until a repeat can help: becomes `Retry-After`. */
  retryAfterSeconds?: number;
  headers?: Record<string, string>;
  cause?: unknown;
}

export class TurnpikeError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly type: string;
  readonly detail: string | undefined;
  readonly metadata: Record<string, unknown>;
  readonly extra: Record<string, unknown>;
  readonly body: Record<string, unknown> | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly headers: Record<string, string>;
  /** What routing did before it, where the caller asked for that. */
  routing: Record<string, unknown> | null = null;
  /** Whether the request that it ended has a generation of its own, where it can be found. */
  onRecord = false;

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    const kind: ErrorKind = kinds[code];
    super(details.message ?? kind.message, { cause: details.cause });
    this.name = 'TurnpikeError';
    this.code = code;
    this.status = details.status ?? kind.status;
    this.type = kind.type;
    this.detail = details.detail;
    this.metadata = details.metadata ?? {};
    this.extra = details.extra ?? {};
    this.body = details.body;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.headers = details.headers ?? {};
  }
}

/** What a code means, in the words that a caller reads where nothing more precise is known; null: it is none of ours. */
export function meaningOf(code: string): string | null {
  return Object.hasOwn(kinds, code) ? kinds[code as ErrorCode].message : null;
}

/** A 400 that names the field and what is wrong with it. */
export function invalidRequest(message: string): TurnpikeError {
  return new TurnpikeError('invalid_request', { message });
}

/** What is wrong with one field of a body: `path` leads to it, such as `['redirect_uris', 0]`. */
export interface FieldIssue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** The same for programs: `metadata.issues` has a member for each field that is wrong, so that a form can show it there. */
export function invalidFields(message: string, issues: readonly FieldIssue[]): TurnpikeError {
  return new TurnpikeError('invalid_request', { message, metadata: { issues } });
}

export const invalidField = (field: string, problem: string): TurnpikeError =>
  invalidFields(`${field}: ${problem}`, [{ path: [field], message: problem }]);

/** The system's words for no room on a disk, a quota, too many open files, no memory, and a disk that failed or is read-only. */
const MACHINE_IS_FULL = new Set(['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'ENOMEM', 'EIO', 'EROFS']);

/** Anything thrown, as one of ours: a machine that is full is a 503, and what else we did not throw ourselves a masked 500. */
export function toTurnpikeError(thrown: unknown): TurnpikeError {
  if (thrown instanceof TurnpikeError) return thrown;
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  if (typeof code === 'string' && MACHINE_IS_FULL.has(code))
    return new TurnpikeError('unavailable', { cause: thrown, detail: String(thrown), retryAfterSeconds: 1 });
  return new TurnpikeError('internal', { cause: thrown, detail: String(thrown) });
}
