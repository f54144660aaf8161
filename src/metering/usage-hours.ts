/** What settled requests add up to by the hour, whoever asks: a flush for those of its batch, and later for those of earlier versions. */
import { createHash } from 'node:crypto';
import type {
  Outcome,
  UsageHourSums,
  UsageHourTable,
  UsageSeriesTable,
  UsageSpanTable,
  UsageTagTable,
} from '../storage/figure-tables.ts';
import type { Generation } from './generation.ts';
import { bucketOf, DURATION_COLUMNS, LATENCY_COLUMNS } from './histogram.ts';
import type { EndFigures } from './members.ts';
import type { Tag } from './tags.ts';

export const HOUR_MS = 3_600_000;

/** When the hour begins that a moment is in. */
export function hourOf(atMs: number): number {
  return Math.floor(atMs / HOUR_MS) * HOUR_MS;
}

export type HourlyTotals = {
  readonly series: readonly UsageSeriesTable[];
  readonly tags: readonly UsageTagTable[];
  readonly hours: readonly UsageHourTable[];
};

/** What of a generation tells its series. */
export interface SeriesSource {
  readonly accountId: string;
  readonly keyHash: string;
  readonly model: string;
  readonly isByok: 0 | 1;
}

/** What figures are told apart by: its row, and what stands beside it. */
export interface Series {
  readonly row: UsageSeriesTable;
  readonly tags: readonly UsageTagTable[];
}

export type AppLabel = Pick<UsageSeriesTable, 'app_url' | 'app_title'>;

/** Of a request without tags. `more`: its other columns, where they say something. */
export function seriesOf(
  { accountId, keyHash, model, isByok }: SeriesSource,
  more: Partial<Generation>,
): UsageSeriesTable {
  const columns = {
    account_id: accountId,
    workspace_id: more.workspace_id ?? null,
    key_hash: keyHash,
    external_user: more.external_user ?? null,
    api_type: more.api_type ?? 'completions',
    door: more.door ?? null,
    model,
    model_permaslug: more.model_permaslug ?? model,
    provider_slug: more.provider_slug ?? null,
    provider_name: more.provider_name ?? null,
    endpoint_tag: more.endpoint_tag ?? null,
    app_url: originOf(more.http_referer ?? null),
    app_title: more.app_title ?? null,
    is_byok: isByok,
  };
  return { id: idOf(columns, []), ...columns };
}

/** The same with another app's name and with tags. */
export function withLabels(
  { id: _, ...base }: UsageSeriesTable,
  { app_url, app_title }: AppLabel,
  tags: readonly Tag[],
): Series {
  const columns = { ...base, app_url, app_title };
  const id = idOf(columns, tags);
  const { account_id } = base;
  return {
    row: { id, ...columns },
    tags: tags.map(([name, value]) => ({ series_id: id, name, value, account_id })),
  };
}

/** What earlier versions did not know is not in it where there is none of it: their series keep their ids. */
export function idOf({ door, ...columns }: Omit<UsageSeriesTable, 'id'>, tags: readonly Tag[]): string {
  const more = door === null && tags.length === 0 ? [] : [door, tags];
  return createHash('sha256')
    .update(JSON.stringify([...Object.values(columns), ...more]))
    .digest('base64url')
    .slice(0, 22);
}

/** An app names itself by its site; each of its pages would be an app of its own. */
function originOf(referer: string | null): string | null {
  if (referer === null) return null;
  const url = URL.parse(referer);
  return url === null || url.origin === 'null' ? null : url.origin;
}

export class HourlySums {
  readonly #bySeries = new Map<Series, UsageHourTable[]>();

  /** `feeNanoUsd`: what was charged where the caller's own provider key paid the cost. */
  add(series: Series, createdAtMs: number, costNanoUsd: bigint, end: EndFigures, feeNanoUsd = 0n): void {
    const hourMs = hourOf(createdAtMs);
    const outcome = end.isCancelled ? 'cancelled' : end.hasFailed ? 'failed' : 'complete';
    const sums = this.#sumsOf(series, hourMs, outcome);
    sums.requests += 1;
    sums.prompt_tokens += counted(end.prompt_tokens);
    sums.completion_tokens += counted(end.completion_tokens);
    sums.reasoning_tokens += counted(end.reasoning_tokens);
    sums.cached_tokens += counted(end.cached_tokens);
    sums.cache_write_tokens += counted(end.cache_write_tokens);
    if (series.row.is_byok === 1) sums.byok_nano_usd += costNanoUsd;
    else sums.cost_nano_usd += costNanoUsd;
    if (feeNanoUsd !== 0n) sums.cost_nano_usd += feeNanoUsd;
    if (end.cache_discount_nano_usd !== 0)
      sums.cache_discount_nano_usd += BigInt(end.cache_discount_nano_usd);
    if (end.latency_ms !== null) {
      sums.latency_count += 1;
      sums.latency_sum_ms += counted(end.latency_ms);
      sums[LATENCY_COLUMNS[bucketOf(end.latency_ms)] as keyof CountSums] += 1;
    }
    if (end.generation_time_ms !== null) {
      sums.duration_count += 1;
      sums.duration_sum_ms += counted(end.generation_time_ms);
      sums[DURATION_COLUMNS[bucketOf(end.generation_time_ms)] as keyof CountSums] += 1;
    }
  }

