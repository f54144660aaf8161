import { Database as SqliteFile } from 'bun:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import pg from 'pg';
import { engines, rejectionOf, type TestDatabase } from '../../test/databases.ts';
import { openDatabase } from './database.ts';
import { sqlitePath } from './database-files.ts';
import { GuardedPool } from './postgres-session.ts';

const KILLS_OF_A_WRITER = process.env['TURNPIKE_TEST_LONG'] === '1' ? 100 : 5;
const LARGE = 4_000_000_000_000_000_000n;

function window(id: string, cost: bigint, requests = 1) {
  return {
    scope_kind: 'key',
    scope_id: id,
    window_id: 'all',
    cost_nano_usd: cost,
    byok_nano_usd: 0n,
    requests,
  };
}

for (const engine of engines) {
  describe(engine.name, () => {
    let subject: TestDatabase;
    beforeAll(async () => {
      subject = await engine.open();
    });
    afterAll(() => subject.dispose());

    test('money comes back as bigint to the last digit, and other integers as numbers', async () => {
      const { db } = subject.database;
      await db
        .insertInto('usage_window')
        .values(window('exact', LARGE + 1n, 7))
        .execute();
      const row = await db
        .selectFrom('usage_window')
        .selectAll()
        .where('cost_nano_usd', '=', LARGE + 1n)
        .executeTakeFirstOrThrow();
      expect(row).toEqual(window('exact', LARGE + 1n, 7));
    });

    test('aggregates follow the name they are given', async () => {
      const { db } = subject.database;
      await db
        .insertInto('usage_window')
        .values(window('sum-1', LARGE, 2))
        .execute();
      await db
        .insertInto('usage_window')
        .values(window('sum-2', LARGE, 3))
        .execute();
      const row = await db
        .selectFrom('usage_window')
        .where('scope_id', 'in', ['sum-1', 'sum-2'])
        .select((columns) => [
          columns.fn.sum<bigint>('cost_nano_usd').as('cost_nano_usd'),
          columns.fn.sum<number>('requests').as('requests'),
          columns.fn.countAll<number>().as('rows'),
          columns.fn.avg<number>('requests').as('mean'),
          sql<bigint>`0`.as('none_pico_usd'),
          sql<bigint | null>`max(NULL)`.as('absent_nano_usd'),
        ])
        .executeTakeFirstOrThrow();
      expect(row).toEqual({
        cost_nano_usd: LARGE * 2n,
        requests: 5,
        rows: 2,
        mean: 2.5,
        none_pico_usd: 0n,
        absent_nano_usd: null,
      });
    });

    test('an integer that a number cannot hold is an error, not a wrong number', async () => {
      const { db } = subject.database;
      const query = sql`SELECT 9007199254740993 AS plain`.execute(db);
      expect((await rejectionOf(query)).message).toContain(
        'Column plain holds an integer that a number cannot hold exactly',
      );
    });

    test('a failed transaction leaves nothing behind', async () => {
      const { database } = subject;
      const failing = database.transaction(async (trx) => {
        await trx.insertInto('usage_window').values(window('undone', 1n)).execute();
        throw new Error('changed my mind');
      });
      expect((await rejectionOf(failing)).message).toContain('changed my mind');
      const rows = await database.db
        .selectFrom('usage_window')
        .where('scope_id', '=', 'undone')
        .selectAll()
        .execute();
      expect(rows).toEqual([]);
    });

    test('a refused statement rolls back, says why, and the database goes on', async () => {
      const { database } = subject;
      const failing = database.transaction(async (trx) => {
        await trx.insertInto('usage_window').values(window('twice', 1n)).execute();
        await trx.insertInto('usage_window').values(window('twice', 1n)).execute();
      });
      const code = engine.name === 'sqlite' ? 'SQLITE_CONSTRAINT_PRIMARYKEY' : '23505';
      expect(await rejectionOf(failing)).toMatchObject({ code });
      await database.db.insertInto('usage_window').values(window('twice', 1n)).execute();
    });

    test('a row that points nowhere is refused', async () => {
      const orphan = {
        id: 'w',
        account_id: 'nobody',
        name: 'x',
        slug: 'x',
        is_default: 0,
        created_at_ms: 0,
      } as const;
      const inserting = subject.database.db.insertInto('workspace').values(orphan).execute();
      expect((await rejectionOf(inserting)).message).toMatch(/foreign key/i);
    });

    test('an update counts its rows', async () => {
      const { db } = subject.database;
      await db.insertInto('usage_window').values(window('counted', 1n)).execute();
      const update = db.updateTable('usage_window').set({ requests: 9 });
      expect((await update.where('scope_id', '=', 'counted').executeTakeFirst()).numUpdatedRows).toBe(1n);
      expect((await update.where('scope_id', '=', 'missing').executeTakeFirst()).numUpdatedRows).toBe(0n);
    });

    test('transactions at once do not mix, and none is lost', async () => {
      const { database } = subject;
      await database.db
        .insertInto('usage_window')
        .values(window('raced', 0n, 0))
        .execute();
      const add = () =>
        database.transaction(async (trx) => {
          await trx
            .updateTable('usage_window')
            .set((column) => ({ requests: column('requests', '+', 1) }))
            .where('scope_id', '=', 'raced')
            .execute();
          await Bun.sleep(1);
        });
      await Promise.all(Array.from({ length: 20 }, add));
      const rows = await database.db
        .selectFrom('usage_window')
        .where('scope_id', '=', 'raced')
        .selectAll()
        .execute();
      expect(rows).toEqual([window('raced', 0n, 20)]);
    });
  });
}

