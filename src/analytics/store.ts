/** All SQL that reads the sums by the hour, and by the minute from the generations themselves. Every read is by account first. */
import { type RawBuilder, sql } from 'kysely';
import type { Db } from '../storage/database.ts';
import type { UsageHourSums } from '../storage/figure-tables.ts';
import type { OffsetSpan } from '../time-zone.ts';
import type { Closed, Piece, SumTable } from './pieces.ts';

export type SumName = keyof UsageHourSums | 'failed_requests' | 'cancelled_requests';
export type Sums = Readonly<Record<SumName, number | bigint>>;

export type DimensionName =
  | 'model'
  | 'provider'
  | 'endpoint'
  | 'api_key_id'
  | 'user'
  | 'workspace'
  | 'app'
  | 'external_user'
  | 'api_type'
  | 'door'
  | 'origin'
  | 'outcome'
  | TagDimension
  // Of rows that `GET /activity` gives.
  | 'model_id';

/** The value of one tag. */
export type TagDimension = `tag.${string}`;

const TAG = 'tag.';

export function isTag(dimension: string): dimension is TagDimension {
  return dimension.startsWith(TAG);
}

export interface ValueFilter {
  readonly dimension: DimensionName;
  readonly isExcluding: boolean;
  readonly values: readonly string[];
  /** Whether requests without a value pass. */
  readonly passesUnset: boolean;
}

/** How time is cut: evenly from an offset on, or where each span begins, oldest first. Milliseconds. */
export type Span =
  | { readonly kind: 'every'; readonly ms: number; readonly offsetMs: number }
  | { readonly kind: 'at'; readonly beginnings: readonly number[] }
  /** Every so often on clocks that are set now and then: rows tell what these show (as if it were UTC) when the span begins. */
  | {
      readonly kind: 'onClocks';
      readonly ms: number;
      readonly fromMs: number;
      readonly offsets: readonly OffsetSpan[];
    };

export interface Question {
  readonly accountId: string;
  /** What requests without a workspace count in. */
  readonly defaultWorkspaceId: string;
  /** Only of keys that this user made; null: of all. */
  readonly madeBy: string | null;
  /** In whole hours, or whole minutes where they are asked for. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Null: all of it is one span of time. */
  readonly span: Span | null;
  readonly source: 'hours' | 'requests';
  readonly dimensions: readonly DimensionName[];
  readonly filters: readonly ValueFilter[];
  readonly sums: readonly SumName[];
  /** Of the buckets that latencies are counted in. */
  readonly bucketBoundsMs: readonly number[];
  /** No more groups are read than this. */
  readonly maxGroups: number;
}

/** `at_ms`: when its span of time begins; `d0`, `d1`, …: its dimensions, in their order; `app_title`: of the first app. */
export type GroupRow = Record<string, number | bigint | string | null>;

/** In no order. */
export async function readGroups(db: Db, question: Question, pieces: readonly Piece[]): Promise<GroupRow[]> {
  const { dimensions, sums, maxGroups } = question;
  const keys = dimensions.map(
    (dimension, at) => sql`${dimensionOf(question, dimension)} AS ${sql.ref(`d${at}`)}`,
  );
  const columns = [
    ...(question.span === null
      ? []
      : [
          sql`${question.source === 'hours' ? sql`h.at_ms` : spanOf(sql`s.created_at_ms`, question.span)} AS at_ms`,
        ]),
    ...keys,
    ...(dimensions.includes('app') ? [sql`MAX(s.app_title) AS app_title`] : []),
    ...sums.map(
      (name) => sql`CAST(COALESCE(SUM(${sumOf(question, name)}), 0) AS BIGINT) AS ${sql.ref(name)}`,
    ),
  ];
  const places = Array.from({ length: dimensions.length + (question.span === null ? 0 : 1) }, (_, at) =>
    sql.lit(at + 1),
  );
  const groups = places.length === 0 ? sql`` : sql`GROUP BY ${sql.join(places)}`;
  const { rows } = await sql<GroupRow>`
    SELECT ${sql.join(columns)} FROM ${sourceOf(question, pieces)} WHERE ${conditionOf(question)}
    ${groups} LIMIT ${sql.lit(maxGroups)}`.execute(db);
  return rows;
}

/** How far the hours of an account are in the other sums too. */
export async function readClosed(db: Db, accountId: string): Promise<Closed> {
  const row = await db
    .selectFrom('usage_closed')
    .select(['hour_ms', 'series_id'])
    .where('account_id', '=', accountId)
    .executeTakeFirst();
  return { hourMs: row?.hour_ms ?? 0, seriesId: row?.series_id ?? '' };
}

