/** The body of `POST /analytics/query`: what is asked, and in which bounds. No I/O. */
import { z } from 'zod';
import { invalidRequest } from '../errors.ts';
import { isStorable } from '../json.ts';
import { parse } from '../keys/key-fields.ts';
import { DAY_MS, HOUR_MS } from '../time-zone.ts';
import {
  DIMENSIONS,
  GRANULARITIES,
  type Granularity,
  isDimension,
  METRICS,
  OPERATORS,
  type Operator,
} from './metrics.ts';
import { type DimensionName, isTag } from './store.ts';

export const MINUTE_MS = 60_000;

/** So far apart may the ends of a range be, so that no question costs more than a page may. */
const MAX_RANGE_MS: Readonly<Record<Granularity | 'none', number>> = {
  ...{ minute: 3 * HOUR_MS, hour: 62 * DAY_MS, day: 400 * DAY_MS, week: 800 * DAY_MS, month: 1200 * DAY_MS },
  none: 400 * DAY_MS,
};
const DEFAULT_RANGE_MS: typeof MAX_RANGE_MS = {
  ...{ minute: HOUR_MS, hour: DAY_MS, day: 30 * DAY_MS, week: 12 * 7 * DAY_MS, month: 365 * DAY_MS },
  none: 30 * DAY_MS,
};
const DEFAULT_ROWS = 1000;
export const MAX_ROWS = 10_000;
const MAX_FILTER_VALUES = 200;

export interface Filter {
  readonly field: DimensionName;
  readonly operator: Operator;
  readonly values: readonly string[];
  /** Whether what has no value passes too. */
  readonly includeUnset: boolean;
}

export interface AnalyticsQuery {
  readonly metrics: readonly string[];
  readonly dimensions: readonly DimensionName[];
  readonly filters: readonly Filter[];
  readonly granularity: Granularity | null;
  /** Included. */
  readonly fromMs: number;
  /** Not included. */
  readonly toMs: number;
  readonly orderBy: { readonly field: string; readonly direction: 'asc' | 'desc' } | null;
  readonly limit: number;
  readonly groupLimit: number | null;
  readonly warnings: readonly string[];
}

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;
const INSTANT_WORDS = 'must be a time with seconds and a zone, such as "2026-01-31T00:00:00Z"';

const word = z.string('must be a string').refine(isStorable, 'must be well-formed Unicode without NUL');
const instant = word.transform((value, context) => {
  const ms = INSTANT.test(value) ? Date.parse(value) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  context.addIssue({ code: 'custom', message: INSTANT_WORDS });
  return z.NEVER;
});
const scalar = z.union([word, z.number()], 'must be a string, a number, or a list of these');
const rows = z
  .int('must be an integer')
  .min(1, 'must be at least 1')
  .max(MAX_ROWS, `must be at most ${MAX_ROWS}`);
const listOf = <T extends z.ZodType>(item: T, most: number) =>
  z.array(item, 'must be a list').max(most, `must have at most ${most} entries`);

const body = z.object(
  {
    metrics: listOf(word, METRICS.size).min(1, 'must name at least one metric'),
    dimensions: listOf(word, 2).default([]),
    filters: listOf(
      z.object(
        {
          field: word,
          operator: word,
          value: z.union([scalar, listOf(scalar, MAX_FILTER_VALUES)]),
          include_unset: z.boolean('must be true or false').default(false),
        },
        'must be an object with field, operator and value',
      ),
      20,
    ).default([]),
    granularity: z
      .enum(GRANULARITIES, `must be one of ${GRANULARITIES.join(', ')}`)
      .nullish()
      .transform((value) => value ?? null),
    time_range: z.object({ start: instant, end: instant }, 'must be an object with start and end').optional(),
    order_by: z
      .object(
        { field: word, direction: z.enum(['asc', 'desc'], 'must be "asc" or "desc"') },
        'must be an object with field and direction',
      )
      .optional(),
    limit: rows.optional(),
    group_limit: rows.optional(),
    classifier_dimensions: z.unknown().optional(),
    classifier_filters: z.unknown().optional(),
  },
  'must be a JSON object',
);

