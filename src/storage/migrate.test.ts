import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { sql } from 'kysely';
import { engines, rejectionOf, type TestDatabase, withEmpty } from '../../test/databases.ts';
import type { Database } from './database.ts';
import { type Migration, migrate, migrations } from './migrate.ts';

const child = join(import.meta.dir, '__fixtures__', 'migrating-process.ts');

function startChild(subject: TestDatabase, diesAtQuery: number) {
  return Bun.spawn([process.execPath, child], {
    env: {
      ...process.env,
      CHILD_DATABASE_URL: subject.databaseUrl ?? '',
      CHILD_DATA_DIR: subject.dataDir,
      CHILD_DIES_AT_QUERY: String(diesAtQuery),
    },
    stdout: 'pipe',
    stderr: 'inherit',
  });
}

const IS_LONG = process.env['TURNPIKE_TEST_LONG'] === '1';
const STATEMENTS_A_STEP = IS_LONG ? 1 : 5;

/** Every table, column and index. */
async function schemaOf({ db, engine }: Database): Promise<unknown> {
  if (engine === 'sqlite')
    return (await sql`SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name`.execute(db))
      .rows;
  const columns = sql`
    SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
    WHERE table_schema = 'public' ORDER BY table_name, ordinal_position`;
  const indexes = sql`SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexname`;
  return [(await columns.execute(db)).rows, (await indexes.execute(db)).rows];
}

const NEWEST = migrations.at(-1)?.version ?? 0;

const extra: Migration = {
  version: NEWEST + 1,
  name: '9999-extra',
  text: '-- two; statements\nCREATE TABLE extra_one (a INTEGER);\nCREATE TABLE extra_two (a INTEGER);\n',
};

for (const engine of engines) {
  describe(engine.name, () => {
    test('an empty database gets every migration once', () =>
      withEmpty(engine, async ({ database }) => {
        expect(await migrate(database)).toEqual({ applied: migrations.map(({ name }) => name) });
        expect(await migrate(database)).toEqual({ applied: [] });
        expect(await migrate(database, [...migrations, extra])).toEqual({ applied: ['9999-extra'] });
        await sql`SELECT * FROM extra_one, extra_two`.execute(database.db);
      }));

    test('a migration that fails leaves the schema as it was', () =>
      withEmpty(engine, async ({ database }) => {
        await migrate(database);
        const broken = { ...extra, text: 'CREATE TABLE extra_one (a INTEGER);\nCREATE NONSENSE;\n' };
        expect((await rejectionOf(migrate(database, [...migrations, broken]))).message).toContain('NONSENSE');
        expect((await rejectionOf(sql`SELECT * FROM extra_one`.execute(database.db))).message).toContain(
          'extra_one',
        );
        expect(await migrate(database, [...migrations, extra])).toEqual({ applied: ['9999-extra'] });
      }));

    test('a schema newer than the program is refused with both versions', () =>
      withEmpty(engine, async ({ database }) => {
        await migrate(database, [...migrations, extra]);
        expect((await rejectionOf(migrate(database))).message).toContain(
          `schema is version ${NEWEST + 1}, but this turnpike knows only version ${NEWEST}`,
        );
      }));

    test('a history with other names is refused', () =>
      withEmpty(engine, async ({ database }) => {
        await migrate(database, [...migrations, extra]);
        const other = { ...extra, name: '9999-other' };
        expect((await rejectionOf(migrate(database, [...migrations, other]))).message).toContain(
          '9999-extra',
        );
      }));

    test('processes that migrate at once apply each migration once', () =>
      withEmpty(engine, async (subject) => {
        const children = [startChild(subject, 0), startChild(subject, 0), startChild(subject, 0)];
        const applied = await Promise.all(
          children.map(async (process) => {
            const said = await new Response(process.stdout).text();
            expect(await process.exited).toBe(0);
            return JSON.parse(said) as string[];
          }),
        );
        // Each takes the next one as it comes.
        expect(applied.flat().sort()).toEqual(migrations.map(({ name }) => name));
      }));

    test('a process killed in the middle leaves nothing half done, and the next one finishes', () =>
      withEmpty(engine, async (subject) => {
        for (const diesAtQuery of [5, 12]) {
          expect(await startChild(subject, diesAtQuery).exited).not.toBe(0);
          const reading = sql`SELECT * FROM instance`.execute(subject.database.db);
          expect((await rejectionOf(reading)).message).toContain('instance');
        }
        expect(await migrate(subject.database)).toEqual({ applied: migrations.map(({ name }) => name) });
      }));

    test('processes killed at one statement after the other leave, in the end, the schema of one that was not', () =>
      withEmpty(engine, (subject) =>
        withEmpty(engine, async (fresh) => {
          await migrate(fresh.database);
          const expected = await schemaOf(fresh.database);
          // Each process starts where the last whole migration ended, and gets further into the next ones.
          let diesAtQuery = 1;
          let isThrough = false;
          for (; !isThrough && diesAtQuery < 1000; diesAtQuery += STATEMENTS_A_STEP)
            isThrough = (await startChild(subject, diesAtQuery).exited) === 0;
          expect(isThrough).toBe(true);
          expect(await migrate(subject.database)).toEqual({ applied: [] });
          expect(await schemaOf(subject.database)).toEqual(expected);
        }),
      ));
  });
}