/** How many rows an answer would have to be made of, or with `isLookedAt` looked at for it, counted as far as `most`. */
export async function countSources(
  db: Db,
  question: Question,
  pieces: readonly Piece[],
  { most, isLookedAt = false }: { most: number; isLookedAt?: boolean },
): Promise<number> {
  const { accountId, fromMs, toMs, source } = question;
  const only = source === 'hours' && !isLookedAt ? ofItsKeys(question) : sql``;
  const found =
    source === 'hours'
      ? pieces.map((piece) => sql`SELECT 1 FROM ${rowsIn(accountId, piece)} ${only}`)
      : [
          sql`SELECT 1 FROM generation_record WHERE account_id = ${accountId} AND created_at_ms >= ${fromMs} AND created_at_ms < ${toMs}`,
        ];
  const { rows } = await sql<{ count: number }>`
    SELECT COUNT(*) AS count FROM (${sql.join(found, sql` UNION ALL `)} LIMIT ${sql.lit(most)}) AS sources`.execute(
    db,
  );
  return rows[0]?.count ?? 0;
}

/** When the span begins that a row is of. */
const startOf = (table: SumTable) => sql.ref(table === 'usage_hour' ? 'hour_ms' : 'start_ms');

/** The rows of a piece. */
function rowsIn(accountId: string, { table, fromMs, toMs, afterSeriesId }: Piece): RawBuilder<unknown> {
  const start = startOf(table);
  const behind = afterSeriesId === undefined ? sql`` : sql`AND series_id > ${afterSeriesId}`;
  return sql`${sql.table(table)} WHERE account_id = ${accountId} AND ${start} >= ${fromMs} AND ${start} < ${toMs} ${behind}`;
}

export function dimensionsIn({
  dimensions,
  filters,
}: Pick<Question, 'dimensions' | 'filters'>): readonly DimensionName[] {
  return [...new Set([...dimensions, ...filters.map(({ dimension }) => dimension)])];
}

/** Whether it must be known who made a key. */
function needsMakers(question: Question): boolean {
  return question.madeBy !== null || dimensionsIn(question).includes('user');
}

/** What a tag's table is called in the query. */
function tableOf(question: Question, tag: TagDimension): string {
  return `tag_${dimensionsIn(question).indexOf(tag)}`;
}

/** A table for each tag asked for. A series has either the tag or, where its key had too many, `*`. */
function tagJoins(question: Question): RawBuilder<unknown> {
  const joins = dimensionsIn(question)
    .filter(isTag)
    .map((tag) => {
      const table = sql.ref(tableOf(question, tag));
      return sql`LEFT JOIN usage_tag AS ${table} ON ${table}.series_id = s.id AND ${table}.name IN (${tag.slice(TAG.length)}, '*')`;
    });
  return sql.join(joins, sql` `);
}

/**
 * By the hour, rows are summed up by series before anything is looked up of these: there are many of the former and few of the
 * latter.
 */
function sourceOf(question: Question, pieces: readonly Piece[]): RawBuilder<unknown> {
  const { accountId, source, span, sums } = question;
  const makers = needsMakers(question) ? sql`LEFT JOIN api_key AS k ON k.hash = s.key_hash` : sql``;
  if (source === 'requests') return sql`generations AS s ${makers}`;
  const columns = [
    sql`u.series_id`,
    sql`u.outcome`,
    ...(span === null ? [] : [sql`${spanOf(sql`u.hour_ms`, span)} AS at_ms`]),
    ...sums.map((name) => sql`SUM(${SUMS_OF_HOUR[name] ?? sql.ref(`u.${name}`)}) AS ${sql.ref(name)}`),
  ];
  return sql`(
    SELECT ${sql.join(columns)} FROM ${rowsOf(question, pieces, accountId)} AS u
    GROUP BY u.series_id, u.outcome ${span === null ? sql`` : sql`, 3`}
  ) AS h JOIN usage_series AS s ON s.id = h.series_id ${makers} ${tagJoins(question)}`;
}

/** The rows of all pieces, as if each were of an hour. Of the columns only those that are wanted, or a row would be as wide as the table. */
function rowsOf(question: Question, pieces: readonly Piece[], accountId: string): RawBuilder<unknown> {
  const { sums } = question;
  const only = ofItsKeys(question);
  const wanted = new Set(sums.map((name) => (SUMS_OF_HOUR[name] === undefined ? name : 'requests')));
  const columns = sql.join([...wanted].map((name) => sql.ref(name)));
  const parts = pieces.map(
    (piece) => sql`
      SELECT series_id, outcome, ${startOf(piece.table)} AS hour_ms, ${columns} FROM ${rowsIn(accountId, piece)} ${only}`,
  );
  return sql`(${sql.join(parts, sql` UNION ALL `)})`;
}

