/** Whether a process grows with the requests that it serves, told from samples of its memory. Pure. */

/** In the gateway's directory: its process, how many times it has collected all garbage, and its resident bytes after the last time. */
export const KEPT_FILE = 'kept-after-collection';

export interface MemorySample {
  /** How many requests the process had been sent. */
  readonly requests: number;
  /** After all garbage was collected. */
  readonly residentBytes: number;
}

export interface Growth {
  /** Bytes a request, after the warm-up. */
  readonly bytesPerRequest: number;
  /** The same over the later half of that. */
  readonly laterBytesPerRequest: number;
  /** Null: the life was too short to tell. */
  readonly isSteady: boolean | null;
}

/** Until code is compiled, pools and caches are full and the heap has found its size. */
const WARM_UP_SHARE = 0.25;
/** Below this the swings of the garbage collector are larger than any leak. */
const LEAST_REQUESTS = 500_000;
const LEAST_SAMPLES = 40;
/**
 * The smallest thing that can be left behind by a request, an entry of a Map with a short text, takes some hundred bytes: kept by each
 * of them it is six times this, kept by the streams alone it is just above.
 */
const LEAK_BYTES_PER_REQUEST = 16;
/** So many points are enough for a slope, and all pairs of them can be looked at. */
const MOST_POINTS = 400;

/** A leak grows all the time: also when half the life is over, and not in one step. */
export function growthOf(samples: readonly MemorySample[]): Growth {
  const first = samples[0]?.requests ?? 0;
  const life = (samples.at(-1)?.requests ?? 0) - first;
  const warm = samples.filter(({ requests }) => requests - first >= life * WARM_UP_SHARE);
  const later = warm.slice(warm.length >> 1);
  const bytesPerRequest = slopeOf(warm);
  const laterBytesPerRequest = slopeOf(later);
  const isLongEnough = life >= LEAST_REQUESTS && samples.length >= LEAST_SAMPLES;
  const isSteady = Math.min(bytesPerRequest, laterBytesPerRequest) > LEAK_BYTES_PER_REQUEST;
  return { bytesPerRequest, laterBytesPerRequest, isSteady: isLongEnough ? isSteady : null };
}

/** The median of the slopes between all pairs (Theil and Sen): a few samples that lie apart do not turn it. */
export function slopeOf(samples: readonly MemorySample[]): number {
  const every = Math.ceil(samples.length / MOST_POINTS);
  const points = samples.filter((_, at) => at % every === 0);
  const slopes: number[] = [];
  for (const [at, a] of points.entries()) {
    for (const b of points.slice(at + 1)) {
      const requests = b.requests - a.requests;
      if (requests > 0) slopes.push((b.residentBytes - a.residentBytes) / requests);
    }
  }
  if (slopes.length === 0) return 0;
  const sorted = Float64Array.from(slopes).sort();
  return sorted[sorted.length >> 1] ?? 0;
}
