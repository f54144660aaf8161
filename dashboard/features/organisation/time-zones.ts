/** The zones that one can choose, as the browser knows them. */
import { offsetMsAt } from '../../../src/time-zone.ts';
import type { Option } from '../../shared/components/select.tsx';
import { zoneName } from '../../shared/format/report-zone.ts';

const MINUTE_MS = 60_000;

/** UTC and the browser's own first; `current` is among them even where this browser does not know it. */
export function timeZoneOptions(current: string, nowMs: number = Date.now()): readonly Option[] {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const zones = new Set(['UTC', own, current, ...Intl.supportedValuesOf('timeZone')]);
  return [...zones].map((zone) => ({ value: zone, label: labelOf(zone, nowMs) }));
}

/** "Asia/Kolkata (UTC+5:30)": as it is now. */
function labelOf(zone: string, nowMs: number): string {
  if (zone === 'UTC') return 'UTC';
  try {
    return `${zoneName(zone)} (UTC${offsetText(offsetMsAt(zone, nowMs) / MINUTE_MS)})`;
  } catch {
    return zoneName(zone);
  }
}

function offsetText(minutes: number): string {
  if (minutes === 0) return '';
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.round(Math.abs(minutes) % 60)];
  return `${minutes < 0 ? '−' : '+'}${hours}${rest === 0 ? '' : `:${String(rest).padStart(2, '0')}`}`;
}