/** Whether some keys alone are asked for: the index knows a row's series, so that no other row is read. */
export function isOfSomeKeys({ madeBy, filters }: Question): boolean {
  return madeBy !== null || filters.some(namesKeys);
}

function ofItsKeys(question: Question): RawBuilder<unknown> {
  if (!isOfSomeKeys(question)) return sql``;
  const { accountId, madeBy, filters } = question;
  const keys = filters.filter(namesKeys).map(({ values }) => sql`AND key_hash IN (${sql.join(values)})`);
  const made =
    madeBy === null
      ? sql``
      : sql`AND key_hash IN (SELECT hash FROM api_key WHERE account_id = ${accountId} AND creator_user_id = ${madeBy})`;
  return sql`AND series_id IN (
    SELECT id FROM usage_series WHERE account_id = ${accountId} ${made} ${sql.join(keys, sql` `)})`;
}

function namesKeys({ dimension, isExcluding, passesUnset, values }: ValueFilter): boolean {
  return dimension === 'api_key_id' && !isExcluding && !passesUnset && values.length > 0;
}

function conditionOf(question: Question): RawBuilder<unknown> {
  const { accountId, fromMs, toMs, source, filters, madeBy } = question;
  const conditions = [sql`s.account_id = ${accountId}`];
  if (source === 'requests')
    conditions.push(sql`s.created_at_ms >= ${fromMs}`, sql`s.created_at_ms < ${toMs}`);
  if (madeBy !== null) conditions.push(sql`k.creator_user_id = ${madeBy}`, sql`k.account_id = ${accountId}`);
  for (const { dimension, isExcluding, values, passesUnset } of filters) {
    const value = dimensionOf(question, dimension);
    const list = sql.join(values.map((each) => sql`${each}`));
    const named =
      values.length === 0
        ? isExcluding
          ? sql`1 = 1`
          : sql`1 = 0`
        : isExcluding
          ? sql`${value} NOT IN (${list})`
          : sql`${value} IN (${list})`;
    conditions.push(
      passesUnset ? sql`(${named} OR ${value} IS NULL)` : sql`(${named} AND ${value} IS NOT NULL)`,
    );
  }
  return sql.join(conditions, sql` AND `);
}

const OUTCOME_OF_ROW = sql`CASE WHEN s.cancelled = 1 THEN 'cancelled' WHEN s.finish_reason = 'error' THEN 'failed' ELSE 'complete' END`;

function dimensionOf(question: Question, dimension: DimensionName): RawBuilder<unknown> {
  const { source, defaultWorkspaceId } = question;
  if (isTag(dimension)) return sql.ref(`${tableOf(question, dimension)}.value`);
  switch (dimension) {
    case 'model':
      return sql`s.model_permaslug`;
    case 'model_id':
      return sql`s.model`;
    case 'provider':
      return sql`s.provider_name`;
    case 'endpoint':
      return sql`s.endpoint_tag`;
    case 'api_key_id':
      return sql`s.key_hash`;
    case 'user':
      return sql`k.creator_user_id`;
    case 'workspace':
      return sql`COALESCE(s.workspace_id, ${sql.lit(defaultWorkspaceId)})`;
    case 'app':
      return sql`COALESCE(s.app_url, s.app_title)`;
    case 'external_user':
      return sql`s.external_user`;
    case 'api_type':
      return sql`s.api_type`;
    case 'door':
      return sql`s.door`;
    case 'origin':
      return sql`s.app_url`;
    case 'outcome':
      return source === 'hours' ? sql`h.outcome` : OUTCOME_OF_ROW;
  }
}

function spanOf(at: RawBuilder<unknown>, span: Span): RawBuilder<unknown> {
  if (span.kind === 'onClocks') {
    const [ms, from] = [sql.lit(span.ms), sql.lit(span.fromMs)];
    return sql`((${at} + ${offsetOf(at, span.offsets)} - ${from}) / ${ms}) * ${ms} + ${from}`;
  }
  if (span.kind === 'every') {
    const [ms, offset] = [sql.lit(span.ms), sql.lit(span.offsetMs)];
    return sql`((${at} - ${offset}) / ${ms}) * ${ms} + ${offset}`;
  }
  const cases = span.beginnings
    .slice(1)
    .map((next, index) => sql`WHEN ${at} < ${sql.lit(next)} THEN ${sql.lit(span.beginnings[index] ?? next)}`);
  const last = sql.lit(span.beginnings.at(-1) ?? 0);
  return cases.length === 0 ? last : sql`CASE ${sql.join(cases, sql` `)} ELSE ${last} END`;
}