/** Throws a 400 that names what is wrong. */
export function parseAnalyticsQuery(value: unknown, nowMs: number): AnalyticsQuery {
  const asked = parse(body, value);
  for (const name of ['classifier_dimensions', 'classifier_filters'] as const)
    if (asked[name] !== undefined && asked[name] !== null)
      throw invalidRequest(`${name}: no workspace here has a classifier`);
  for (const metric of asked.metrics) mustBeKnown('metrics', metric, METRICS);
  for (const dimension of asked.dimensions) mustBeDimension('dimensions', dimension);
  if (new Set(asked.dimensions).size < asked.dimensions.length)
    throw invalidRequest('dimensions: names one twice');
  const dimensions = asked.dimensions as DimensionName[];
  const filters = asked.filters.map(filterOf);
  const { granularity } = asked;
  const { order_by: orderBy = null } = asked;
  if (orderBy !== null) {
    const { field } = orderBy;
    const known = [
      ...asked.metrics,
      'request_count',
      ...dimensions,
      ...(granularity === null ? [] : ['date']),
    ];
    if (!known.includes(field))
      throw invalidRequest(
        `order_by.field: "${field}" is neither a metric or dimension of this query, nor request_count${granularity === null ? '' : ' or date'}`,
      );
  }
  if (granularity === 'minute' && [...dimensions, ...filters.map(({ field }) => field)].some(isByHour))
    throw invalidRequest(
      'granularity: apps, origins and tags are counted by the hour; ask for "hour" or longer',
    );
  const isSeries = granularity !== null && dimensions.length > 0;
  return {
    metrics: [...new Set(asked.metrics)],
    ...{ dimensions, filters, granularity, orderBy },
    ...rangeOf(asked.time_range, granularity, nowMs),
    limit: asked.limit ?? (isSeries && asked.group_limit === undefined ? MAX_ROWS : DEFAULT_ROWS),
    groupLimit: dimensions.length > 0 ? (asked.group_limit ?? null) : null,
  };
}

function mustBeKnown(where: string, name: string, known: ReadonlyMap<string, unknown>): void {
  if (!known.has(name))
    throw invalidRequest(`${where}: "${name}" is unknown; there are ${[...known.keys()].join(', ')}`);
}

function mustBeDimension(where: string, name: string): asserts name is DimensionName {
  if (!isDimension(name))
    throw invalidRequest(
      `${where}: "${name}" is unknown; there are ${[...DIMENSIONS.keys()].join(', ')}, and tag.NAME for each tag`,
    );
}

/** What callers choose freely is bounded in the sums by the hour alone. */
function isByHour(dimension: DimensionName): boolean {
  return dimension === 'app' || dimension === 'origin' || isTag(dimension);
}

function filterOf(given: z.infer<typeof body>['filters'][number], index: number): Filter {
  const where = `filters.${index}`;
  const { field, operator, value, include_unset: includeUnset } = given;
  mustBeDimension(`${where}.field`, field);
  if (!(OPERATORS as readonly string[]).includes(operator))
    throw invalidRequest(`${where}.operator: "${operator}" is unknown; there are ${OPERATORS.join(', ')}`);
  const takesList = operator === 'in' || operator === 'not_in';
  if (Array.isArray(value) !== takesList)
    throw invalidRequest(`${where}.value: ${operator} takes ${takesList ? 'a list' : 'one value'}`);
  if (includeUnset && !takesList)
    throw invalidRequest(`${where}.include_unset: goes with in and not_in alone`);
  const values = (Array.isArray(value) ? value : [value]).map(String);
  return { field, operator: operator as Operator, values, includeUnset };
}

function rangeOf(
  given: { start: number; end: number } | undefined,
  granularity: Granularity | null,
  nowMs: number,
): Pick<AnalyticsQuery, 'fromMs' | 'toMs' | 'warnings'> {
  const step = granularity === 'minute' ? MINUTE_MS : HOUR_MS;
  const end = given?.end ?? nowMs + 1;
  const start = given?.start ?? end - DEFAULT_RANGE_MS[granularity ?? 'none'];
  if (start >= end) throw invalidRequest('time_range.start: must be before time_range.end');
  const longest = MAX_RANGE_MS[granularity ?? 'none'];
  if (end - start > longest)
    throw invalidRequest(
      `time_range: may span at most ${longest / HOUR_MS} hours ${granularity === null ? 'without granularity' : `by the ${granularity}`}`,
    );
  const fromMs = Math.floor(start / step) * step;
  const toMs = Math.ceil(end / step) * step;
  const isRounded = given !== undefined && (fromMs !== start || toMs !== end);
  const unit = granularity === 'minute' ? 'minutes' : 'hours';
  const warnings = isRounded
    ? [`time_range: figures are of whole ${unit}, so its ends were moved out to them`]
    : [];
  return { fromMs, toMs, warnings };
}
