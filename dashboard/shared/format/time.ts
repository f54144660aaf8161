/** Moments as people read them, in their own time zone. */

const dateTime = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
const dateTimeSeconds = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
const date = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium' });
const time = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short' });

export const formatDateTime = (iso: string): string => dateTime.format(new Date(iso));
export const formatDateTimeSeconds = (iso: string): string => dateTimeSeconds.format(new Date(iso));
export const formatTime = (iso: string): string => time.format(new Date(iso));
export const formatDate = (iso: string): string => date.format(new Date(iso));

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
];

/** "3 hours ago", "in 2 days"; below a minute "now". */
export function formatRelative(iso: string, nowMs: number = Date.now()): string {
  const distanceMs = Date.parse(iso) - nowMs;
  for (const [unit, ms] of UNITS) {
    // A minute before seven days are over it is still seven days: what is nearest, never less than one.
    if (Math.abs(distanceMs) >= ms - 30_000) return relative.format(Math.round(distanceMs / ms), unit);
  }
  return 'now';
}
