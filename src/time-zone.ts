/** Days, weeks and months of an IANA time zone, by the rules that the runtime knows. Imports nothing: the pages count by it too. */

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
/** 1970-01-05 was a Monday. */
const FIRST_MONDAY_MS = 4 * DAY_MS;

export type CalendarUnit = 'day' | 'week' | 'month';

const clocks = new Map<string, Intl.DateTimeFormat>();

function clockOf(zone: string): Intl.DateTimeFormat {
  let clock = clocks.get(zone);
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat('en-US', {
      ...{ timeZone: zone, hourCycle: 'h23', era: 'short' },
      ...{ year: 'numeric', month: 'numeric', day: 'numeric' },
      ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
    });
    clocks.set(zone, clock);
  }
  return clock;
}

/** Names alone: an offset such as `+05:30` is no place, and knows no summer. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+){0,2}$/.test(name)) return false;
  try {
    clockOf(name);
    return true;
  } catch {
    return false;
  }
}

/** How much clocks there are ahead of UTC at that moment. */
export function offsetMsAt(zone: string, atMs: number): number {
  if (zone === 'UTC') return 0;
  const seen: Record<string, string> = {};
  for (const { type, value } of clockOf(zone).formatToParts(atMs)) seen[type] = value;
  const part = (name: string) => Number(seen[name]);
  const localMs = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  );
  return localMs - Math.floor(atMs / 1000) * 1000;
}

/**
 * When clocks there show this (milliseconds as if it were UTC): the first time, where they show it twice; where they skip it, the
 * moment in which they do.
 */
export function instantOf(zone: string, localMs: number): number {
  const offsets = [localMs - DAY_MS, localMs + DAY_MS].map((near) => offsetMsAt(zone, near));
  const candidates = offsets.map((offset) => localMs - offset);
  const shown = candidates.filter((atMs) => atMs + offsetMsAt(zone, atMs) === localMs);
  return shown.length > 0 ? Math.min(...shown) : (candidates[0] ?? localMs);
}

/** When the one begins that `atMs` lies in; with `ahead`, so many after it. Weeks begin on Monday. */
export function beginningOf(zone: string, unit: CalendarUnit, atMs: number, ahead = 0): number {
  const localMs = atMs + offsetMsAt(zone, atMs);
  if (unit === 'month') {
    const local = new Date(localMs);
    return instantOf(zone, Date.UTC(local.getUTCFullYear(), local.getUTCMonth() + ahead));
  }
  const { ms, fromMs } = GRID[unit];
  return instantOf(zone, (Math.floor((localMs - fromMs) / ms) + ahead) * ms + fromMs);
}

/** On a clock that is never set, days and weeks are as long as each other, counted from here. */
export const GRID: Readonly<Record<'day' | 'week', { readonly ms: number; readonly fromMs: number }>> = {
  day: { ms: DAY_MS, fromMs: 0 },
  week: { ms: 7 * DAY_MS, fromMs: FIRST_MONDAY_MS },
};

export interface OffsetSpan {
  readonly offsetMs: number;
  /** Not part of it; null: the last of them. */
  readonly untilMs: number | null;
}

/** Which offsets there are between two moments, in their order. */
export function offsetsBetween(zone: string, fromMs: number, toMs: number): readonly OffsetSpan[] {
  const spans: OffsetSpan[] = [];
  let offsetMs = offsetMsAt(zone, fromMs);
  for (let atMs = fromMs; atMs < toMs; atMs += DAY_MS) {
    const nextMs = Math.min(atMs + DAY_MS, toMs);
    const next = offsetMsAt(zone, nextMs);
    if (next === offsetMs) continue;
    spans.push({ offsetMs, untilMs: changeBetween(zone, atMs, nextMs) });
    offsetMs = next;
  }
  return [...spans, { offsetMs, untilMs: null }];
}

/** To the second: the first moment at which clocks differ from how they were at the beginning. */
function changeBetween(zone: string, fromMs: number, toMs: number): number {
  const before = offsetMsAt(zone, fromMs);
  let [low, high] = [Math.floor(fromMs / 1000), Math.ceil(toMs / 1000)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetMsAt(zone, middle * 1000) === before) low = middle;
    else high = middle;
  }
  return high * 1000;
}
