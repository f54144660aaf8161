/**
 * `error.availability`: what a client is told when nobody could serve its request, for programs to branch on (OpenRouter's error
 * pages, August 2026). The first four members are always there; the others only when there is something to say.
 */
import type { JsonObject } from '../json.ts';

export type AvailabilityCode =
  | 'model_not_found'
  | 'wrong_endpoint'
  | 'no_endpoints'
  | 'free_variant_ended'
  | 'privacy_restricted'
  | 'constraint_filtered'
  | 'capacity_exhausted'
  | 'temporarily_unavailable';

/** Below the gateway's public address. */
export const AVAILABILITY_DOCS_PATH = '/docs/availability';

const RETRYABLE = new Set<AvailabilityCode>(['capacity_exhausted', 'temporarily_unavailable']);

export interface AvailabilityDetails {
  readonly requestedModels: readonly string[];
  /** Of the page that explains the codes. */
  readonly docsUrl: string;
  readonly retryAfterSeconds?: number | null;
  readonly affectedProviders?: readonly string[];
  /** Words for what left endpoints out: `max_price`, `data_policy:zdr`, … */
  readonly excludedBy?: Iterable<string>;
  /** That may serve in the place of what was asked for. */
  readonly fallbackModels?: readonly string[];
  readonly constraint?: { readonly field: string; readonly detail: string };
}

export function availability(code: AvailabilityCode, details: AvailabilityDetails): JsonObject {
  const excludedBy = [...(details.excludedBy ?? [])];
  return {
    code,
    retryable: RETRYABLE.has(code),
    requested_models: details.requestedModels,
    docs_url: `${details.docsUrl}#${code}`,
    ...((details.retryAfterSeconds ?? null) === null ? {} : { retry_after: details.retryAfterSeconds }),
    ...((details.affectedProviders?.length ?? 0) === 0
      ? {}
      : { affected_providers: details.affectedProviders }),
    ...(details.fallbackModels === undefined ? {} : { fallback_models: details.fallbackModels }),
    ...(excludedBy.length === 0 ? {} : { excluded_by: excludedBy }),
    ...(details.constraint === undefined ? {} : { constraint: details.constraint }),
  };
}
