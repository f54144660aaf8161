/** When what did not arrive is tried again, and when it is given up. No I/O. */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** After the first attempt, the second, and so on; together a day and a half. */
const WAITS_MS = [
  5000,
  MINUTE_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  18 * HOUR_MS,
];
/** Of the wait, in either direction: what failed at one moment does not come back at one moment. */
const JITTER = 0.2;
/** However much longer a receiver asks for. */
const MOST_ASKED_MS = 6 * HOUR_MS;
/** A webhook that has taken nothing for so long is switched off. */
export const GIVEN_UP_AFTER_MS = 3 * 24 * HOUR_MS;

/**
 * Milliseconds until the next attempt; null: there is none.
 * @param attempts how many there were
 * @param askedMs what the receiver asked for; null: nothing
 * @param random from 0 to 1
 */
export function waitBefore(attempts: number, askedMs: number | null, random: number): number | null {
  const waitMs = WAITS_MS[attempts - 1];
  if (waitMs === undefined) return null;
  const own = Math.round(waitMs * (1 - JITTER + 2 * JITTER * random));
  return Math.max(own, Math.min(askedMs ?? 0, MOST_ASKED_MS));
}

/** Of a `Retry-After`: seconds, or a moment (RFC 9110, 10.2.3). Null: it says nothing. */
export function askedWait(retryAfter: string | null, nowMs: number): number | null {
  if (retryAfter === null) return null;
  if (/^\d{1,9}$/.test(retryAfter.trim())) return Number(retryAfter) * 1000;
  const atMs = Date.parse(retryAfter);
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}
