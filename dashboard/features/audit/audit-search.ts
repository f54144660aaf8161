/** What of the audit log is shown: all of it is in the page's address. Empty: not narrowed by it. */

export interface AuditSearch {
  /** An action, or its first word. */
  readonly action: string;
  readonly actor: string;
  readonly target: string;
  /** UTC days, both of them included. */
  readonly start: string;
  readonly end: string;
}

export const EVERYTHING: AuditSearch = { action: '', actor: '', target: '', start: '', end: '' };

const ACTION = /^[a-z_]+(?:\.[a-z_]+)?$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

export function auditSearchOf(search: Readonly<Record<string, unknown>>): AuditSearch {
  const textOf = (name: keyof AuditSearch, form: RegExp) => {
    const value = String(search[name] ?? '');
    return form.test(value) ? value : '';
  };
  return {
    action: textOf('action', ACTION),
    actor: textOf('actor', /^[^\0]{1,256}$/),
    target: textOf('target', /^[^\0]{1,256}$/),
    start: textOf('start', DAY),
    end: textOf('end', DAY),
  };
}

/** For an address: without what narrows nothing. */
export function shortened(search: AuditSearch): Partial<AuditSearch> {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== ''));
}
