/** Days, weeks and months in UTC. No I/O. */

export const DAY_MS = 86_400_000;
export const WEEK_MS = 7 * DAY_MS;
/** The first Monday of all. */
export const MONDAY_MS = 4 * DAY_MS;

/** When the day begins that a moment is in. */
export function dayOf(atMs: number): number {
  return Math.floor(atMs / DAY_MS) * DAY_MS;
}

/** When the week begins that a moment is in: on a Monday. */
export function weekOf(atMs: number): number {
  return Math.floor((atMs - MONDAY_MS) / WEEK_MS) * WEEK_MS + MONDAY_MS;
}

/** When the month begins. `later`: so many months on. */
export function monthOf(atMs: number, later = 0): number {
  const at = new Date(atMs);
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + later, 1);
}
