/** The schema that the migrations make is the one that people have looked at, and it is the same on both engines. */
import { describe, expect, test } from 'bun:test';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { engines, rejectionOf, withEmpty } from '../../test/databases.ts';
import { lineDiff } from '../../test/line-diff.ts';
import { dumpSchema, reviewedSchema, statementsOf } from '../../test/schema-dump.ts';
import { migrate } from './migrate.ts';

const reviewed = (engine: 'sqlite' | 'postgres') => Bun.file(reviewedSchema(engine)).text();

for (const engine of engines) {
  describe(engine.name, () => {
    test('what the migrations make of an empty database is what was reviewed', () =>
      withEmpty(engine, async ({ database }) => {
        await migrate(database);
        const difference = lineDiff(await reviewed(engine.name), await dumpSchema(database));
        if (difference === '') return;
        throw new Error(
          `The migrations make another schema than src/storage/schema.${engine.name}.sql (-) tells:\n\n${difference}\n\n` +
            'If that is meant, run `npm run schema`, and have the change of that file reviewed with the migration.',
        );
      }));

    test('what was reviewed leaves nothing out: a database made from it has the same schema', () =>
      withEmpty(engine, async ({ database }) => {
        const text = await reviewed(engine.name);
        for (const statement of statementsOf(text)) await sql.raw(statement).execute(database.db);
        expect(lineDiff(text, await dumpSchema(database))).toBe('');
      }));

    test.each([
      'ALTER TABLE account ADD COLUMN extra TEXT',
      "ALTER TABLE account ADD COLUMN extra TEXT DEFAULT 'a, (b'",
      'CREATE INDEX extra ON account (name)',
      "CREATE UNIQUE INDEX extra ON account (name) WHERE kind = 'personal'",
      'DROP INDEX api_key_parent',
      'CREATE TABLE extra (id TEXT PRIMARY KEY, CHECK (id <> id))',
      'CREATE VIEW extra AS SELECT id, name FROM account',
    ])('a dump tells of %s', (change) =>
      withEmpty(engine, async ({ database }) => {
        await migrate(database);
        const before = await dumpSchema(database);
        await sql.raw(change).execute(database.db);
        expect(lineDiff(before, await dumpSchema(database))).not.toBe('');
      }),
    );
  });
}

test('a dump of PostgreSQL refuses what it cannot tell, rather than leave it out', async () => {
  const subject = await engines.find(({ name }) => name === 'postgres')?.open();
  if (subject === undefined) throw new Error('there is no PostgreSQL');
  await sql`CREATE SEQUENCE counting`.execute(subject.database.db);
  expect((await rejectionOf(dumpSchema(subject.database))).message).toContain('relation counting');
  await subject.dispose();
});

interface Shape {
  /** By table: its columns in their order, each with its type and whether it may be null. */
  readonly columns: Record<string, string[]>;
  readonly primaryKeys: string[];
  readonly uniques: string[];
  readonly references: string[];
  readonly indexes: string[];
  /** By table. */
  readonly checks: Record<string, number>;
  readonly views: string[];
}

/** What a dump says, in the words of neither engine. */
function shapeOf(dump: string): Shape {
  const shape: Shape = {
    ...{ columns: {}, primaryKeys: [], uniques: [], references: [], indexes: [], checks: {}, views: [] },
  };
  for (const statement of statementsOf(dump).map((text) => text.replace(/^--.*$/gm, '').trim())) {
    const [, kind, quoted = ''] = /^(CREATE TABLE|CREATE VIEW|ALTER TABLE) ("?\w+"?)/.exec(statement) ?? [];
    const name = quoted.replaceAll('"', '');
    if (kind === 'CREATE TABLE') tableInto(shape, name, statement);
    else if (kind === 'CREATE VIEW') shape.views.push(name);
    else if (kind === 'ALTER TABLE') referenceInto(shape, name, statement);
    // PostgreSQL says of a text that it is one.
    else shape.indexes.push(statement.replaceAll('::text', ''));
  }
  for (const list of [shape.primaryKeys, shape.uniques, shape.references]) list.sort();
  return shape;
}