describe('sqlite alone', () => {
  let subject: TestDatabase;
  beforeAll(async () => {
    subject = await engines[0]!.open();
  });
  afterAll(() => subject.dispose());

  test('a schema changed under a prepared statement is seen by the next query', async () => {
    const { db } = subject.database;
    await sql.raw('CREATE TABLE widening (a INTEGER)').execute(db);
    await sql.raw('INSERT INTO widening VALUES (1)').execute(db);
    const read = () => sql.raw('SELECT * FROM widening').execute(db);
    expect((await read()).rows).toEqual([{ a: 1 }]);
    await sql.raw('ALTER TABLE widening ADD COLUMN b INTEGER DEFAULT 2').execute(db);
    expect((await read()).rows).toEqual([{ a: 1, b: 2 }]);
  });

  test('only the owner of the process may read the database', () => {
    const path = sqlitePath(subject.dataDir);
    for (const file of [path, `${path}-wal`, `${path}-shm`]) expect(statSync(file).mode & 0o077).toBe(0);
  });

  test('a database that others could read is closed to them when it is opened', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'turnpike-test-'));
    writeFileSync(sqlitePath(dataDir), '', { mode: 0o644 });
    const database = await openDatabase({ databaseUrl: null, dataDir });
    expect(statSync(sqlitePath(dataDir)).mode & 0o077).toBe(0);
    await database.close();
    rmSync(dataDir, { recursive: true });
  });

  test('a main thread that waits for a slow query goes on with its own work', async () => {
    const slow = sql`
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000)
      SELECT count(*) AS rows FROM n`.execute(subject.database.db);
    let ticks = 0;
    const timer = setInterval(() => {
      ticks += 1;
    }, 5);
    expect((await slow).rows).toEqual([{ rows: 2_000_000 }]);
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(2);
  });

  test('the write-ahead log that grew behind a reader shrinks once the reader is gone', async () => {
    const { database, dataDir } = subject;
    const logBytes = () => statSync(`${sqlitePath(dataDir)}-wal`).size;
    const write = (count: number) =>
      database.transaction(async (trx) => {
        for (let n = 0; n < count; n++)
          await sql`INSERT INTO large (text) VALUES (${'x'.repeat(1_000_000)})`.execute(trx);
      });
    await sql`CREATE TABLE large (text TEXT)`.execute(database.db);
    const reader = new SqliteFile(sqlitePath(dataDir), { readonly: true });
    reader.run('BEGIN');
    reader.query('SELECT COUNT(*) FROM large').get();
    await write(30);
    expect(logBytes()).toBeGreaterThan(30_000_000);
    reader.run('COMMIT');
    reader.close();
    // The first copies the log into the file, the next begins it anew.
    await write(1);
    await write(1);
    expect(logBytes()).toBeLessThan(17_000_000);
    await sql`DROP TABLE large`.execute(database.db);
  });

  test('a process that is killed while it writes and checkpoints leaves a sound file with every commit that it told of', async () => {
    const script = `
      const { openDatabase } = await import(${JSON.stringify(join(import.meta.dir, 'database.ts'))});
      const { sql } = await import('kysely');
      const { db } = await openDatabase({ databaseUrl: null, dataDir: process.argv.at(-1) });
      await sql\`CREATE TABLE IF NOT EXISTS told (id INTEGER PRIMARY KEY, text TEXT)\`.execute(db);
      const write = async () => {
        for (;;) {
          const { rows } = await sql\`INSERT INTO told (text) VALUES (\${'x'.repeat(20000)}) RETURNING id\`.execute(db);
          process.stdout.write(rows[0].id + '\\n');
        }
      };
      const checkpoint = async () => {
        for (;;) await sql\`PRAGMA wal_checkpoint(TRUNCATE)\`.execute(db);
      };
      await Promise.all([write(), write(), checkpoint()]);`;
    const dataDir = mkdtempSync(join(tmpdir(), 'turnpike-test-'));
    for (let kill = 0; kill < KILLS_OF_A_WRITER; kill += 1) {
      const writer = Bun.spawn([process.execPath, '-e', script, dataDir], {
        stdout: 'pipe',
        stderr: 'inherit',
      });
      let said = '';
      const reading = (async () => {
        for await (const bytes of writer.stdout) said += Buffer.from(bytes).toString();
      })();
      while (said.split('\n').length < 20 && writer.exitCode === null) await Bun.sleep(1);
      await Bun.sleep(Math.random() * 30);
      writer.kill('SIGKILL');
      await Promise.all([writer.exited, reading]);
      const told = said.split('\n').slice(0, -1).map(Number);
      expect(told.length).toBeGreaterThanOrEqual(19);
      const file = new SqliteFile(sqlitePath(dataDir));
      expect(file.query('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
      const kept = new Set(file.query('SELECT id FROM told').values().flat());
      expect(told.filter((id) => !kept.has(id))).toEqual([]);
      file.close();
    }
    rmSync(dataDir, { recursive: true });
  });

  test('a backup made while others write is whole, private, and holds every earlier commit', async () => {
    const { db } = subject.database;
    const target = join(subject.dataDir, 'copy.sqlite');
    let written = 0;
    let writing = true;
    const writer = (async () => {
      while (writing) {
        await db
          .insertInto('usage_window')
          .values(window(`backup-${written}`, 1n))
          .execute();
        written += 1;
      }
    })();
    while (written < 20) await Bun.sleep(1);
    const before = written;
    await subject.database.backup(target);
    writing = false;
    await writer;
    const copy = new SqliteFile(target, { readonly: true });
    expect(copy.query('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
    const held = copy.query('SELECT count(*) AS rows FROM usage_window').get() as { rows: number };
    expect(held.rows).toBeGreaterThanOrEqual(before);
    copy.close();
    expect(statSync(target).mode & 0o777).toBe(0o600);
    expect(readdirSync(subject.dataDir).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  test('a backup never overwrites a file', async () => {
    const target = join(subject.dataDir, 'precious');
    writeFileSync(target, 'precious');
    expect((await rejectionOf(subject.database.backup(target))).message).toContain('never overwrites');
    expect(await Bun.file(target).text()).toBe('precious');
  });

  test('a closed database says so', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'turnpike-test-'));
    const database = await openDatabase({ databaseUrl: null, dataDir });
    await database.close();
    await database.close();
    const { cause } = await rejectionOf(database.db.selectFrom('account').selectAll().execute());
    expect(String(cause)).toContain('closed');
    rmSync(dataDir, { recursive: true });
  });

  test('a data directory that cannot hold a file is an error that names it', async () => {
    const file = join(subject.dataDir, 'not-a-directory');
    writeFileSync(file, '');
    expect((await rejectionOf(openDatabase({ databaseUrl: null, dataDir: file }))).message).toContain(
      'not-a-directory',
    );
    expect(existsSync(sqlitePath(file))).toBe(false);
  });
});

describe('postgres alone', () => {
  test('a connection that is cut between two statements ends its transaction, and neither the process nor the next one', async () => {
    const subject = await engines[1]!.open();
    const { database } = subject;
    const cut = database.transaction(async (trx) => {
      const { rows } = await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(trx);
      await sql`SELECT pg_terminate_backend(${rows[0]?.pid})`.execute(database.db);
      await Bun.sleep(50);
      await sql`SELECT 1`.execute(trx);
    });
    expect(await rejectionOf(cut)).toMatchObject({ status: 503, retryAfterSeconds: 1 });
    expect((await sql`SELECT 1 AS one`.execute(database.db)).rows).toEqual([{ one: 1 }]);
    await subject.dispose();
  });

  test('a connection whose answer never came is not lent again', async () => {
    const subject = await engines[1]!.open();
    const pool = new GuardedPool(
      new pg.Pool({ connectionString: subject.databaseUrl ?? '', max: 1, query_timeout: 300 }),
    );
    const first = await pool.connect();
    expect(await rejectionOf(first.query('SELECT pg_sleep(20)', []))).toMatchObject({ status: 503 });
    first.release();
    const second = await pool.connect();
    expect((await second.query('SELECT 1 AS one', [])).rows).toEqual([{ one: 1 }]);
    second.release();
    await pool.end();
    await subject.dispose();
  });

  test('a backup is refused with the tool that makes one', async () => {
    const subject = await engines[1]!.open();
    expect((await rejectionOf(subject.database.backup('/nowhere'))).message).toContain('pg_dump');
    await subject.dispose();
  });

  test('a commit waits for the disk, even on a server that is set not to, and for replicas as the server says', async () => {
    const subject = await engines[1]!.open();
    const { databaseUrl, dataDir } = subject;
    const name = new URL(databaseUrl ?? '').pathname.slice(1);
    for (const [set, used] of [
      ['off', 'on'],
      ['local', 'local'],
      ['remote_apply', 'remote_apply'],
    ]) {
      await sql.raw(`ALTER DATABASE ${name} SET synchronous_commit = ${set}`).execute(subject.database.db);
      const opened = await openDatabase({ databaseUrl, dataDir });
      const { rows } = await sql`SHOW synchronous_commit`.execute(opened.db);
      expect(rows).toEqual([{ synchronous_commit: used }]);
      await opened.close();
    }
    await subject.dispose();
  });

  for (const databaseUrl of [
    'mysql://turnpike:hunter2@db/turnpike',
    'postgres://turnpike:hunter2@db:port/turnpike',
    'postgres://turnpike:hunter2@127.0.0.1:1/turnpike',
  ]) {
    test(`a database that cannot be reached is refused without its password (${databaseUrl.slice(0, 8)}…)`, async () => {
      const thrown = await openDatabase({ databaseUrl, dataDir: tmpdir() })
        .then(async (database) => {
          try {
            await database.db.selectFrom('account').selectAll().execute();
          } finally {
            await database.close();
          }
        })
        .catch((error: unknown) => error);
      expect(thrown).toBeInstanceOf(Error);
      expect(Bun.inspect(thrown)).not.toContain('hunter2');
    });
  }
});