  /** In the order of their keys, so that two nodes take the row locks in the same order. */
  get totals(): HourlyTotals {
    const series = new Map<string, UsageSeriesTable>();
    const tags = new Map<string, UsageTagTable>();
    const hours = new Map<string, UsageHourTable>();
    for (const [each, sums] of this.#bySeries) {
      series.set(each.row.id, each.row);
      for (const tag of each.tags) tags.set(`${tag.series_id} ${tag.name}`, tag);
      for (const row of sums) {
        const key = `${row.account_id} ${row.hour_ms} ${row.series_id} ${row.outcome}`;
        const known = hours.get(key);
        if (known === undefined) hours.set(key, row);
        else addTo(known, row);
      }
    }
    return { series: sorted(series), tags: sorted(tags), hours: sorted(hours) };
  }

  #sumsOf(series: Series, hourMs: number, outcome: Outcome): UsageHourTable {
    let rows = this.#bySeries.get(series);
    if (rows === undefined) {
      rows = [];
      this.#bySeries.set(series, rows);
    }
    // A batch has few of a series: mostly one.
    for (const row of rows) if (row.hour_ms === hourMs && row.outcome === outcome) return row;
    const row = {
      account_id: series.row.account_id,
      hour_ms: hourMs,
      series_id: series.row.id,
      outcome,
      ...noSums(),
    };
    rows.push(row);
    return row;
  }
}

/** A provider may have counted anything: no request adds so much that the sum of an hour leaves its column. */
const MAX_COUNT = 10_000_000_000;

function counted(count: number): number {
  return Math.min(Math.max(count, 0), MAX_COUNT);
}

type MoneySums = 'cost_nano_usd' | 'byok_nano_usd' | 'cache_discount_nano_usd';
type CountSums = Omit<UsageHourSums, MoneySums>;

const MONEY: readonly MoneySums[] = ['cost_nano_usd', 'byok_nano_usd', 'cache_discount_nano_usd'];
const COUNTS: readonly (keyof CountSums)[] = [
  ...(['requests', 'prompt_tokens', 'completion_tokens', 'reasoning_tokens', 'cached_tokens'] as const),
  ...([
    'cache_write_tokens',
    'latency_count',
    'latency_sum_ms',
    'duration_count',
    'duration_sum_ms',
  ] as const),
  ...LATENCY_COLUMNS,
  ...DURATION_COLUMNS,
];

/** Every column that adds up. */
export const SUM_COLUMNS: readonly (keyof UsageHourSums)[] = [...COUNTS, ...MONEY];

const NO_COUNTS = Object.fromEntries(COUNTS.map((name) => [name, 0])) as unknown as CountSums;

function noSums(): UsageHourSums {
  return { ...NO_COUNTS, cost_nano_usd: 0n, byok_nano_usd: 0n, cache_discount_nano_usd: 0n };
}

function addTo(sums: UsageHourSums, more: UsageHourSums): void {
  for (const name of COUNTS) sums[name] += more[name];
  for (const name of MONEY) sums[name] += more[name];
}

/**
 * Hours added up to longer spans of time, by when each of these begins.
 * @param seriesIdOf what a series is in them
 */
export function longerSpans(
  hours: readonly UsageHourTable[],
  beginning: (atMs: number) => number,
  seriesIdOf: (seriesId: string) => string,
): UsageSpanTable[] {
  const spans = new Map<string, UsageSpanTable>();
  for (const { hour_ms, ...row } of hours) {
    const start_ms = beginning(hour_ms);
    const series_id = seriesIdOf(row.series_id);
    const key = `${row.account_id} ${start_ms} ${series_id} ${row.outcome}`;
    const known = spans.get(key);
    if (known === undefined) spans.set(key, { ...row, start_ms, series_id });
    else addTo(known, row);
  }
  return sorted(spans);
}

function sorted<T>(rows: ReadonlyMap<string, T>): T[] {
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}
