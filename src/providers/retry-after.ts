/** When a provider says that a repeat can help. */
import type { AnswerHead } from '../upstream/upstream.ts';

const MAX_SECONDS = 86_400;

/** Whole seconds, from milliseconds, seconds or an HTTP date (RFC 9110, section 10.2.3); null: it does not say. */
export function retryAfterSeconds(head: AnswerHead | undefined): number | null {
  const milliseconds = head?.header('retry-after-ms') ?? null;
  if (milliseconds !== null && /^\d{1,9}(\.\d+)?$/.test(milliseconds))
    return bounded(Number(milliseconds) / 1000);
  const value = head?.header('retry-after') ?? null;
  if (value === null) return null;
  if (/^\d{1,9}(\.\d+)?$/.test(value)) return bounded(Number(value));
  // Date.parse takes almost anything for a date.
  const at = /^[A-Za-z]{3,9}, /.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? null : bounded((at - Date.now()) / 1000);
}

function bounded(seconds: number): number {
  return Math.min(MAX_SECONDS, Math.max(1, Math.ceil(seconds)));
}
