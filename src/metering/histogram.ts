/**
 * How long requests took, as counts in fixed buckets: they add up over any requests, hours and nodes, and a percentile of the sum is
 * within a bucket's width of the true one. Each bound is half as much again as the one before. No I/O.
 */
import type { HistogramColumn } from '../storage/schema.ts';

/** Milliseconds, included in its bucket; what took longer than the last one is in one more. */
export const BOUNDS_MS: readonly number[] = [
  ...[20, 30, 45, 68, 102, 153, 230, 345, 518, 777, 1166, 1749],
  ...[2624, 3936, 5904, 8856, 13_284, 19_926, 29_889, 44_834, 67_251, 100_877, 151_316],
];
export const BUCKETS = BOUNDS_MS.length + 1;

export const LATENCY_COLUMNS = columnsOf('latency');
export const DURATION_COLUMNS = columnsOf('duration');

function columnsOf(measure: 'latency' | 'duration'): readonly HistogramColumn[] {
  return Array.from(
    { length: BUCKETS },
    (_, bucket) => `${measure}_b${String(bucket).padStart(2, '0')}` as HistogramColumn,
  );
}

export function bucketOf(ms: number): number {
  let [low, high] = [0, BOUNDS_MS.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ms <= (BOUNDS_MS[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * Milliseconds that a share of the requests did not exceed, as if those of a bucket were spread evenly over its width; null: there
 * are none. Of the last bucket only the lower bound is known.
 */
export function percentileMs(counts: readonly number[], share: number): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  const wanted = share * total;
  let passed = 0;
  for (const [bucket, count] of counts.entries()) {
    if (count > 0 && passed + count >= wanted) {
      const from = bucket === 0 ? 0 : (BOUNDS_MS[bucket - 1] as number);
      const to = BOUNDS_MS[bucket] ?? from;
      return from + ((to - from) * (wanted - passed)) / count;
    }
    passed += count;
  }
  return BOUNDS_MS.at(-1) ?? null;
}
