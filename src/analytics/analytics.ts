/** Figures for charts: what is asked, looked up by the hour or by the minute, and named. The work of each question is bounded. */
import type { Clock } from '../clock.ts';
import { isoFromMs } from '../clock.ts';
import { invalidRequest } from '../errors.ts';
import { keyIdsMeant } from '../keys/key-names.ts';
import { BOUNDS_MS } from '../metering/histogram.ts';
import type { Database, Trx } from '../storage/database.ts';
import { beginningOf, GRID, HOUR_MS, instantOf, offsetsBetween } from '../time-zone.ts';
import type { Figures, FiguresRow } from './answers.ts';
import { type Granularity, METRICS } from './metrics.ts';
import { piecesOf } from './pieces.ts';
import { type AnalyticsQuery, type Filter, MINUTE_MS } from './query-body.ts';
import {
  countSources,
  type GroupRow,
  isOfSomeKeys,
  type Question,
  readClosed,
  readGroups,
  readUsers,
  type Span,
  type Sums,
  type ValueFilter,
} from './store.ts';

/** Read for one answer, in the thread that everybody's flushes wait for: a second or two of work; see docs/scaling.md. */
/** Rows of an answer; and those that are looked at in the index where some keys alone are asked for, each in a tenth of the time. */
const BOUNDS = { hours: 500_000, requests: 100_000, lookedAt: 5_000_000 };
const MAX_GROUPS = 20_000;

export interface AnalyticsServices {
  readonly database: Pick<Database, 'db' | 'snapshot'>;
  readonly clock: Clock;
  /** Resolves once the database has what this process has settled. */
  readonly flushed: () => Promise<void>;
  /** Whether requests of earlier versions are still being added. */
  readonly isRollingUp: () => Promise<boolean>;
  readonly keyNames: (
    accountId: string,
    hashes: string[],
  ) => Promise<readonly { readonly hash: string; readonly name: string }[]>;
  /** The default one first. */
  readonly workspaces: (
    accountId: string,
  ) => Promise<readonly { readonly id: string; readonly name: string }[]>;
}

/** Whose figures may be seen. */
export interface Viewer {
  readonly accountId: string;
  /** Only of keys that this user made; null: of the whole account. */
  readonly madeBy: string | null;
  /** Whether answers tell ids beside names, as our own pages need them. */
  readonly withIds: boolean;
  /** Whose days, weeks and months they are cut by: an IANA zone. */
  readonly timeZone: string;
}

export async function answerQuery(
  services: AnalyticsServices,
  viewer: Viewer,
  query: AnalyticsQuery,
): Promise<Figures> {
  const startedAt = performance.now();
  const asOfMs = services.clock.nowMs();
  await services.flushed();
  const workspaces = await services.workspaces(viewer.accountId);
  const { filters, warnings } = await resolved(services, viewer.accountId, query);
  const source = query.granularity === 'minute' ? 'requests' : 'hours';
  const question: Question = {
    ...{ accountId: viewer.accountId, madeBy: viewer.madeBy, defaultWorkspaceId: workspaces[0]?.id ?? '' },
    ...{ fromMs: query.fromMs, toMs: query.toMs, source, filters, dimensions: query.dimensions },
    span: query.granularity === null ? null : spanOf(query.granularity, viewer.timeZone, query),
    sums: [...new Set([...query.metrics, 'request_count'].flatMap((name) => METRICS.get(name)?.needs ?? []))],
    bucketBoundsMs: BOUNDS_MS,
    maxGroups: MAX_GROUPS + 1,
  };
  const groups = onTime(await boundedGroups(services.database, question), question.span, viewer.timeZone);
  const asked = groups.map((group) => ({ group, metrics: metricsOf(query, group as unknown as Sums) }));
  const { chosen, isTruncated } = choose(query, asked);
  const nameRow = await namer(
    services,
    viewer,
    query,
    workspaces,
    chosen.map(({ group }) => group),
  );
  if (await services.isRollingUp())
    warnings.push('requests from before the last upgrade are still being added to these figures');
  return {
    data: chosen.map(({ group, metrics }) => ({ ...nameRow(group), ...metrics })),
    metadata: {
      query_time_ms: Math.round((performance.now() - startedAt) * 1000) / 1000,
      row_count: chosen.length,
      truncated: isTruncated,
      // Ours: requests that ended by then are counted.
      complete_until: isoFromMs(asOfMs),
    },
    ...(warnings.length === 0 ? {} : { warnings }),
  };
}

