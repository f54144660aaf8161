/** How old the secret of a key may become. No I/O. */
import type { KeyRow } from './store.ts';

const DAY_MS = 86_400_000;

/** Null: as old as it likes. Management keys rotate the others: one that locked itself out could never be let in again. */
export function rotateByMs(
  row: Pick<KeyRow, 'created_at_ms' | 'rotated_at_ms' | 'kind'>,
  days: number | null,
): number | null {
  if (days === null || row.kind === 'management') return null;
  return (row.rotated_at_ms ?? row.created_at_ms) + days * DAY_MS;
}
