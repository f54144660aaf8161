/**
 * How an endpoint did lately: how often it failed, how soon it began and how fast it wrote. Memory of this process, in slots of a
 * minute (and of an hour for the day), so that what is old leaves by itself. Figures are within a tenth of the truth.
 */

/** What preferences may name. */
export const QUANTILES = ['p50', 'p75', 'p90', 'p99'] as const;
export type Quantile = (typeof QUANTILES)[number];
export type Percentiles = Readonly<Record<Quantile, number>>;

export interface Uptime {
  readonly requests: number;
  /** Of them, those that did not fail. In [0, 1]. */
  readonly share: number;
}

/** Of routing, and of the listing. */
export const ROUTING_MINUTES = 5;
export const LISTED_MINUTES = 30;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const HOURS = 24;

export class EndpointStatistics {
  readonly #minutes: (Slot | undefined)[] = [];
  readonly #hours: { at: number; well: number; failed: number }[] = [];

  /** An answer that came to its end, or to which its client did not stay. `tokensPerSecond` null: not known. */
  answered(firstByteMs: number | null, tokensPerSecond: number | null, nowMs: number): void {
    const slot = this.#slotAt(nowMs);
    slot.well += 1;
    this.#hourAt(nowMs).well += 1;
    if (firstByteMs !== null) slot.latency.add(firstByteMs / 1000);
    if (tokensPerSecond !== null) slot.slowness.add(1 / tokensPerSecond);
  }

  /** The provider failed, before an answer or in the middle of one. */
  failed(nowMs: number): void {
    this.#slotAt(nowMs).failed += 1;
    this.#hourAt(nowMs).failed += 1;
  }

  /** Seconds until the first byte; null: nothing was answered in the last `minutes`. */
  latencySeconds(minutes: number, nowMs: number): Percentiles | null {
    return percentilesOf(this.#slots(minutes, nowMs).map(({ latency }) => latency));
  }

  /** Output tokens a second, over the whole time of a request; the p90 is what nine of ten requests reach, as OpenRouter lists it. */
  tokensPerSecond(minutes: number, nowMs: number): Percentiles | null {
    const percentiles = percentilesOf(this.#slots(minutes, nowMs).map(({ slowness }) => slowness));
    if (percentiles === null) return null;
    const { p50, p75, p90, p99 } = percentiles;
    return { p50: 1 / p50, p75: 1 / p75, p90: 1 / p90, p99: 1 / p99 };
  }

  uptime(minutes: number, nowMs: number): Uptime {
    return uptimeOf(this.#slots(minutes, nowMs));
  }

  uptimeOfDay(nowMs: number): Uptime {
    const hour = Math.floor(nowMs / HOUR_MS);
    return uptimeOf(this.#hours.filter((slot) => isRecent(slot?.at, hour, HOURS)));
  }

  #slots(minutes: number, nowMs: number): Slot[] {
    const minute = Math.floor(nowMs / MINUTE_MS);
    return this.#minutes.filter((slot): slot is Slot => isRecent(slot?.at, minute, minutes));
  }

  #slotAt(nowMs: number): Slot {
    const at = Math.floor(nowMs / MINUTE_MS);
    const place = at % LISTED_MINUTES;
    const known = this.#minutes[place];
    if (known?.at === at) return known;
    const slot = { at, well: 0, failed: 0, latency: new Histogram(), slowness: new Histogram() };
    this.#minutes[place] = slot;
    return slot;
  }

  #hourAt(nowMs: number) {
    const at = Math.floor(nowMs / HOUR_MS);
    const place = at % HOURS;
    const known = this.#hours[place];
    if (known?.at === at) return known;
    const slot = { at, well: 0, failed: 0 };
    this.#hours[place] = slot;
    return slot;
  }
}

interface Slot {
  /** Since the epoch, in its unit. */
  readonly at: number;
  well: number;
  failed: number;
  /** Seconds. */
  readonly latency: Histogram;
  /** Seconds a token. */
  readonly slowness: Histogram;
}

function isRecent(at: number | undefined, now: number, count: number): boolean {
  return at !== undefined && at <= now && now - at < count;
}

function uptimeOf(slots: readonly { readonly well: number; readonly failed: number }[]): Uptime {
  let [well, failed] = [0, 0];
  for (const slot of slots) {
    well += slot.well;
    failed += slot.failed;
  }
  const requests = well + failed;
  return { requests, share: requests === 0 ? 1 : well / requests };
}

/** As the listings have it: in milliseconds. */
export function latencyMs(
  statistics: EndpointStatistics | null,
  minutes: number,
  nowMs: number,
): Percentiles | null {
  const seconds = statistics?.latencySeconds(minutes, nowMs) ?? null;
  if (seconds === null) return null;
  const { p50, p75, p90, p99 } = seconds;
  return { p50: p50 * 1000, p75: p75 * 1000, p90: p90 * 1000, p99: p99 * 1000 };
}

/** Four steps to each doubling, from 10 µs to 20 minutes: what is measured is known to within a tenth. */
const STEPS = 4;
const LEAST = 0.000_01;
const BUCKETS = 108;

class Histogram {
  readonly counts = new Uint32Array(BUCKETS);
  total = 0;

  add(value: number): void {
    const step = Math.round(Math.log2(Math.max(value, LEAST) / LEAST) * STEPS);
    const place = Math.min(BUCKETS - 1, step);
    this.counts[place] = (this.counts[place] ?? 0) + 1;
    this.total += 1;
  }
}

function percentilesOf(histograms: readonly Histogram[]): Percentiles | null {
  const total = histograms.reduce((sum, histogram) => sum + histogram.total, 0);
  if (total === 0) return null;
  const at = (share: number) => {
    let left = Math.max(1, Math.ceil(total * share));
    for (let place = 0; place < BUCKETS; place += 1) {
      for (const { counts } of histograms) left -= counts[place] ?? 0;
      if (left <= 0) return LEAST * 2 ** (place / STEPS);
    }
    return LEAST * 2 ** (BUCKETS / STEPS);
  };
  return { p50: at(0.5), p75: at(0.75), p90: at(0.9), p99: at(0.99) };
}