/** Throws a 400 where it would take too long, before it does. */
export async function boundedGroups(
  database: Pick<Database, 'snapshot'>,
  question: Question,
  bounds = BOUNDS,
): Promise<GroupRow[]> {
  // Hours are added to longer sums meanwhile: what was read of how far that is must be true of the sums that are read.
  return await database.snapshot((trx) => groupsWithin(trx, question, bounds));
}

async function groupsWithin(db: Trx, question: Question, bounds: typeof BOUNDS): Promise<GroupRow[]> {
  const { [question.source]: most, lookedAt } = bounds;
  const pieces =
    question.source === 'hours' ? piecesOf(question, await readClosed(db, question.accountId)) : [];
  const isTooMuch =
    (isOfSomeKeys(question) &&
      (await countSources(db, question, pieces, { most: lookedAt + 1, isLookedAt: true })) > lookedAt) ||
    (await countSources(db, question, pieces, { most: most + 1 })) > most;
  if (isTooMuch)
    throw invalidRequest(
      'time_range: there is too much in it to be summed up at once; ask for a shorter one',
    );
  const groups = await readGroups(db, question, pieces);
  if (groups.length > MAX_GROUPS)
    throw invalidRequest(
      `dimensions: there are more than ${MAX_GROUPS} groups; ask for fewer dimensions, a shorter time_range, or filter`,
    );
  return groups;
}

function spanOf(
  granularity: Granularity,
  zone: string,
  { fromMs, toMs }: Pick<AnalyticsQuery, 'fromMs' | 'toMs'>,
): Span {
  if (granularity === 'minute') return { kind: 'every', ms: MINUTE_MS, offsetMs: 0 };
  if (granularity === 'hour') return { kind: 'every', ms: HOUR_MS, offsetMs: 0 };
  if (granularity === 'month') {
    const beginnings: number[] = [];
    for (let month = 0; ; month += 1) {
      const beginning = beginningOf(zone, 'month', fromMs, month);
      if (beginning >= toMs) return { kind: 'at', beginnings };
      beginnings.push(beginning);
    }
  }
  const offsets = offsetsBetween(zone, fromMs, toMs);
  return { kind: 'onClocks', ...GRID[granularity], offsets };
}

/** What clocks show becomes the moment in which they do. */
function onTime(groups: readonly GroupRow[], span: Span | null, zone: string): readonly GroupRow[] {
  if (span?.kind !== 'onClocks') return groups;
  return groups.map((group) => ({ ...group, at_ms: instantOf(zone, Number(group['at_ms'])) }));
}

/** Ids as they are stored. A key's name is no id of it. */
async function resolved(
  { database: { db }, clock }: AnalyticsServices,
  accountId: string,
  query: AnalyticsQuery,
): Promise<{ filters: ValueFilter[]; warnings: string[] }> {
  const warnings = [...query.warnings];
  const filters = await Promise.all(
    query.filters.map(async (filter) => {
      let { values } = filter;
      if (filter.field === 'api_key_id') {
        const known = await keyIdsMeant(db, accountId, values, clock.nowMs());
        for (const value of values)
          if (!known.has(value)) warnings.push(`filters: no API key has the hash "${value.slice(0, 80)}"`);
        values = [...new Set(values.flatMap((value) => known.get(value) ?? []))];
      }
      return valueFilterOf(filter, values);
    }),
  );
  return { filters, warnings };
}

function valueFilterOf({ field, operator, includeUnset }: Filter, values: readonly string[]): ValueFilter {
  const isExcluding = operator === 'neq' || operator === 'not_in';
  return { dimension: field, isExcluding, values, passesUnset: includeUnset || operator === 'neq' };
}

type Metrics = Readonly<Record<string, number | null>>;

function metricsOf({ metrics }: AnalyticsQuery, sums: Sums): Metrics {
  return Object.fromEntries(metrics.map((name) => [name, METRICS.get(name)?.of(sums) ?? null]));
}

interface Asked {
  readonly group: GroupRow;
  readonly metrics: Metrics;
}

