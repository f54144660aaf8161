/** Whole seconds out of a provider's `Retry-After`: seconds or an HTTP date (RFC 9110, section 10.2.3), or milliseconds. */
const MOST_SECONDS = 24 * 60 * 60;

export function retryAfterSecondsOf(value: string | null, milliseconds: string | null): number | null {
  if (milliseconds !== null && /^\d{1,9}(\.\d+)?$/.test(milliseconds))
    return bounded(Number(milliseconds) / 1000);
  if (value === null) return null;
  if (/^\d{1,6}(\.\d+)?$/.test(value)) return bounded(Number(value));
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : bounded((at - Date.now()) / 1000);
}

function bounded(seconds: number): number {
  return Math.min(MOST_SECONDS, Math.max(1, Math.ceil(seconds)));
}
