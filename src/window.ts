/**
 * Windows of time that limits and usage are counted in, all of them of UTC: all time, a day, an ISO week (from Monday), a month; and
 * longer ones, in which only those budgets count that ask for them.
 */

/** In each of these every scope counts whose limit may move between them. */
export type CommonWindowKind = 'all' | 'daily' | 'weekly' | 'monthly';

/** A fiscal year begins with its month, `fiscal-04` with April; one that begins in January is a year. */
export type WindowKind = CommonWindowKind | 'quarterly' | 'yearly' | `fiscal-${string}`;

export const WINDOW_KINDS: readonly CommonWindowKind[] = ['all', 'daily', 'weekly', 'monthly'];

const FISCAL = /^fiscal-(0[2-9]|1[0-2])$/;

export function isWindowKind(text: string): text is WindowKind {
  return (
    WINDOW_KINDS.some((kind) => kind === text) ||
    text === 'quarterly' ||
    text === 'yearly' ||
    FISCAL.test(text)
  );
}

export interface WindowIds {
  readonly all: 'all';
  /** `2026-11-20` */
  readonly daily: string;
  /** `2026-W47`, the year being the one that holds the week's Thursday (ISO 8601). */
  readonly weekly: string;
  /** `2026-11` */
  readonly monthly: string;
}

/** The window that never ends. */
export const ALL_TIME = 'all';

/** Which kind a window is of, by its id alone. */
export function kindOfWindow(id: string): WindowKind {
  if (id === ALL_TIME) return 'all';
  if (id.startsWith('FY')) return `fiscal-${id.slice('FYYYYY-'.length)}`;
  if (id.includes('W')) return 'weekly';
  if (id.includes('Q')) return 'quarterly';
  if (id.length === 'YYYY'.length) return 'yearly';
  return id.length === 'YYYY-MM'.length ? 'monthly' : 'daily';
}

interface Day {
  readonly startMs: number;
  readonly ids: WindowIds;
  readonly endsMs: { readonly daily: number; readonly weekly: number; readonly monthly: number };
}

const DAY_MS = 86_400_000;

/** The day last asked for. It is a function of the time alone, so remembering it changes no answer; it spares every request the calendar. */
let remembered = describeDay(0);

export function windowIds(nowMs: number): WindowIds {
  return dayOf(nowMs).ids;
}

/** `2026-Q4` of a quarter, `2026` of a year, `FY2026-04` of the fiscal year that began in April of 2026. */
export function windowId(kind: WindowKind, nowMs: number): string {
  const { ids } = dayOf(nowMs);
  if (isCommon(kind)) return ids[kind];
  const { year, month } = firstMonthOf(kind, nowMs);
  if (kind === 'yearly') return String(year);
  if (kind === 'quarterly') return `${year}-Q${month / 3 + 1}`;
  return `FY${year}-${String(month + 1).padStart(2, '0')}`;
}

/** Those of the day, and of the days before and after it: a clock may be set back or forward to them. */
export function windowIdsNear(nowMs: number, kinds: readonly WindowKind[] = WINDOW_KINDS): Set<string> {
  const days = [nowMs, nowMs - DAY_MS, nowMs + DAY_MS];
  return new Set(days.flatMap((dayMs) => kinds.map((kind) => windowId(kind, dayMs))));
}

/** The first instant after the window; null for all time, which never ends. */
export function windowEndMs(kind: WindowKind, nowMs: number): number | null {
  if (kind === 'all') return null;
  if (isCommon(kind)) return dayOf(nowMs).endsMs[kind];
  const { year, month } = firstMonthOf(kind, nowMs);
  return Date.UTC(year, month + (kind === 'quarterly' ? 3 : 12), 1);
}

function isCommon(kind: WindowKind): kind is CommonWindowKind {
  return kind === 'daily' || kind === 'monthly' || kind === 'all' || kind === 'weekly';
}

/** With which month a longer window begins; January is 0. */
function firstMonthOf(
  kind: Exclude<WindowKind, CommonWindowKind>,
  nowMs: number,
): { year: number; month: number } {
  const date = new Date(nowMs);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  if (kind === 'yearly') return { year, month: 0 };
  if (kind === 'quarterly') return { year, month: month - (month % 3) };
  const first = Number(kind.slice('fiscal-'.length)) - 1;
  return { year: month < first ? year - 1 : year, month: first };
}

/**
 * What is kept for so many days is kept by whole UTC days: this is when the oldest one that stays begins. A day goes when all of it is
 * older than that.
 */
export function oldestKeptDayMs(nowMs: number, days: number): number {
  return Math.floor((nowMs - days * DAY_MS) / DAY_MS) * DAY_MS;
}

function dayOf(nowMs: number): Day {
  const sinceMs = nowMs - remembered.startMs;
  if (sinceMs < 0 || sinceMs >= DAY_MS) remembered = describeDay(Math.floor(nowMs / DAY_MS) * DAY_MS);
  return remembered;
}

function describeDay(startMs: number): Day {
  const date = new Date(startMs);
  const year = date.getUTCFullYear();
  const month = date.getUTCMonth();
  const daysSinceMonday = (date.getUTCDay() + 6) % 7;
  const mondayMs = startMs - daysSinceMonday * DAY_MS;
  const daily = date.toISOString().slice(0, 10);
  return {
    startMs,
    ids: { all: 'all', daily, weekly: weekId(mondayMs), monthly: daily.slice(0, 7) },
    endsMs: {
      daily: startMs + DAY_MS,
      weekly: mondayMs + 7 * DAY_MS,
      monthly: Date.UTC(year, month + 1, 1),
    },
  };
}

/** A week belongs to the year of its Thursday, and is counted by how many Thursdays that year has had. */
function weekId(mondayMs: number): string {
  const thursdayMs = mondayMs + 3 * DAY_MS;
  const year = new Date(thursdayMs).getUTCFullYear();
  const dayOfYear = Math.floor((thursdayMs - Date.UTC(year, 0, 1)) / DAY_MS);
  const week = Math.floor(dayOfYear / 7) + 1;
  return `${year}-W${String(week).padStart(2, '0')}`;
}
