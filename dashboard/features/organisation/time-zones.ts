/** The zones that one can choose, as the browser knows them. */
import { offsetMsAt } from '../../../src/time-zone.ts';
import type { Option } from '../../shared/components/select.tsx';
import { zoneName } from '../../shared/format/report-zone.ts';

const MINUTE_MS = 60_000;

/** Browsers list zones by names that places have given up (CLDR keeps them); people look for those of today (IANA, `backward`). */
const NOW_CALLED: Readonly<Record<string, string>> = {
  'Africa/Asmera': 'Africa/Asmara',
  'America/Buenos_Aires': 'America/Argentina/Buenos_Aires',
  'America/Catamarca': 'America/Argentina/Catamarca',
  'America/Coral_Harbour': 'America/Atikokan',
  'America/Cordoba': 'America/Argentina/Cordoba',
  'America/Godthab': 'America/Nuuk',
  'America/Indianapolis': 'America/Indiana/Indianapolis',
  'America/Jujuy': 'America/Argentina/Jujuy',
  'America/Louisville': 'America/Kentucky/Louisville',
  'America/Mendoza': 'America/Argentina/Mendoza',
  'Asia/Calcutta': 'Asia/Kolkata',
  'Asia/Katmandu': 'Asia/Kathmandu',
  'Asia/Rangoon': 'Asia/Yangon',
  'Asia/Saigon': 'Asia/Ho_Chi_Minh',
  'Atlantic/Faeroe': 'Atlantic/Faroe',
  'Europe/Kiev': 'Europe/Kyiv',
  'Pacific/Enderbury': 'Pacific/Kanton',
  'Pacific/Ponape': 'Pacific/Pohnpei',
  'Pacific/Truk': 'Pacific/Chuuk',
};
const nowCalled = (zone: string): string => NOW_CALLED[zone] ?? zone;

/** UTC and the browser's own first; `current` is among them even where this browser does not know it. */
export function timeZoneOptions(current: string, nowMs: number = Date.now()): readonly Option[] {
  const own = nowCalled(Intl.DateTimeFormat().resolvedOptions().timeZone);
  const others = Intl.supportedValuesOf('timeZone').map(nowCalled).sort();
  const zones = new Set(['UTC', own, current, ...others]);
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
