/** The gateway's own figures. */
import { Counter, type Family, Gauge, Histogram, renderMetrics } from './metrics.ts';

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
const NANO_PER_USD = 1e9;

export interface GatewayGauges {
  readonly openStreams: () => number;
  readonly journalDepth: () => number;
  readonly flushDepth: () => number;
  readonly flushDelayMs: () => number;
  readonly openHolds: () => number;
  readonly leasedNanoUsd: () => bigint;
  readonly contentBytes: () => number;
  readonly sittingOut: () => number;
}

interface ProviderSums {
  readonly outcomes: Map<string, { value: number }>;
  readonly spend: { value: number };
  readonly promptTokens: { value: number };
  readonly completionTokens: { value: number };
}

export class GatewayMetrics {
  readonly #answers = new Counter('turnpike_http_answers_total', 'Answers by route and status.');
  readonly #generations = new Counter(
    'turnpike_generations_total',
    'Settled generations by provider and outcome.',
  );
  readonly #spend = new Counter('turnpike_spend_usd_total', 'Charged, in USD, by provider.');
  readonly #overshoot = new Counter(
    'turnpike_overshoot_usd_total',
    'Cost beyond what was held, in USD, by provider: it goes beyond the output cap it is sent.',
  );
  readonly #tokens = new Counter('turnpike_tokens_total', 'Tokens by provider and direction.');
  readonly #firstByte = new Histogram(
    'turnpike_first_byte_seconds',
    "Time to a provider's first byte.",
    SECONDS,
  );
  readonly #contentDropped = new Counter(
    'turnpike_content_dropped_total',
    'Prompts and answers that a workspace wanted kept and that were not, by reason.',
  );
  readonly #benches = new Counter(
    'turnpike_benches_total',
    'Times that a key or an endpoint began to sit out, by provider, credential and reason.',
  );
  readonly #gauges: readonly Family[];
  /** So that no request makes names of labels and looks them up. */
  readonly #ofProviders = new Map<string, ProviderSums>();
  /** By path, then status. */
  readonly #answersByPath = new Map<string, Map<number, { value: number }>>();

  /** `others`: further figures, such as those of the process. */
  constructor(gauges: GatewayGauges, others: readonly Family[] = []) {
    this.#gauges = [
      ...others,
      new Gauge('turnpike_open_streams', 'Streams being relayed now.', gauges.openStreams),
      new Gauge('turnpike_journal_depth', 'Records not yet on disk.', gauges.journalDepth),
      new Gauge('turnpike_flush_depth', 'Records not yet in the database.', gauges.flushDepth),
      new Gauge(
        'turnpike_flush_delay_seconds',
        'How long the oldest record not yet in the database has waited.',
        () => gauges.flushDelayMs() / 1000,
      ),
      new Gauge('turnpike_holds', 'Holds of requests that run now.', gauges.openHolds),
      new Gauge(
        'turnpike_lease_granted_usd',
        'Leased from scopes with a limit, in USD, where several nodes spend from one database.',
        () => Number(gauges.leasedNanoUsd()) / NANO_PER_USD,
      ),
      new Gauge(
        'turnpike_content_waiting_bytes',
        'Prompts and answers in memory that are to be kept, in bytes.',
        gauges.contentBytes,
      ),
      new Gauge('turnpike_sitting_out', 'Keys and endpoints that sit out now.', gauges.sittingOut),
    ];
  }

  /** `route`: a path of the route table, or `unknown`; never what a caller sent, which has no end of values. */
  answered(route: string, status: number): void {
    let byStatus = this.#answersByPath.get(route);
    if (byStatus === undefined) {
      byStatus = new Map();
      this.#answersByPath.set(route, byStatus);
    }
    let series = byStatus.get(status);
    if (series === undefined) {
      series = this.#answers.sumOf({ route, status: String(status) });
      byStatus.set(status, series);
    }
    series.value += 1;
  }

  settled(generation: {
    provider: string;
    outcome: string;
    costNanoUsd: bigint;
    overshootNanoUsd: bigint;
    promptTokens: number;
    completionTokens: number;
    firstByteMs: number | null;
  }): void {
    const { provider, outcome } = generation;
    let sums = this.#ofProviders.get(provider);
    if (sums === undefined) {
      sums = {
        outcomes: new Map(),
        spend: this.#spend.sumOf({ provider }),
        promptTokens: this.#tokens.sumOf({ provider, direction: 'prompt' }),
        completionTokens: this.#tokens.sumOf({ provider, direction: 'completion' }),
      };
      this.#ofProviders.set(provider, sums);
    }
    let generations = sums.outcomes.get(outcome);
    if (generations === undefined) {
      generations = this.#generations.sumOf({ provider, outcome });
      sums.outcomes.set(outcome, generations);
    }
    generations.value += 1;
    sums.spend.value += Number(generation.costNanoUsd) / NANO_PER_USD;
    if (generation.overshootNanoUsd > 0n)
      this.#overshoot.add({ provider }, Number(generation.overshootNanoUsd) / NANO_PER_USD);
    sums.promptTokens.value += generation.promptTokens;
    sums.completionTokens.value += generation.completionTokens;
    if (generation.firstByteMs !== null) this.#firstByte.observe(generation.firstByteMs / 1000);
  }

  contentDropped(reason: string): void {
    this.#contentDropped.add({ reason }, 1);
  }

  /** Its labels are names of the operator's configuration: keys that people bring are one. */
  benched({
    provider,
    credential,
    reason,
  }: {
    provider: string;
    credential: string | null;
    reason: string;
  }): void {
    this.#benches.add({ provider, credential: credential ?? 'of a user', reason });
  }

  render(): string {
    return renderMetrics([
      this.#answers,
      this.#generations,
      this.#spend,
      this.#overshoot,
      this.#tokens,
      this.#firstByte,
      this.#contentDropped,
      this.#benches,
      ...this.#gauges,
    ]);
  }
}
