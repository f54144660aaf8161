/** Generations of many days, charged as the gateway of those days would have done it. */
import { join } from 'node:path';
import { sql } from 'kysely';
import { idsFrom, newGenerationId } from '../src/ids.ts';
import { Journal } from '../src/journal/journal.ts';
import { Flusher } from '../src/metering/flush.ts';
import type { ScopeRef } from '../src/metering/generation.ts';
import { SpendLog } from '../src/metering/spend-log.ts';
import type { Database } from '../src/storage/database.ts';
import { takeOverJournal } from '../src/storage/journal-position.ts';
import { silent } from './flush-bench.ts';
import { generationOf, scopesOf, split } from './generations.ts';

const DAY_MS = 86_400_000;

/** A generation a day, in batches of eight: some with a budget, some free, some by the caller's own key. Gives their ids, oldest first. */
export async function spendFor(
  { database, dataDir }: { database: Database; dataDir: string },
  { days, untilMs, node = 'gen' }: { days: number; untilMs: number; node?: string },
): Promise<string[]> {
  const journal = Journal.open({
    dir: join(dataDir, `journal-of-${node}`),
    flushedSeq: 0,
    onFailure: () => {},
  });
  const log = new SpendLog(journal);
  const turn = await takeOverJournal(database.db, node);
  let nowMs = 0;
  const flusher = new Flusher({ database, log, turn, logger: silent, clock: { nowMs: () => nowMs } });
  const ids: string[] = [];
  for (let n = 0; n < days; n += 1) {
    nowMs = untilMs - (days - 1 - n) * DAY_MS;
    const isFree = n % 5 === 0;
    const id = newGenerationId(nowMs);
    ids.push(id);
    const generation = generationOf({
      ...{
        id,
        account_id: 'acme',
        key_hash: `key-${n % 3}`,
        model: isFree ? 'acme/small:free' : 'acme/small',
      },
      ...{ created_at_ms: nowMs, is_byok: n % 7 === 0 ? 1 : 0 },
      cost_nano_usd: isFree ? 0n : BigInt(n + 1) * 1_000_001n,
    });
    const { start, end } = split(generation);
    const budgets: ScopeRef[] = n % 2 === 0 ? [['budget', 'w all']] : [];
    const free: ScopeRef[] = isFree ? [['free', 'acme']] : [];
    await log.dispatch(start, [...scopesOf(generation), ...budgets, ...free]);
    flusher.add(log.settle(start.id, end).settled);
    if (n % 8 === 7) await flusher.flushed();
  }
  await flusher.stop();
  await journal.close();
  await chargeInTime(database);
  return ids;
}

/** Gives each transaction the id that it would have had, had the days been real: one of the time of its flush. */
async function chargeInTime({ db }: Database): Promise<void> {
  const { rows } = await sql<{ id: string; at_ms: number }>`
    SELECT ledger_transaction_id AS id, MAX(created_at_ms) AS at_ms FROM generation_record GROUP BY 1`.execute(
    db,
  );
  for (const { id, at_ms } of rows) {
    const inTime = idsFrom(at_ms) + id.slice(13);
    await sql`UPDATE ledger_entry SET transaction_id = ${inTime} WHERE transaction_id = ${id}`.execute(db);
    await sql`UPDATE generation_record SET ledger_transaction_id = ${inTime} WHERE ledger_transaction_id = ${id}`.execute(
      db,
    );
    await sql`UPDATE carried_debit SET transaction_id = ${inTime} WHERE transaction_id = ${id}`.execute(db);
  }
}
