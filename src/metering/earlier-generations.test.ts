/** A database of the version before generation_record, and what its readers find while its rows move. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { sql } from 'kysely';
import { engines, type TestDatabase } from '../../test/databases.ts';
import { silent } from '../../test/flush-bench.ts';
import { AT_MS, earlierColumns, generationOf } from '../../test/generations.ts';
import { migrate, migrations } from '../storage/migrate.ts';
import { EarlierGenerations } from './earlier-generations.ts';
import { moveEarlierRows } from './earlier-store.ts';
import type { Generation } from './generation.ts';
import { generationJson } from './generation-json.ts';
import { findGeneration, listGenerations, readLastUses } from './store.ts';

const ROWS = 900;

/** What PostgreSQL takes; the stores before saw to that. */
const text = fc.string({ unit: 'binary' }).map((any) => any.toWellFormed().replaceAll('\0', '?'));
const count = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2 ** 31 }), fc.maxSafeInteger());
const amount = fc.oneof(fc.constant(0n), fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }));
const bit = fc.constantFrom<0 | 1>(0, 1);
const attempts = fc.constantFrom(
  '[]',
  '[{"provider":"Ä","tag":"a","model":"m","status":null,"latency_ms":3}]',
  '[{"provider":"A","tag":"a","model":"m","status":503,"latency_ms":3},{"provider":"B","tag":"b","model":"m","status":200,"latency_ms":0}]',
);
const maybe = fc.option(text);
/** What earlier versions stored knows nothing of content filters. */
const asRead = (row: Generation): Generation => ({
  ...row,
  content_filters: null,
  answer_filters: null,
});

const members = fc.record<Partial<Generation>>({
  ...{ workspace_id: maybe, request_id: text, api_type: text, model: text, model_permaslug: text },
  ...{ router: maybe, provider_slug: maybe, provider_name: maybe, endpoint_tag: maybe, upstream_id: maybe },
  ...{ streamed: bit, cancelled: bit, estimated: bit, is_byok: bit, finish_reason: maybe },
  ...{ native_finish_reason: maybe, service_tier: maybe, prompt_tokens: count, completion_tokens: count },
  ...{ reasoning_tokens: count, cached_tokens: count, cache_write_tokens: count, image_count: count },
  ...{ cost_nano_usd: amount, upstream_cost_nano_usd: amount, cache_discount_nano_usd: amount },
  ...{ overshoot_nano_usd: amount, latency_ms: fc.option(count), generation_time_ms: fc.option(count) },
  ...{ http_referer: maybe, app_title: maybe, app_categories: maybe, user_agent: maybe, session_id: maybe },
  ...{ end_user: maybe, external_user: maybe, attempts, ledger_transaction_id: maybe },
});

for (const engine of engines) {
  describe(`rows of earlier versions on ${engine.name}`, () => {
    let subject: TestDatabase;
    const [seed] = fc.sample(fc.integer(), 1);
    const rows = fc.sample(members, { numRuns: ROWS, seed: seed ?? 0 }).map((row, n) =>
      generationOf({
        ...row,
        ...{ account_id: `account-${n % 2}`, key_hash: `key-${n % 3}`, created_at_ms: AT_MS + (n % 50) },
      }),
    );
    const ofAccount = rows
      .filter(({ account_id }) => account_id === 'account-0')
      .sort((a, b) => b.created_at_ms - a.created_at_ms || (a.id < b.id ? 1 : -1));

    beforeAll(async () => {
      subject = await engine.open({ migrated: false });
      const before = migrations.findIndex(({ name }) => name === '0012-generation-records');
      await migrate(subject.database, migrations.slice(0, before));
      for (let at = 0; at < rows.length; at += 100) {
        const some = rows.slice(at, at + 100).map(earlierColumns);
        // The table as that version knew it.
        await subject.database.db
          .insertInto('generation' as never)
          .values(some as never)
          .execute();
      }
      await migrate(subject.database);
    });
    afterAll(() => subject.dispose());

    const left = async () => {
      const { rows: counted } = await sql<{ left: number }>`SELECT COUNT(*) AS left FROM generation`.execute(
        subject.database.db,
      );
      return counted[0]?.left ?? 0;
    };

    /** How many were not moved yet at some page. */
    const seen = new Set<number>();

    /** Every row as it was, page by page, each once. */
    async function everyReaderFindsAll(): Promise<void> {
      const { db } = subject.database;
      const found: Generation[] = [];
      let page: readonly Generation[] = [];
      for (; found.length === 0 || page.length > 0; found.push(...page)) {
        const after = found.at(-1) ?? null;
        page = (await listGenerations(db, { accountId: 'account-0', keyHashes: null, after, limit: 97 }))
          .rows;
        seen.add(await left());
      }
      expect(found, `seed ${seed}`).toEqual(ofAccount.map(asRead));
      const ofKey = ofAccount.filter(({ key_hash }) => key_hash === 'key-1').slice(0, 20);
      const keyHashes = ['key-1'];
      const listed = await listGenerations(db, {
        accountId: 'account-0',
        ...{ keyHashes, after: null, limit: 20 },
      });
      expect(listed.rows).toEqual(ofKey.map(asRead));
      const one = rows[Math.floor(Math.random() * rows.length)] ?? generationOf();
      const read = await findGeneration(db, one.account_id, one.id);
      expect(read).toEqual(asRead(one));
      expect(generationJson(read ?? generationOf())).toEqual(generationJson(one));
      expect((await readLastUses(db, ['key-0', 'key-none'])).get('key-0')).toBe(AT_MS + 49);
    }

    test('each is found once and as it was, before, while and after it is moved, and all are moved in the end', async () => {
      await everyReaderFindsAll();
      const { database } = subject;
      // A step that fails moves nothing.
      const failed = await database
        .transaction(async (trx) => {
          await moveEarlierRows(trx, database.engine, '', 10);
          throw new Error('killed');
        })
        .catch(String);
      expect(failed).toContain('killed');
      expect(await left()).toBe(ROWS);
      // Two at once, as two nodes on one PostgreSQL are.
      const movers = [1, 2].map(() => new EarlierGenerations({ database, logger: silent }));
      for (const mover of movers) mover.start();
      while ((await left()) > 0) await everyReaderFindsAll();
      for (const mover of movers) await mover.stop();
      expect([...seen].some((rest) => rest > 0 && rest < ROWS)).toBe(true);
      await everyReaderFindsAll();
    });

    test('a row that an earlier version stores beside this one is moved at the next look', async () => {
      const late = generationOf({ account_id: 'account-late' });
      await subject.database.db
        .insertInto('generation' as never)
        .values(earlierColumns(late) as never)
        .execute();
      const mover = new EarlierGenerations({ database: subject.database, logger: silent });
      mover.start();
      while ((await left()) > 0) await Bun.sleep(1);
      await mover.stop();
      expect(await findGeneration(subject.database.db, 'account-late', late.id)).toEqual({
        ...late,
        content_filters: null,
        answer_filters: null,
      });
    });
  });
}