function choose(query: AnalyticsQuery, asked: readonly Asked[]): { chosen: Asked[]; isTruncated: boolean } {
  const { orderBy, granularity, groupLimit, limit } = query;
  const order =
    orderBy ??
    (granularity === null
      ? { field: query.metrics[0] ?? '', direction: 'desc' as const }
      : { field: 'date', direction: 'asc' as const });
  const sortedBy = ({ group, metrics }: Asked) => {
    if (order.field === 'date') return group['at_ms'] ?? null;
    const dimension = (query.dimensions as readonly string[]).indexOf(order.field);
    if (dimension !== -1) return group[`d${dimension}`] ?? null;
    return order.field in metrics ? (metrics[order.field] ?? null) : Number(group['requests']);
  };
  const sign = order.direction === 'asc' ? 1 : -1;
  const sorted = asked
    .map((each) => ({
      each,
      value: sortedBy(each),
      tie: JSON.stringify([each.group['at_ms'] ?? 0, each.group['d0'], each.group['d1']]),
    }))
    // What has no value comes last either way.
    .sort((one, other) => {
      if (one.value === null || other.value === null)
        return Number(one.value === null) - Number(other.value === null) || (one.tie < other.tie ? -1 : 1);
      return one.value === other.value
        ? one.tie < other.tie
          ? -1
          : 1
        : one.value < other.value
          ? -sign
          : sign;
    })
    .map(({ each }) => each);
  const perGroup = new Map<string, number>();
  const withinGroups = sorted.filter(({ group }) => {
    if (groupLimit === null) return true;
    const name = JSON.stringify([group['d0'], group['d1']]);
    const count = (perGroup.get(name) ?? 0) + 1;
    perGroup.set(name, count);
    return count <= groupLimit;
  });
  return {
    chosen: withinGroups.slice(0, limit),
    isTruncated: withinGroups.length < sorted.length || withinGroups.length > limit,
  };
}

/** Turns what groups are told apart by into what people read. */
async function namer(
  { database: { db }, keyNames }: AnalyticsServices,
  { accountId, withIds }: Viewer,
  { dimensions, granularity }: AnalyticsQuery,
  workspaces: readonly { readonly id: string; readonly name: string }[],
  groups: readonly GroupRow[],
): Promise<(group: GroupRow) => FiguresRow> {
  const idsOf = (name: string) => {
    const at = (dimensions as readonly string[]).indexOf(name);
    const ids = at === -1 ? [] : groups.map((group) => group[`d${at}`]);
    return [...new Set(ids.filter((id): id is string => typeof id === 'string'))];
  };
  const keys = new Map(
    (await inPieces(idsOf('api_key_id'), (hashes) => keyNames(accountId, hashes))).map((key) => [
      key.hash,
      key.name,
    ]),
  );
  const users = new Map(
    (await inPieces(idsOf('user'), (ids) => readUsers(db, ids))).map((user) => [user.id, user]),
  );
  const workspaceNames = new Map(workspaces.map(({ id, name }) => [id, name]));
  const membersOf = (dimension: string, value: string | null, group: GroupRow): FiguresRow => {
    switch (dimension) {
      case 'api_key_id':
        return { api_key_id: keys.get(value ?? '') ?? null, ...(withIds ? { api_key_hash: value } : {}) };
      case 'user': {
        const user = users.get(value ?? '');
        return {
          user: user?.name ?? null,
          user_email: user?.email ?? null,
          ...(withIds ? { user_id: value } : {}),
        };
      }
      case 'workspace':
        return {
          workspace: workspaceNames.get(value ?? '') ?? value,
          ...(withIds ? { workspace_id: value } : {}),
        };
      case 'app':
        return { app: textIn(group['app_title']) ?? value, ...(withIds ? { app_id: value } : {}) };
      default:
        return { [dimension]: value };
    }
  };
  return (group) => {
    const row: FiguresRow = {};
    if (granularity !== null) row[`date__${granularity}`] = isoFromMs(Number(group['at_ms']));
    for (const [at, dimension] of dimensions.entries()) {
      const value = group[`d${at}`];
      Object.assign(row, membersOf(dimension, typeof value === 'string' ? value : null, group));
    }
    return row;
  };
}

const textIn = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** Few enough for the parameters of one statement. */
async function inPieces<T>(
  ids: readonly string[],
  read: (some: string[]) => Promise<readonly T[]>,
): Promise<T[]> {
  const found: T[] = [];
  for (let at = 0; at < ids.length; at += 500) found.push(...(await read(ids.slice(at, at + 500))));
  return found;
}
