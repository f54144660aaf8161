/** The zone whose days the figures are of: the organisation's. It comes with the session, and a change of it loads the page anew. */
import { isTimeZone } from '../../../src/time-zone.ts';

let zone = 'UTC';

/** A browser may know fewer zones than the gateway: then UTC is at least a day that exists. */
export function setReportZone(name: string): void {
  zone = isTimeZone(name) ? name : 'UTC';
}

export const reportZone = (): string => zone;

/** "Europe/Berlin" as people read it. */
export const zoneName = (name: string): string => name.replaceAll('_', ' ');
