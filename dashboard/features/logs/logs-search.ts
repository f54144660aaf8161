/** What the log shows: all of it is in the page's address, in the words of the API. */

/** By the parameter's name: what a chip says of it. */
export const FILTERS = {
  model: 'Model',
  provider: 'Provider',
  api_key_hash: 'Key',
  app: 'App',
  outcome: 'Outcome',
  finish_reason: 'Finish reason',
  door: 'API',
  api_type: 'Kind',
  streamed: 'Streamed',
  min_cost: 'Cost in USD, at least',
  min_latency_ms: 'First byte after ms, at least',
  min_duration_ms: 'Took ms, at least',
  session_id: 'Session',
  external_user: 'User of the app',
  request_id: 'Request id',
} as const;

export type FilterName = keyof typeof FILTERS;
export type Filters = Readonly<Partial<Record<FilterName, string>>>;

export const FILTER_NAMES = Object.keys(FILTERS) as FilterName[];

/** What refusals can be narrowed by too. */
export const REFUSAL_FILTERS: readonly FilterName[] = ['api_key_hash', 'request_id'];

export const LOG_PERIODS = ['1h', '3h', '24h', '7d', '30d', '90d', '1y'] as const;
export type LogPeriod = (typeof LOG_PERIODS)[number];

export interface LogsSearch extends Filters {
  readonly period?: LogPeriod;
  /** ISO 8601, UTC; instead of a period. */
  readonly start?: string;
  readonly end?: string;
  /** What was refused, instead of what was answered. */
  readonly view?: 'refused';
  readonly live?: '1';
  /** The one that is open. */
  readonly id?: string;
}

/** Undefined takes a parameter out of the address. */
export type Changes = { readonly [Name in keyof LogsSearch]?: LogsSearch[Name] | undefined };

const MAX_CHARACTERS = 512;

/** Whatever an address holds: what means nothing here is left out. What a filter may be, the gateway says. */
export function validateLogsSearch(given: Record<string, unknown>): LogsSearch {
  const filters = Object.fromEntries(
    FILTER_NAMES.flatMap((name) => {
      const value = textOf(given[name]);
      return value === null ? [] : [[name, value]];
    }),
  );
  const period = LOG_PERIODS.find((known) => known === given['period']);
  const [start, end, id] = [instantOf(given['start']), instantOf(given['end']), textOf(given['id'])];
  const isSpan = start !== null && end !== null && start < end;
  return {
    ...filters,
    ...(isSpan ? { start, end } : period === undefined ? {} : { period }),
    ...(given['view'] === 'refused' ? { view: 'refused' } : {}),
    ...(String(given['live']) === '1' ? { live: '1' } : {}),
    ...(id === null ? {} : { id }),
  };
}

export const filtersOf = (search: LogsSearch): Filters =>
  Object.fromEntries(
    FILTER_NAMES.flatMap((name) => (search[name] === undefined ? [] : [[name, search[name]]])),
  );

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value.trim().slice(0, MAX_CHARACTERS) : null;
}

function instantOf(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}
