/** In which order the endpoints that may serve a request are tried. */

import type { ServiceTier } from '../catalogue/service-tiers.ts';
import { compareStanding, type EndpointHealth } from './health.ts';
import type { Candidate } from './plan.ts';
import type { Cutoffs, ProviderPreferences, SortBy } from './preferences.ts';
import { matchesSlug } from './preferences.ts';
import { type Percentiles, QUANTILES, ROUTING_MINUTES } from './statistics.ts';

export interface OrderRequest {
  readonly preferences: ProviderPreferences;
  /** What the model's name, or the tier that is asked for, sorts by where the preferences say nothing. */
  readonly defaultSort: SortBy | null;
  /** The tier that slugs of providers name too; null, and unless told: none. */
  readonly opted?: ServiceTier | null;
  readonly health: EndpointHealth;
  readonly nowMs: number;
  /** In [0, 1). */
  readonly random: () => number;
}

/**
 * As OpenRouter documents it: those of `order` first; else by `sort`; else the first is drawn among those that are well, with weight
 * 1 / price², and the others follow by price, the worse ones later. What misses a wish for speed comes last, and is never left out.
 */
export function inOrder(candidates: readonly Candidate[], request: OrderRequest): readonly Candidate[] {
  if (candidates.length < 2) return candidates;
  const { preferences, defaultSort, health, nowMs } = request;
  const byPrice = [...candidates].sort((a, b) => priceOf(a) - priceOf(b));
  if (preferences.order.length > 0) return namedFirst(byPrice, preferences.order, request.opted ?? null);
  const sort = preferences.sort ?? defaultSort;
  if (sort !== null) return speedyFirst(sorted(byPrice, sort, request), request);
  const [first, ...rest] = groupsOf(byPrice, (candidate) => health.standingOf(candidate, nowMs));
  if (first === undefined) return byPrice;
  return speedyFirst([...weightedFirst(first, request.random), ...rest.flat()], request);
}

function namedFirst(
  candidates: readonly Candidate[],
  order: readonly string[],
  opted: ServiceTier | null,
): Candidate[] {
  const named = order.flatMap((slug) =>
    candidates.filter(({ endpoint }) => matchesSlug(endpoint, slug, opted)),
  );
  return [...new Set([...named, ...candidates])];
}

/** `byPrice` decides where the figures are the same. Of what nothing is known comes after all that something is known of. */
function sorted(byPrice: Candidate[], sort: SortBy, request: OrderRequest): Candidate[] {
  if (sort === 'price') return byPrice;
  const { health, nowMs } = request;
  const figures = new Map(
    byPrice.map((candidate) => {
      const statistics = health.statisticsOf(candidate);
      const figure =
        sort === 'latency'
          ? statistics?.latencySeconds(ROUTING_MINUTES, nowMs)?.p50
          : statistics?.tokensPerSecond(ROUTING_MINUTES, nowMs)?.p50;
      return [
        candidate,
        figure === undefined ? Number.POSITIVE_INFINITY : sort === 'latency' ? figure : -figure,
      ];
    }),
  );
  const figureOf = (candidate: Candidate) => figures.get(candidate) ?? Number.POSITIVE_INFINITY;
  return byPrice.sort((a, b) => {
    const quality =
      sort === 'exacto' ? compareStanding(health.standingOf(a, nowMs), health.standingOf(b, nowMs)) : 0;
    const [one, other] = [figureOf(a), figureOf(b)];
    return quality || (one === other ? 0 : one - other);
  });
}

/** Those that are known to keep what is wished for, then the others. */
function speedyFirst(candidates: readonly Candidate[], request: OrderRequest): readonly Candidate[] {
  const { preferences, health, nowMs } = request;
  const { minThroughput, maxLatency } = preferences;
  if (minThroughput === null && maxLatency === null) return candidates;
  const keeps = (candidate: Candidate) => {
    const statistics = health.statisticsOf(candidate);
    return (
      within(minThroughput, statistics?.tokensPerSecond(ROUTING_MINUTES, nowMs), (is, wish) => is >= wish) &&
      within(maxLatency, statistics?.latencySeconds(ROUTING_MINUTES, nowMs), (is, wish) => is <= wish)
    );
  };
  const speedy = candidates.filter(keeps);
  return [...speedy, ...candidates.filter((candidate) => !speedy.includes(candidate))];
}

function within(
  cutoffs: Cutoffs | null,
  known: Percentiles | null | undefined,
  holds: (is: number, wish: number) => boolean,
): boolean {
  if (cutoffs === null) return true;
  return QUANTILES.every((quantile) => {
    const wish = cutoffs[quantile];
    return wish === undefined || (known != null && holds(known[quantile], wish));
  });
}

/** Those that have room for so much, then the others: it is an estimate, and no reason to leave anybody out. */
export function roomyFirst(candidates: readonly Candidate[], tokens: number): readonly Candidate[] {
  // Nearly always all have, and then nothing is made.
  for (const { endpoint } of candidates)
    if (endpoint.contextLength < tokens) return sortedByRoom(candidates, tokens);
  return candidates;
}

function sortedByRoom(candidates: readonly Candidate[], tokens: number): readonly Candidate[] {
  const isRoomy = ({ endpoint }: Candidate) => endpoint.contextLength >= tokens;
  return [...candidates.filter(isRoomy), ...candidates.filter((candidate) => !isRoomy(candidate))];
}

/** By standing, the best first, each in the order of `candidates`. */
function groupsOf(
  candidates: readonly Candidate[],
  standingOf: (candidate: Candidate) => Parameters<typeof compareStanding>[0],
): Candidate[][] {
  const groups = Map.groupBy(candidates, standingOf);
  return [...groups].sort(([one], [other]) => compareStanding(one, other)).map(([, group]) => group);
}

/** The first is drawn at random with weight 1 / price², so that load spreads over the cheap; the rest follow by price. */
function weightedFirst(candidates: readonly Candidate[], random: () => number): Candidate[] {
  const drawn = drawByPrice(candidates, random);
  return drawn === undefined ? [] : [drawn, ...candidates.filter((candidate) => candidate !== drawn)];
}

function drawByPrice(candidates: readonly Candidate[], random: () => number): Candidate | undefined {
  const weights = weightsOf(candidates);
  let left = random() * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [position, candidate] of candidates.entries()) {
    left -= weights[position] ?? 0;
    if (left < 0) return candidate;
  }
  return candidates.at(-1);
}

/** Of each, where one of them costs nothing: those that do, evenly. */
function weightsOf(candidates: readonly Candidate[]): number[] {
  const prices = candidates.map(priceOf);
  if (prices.includes(0)) return prices.map((price) => (price === 0 ? 1 : 0));
  return prices.map((price) => price ** -2);
}

/** One number to compare endpoints by: what a prompt token and a completion token cost together, in pico-USD. */
function priceOf({ endpoint }: Candidate): number {
  return Number(endpoint.pricing.base.prompt + endpoint.pricing.base.completion);
}