function tableInto(shape: Shape, table: string, statement: string): void {
  const columns: string[] = [];
  const lines = statement.split('\n').slice(1, -1);
  const keyed = new Set(lines.flatMap((line) => /PRIMARY KEY \((.*)\)/.exec(line)?.[1]?.split(', ') ?? []));
  for (const line of lines.map((text) => text.trim().replace(/,$/, ''))) {
    for (const _ of line.matchAll(/\bCHECK \(/g)) shape.checks[table] = (shape.checks[table] ?? 0) + 1;
    const [, listed, of] = /^(?:CONSTRAINT \w+ )?(PRIMARY KEY|UNIQUE) \((.*)\)/.exec(line) ?? [];
    if (listed !== undefined) shape[listed === 'UNIQUE' ? 'uniques' : 'primaryKeys'].push(`${table}: ${of}`);
    if (/^[A-Z]/.test(line)) continue;
    const [, column = '', type = ''] = /^(\w+) (timestamp with time zone|\w+)/.exec(line) ?? [];
    if (/ PRIMARY KEY\b/.test(line)) {
      shape.primaryKeys.push(`${table}: ${column}`);
      keyed.add(column);
    }
    if (/ UNIQUE\b/.test(line)) shape.uniques.push(`${table}: ${column}`);
    if (line.includes(' REFERENCES '))
      referenceInto(shape, table, line.replace(/^(\w+) .* REFERENCES/, '($1) REFERENCES'));
    const standard = type.toLowerCase().replace('timestamp with time zone', 'timestamptz');
    columns.push(`${column} ${standard}${line.includes(' NOT NULL') || keyed.has(column) ? '' : ' or null'}`);
  }
  shape.columns[table] = columns;
}

function referenceInto(shape: Shape, table: string, text: string): void {
  const [, column, target, key, rest = ''] =
    /\((\w+)\) REFERENCES ("?\w+"?) ?\((\w+)\)(.*)$/.exec(text) ?? [];
  shape.references.push(`${table}.${column} -> ${target?.replaceAll('"', '')}.${key}${rest}`);
}

test('both engines have the same tables, columns, keys, references, checks and indexes', async () => {
  const [onSqlite, onPostgres] = [shapeOf(await reviewed('sqlite')), shapeOf(await reviewed('postgres'))];
  expect(Object.keys(onSqlite.columns).length).toBeGreaterThan(30);
  expect(onSqlite.references.length).toBeGreaterThan(20);
  expect(onPostgres).toEqual(onSqlite);
});

test('what Kysely is told of a table is so: its columns are there, and those that may be null say so', async () => {
  const { columns } = shapeOf(await reviewed('postgres'));
  const files = readdirSync(import.meta.dir).filter((name) => /^schema\.ts$|-tables?\.ts$/.test(name));
  const texts = await Promise.all(files.map((name) => Bun.file(join(import.meta.dir, name)).text()));
  const source = texts.join('\n');
  const membersOf = (name: string): [string, string][] => {
    const [, body = ''] =
      new RegExp(`^export interface ${name}(?:\\s+extends [^{]+)? \\{\\n(.*?)^\\}`, 'ms').exec(source) ?? [];
    return [...body.matchAll(/^ {2}(\w+): (.*);$/gm)].map(([, member = '', type = '']) => [member, type]);
  };
  const wrong: string[] = [];
  let compared = 0;
  const groups = [...source.matchAll(/^export interface (\w*Tables)\b/gm)].map(([, name = '']) => name);
  for (const [table, type] of groups.flatMap(membersOf)) {
    // A view, which has no such rules.
    if (table === 'generations') continue;
    for (const [name, told] of membersOf(type)) {
      const column = columns[table]?.find((text) => text.startsWith(`${name} `));
      const isTold = /null|^Late</.test(told) || (told === 'Flag' && column?.endsWith(' or null') === true);
      if (column === undefined || column.endsWith(' or null') !== isTold) wrong.push(`${table}.${name}`);
      compared += 1;
    }
  }
  expect(wrong).toEqual([]);
  expect(compared).toBeGreaterThan(500);
});
