import { expect, test } from 'bun:test';
import { sql } from 'kysely';
import { engines } from '../../test/databases.ts';
import { pageOfGenerations } from './store.ts';

const [sqlite] = engines;
const postgres = engines.find(({ name }) => name === 'postgres');

test('a page of the log is found by index and read to its end alone, whether of an account or of a key', async () => {
  const subject = await sqlite?.open();
  if (subject === undefined) throw new Error('there is no SQLite');
  const { db } = subject.database;
  const filter = { accountId: 'a', keyHashes: null, after: { created_at_ms: 5, id: 'gen-1' }, limit: 50 };
  const pages = [filter, { ...filter, after: null }, { ...filter, keyHashes: ['k'] }];
  for (const [index, page] of pages.entries()) {
    const query = pageOfGenerations(db, page)?.compile();
    if (query === undefined) throw new Error('there is no query');
    const texts = query.sql.split('?');
    const explained = sql<{ detail: string }>`EXPLAIN QUERY PLAN ${sql.join(
      texts.map((text, at) => (at === 0 ? sql.raw(text) : sql`${query.parameters[at - 1]}${sql.raw(text)}`)),
      sql``,
    )}`;
    const plan = (await explained.execute(db)).rows.map(({ detail }) => detail).join('\n');
    for (const table of ['generation_record', 'generation']) {
      expect(plan).toContain(`${table} USING INDEX ${table}_by_${index === 2 ? 'key' : 'account'}`);
      // By its id, which the page has given.
      expect(plan).toContain(`${table} USING INDEX sqlite_autoindex_${table}_1 (id=?)`);
      expect(plan).not.toContain(`SCAN ${table}\n`);
    }
    // Only ids within a millisecond are put in order.
    expect(plan).not.toContain('TEMP B-TREE FOR ORDER BY');
  }
  await subject.dispose();
});

test('on PostgreSQL a row of the log is found by its id in either table: the view is not read whole', async () => {
  const subject = await postgres?.open();
  if (subject === undefined) throw new Error('there is no PostgreSQL');
  const filter = { accountId: 'a', keyHashes: null, after: null, limit: 50 };
  await subject.database.transaction(async (trx) => {
    // Of empty tables it would else prefer to read all.
    for (const way of ['seqscan', 'hashjoin', 'mergejoin', 'bitmapscan'])
      await sql.raw(`SET LOCAL enable_${way} = off`).execute(trx);
    const query = pageOfGenerations(trx, filter);
    if (query === null) throw new Error('there is no query');
    const plan = (await query.explain()).map((row) => Object.values(row).join('')).join('\n');
    for (const table of ['generation_record', 'generation'])
      expect(plan).toMatch(new RegExp(`Index Scan using ${table}_pkey on ${table}\\b`));
  });
  await subject.dispose();
});
