/** When signing keys follow one another, and how long each is shown. No I/O. */

const DAY_MS = 24 * 60 * 60 * 1000;
const SIGNS_FOR_MS = 30 * DAY_MS;
/** Longer than anybody holds the key set in memory, so that no token is met whose key is unknown. */
const PUBLISHED_AHEAD_MS = DAY_MS;

/** No access token lives longer. */
export const ACCESS_TOKEN_LIFE_MS = 15 * 60 * 1000;
/** Clocks of nodes may differ by this much. */
const SKEW_MS = 60_000;

export interface Turn {
  /** 1, 2, 3, … */
  readonly turn: number;
  readonly signs_from_ms: number;
  readonly signs_until_ms: number;
}

/** The key that has to be made now, or null. `turns` in their order. */
export function dueTurn(turns: readonly Turn[], nowMs: number): Turn | null {
  const newest = turns.at(-1);
  if (newest !== undefined && newest.signs_until_ms - nowMs > PUBLISHED_AHEAD_MS) return null;
  const signsFromMs = Math.max(newest?.signs_until_ms ?? nowMs, nowMs);
  return {
    turn: (newest?.turn ?? 0) + 1,
    signs_from_ms: signsFromMs,
    signs_until_ms: signsFromMs + SIGNS_FOR_MS,
  };
}

/** Whose turn it is. The very first key may begin a moment ahead of a node whose clock is late: it signs all the same. */
export function signingTurn<T extends Turn>(turns: readonly T[], nowMs: number): T | null {
  const alive = turns.filter((turn) => nowMs < turn.signs_until_ms);
  return alive.findLast((turn) => turn.signs_from_ms <= nowMs) ?? alive[0] ?? null;
}

/** Until its last token is dead. */
export function isPublished(turn: Turn, nowMs: number): boolean {
  return nowMs < turn.signs_until_ms + ACCESS_TOKEN_LIFE_MS + SKEW_MS;
}
