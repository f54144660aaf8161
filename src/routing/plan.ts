/** Which endpoints may serve a request, and in which order they are tried. */
import type { Endpoint, Model } from '../catalogue/model.ts';
import { TurnpikeError } from '../errors.ts';
import { type AvailabilityCode, availability } from './availability.ts';
import type { EndpointHealth } from './health.ts';
import { PINNED } from './pin.ts';
import { exclusionOf, matchesSlug, type ProviderPreferences } from './preferences.ts';

export interface Candidate {
  readonly model: Model;
  readonly endpoint: Endpoint;
}

export interface PlanRequest {
  /** In the caller's order: `model`, then `models`. */
  readonly models: readonly Model[];
  readonly preferences: ProviderPreferences;
  readonly usedParameters: readonly string[];
  /** Whether an endpoint can be told all that the request asks for; where it cannot, `require_parameters` leaves it out. */
  readonly honours: (endpoint: Endpoint) => boolean;
  /** Why an endpoint's provider cannot be told what the request says; null: it can. */
  readonly refusalOf: (endpoint: Endpoint) => TurnpikeError | null;
  /** The slug of the one provider that may serve; null, and unless told: any may. */
  readonly pinnedTo?: string | null;
  readonly health: EndpointHealth;
  readonly nowMs: number;
  /** In [0, 1). */
  readonly random: () => number;
}

export interface Plan {
  readonly candidates: readonly Candidate[];
  /** Why endpoints were left out, for the error when none is left. */
  readonly excludedBy: ReadonlySet<string>;
  /** Of the first endpoint whose provider cannot be told what the request says. */
  readonly refusal: TurnpikeError | null;
}

/** Models in the caller's order, each with its eligible endpoints in the order of preference. */
export function plan(request: PlanRequest): Plan {
  const excludedBy = new Set<string>();
  const pinnedTo = request.pinnedTo ?? null;
  let refusal: TurnpikeError | null = null;
  const candidates: Candidate[] = [];
  for (const model of request.models) {
    const eligible: Endpoint[] = [];
    for (const endpoint of model.endpoints) {
      if (pinnedTo !== null && endpoint.provider.slug !== pinnedTo) {
        excludedBy.add(PINNED);
        continue;
      }
      const exclusion =
        exclusionOf(endpoint, request.preferences, request.usedParameters) ??
        (request.preferences.requireParameters && !request.honours(endpoint) ? 'require_parameters' : null);
      if (exclusion !== null) {
        excludedBy.add(exclusion);
        continue;
      }
      const refused = request.refusalOf(endpoint);
      if (refused === null) eligible.push(endpoint);
      refusal ??= refused;
    }
    const ordered = eligible.length > 1 ? inOrder(model, eligible, request) : eligible;
    const tried = request.preferences.allowFallbacks
      ? ordered
      : withoutFallbacks(ordered, request.preferences);
    for (const endpoint of tried) candidates.push({ model, endpoint });
  }
  return { candidates, excludedBy, refusal };
}

/** 404 in OpenRouter's words, naming who does serve the model. `docsUrl`: of the page that explains the codes. */
export function noEndpoints(
  models: readonly Model[],
  excludedBy: ReadonlySet<string>,
  docsUrl: string,
): TurnpikeError {
  const serving = new Set(
    models.flatMap((model) => model.endpoints.map((endpoint) => endpoint.provider.slug)),
  );
  return new TurnpikeError('no_endpoints', {
    message:
      'No allowed providers are available for the selected model. ' +
      `Providers that serve it: ${[...serving].join(', ') || 'none'}.`,
    extra: {
      availability: availability(codeOf(excludedBy), {
        requestedModels: models.map((model) => model.id),
        docsUrl,
        excludedBy,
        ...(excludedBy.size === 0 ? {} : { constraint: constraintOf(excludedBy) }),
      }),
    },
  });
}

function codeOf(excludedBy: ReadonlySet<string>): AvailabilityCode {
  if (excludedBy.size === 0) return 'no_endpoints';
  return [...excludedBy].some(isPrivacy) ? 'privacy_restricted' : 'constraint_filtered';
}

function isPrivacy(word: string): boolean {
  return word.startsWith('data_policy');
}

/** The first thing to change. */
function constraintOf(excludedBy: ReadonlySet<string>): { field: string; detail: string } {
  const [word = ''] = excludedBy;
  return { field: FIELDS[word] ?? `provider.${word}`, detail: `No endpoint is left by ${word}` };
}

const FIELDS: Readonly<Record<string, string>> = {
  'data_policy:zdr': 'provider.zdr',
  'data_policy:training': 'provider.data_collection',
  allowed_providers: 'provider.only',
  quantization: 'provider.quantizations',
};

function withoutFallbacks(ordered: readonly Endpoint[], preferences: ProviderPreferences): Endpoint[] {
  if (preferences.order.length === 0) return ordered.slice(0, 1);
  return ordered.filter((endpoint) => preferences.order.some((slug) => matchesSlug(endpoint, slug)));
}

function inOrder(model: Model, eligible: readonly Endpoint[], request: PlanRequest): Endpoint[] {
  const { preferences, health, nowMs } = request;
  const byPrice = [...eligible].sort((a, b) => priceOf(a) - priceOf(b));
  if (preferences.order.length > 0) return namedFirst(byPrice, preferences.order);
  // Without statistics an endpoint has no throughput or latency to sort by: price decides.
  if (preferences.sort !== null) return byPrice;
  const stable = byPrice.filter((endpoint) => !health.isUnstable({ model, endpoint }, nowMs));
  const unstable = byPrice.filter((endpoint) => health.isUnstable({ model, endpoint }, nowMs));
  return [...weightedFirst(stable, request.random), ...unstable];
}

function namedFirst(endpoints: readonly Endpoint[], order: readonly string[]): Endpoint[] {
  const named = order.flatMap((slug) => endpoints.filter((endpoint) => matchesSlug(endpoint, slug)));
  return [...new Set([...named, ...endpoints])];
}

/** The first is drawn at random with weight 1 / price², so that load spreads over the cheap; the rest follow by price. */
function weightedFirst(endpoints: readonly Endpoint[], random: () => number): Endpoint[] {
  const free = endpoints.filter((endpoint) => priceOf(endpoint) === 0);
  const drawn = free.length > 0 ? free[Math.floor(random() * free.length)] : drawByPrice(endpoints, random);
  return drawn === undefined ? [] : [drawn, ...endpoints.filter((endpoint) => endpoint !== drawn)];
}

function drawByPrice(endpoints: readonly Endpoint[], random: () => number): Endpoint | undefined {
  const weights = endpoints.map((endpoint) => priceOf(endpoint) ** -2);
  let left = random() * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [position, endpoint] of endpoints.entries()) {
    left -= weights[position] ?? 0;
    if (left < 0) return endpoint;
  }
  return endpoints.at(-1);
}

/** One number to compare endpoints by: what a prompt token and a completion token cost together, in pico-USD. */
function priceOf(endpoint: Endpoint): number {
  return Number(endpoint.pricing.base.prompt + endpoint.pricing.base.completion);
}
