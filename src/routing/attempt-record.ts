import type { ErrorCode } from '../errors.ts';

/** One call to a provider on behalf of a request, as its record keeps it. */
export interface AttemptRecord {
  readonly provider: string;
  readonly tag: string;
  readonly model: string;
  /** The upstream's HTTP status; null when there was none. */
  readonly status: number | null;
  readonly latency_ms: number;
  /** The id of the key that it went out with, where its provider has several; for the operator alone. */
  readonly credential?: string;
  /** It was made with the caller's own provider key. */
  readonly is_byok?: true;
  /** Why the request ended with it, as a code of the error catalogue; absent: it did not, or was answered. */
  readonly error?: ErrorCode;
}
