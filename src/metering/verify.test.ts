import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { type Kysely, type KyselyPlugin, sql } from 'kysely';
import { engines, type TestDatabase } from '../../test/databases.ts';
import { generationOf, scopesOf, split } from '../../test/generations.ts';
import { systemClock } from '../clock.ts';
import { Journal } from '../journal/journal.ts';
import { createLogger } from '../log.ts';
import { openDatabase } from '../storage/database.ts';
import { takeOverJournal } from '../storage/journal-position.ts';
import type { Tables } from '../storage/schema.ts';
import { Flusher } from './flush.ts';
import type { ScopeRef } from './generation.ts';
import { SpendLog } from './spend-log.ts';
import { verifyLedger } from './verify.ts';

const MIDNIGHT_MS = Date.parse('2026-12-01T00:00:00Z');

/** Twenty generations of two keys around the end of a month, a fifth of them free, in a few batches of a node of its own. */
async function spend(
  { database, dataDir }: Pick<TestDatabase, 'database' | 'dataDir'>,
  node = 'gen',
): Promise<void> {
  const journal = Journal.open({ dir: join(dataDir, node), flushedSeq: 0, onFailure: () => {} });
  const log = new SpendLog(journal);
  const logger = createLogger({ level: 'error', write: () => {}, clock: systemClock });
  const turn = await takeOverJournal(database.db, node);
  const flusher = new Flusher({ database, log, turn, logger, clock: systemClock });
  for (let n = 0; n < 20; n++) {
    const isFree = n % 5 === 0;
    const model = isFree ? 'acme/small:free' : 'acme/small';
    const generation = generationOf({
      ...{ id: `${node}-${n}`, account_id: 'acme', key_hash: `key-${n % 2}`, model },
      created_at_ms: MIDNIGHT_MS + (n - 10) * 3_600_000,
      cost_nano_usd: isFree ? 0n : BigInt(n) * 1_000_001n,
    });
    const { start, end } = split(generation);
    const scopes = scopesOf(generation);
    // A budget that begins with the seventh.
    const budgets: ScopeRef[] =
      n < 7
        ? []
        : [
            ['budget', `w member ${n % 3}`],
            ['budget', 'w all'],
          ];
    await log.dispatch(start, [...scopes, ...budgets, ...(isFree ? [['free', 'acme'] as const] : [])]);
    flusher.add(log.settle(start.id, end).settled);
    if (n % 7 === 0) await flusher.flushed();
  }
  await flusher.stop();
  await journal.close();
}

