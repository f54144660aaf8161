/** How endpoints did lately, for the order in which they are tried. Memory of this process, and only advice. */
import type { EndpointFigures } from '../catalogue/endpoint-json.ts';
import type { ProviderError } from '../providers/provider-error.ts';
import { isOwn } from './credential.ts';
import { FAULTS, faultOf } from './faults.ts';
import type { Candidate } from './plan.ts';
import { EndpointStatistics, LISTED_MINUTES, latencyMs, ROUTING_MINUTES, type Uptime } from './statistics.ts';

const OUTAGE_MS = 30_000;
/** Fewer requests say nothing of an endpoint's uptime (for-providers of OpenRouter's documentation, as the shares below). */
const MEANINGFUL_REQUESTS = 100;
const GOOD_SHARE = 0.95;
const POOR_SHARE = 0.8;

/** In the order in which they are tried. */
export type Standing = 'well' | 'shaky' | 'poor' | 'down';
const STANDINGS: readonly Standing[] = ['well', 'shaky', 'poor', 'down'];

export interface SettledAnswer {
  readonly candidate: Candidate;
  /** It came through somebody's own key. */
  readonly isByok?: boolean;
  readonly outcome: 'complete' | 'cancelled' | 'failed';
  /** Null: nothing came. */
  readonly firstByteMs: number | null;
  readonly tokensPerSecond: number | null;
}

/** By model and tag, so that a catalogue that is built anew finds what is known of the old one's endpoints. */
export class EndpointHealth {
  readonly #outages = new Map<string, { readonly sinceMs: number; readonly untilMs: number }>();
  readonly #statistics = new Map<string, EndpointStatistics>();
  /** When any endpoint failed last: for most requests nothing more must be looked up. */
  #lastFailureMs = Number.NEGATIVE_INFINITY;
  readonly #sitsOut: (candidate: Candidate, nowMs: number) => boolean;

  /** `sitsOut`: every key of the operator's for it was refused lately, or it hangs. */
  constructor(sitsOut: (candidate: Candidate, nowMs: number) => boolean = () => false) {
    this.#sitsOut = sitsOut;
  }

  /** It answered nothing; what that means for it is in the table of faults. */
  failed(candidate: Candidate, error: ProviderError, nowMs: number): void {
    // What a provider has against somebody's own key says nothing of the endpoint for others.
    if (isOwn(candidate)) return;
    const { isOutage, countsAgainstUptime } = FAULTS[faultOf(error)];
    if (!countsAgainstUptime) return;
    const name = nameOf(candidate);
    if (isOutage) {
      const outageMs = Math.max(OUTAGE_MS, (error.retryAfterSeconds ?? 0) * 1000);
      this.#outages.set(name, { sinceMs: nowMs, untilMs: nowMs + outageMs });
    }
    this.#of(name).failed(nowMs);
    this.#lastFailureMs = Math.max(nowMs, this.#lastFailureMs);
  }

  /** It has begun to answer. */
  succeeded(candidate: Candidate): void {
    if (isOwn(candidate)) return;
    // Nearly always nothing is known, and then no name has to be made.
    if (this.#outages.size > 0) this.#outages.delete(nameOf(candidate));
  }

  /** An answer has ended, well or not. One that never began was told as `failed`. */
  settled({ candidate, isByok, outcome, firstByteMs, tokensPerSecond }: SettledAnswer, nowMs: number): void {
    if (firstByteMs === null || isByok === true) return;
    const statistics = this.#of(nameOf(candidate));
    if (outcome !== 'failed') {
      statistics.answered(firstByteMs, tokensPerSecond, nowMs);
      return;
    }
    statistics.failed(nowMs);
    this.#lastFailureMs = Math.max(nowMs, this.#lastFailureMs);
  }

  /** Null: nothing is known of it. */
  statisticsOf(candidate: Candidate): EndpointStatistics | null {
    return this.#statistics.get(nameOf(candidate)) ?? null;
  }

  isUnstable(candidate: Candidate, nowMs: number): boolean {
    if (this.#sitsOut(candidate, nowMs)) return true;
    if (this.#outages.size === 0) return false;
    const outage = this.#outages.get(nameOf(candidate));
    // Before its beginning, where the clock was set back since.
    return outage !== undefined && nowMs >= outage.sinceMs && nowMs < outage.untilMs;
  }

  standingOf(candidate: Candidate, nowMs: number): Standing {
    if (this.isUnstable(candidate, nowMs)) return 'down';
    if (nowMs - this.#lastFailureMs >= LISTED_MINUTES * 60_000) return 'well';
    const uptime = this.statisticsOf(candidate)?.uptime(ROUTING_MINUTES, nowMs);
    if (uptime === undefined || uptime.requests < MEANINGFUL_REQUESTS || uptime.share >= GOOD_SHARE)
      return 'well';
    return uptime.share >= POOR_SHARE ? 'shaky' : 'poor';
  }

  /** As the listings of endpoints show them. */
  figuresOf(candidate: Candidate, nowMs: number): EndpointFigures {
    const statistics = this.statisticsOf(candidate);
    const percent = (uptime: Uptime | undefined) =>
      uptime === undefined || uptime.requests === 0 ? null : uptime.share * 100;
    return {
      uptime_last_5m: percent(statistics?.uptime(ROUTING_MINUTES, nowMs)),
      uptime_last_30m: percent(statistics?.uptime(LISTED_MINUTES, nowMs)),
      uptime_last_1d: percent(statistics?.uptimeOfDay(nowMs)),
      latency_last_30m: latencyMs(statistics, LISTED_MINUTES, nowMs),
      throughput_last_30m: statistics?.tokensPerSecond(LISTED_MINUTES, nowMs) ?? null,
    };
  }

  #of(name: string): EndpointStatistics {
    let statistics = this.#statistics.get(name);
    if (statistics === undefined) {
      statistics = new EndpointStatistics();
      this.#statistics.set(name, statistics);
    }
    return statistics;
  }
}

/** Below zero: the first is the better one. */
export function compareStanding(one: Standing, other: Standing): number {
  return STANDINGS.indexOf(one) - STANDINGS.indexOf(other);
}

function nameOf({ model, endpoint }: Candidate): string {
  return `${model.id} ${endpoint.tag}`;
}
