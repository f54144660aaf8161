/** The `provider` object of a request: which endpoints may serve it. Shapes and rules as OpenRouter documents them. */
import type { Endpoint } from '../catalogue/model.ts';
import type { ServiceTier } from '../catalogue/service-tiers.ts';
import { invalidRequest } from '../errors.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import { type PicoUsd, parsePriceUsd } from '../money.ts';
import { QUANTILES, type Quantile } from './statistics.ts';

export type SortBy = 'price' | 'throughput' | 'latency' | 'exacto';

export type Cutoffs = Readonly<Partial<Record<Quantile, number>>>;

export interface ProviderPreferences {
  readonly order: readonly string[];
  readonly only: readonly string[];
  readonly ignore: readonly string[];
  readonly allowFallbacks: boolean;
  readonly requireParameters: boolean;
  /** Only endpoints that neither store nor train. */
  readonly denyDataCollection: boolean;
  readonly zeroDataRetention: boolean;
  readonly quantizations: readonly string[];
  readonly sort: SortBy | null;
  /** The endpoints of all models are ranked together, and not model by model. */
  readonly acrossModels: boolean;
  /** Tokens a second and seconds, by quantile: endpoints that miss one come last. Null: not asked for. */
  readonly minThroughput: Cutoffs | null;
  readonly maxLatency: Cutoffs | null;
  /** Only models whose answers others may be trained with. */
  readonly distillable: boolean;
  readonly maxPrice: {
    readonly prompt: PicoUsd | null;
    readonly completion: PicoUsd | null;
    readonly request: PicoUsd | null;
    readonly image: PicoUsd | null;
    readonly audio: PicoUsd | null;
  };
}

const NO_MAX_PRICE = { prompt: null, completion: null, request: null, image: null, audio: null };

export const NO_PREFERENCES: ProviderPreferences = {
  order: [],
  only: [],
  ignore: [],
  allowFallbacks: true,
  requireParameters: false,
  denyDataCollection: false,
  zeroDataRetention: false,
  quantizations: [],
  sort: null,
  acrossModels: false,
  minThroughput: null,
  maxLatency: null,
  distillable: false,
  maxPrice: NO_MAX_PRICE,
};

const KNOWN_MEMBERS = new Set([
  'order',
  'only',
  'ignore',
  'allow_fallbacks',
  'require_parameters',
  'data_collection',
  'zdr',
  'enforce_distillable_text',
  'quantizations',
  'sort',
  'preferred_min_throughput',
  'preferred_max_latency',
  'max_price',
]);

/** Throws a 400 that names the member. An unknown one is refused: a misspelt `zdr` must not pass in silence. */
export function parsePreferences(value: unknown): ProviderPreferences {
  if (value === undefined || value === null) return NO_PREFERENCES;
  if (!isJsonObject(value)) throw invalidRequest('provider must be an object');
  for (const member of Object.keys(value)) {
    if (!KNOWN_MEMBERS.has(member))
      throw invalidRequest(`provider.${member.slice(0, 64)} is not a known preference`);
  }
  const collection = value['data_collection'] ?? 'allow';
  if (collection !== 'allow' && collection !== 'deny') {
    throw invalidRequest('provider.data_collection must be "allow" or "deny"');
  }
  return {
    order: strings(value, 'order').flatMap(slugsIn),
    only: strings(value, 'only').flatMap(slugsIn),
    ignore: strings(value, 'ignore').flatMap(slugsIn),
    allowFallbacks: flag(value, 'allow_fallbacks', true),
    requireParameters: flag(value, 'require_parameters', false),
    denyDataCollection: collection === 'deny',
    zeroDataRetention: flag(value, 'zdr', false),
    quantizations: strings(value, 'quantizations').flatMap(expandQuantization),
    ...parseSort(value['sort']),
    minThroughput: cutoffs(value, 'preferred_min_throughput'),
    maxLatency: cutoffs(value, 'preferred_max_latency'),
    distillable: flag(value, 'enforce_distillable_text', false),
    maxPrice: parseMaxPrice(value['max_price']),
  };
}

/** `provider`, and the older `route`: `fallback` goes model by model, `sort` ranks the endpoints of all together. Throws a 400. */
export function parseRouting(body: JsonObject): ProviderPreferences {
  const preferences = parsePreferences(body['provider']);
  const route = body['route'] ?? null;
  if (route === null || route === 'fallback') return preferences;
  if (route !== 'sort') throw invalidRequest('route must be "fallback" or "sort"');
  const { provider } = body;
  const sort = isJsonObject(provider) ? provider['sort'] : null;
  const hasPartition = isJsonObject(sort) && (sort['partition'] ?? null) !== null;
  return hasPartition ? preferences : { ...preferences, acrossModels: true };
}

function strings(value: JsonObject, member: string): readonly string[] {
  const list = value[member] ?? [];
  if (!Array.isArray(list) || !list.every((item) => typeof item === 'string')) {
    throw invalidRequest(`provider.${member} must be a list of strings`);
  }
  return list;
}

function flag(value: JsonObject, member: string, absent: boolean): boolean {
  const given = value[member] ?? absent;
  if (typeof given !== 'boolean') throw invalidRequest(`provider.${member} must be true or false`);
  return given;
}

/**
 * People write providers as pages show them (`DeepInfra`, `Google AI Studio`), and an `ignore` that names nobody would let through what
 * it is to keep out: of such a word its slug and itself, which is compared with the name.
 */
function slugsIn(word: string): string[] {
  const shown = word.trim();
  const slug = shown.toLowerCase().replace(/\s+/g, '-');
  return slug === shown ? [slug] : [slug, shown];
}

