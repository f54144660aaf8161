/** What one look found: a line for the operator, with what to do where something is wrong. */
export interface Finding {
  readonly check: string;
  readonly level: 'ok' | 'warn' | 'FAIL';
  readonly text: string;
  /** Null where all is well. */
  readonly remedy: string | null;
}

export function ok(check: string, text: string): Finding {
  return { check, level: 'ok', text, remedy: null };
}

export function warn(check: string, text: string, remedy: string): Finding {
  return { check, level: 'warn', text, remedy };
}

export function fail(check: string, text: string, remedy: string): Finding {
  return { check, level: 'FAIL', text, remedy };
}

export function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  // Some errors of connections have a code and no words.
  const code = 'code' in thrown ? String(thrown.code) : thrown.name;
  return (thrown.message || code).split('\n')[0] ?? code;
}
