/**
 * The schema of a database as SQL: the same text for the same schema however it came about, sorted by name, a column a line, and
 * complete, so that it makes that schema again.
 */
import { join } from 'node:path';
import { sql } from 'kysely';
import type { Database } from '../src/storage/database.ts';

/** Where the dump stands that people have looked at. */
export function reviewedSchema(engine: Database['engine']): string {
  return join(import.meta.dir, `../src/storage/schema.${engine}.sql`);
}

export async function dumpSchema(database: Database): Promise<string> {
  const statements = database.engine === 'sqlite' ? await onSqlite(database) : await onPostgres(database);
  const heading =
    `-- The schema on ${NAMES[database.engine]} once every migration has run, for people to read: migrations/ is what makes it.\n` +
    '-- `npm run schema` writes this file, and schema.test.ts compares it.\n';
  return [heading, ...statements.map((statement) => `${statement};\n`)].join('\n');
}

/** Each statement of a dump. */
export function statementsOf(dump: string): string[] {
  return dump.split(/;$/m).filter((statement) => statement.trim() !== '');
}

const NAMES = { sqlite: 'SQLite', postgres: 'PostgreSQL' };

/** SQLite keeps each statement as it was written, with what was added since; it only has to be laid out alike. */
async function onSqlite({ db }: Database): Promise<string[]> {
  const { rows } = await sql<{ type: string; text: string }>`
    SELECT type, sql AS text FROM sqlite_schema WHERE sql IS NOT NULL
    ORDER BY CASE type WHEN 'table' THEN 1 WHEN 'index' THEN 1 WHEN 'view' THEN 2 ELSE 3 END,
      tbl_name, CASE type WHEN 'table' THEN 1 ELSE 2 END, name`.execute(db);
  return rows.map(({ type, text }) => layOut(text, type === 'table' ? 1 : type === 'view' ? 0 : null));
}

const TOKEN = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\s+|[(),]|[^\s'"(),]+/g;

/** Without comments, with single spaces, and a line for each part of the list that stands `depth` parentheses deep; null: one line. */
function layOut(statement: string, listDepth: number | null): string {
  let text = '';
  let depth = 0;
  for (const token of statement.match(TOKEN) ?? []) {
    if (token === ')') {
      text = text.trimEnd();
      if (depth === listDepth) text += '\n';
      depth -= 1;
    }
    if (/^(?:\s|--)/.test(token)) {
      if (!/[\s(]$/.test(text)) text += ' ';
      continue;
    }
    if (token === ',') text = text.trimEnd();
    // Of a view.
    if (depth === listDepth && depth === 0 && /^(?:SELECT|FROM|UNION)$/.test(token))
      text = `${text.trimEnd()}\n`;
    text += token;
    if (token === '(') depth += 1;
    if (depth === listDepth && (token === ',' || (token === '(' && depth === 1))) text += '\n  ';
  }
  return text.trim();
}

interface Relation {
  readonly oid: number;
  readonly name: string;
}

async function onPostgres({ db }: Database): Promise<string[]> {
  await refuseWhatIsNotDumped(db);
  const relations = async (kind: 'r' | 'v') => {
    const { rows } = await sql<Relation>`
      SELECT oid::int4 AS oid, quote_ident(relname) AS name FROM pg_class
      WHERE relnamespace = 'public'::regnamespace AND relkind = ${kind}
      ORDER BY relname COLLATE "C"`.execute(db);
    return rows;
  };
  const statements: string[] = [];
  // Last, as the table they refer to may come later by its name.
  const foreignKeys: string[] = [];
  for (const table of await relations('r')) {
    const constraints = await constraintsOf(db, table);
    const inside = constraints.filter(({ kind }) => kind !== 'f').map(({ text }) => text);
    const lines = [...(await columnsOf(db, table)), ...inside].map((line) => `  ${line}`);
    statements.push(`CREATE TABLE ${table.name} (\n${lines.join(',\n')}\n)`, ...(await indexesOf(db, table)));
    for (const { kind, text } of constraints)
      if (kind === 'f') foreignKeys.push(`ALTER TABLE ${table.name} ADD ${text}`);
  }
  const views: string[] = [];
  for (const { oid, name } of await relations('v')) {
    const { rows } = await sql<{ text: string }>`SELECT pg_get_viewdef(${oid}::oid, true) AS text`.execute(
      db,
    );
    views.push(`CREATE VIEW ${name} AS\n${rows[0]?.text.replace(/;$/, '')}`);
  }
  return [...statements, ...foreignKeys, ...views];
}

type Db = Database['db'];

/** Rather than a dump that leaves something out. */
async function refuseWhatIsNotDumped(db: Db): Promise<void> {
  const { rows } = await sql<{ what: string }>`
    SELECT 'relation ' || relname AS what FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind NOT IN ('r', 'v', 'i')
    UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'policy ' || polname FROM pg_policy
    UNION ALL SELECT 'type ' || typname FROM pg_type
      WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd', 'r')`.execute(db);
  if (rows.length > 0) {
    const found = rows.map(({ what }) => what).join(', ');
    throw new Error(`test/schema-dump.ts does not know how to dump ${found}: teach it`);
  }
}

async function columnsOf(db: Db, { oid }: Relation): Promise<string[]> {
  const { rows } = await sql<{ text: string }>`
    SELECT concat_ws(' ',
      quote_ident(attname),
      format_type(atttypid, atttypmod),
      CASE WHEN attidentity <> '' OR attgenerated <> '' THEN 'GENERATED' END,
      'DEFAULT ' || pg_get_expr(adbin, adrelid),
      CASE WHEN attnotnull THEN 'NOT NULL' END) AS text
    FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE attrelid = ${oid} AND attnum > 0 AND NOT attisdropped ORDER BY attnum`.execute(db);
  return rows.map(({ text }) => text);
}

async function constraintsOf(db: Db, { oid }: Relation): Promise<{ kind: string; text: string }[]> {
  // That a column is not null is told at the column.
  const { rows } = await sql<{ kind: string; text: string }>`
    SELECT contype AS kind, 'CONSTRAINT ' || quote_ident(conname) || ' ' || pg_get_constraintdef(oid, true) AS text
    FROM pg_constraint WHERE conrelid = ${oid} AND contype <> 'n'
    ORDER BY contype = 'p' DESC, conname COLLATE "C"`.execute(db);
  return rows;
}

async function indexesOf(db: Db, { oid }: Relation): Promise<string[]> {
  const { rows } = await sql<{ text: string }>`
    SELECT pg_get_indexdef(indexrelid) AS text FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE indrelid = ${oid} AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)
    ORDER BY relname COLLATE "C"`.execute(db);
  return rows.map(({ text }) => text.replace(' ON public.', ' ON ').replace(' USING btree', ''));
}