for (const engine of engines) {
  describe(`ledger on ${engine.name}`, () => {
    let opened: TestDatabase;
    beforeAll(async () => {
      opened = await engine.open();
      await spend(opened);
    });
    afterAll(() => opened.dispose());

    /** What verifying says of a database that `tamper` changed; the change is rolled back. */
    async function faultAfter(tamper: (db: Kysely<Tables>) => Promise<unknown>): Promise<string | null> {
      let fault: string | null = null;
      const rollback = new Error('rolled back');
      await opened.database
        .transaction(async (trx) => {
          await tamper(trx);
          fault = (await verifyLedger(trx)).fault;
          throw rollback;
        })
        .catch((thrown) => {
          if (thrown !== rollback) throw thrown;
        });
      return fault;
    }

    test('what was flushed is right, over batches, keys and the end of a month', async () => {
      const { generations, transactions, fault } = await verifyLedger(opened.database.db);
      expect(fault).toBeNull();
      expect(generations).toBe(20);
      expect(transactions).toBeGreaterThan(1);
    });

    test('what others bring in meanwhile is in all of the sums or in none', async () => {
      const busy = await engine.open();
      await spend(busy);
      const other = await openDatabase(busy);
      let answers = 0;
      const meanwhile: KyselyPlugin = {
        transformQuery: ({ node }) => node,
        transformResult: async ({ result }) => {
          answers += 1;
          await spend({ database: other, dataDir: busy.dataDir }, `more-${answers}`);
          return result;
        },
      };
      const { fault, generations } = await busy.database.snapshot((trx) =>
        verifyLedger(trx.withPlugin(meanwhile)),
      );
      expect({ fault, generations }).toEqual({ fault: null, generations: 20 });
      expect(answers).toBeGreaterThan(3);
      expect((await verifyLedger(other.db)).generations).toBe(20 * (1 + answers));
      await other.close();
      await busy.dispose();
    });

    test('a generation whose cost was changed is named by its transaction', async () => {
      const fault = await faultAfter((db) =>
        sql`UPDATE generation_record SET cost_nano_usd = 5 WHERE id = 'gen-7'`.execute(db),
      );
      expect(fault).toStartWith('ledger_entry: transaction ');
    });

    test('a generation that was deleted is missed', async () => {
      expect(
        await faultAfter((db) => sql`DELETE FROM generation_record WHERE id = 'gen-19'`.execute(db)),
      ).not.toBeNull();
    });

    test('a generation that nobody charged is named', async () => {
      const fault = await faultAfter((db) =>
        sql`UPDATE generation_record SET ledger_transaction_id = NULL WHERE id = 'gen-0'`.execute(db),
      );
      expect(fault).toContain('gen-0');
    });

    test('a counter that was changed is named with what it should say', async () => {
      const fault = await faultAfter((db) =>
        sql`UPDATE usage_window SET cost_nano_usd = cost_nano_usd + 1 WHERE scope_kind = 'key' AND scope_id = 'key-1' AND window_id = '2026-12'`.execute(
          db,
        ),
      );
      expect(fault).toStartWith('usage_window: key key-1 2026-12 says ');
    });

    test('a counter that was deleted is named', async () => {
      const fault = await faultAfter((db) =>
        sql`DELETE FROM usage_window WHERE scope_kind = 'account' AND window_id = '2026-W49'`.execute(db),
      );
      expect(fault).toBe('usage_window: account acme 2026-W49 is missing');
    });

    test('a debit that stands with another account is named', async () => {
      const fault = await faultAfter((db) =>
        sql`UPDATE ledger_entry SET account_id = 'other' WHERE kind = 'usage'`.execute(db),
      );
      expect(fault).toBe('generation: gen-0 is in no usage transaction of its account');
    });

    test('a debit of another kind, which would count as money given, is named', async () => {
      const fault = await faultAfter((db) =>
        sql`UPDATE ledger_entry SET kind = 'grant' WHERE kind = 'usage'`.execute(db),
      );
      expect(fault).toBe('generation: gen-0 is in no usage transaction of its account');
    });

    test('a budget’s counter holds what counted in it since it began, and one that is off, missing or invented is named', async () => {
      const { db } = opened.database;
      const [stored] = await db
        .selectFrom('usage_window')
        .selectAll()
        .where('scope_kind', '=', 'budget')
        .where('scope_id', '=', 'w all')
        .where('window_id', '=', 'all')
        .execute();
      expect(stored?.requests).toBe(13);
      const off = await faultAfter((db) =>
        sql`UPDATE usage_window SET cost_nano_usd = 1 WHERE scope_id = 'w member 2' AND window_id = '2026-12'`.execute(
          db,
        ),
      );
      expect(off).toStartWith('usage_window: budget w member 2 2026-12 says 1 nano-USD');
      const gone = await faultAfter((db) =>
        sql`DELETE FROM usage_window WHERE scope_id = 'w all' AND window_id = 'all'`.execute(db),
      );
      expect(gone).toBe('usage_window: budget w all all is missing');
      const unnamed = await faultAfter((db) =>
        sql`DELETE FROM generation_scope WHERE generation_id = 'gen-9'`.execute(db),
      );
      expect(unnamed).toStartWith('usage_window: budget w ');
    });

    test('a counter of free requests that is off, or that nobody made, is named', async () => {
      const fewer = await faultAfter((db) =>
        sql`UPDATE usage_window SET requests = requests - 1 WHERE scope_kind = 'free' AND window_id = '2026-12-01'`.execute(
          db,
        ),
      );
      expect(fewer).toStartWith('usage_window: free acme 2026-12-01 says 0 nano-USD in 1 requests');
      const invented = await faultAfter((db) =>
        sql`INSERT INTO usage_window (scope_kind, scope_id, window_id, cost_nano_usd, byok_nano_usd, requests)
            VALUES ('free', 'other', 'all', 0, 0, 1)`.execute(db),
      );
      expect(invented).toStartWith('usage_window: free other all says ');
    });

    test('an entry without its counterpart is named', async () => {
      const fault = await faultAfter((db) =>
        sql`DELETE FROM ledger_entry WHERE book = 'revenue'`.execute(db),
      );
      expect(fault).toContain('do not sum to zero');
    });
  });
}
