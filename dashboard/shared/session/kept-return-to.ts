/**
 * Where somebody wanted to go, kept over the link in a mail: it opens in a tab of its own, and says nothing of an app that waits. In
 * this browser alone, so that no link can lead anybody else anywhere.
 */
import { safeReturnTo } from './return-to.ts';

const STORED_AS = 'turnpike-return-to';
/** After that no app waits any more, and whoever comes back wants to go home. */
const KEPT_MS = 60 * 60 * 1000;

/** For the next link that is asked for here, in place of what was kept for an earlier one. */
export function keepReturnTo(search: string): void {
  const value = new URLSearchParams(search).get('return_to');
  try {
    if (value === null) localStorage.removeItem(STORED_AS);
    else {
      const kept = { path: safeReturnTo(value), keptUntilMs: Date.now() + KEPT_MS };
      localStorage.setItem(STORED_AS, JSON.stringify(kept));
    }
  } catch {
    // Storage can be switched off: then the link leads home.
  }
}

/** As the query of the page that a link opened. */
export function keptReturnTo(): string {
  try {
    const { path, keptUntilMs } = JSON.parse(localStorage.getItem(STORED_AS) ?? '{}');
    if (typeof path !== 'string' || typeof keptUntilMs !== 'number' || keptUntilMs <= Date.now()) return '';
    return `?return_to=${encodeURIComponent(safeReturnTo(path))}`;
  } catch {
    return '';
  }
}
