/** Many generations, as if requests had made them, and a reader of CSV that knows nothing of how ours is written. */
import type { Database } from '../../../src/storage/database.ts';

export const DAY_MS = 24 * 3_600_000;
export const FIRST_MS = Date.parse('2026-11-01T00:00:00Z');

export interface Made {
  readonly accountId: string;
  readonly keyHash: string;
  readonly count: number;
  /** Between two of them. */
  readonly stepMs?: number;
  readonly rest?: Record<string, unknown>;
  readonly startMs?: number;
}

/** Costs n nano-USD each, counted from 1. Gives the sum. */
export async function addGenerations(
  { db }: Database,
  { accountId, keyHash, count, stepMs = 1, rest = {}, startMs = FIRST_MS }: Made,
): Promise<bigint> {
  const ROWS = 500;
  let sum = 0n;
  for (let at = 0; at < count; at += ROWS) {
    const rows = Array.from({ length: Math.min(ROWS, count - at) }, (_, index) => {
      const n = at + index + 1;
      sum += BigInt(n);
      return {
        id: `gen-1793491200-${keyHash.slice(0, 8)}${String(startMs + n * stepMs).slice(-6)}${String(n).padStart(6, '0')}`,
        account_id: accountId,
        key_hash: keyHash,
        created_at_ms: startMs + n * stepMs,
        model: n % 3 === 0 ? 'acme/reason' : 'acme/small',
        is_byok: 0 as const,
        is_rolled_up: 0 as const,
        cost_nano_usd: BigInt(n),
        overshoot_nano_usd: 0n,
        ledger_transaction_id: null,
        rest: JSON.stringify({
          ...{
            request_id: `req-${n}`,
            model_permaslug: 'acme/small',
            provider_slug: 'acme',
            provider_name: 'Acme',
          },
          ...{ endpoint_tag: 'acme', api_type: 'completions', prompt_tokens: 10, completion_tokens: 5 },
          ...{ upstream_cost_nano_usd: n, ...rest },
        }),
      };
    });
    await db.insertInto('generation_record').values(rows).execute();
  }
  return sum;
}

/** RFC 4180, character by character. */
export function readCsv(text: string): Record<string, string>[] {
  const rows: string[][] = [[]];
  let cell = '';
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (isQuoted) {
      if (character !== '"') cell += character;
      else if (text[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else isQuoted = false;
    } else if (character === '"') isQuoted = true;
    else if (character === ',' || character === '\n') {
      rows.at(-1)?.push(cell);
      cell = '';
      if (character === '\n') rows.push([]);
    } else if (character !== '\r') cell += character;
  }
  const [head = [], ...lines] = rows.filter((row) => row.length > 0);
  return lines.map((line) => Object.fromEntries(head.map((name, index) => [name, line[index] ?? ''])));
}
