/** What an operator reads when a command fails. */

/** With what callers of the API are not told: in which way the database failed. */
export function whyItFailed(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const detail = 'detail' in thrown && thrown.detail !== undefined ? ` (${thrown.detail})` : '';
  return thrown.message + detail;
}