function offsetOf(at: RawBuilder<unknown>, offsets: readonly OffsetSpan[]): RawBuilder<unknown> {
  const last = sql.lit(offsets.at(-1)?.offsetMs ?? 0);
  const cases = offsets.flatMap(({ offsetMs, untilMs }) =>
    untilMs === null ? [] : [sql`WHEN ${at} < ${sql.lit(untilMs)} THEN ${sql.lit(offsetMs)}`],
  );
  return cases.length === 0 ? last : sql`CASE ${sql.join(cases, sql` `)} ELSE ${last} END`;
}

/** Of one request, as `metering/usage-hours.ts` adds it up. */
const SUMS_OF_ROW: Readonly<Record<string, RawBuilder<unknown>>> = {
  requests: sql`1`,
  cost_nano_usd: sql`CASE WHEN s.is_byok = 0 THEN s.cost_nano_usd ELSE s.byok_fee_nano_usd END`,
  byok_nano_usd: sql`CASE WHEN s.is_byok = 1 THEN s.cost_nano_usd ELSE 0 END`,
  latency_count: sql`CASE WHEN s.latency_ms IS NULL THEN 0 ELSE 1 END`,
  latency_sum_ms: sql`COALESCE(s.latency_ms, 0)`,
  duration_count: sql`CASE WHEN s.generation_time_ms IS NULL THEN 0 ELSE 1 END`,
  duration_sum_ms: sql`COALESCE(s.generation_time_ms, 0)`,
  failed_requests: sql`CASE WHEN ${OUTCOME_OF_ROW} = 'failed' THEN 1 ELSE 0 END`,
  cancelled_requests: sql`CASE WHEN s.cancelled = 1 THEN 1 ELSE 0 END`,
};
const SUMS_OF_HOUR: Readonly<Record<string, RawBuilder<unknown>>> = {
  failed_requests: sql`CASE WHEN u.outcome = 'failed' THEN u.requests ELSE 0 END`,
  cancelled_requests: sql`CASE WHEN u.outcome = 'cancelled' THEN u.requests ELSE 0 END`,
};

function sumOf({ source, bucketBoundsMs }: Question, name: SumName): RawBuilder<unknown> {
  if (source === 'hours') return sql.ref(`h.${name}`);
  const bucket = /^(latency|duration)_b(\d+)$/.exec(name);
  if (bucket === null) return SUMS_OF_ROW[name] ?? sql.ref(`s.${name}`);
  const column = sql.ref(bucket[1] === 'latency' ? 's.latency_ms' : 's.generation_time_ms');
  const index = Number(bucket[2]);
  const above = index === 0 ? sql`` : sql`AND ${column} > ${sql.lit(bucketBoundsMs[index - 1] ?? 0)}`;
  const upTo = bucketBoundsMs[index];
  const below = upTo === undefined ? sql`` : sql`AND ${column} <= ${sql.lit(upTo)}`;
  return sql`CASE WHEN ${column} IS NOT NULL ${above} ${below} THEN 1 ELSE 0 END`;
}

/** What people call a key's maker. By the account's keys alone: no other user is asked for. */
export async function readUsers(
  db: Db,
  ids: readonly string[],
): Promise<{ id: string; name: string; email: string }[]> {
  if (ids.length === 0) return [];
  return await db.selectFrom('user').select(['id', 'name', 'email']).where('id', 'in', ids).execute();
}

/** Names of the tags that requests of an account have had, in order, as far as `most`. By one maker's keys alone, where one is told. */
export async function readTagNames(
  db: Db,
  { accountId, madeBy }: Pick<Question, 'accountId' | 'madeBy'>,
  most: number,
): Promise<string[]> {
  const own =
    madeBy === null
      ? sql``
      : sql`AND EXISTS (
          SELECT 1 FROM usage_series AS s JOIN api_key AS k ON k.hash = s.key_hash
          WHERE s.id = t.series_id AND k.creator_user_id = ${madeBy} AND k.account_id = ${accountId})`;
  const { rows } = await sql<{ name: string }>`
    SELECT DISTINCT t.name FROM usage_tag AS t
    WHERE t.account_id = ${accountId} AND t.name <> '*' ${own} ORDER BY 1 LIMIT ${sql.lit(most)}`.execute(db);
  return rows.map(({ name }) => name);
}
