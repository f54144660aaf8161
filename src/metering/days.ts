/** Days and months in UTC. No I/O. */

export const DAY_MS = 86_400_000;

/** When the day begins that a moment is in. */
export function dayOf(atMs: number): number {
  return Math.floor(atMs / DAY_MS) * DAY_MS;
}

/** When the month begins. `later`: so many months on. */
export function monthOf(atMs: number, later = 0): number {
  const at = new Date(atMs);
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + later, 1);
}
