/** Why a provider failed us. */
export type ProviderFailure =
  /** It answered with an error: a status, or an error under a 200. */
  | 'status'
  /** No connection, or it broke. */
  | 'unreachable'
  /** Nothing in time. */
  | 'timeout'
  /** An answer that is not the wire format. */
  | 'garbage';

/** Whose fault it is: decides who is told, whether another endpoint is tried, and whether this one is marked unhealthy. */
export type Fault =
  /** The request itself: another provider of the same model would refuse it too. */
  | 'caller'
  /** What the request says, by this provider's own filters: another's may let it through. */
  | 'content'
  /** The operator's account there: its key, its balance, its rights. */
  | 'account'
  /** The caller's own login there: theirs to renew. */
  | 'login'
  /** Too many requests. */
  | 'rate'
  | 'provider'
  /** Our own queue before it was full, or slow. */
  | 'busy'
  /** This machine had no room for a connection. */
  | 'gateway';

export interface ProviderErrorDetails {
  readonly fault: Fault;
  /** For the caller: bounded, and without anything secret. */
  readonly message: string;
  /** For the operator's log: what the provider said, bounded and without secrets. */
  readonly detail?: string | null;
  /** The upstream's HTTP status, or the one that its error under a 200 stands for; null without one. */
  readonly status?: number | null;
  /** The upstream's own code: a word, without anything secret. */
  readonly providerCode?: string | null;
  /** The upstream's JSON body of a mistake of the caller's, for `metadata.raw`. */
  readonly raw?: string | null;
  readonly isContextLength?: boolean;
  readonly retryAfterSeconds?: number | null;
  /** The head of its answer was here: proof that it had the request. */
  readonly hasAnswered?: boolean;
  /** No byte of the request can have reached it. */
  readonly neverSent?: boolean;
  readonly cause?: unknown;
}

export class ProviderError extends Error {
  readonly failure: ProviderFailure;
  readonly fault: Fault;
  readonly detail: string | null;
  readonly status: number | null;
  readonly providerCode: string | null;
  readonly raw: string | null;
  readonly isContextLength: boolean;
  readonly retryAfterSeconds: number | null;
  readonly hasAnswered: boolean;
  readonly neverSent: boolean;

  constructor(failure: ProviderFailure, details: ProviderErrorDetails) {
    super(details.message, { cause: details.cause });
    this.name = 'ProviderError';
    this.failure = failure;
    this.fault = details.fault;
    this.detail = details.detail ?? null;
    this.status = details.status ?? null;
    this.providerCode = details.providerCode ?? null;
    this.raw = details.raw ?? null;
    this.isContextLength = details.isContextLength ?? false;
    this.retryAfterSeconds = details.retryAfterSeconds ?? null;
    this.hasAnswered = details.hasAnswered ?? false;
    this.neverSent = details.neverSent ?? false;
  }
}