function expandQuantization(word: string): string[] {
  const name = word.trim().toLowerCase();
  if (name === 'fp4') return ['fp4', 'mxfp4', 'nvfp4'];
  if (name === 'fp8') return ['fp8', 'mxfp8'];
  return [name];
}

const SORTS: readonly unknown[] = ['price', 'throughput', 'latency', 'exacto'] satisfies SortBy[];

function parseSort(value: unknown): Pick<ProviderPreferences, 'sort' | 'acrossModels'> {
  const { by, partition }: JsonObject = isJsonObject(value) ? value : { by: value };
  if ((by ?? null) !== null && !SORTS.includes(by))
    throw invalidRequest('provider.sort must be "price", "throughput", "latency" or "exacto"');
  if ((partition ?? null) !== null && partition !== 'model' && partition !== 'none')
    throw invalidRequest('provider.sort.partition must be "model" or "none"');
  return { sort: (by as SortBy | null | undefined) ?? null, acrossModels: partition === 'none' };
}

/** A number alone is about the median. */
function cutoffs(value: JsonObject, member: string): Cutoffs | null {
  const given = value[member] ?? null;
  if (given === null) return null;
  if (!isJsonObject(given)) return { p50: cutoff(given, `provider.${member}`) };
  const named = Object.entries(given).filter(([, limit]) => limit !== null);
  for (const [quantile] of named)
    if (!(QUANTILES as readonly string[]).includes(quantile))
      throw invalidRequest(
        `provider.${member}.${quantile.slice(0, 64)} is not one of ${QUANTILES.join(', ')}`,
      );
  return Object.fromEntries(
    named.map(([quantile, limit]) => [quantile, cutoff(limit, `provider.${member}.${quantile}`)]),
  );
}

function cutoff(value: unknown, name: string): number {
  if (typeof value === 'number' && value >= 0) return value;
  throw invalidRequest(`${name} must be a number that is not negative`);
}

/** `max_price` is USD per million tokens for prompt and completion, and USD a unit for the rest; numbers or decimal text. */
function parseMaxPrice(value: unknown): ProviderPreferences['maxPrice'] {
  if (value === undefined || value === null) return NO_MAX_PRICE;
  if (!isJsonObject(value)) throw invalidRequest('provider.max_price must be an object');
  for (const member of Object.keys(value)) {
    if (!Object.hasOwn(NO_MAX_PRICE, member))
      throw invalidRequest(`provider.max_price.${member.slice(0, 64)} is not a known price`);
  }
  return {
    prompt: unitPrice(value, 'prompt', 1_000_000n),
    completion: unitPrice(value, 'completion', 1_000_000n),
    request: unitPrice(value, 'request', 1n),
    image: unitPrice(value, 'image', 1n),
    audio: unitPrice(value, 'audio', 1n),
  };
}

function unitPrice(value: JsonObject, member: string, unitsPerPrice: bigint): PicoUsd | null {
  const given = value[member];
  if (given === undefined || given === null) return null;
  const price = parsePriceUsd(priceText(given));
  if (price === null) throw invalidRequest(`provider.max_price.${member} must be a price in USD`);
  return price / unitsPerPrice;
}

/** A number that was reckoned with (`3 * 1.1`) is meant as the decimal that it is next to. */
function priceText(given: unknown): string {
  if (typeof given === 'string') return given;
  return typeof given === 'number' ? given.toFixed(12) : '';
}

/**
 * A base slug, or the provider's name, names every region and variant of a provider, and of its service tiers the one that the request
 * has opted into; a full slug names one endpoint.
 */
export function matchesSlug(endpoint: Endpoint, slug: string, opted: ServiceTier | null = null): boolean {
  const { tag, provider, serviceTier } = endpoint;
  if (tag === slug) return true;
  const isNamed = provider.slug === slug || provider.name === slug;
  return isNamed && (serviceTier === undefined || serviceTier === opted);
}

/** Whether the caller's preferences let this endpoint serve; otherwise the word that OpenRouter uses in `excluded_by`. */
export function exclusionOf(
  endpoint: Endpoint,
  preferences: ProviderPreferences,
  usedParameters: readonly string[],
  opted: ServiceTier | null = null,
): string | null {
  const { only, ignore, quantizations, maxPrice } = preferences;
  if (only.length > 0 && !only.some((slug) => matchesSlug(endpoint, slug, opted))) return 'allowed_providers';
  if (ignore.some((slug) => matchesSlug(endpoint, slug, opted))) return 'allowed_providers';
  const { training, retainsPrompts } = endpoint.provider;
  if (preferences.zeroDataRetention && (training || retainsPrompts)) return 'data_policy:zdr';
  if (preferences.denyDataCollection && (training || retainsPrompts)) return 'data_policy:training';
  if (quantizations.length > 0 && !quantizations.includes(endpoint.quantization ?? 'unknown'))
    return 'quantization';
  const { base } = endpoint.pricing;
  if (
    isOver(base.prompt, maxPrice.prompt) ||
    isOver(base.completion, maxPrice.completion) ||
    isOver(base.request, maxPrice.request) ||
    isOver(base.image, maxPrice.image) ||
    isOver(base.audio, maxPrice.audio)
  ) {
    return 'max_price';
  }
  const lacks = (parameter: string): boolean => !endpoint.supportedParameters.includes(parameter);
  if (preferences.requireParameters && usedParameters.some(lacks)) return 'require_parameters';
  return null;
}

function isOver(price: PicoUsd | undefined, max: PicoUsd | null): boolean {
  return max !== null && price !== undefined && price > max;
}
