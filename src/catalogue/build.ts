/** Builds a catalogue: data packages and the price list of the last sync for the providers that are on, turnpike.yaml over them, frozen. */

import type { Config } from '../config/config.ts';
import { ConfigError } from '../config/config-error.ts';
import { quirksOf } from '../providers/vendors.ts';
import { Catalogue } from './catalogue.ts';
import { ECHO_MODEL, ECHO_PROVIDER } from './echo.ts';
import { KnownModels } from './known-models.ts';
import { findKnownProvider, type KnownProvider, knownProviders } from './known-providers.ts';
import type { Endpoint, Model, Provider } from './model.ts';
import { loadOffers, loadSources, type Offer } from './offers.ts';
import { operatorModel } from './operator-models.ts';
import type { PriceList } from './price-list.ts';
import { buildDowngrades, buildRouters } from './routers.ts';
import { tokenizerOf } from './tokenizer.ts';

/** Only what the catalogue reads, so that a test can say it in a line. */
export type CatalogueConfig = Pick<Config, 'providers' | 'models' | 'environmentKeys'> &
  Partial<Pick<Config, 'routers' | 'budgets'>>;

interface SwitchedOn {
  readonly provider: Provider;
  /** Null: not one that the data packages know. */
  readonly known: KnownProvider | null;
}

export async function buildCatalogue(
  config: CatalogueConfig,
  nowMs: number = Date.now(),
  prices: PriceList | null = null,
): Promise<Catalogue> {
  const on = switchedOn(config);
  const providers = new Map(on.map(({ provider }) => [provider.slug, provider]));
  const models = new Map<string, Model>();
  const aliases = new Map<string, string>();
  for (const { provider, offers } of await offersOf(on, nowMs, prices)) {
    for (const offer of offers) {
      models.set(offer.modelId, withOffer(models.get(offer.modelId) ?? null, offer, provider));
      addAlias(aliases, offer);
    }
  }
  for (const [id, model] of models) models.set(id, cheapestFirst(model));
  layOperatorModels(config, models, providers);
  models.set(ECHO_MODEL.id, ECHO_MODEL);
  const listed = [...models.values()].sort(newestFirst).map(deepFreeze);
  return new Catalogue({
    models: listed,
    ...(config.routers === undefined ? {} : { routers: buildRouters(config.routers, listed) }),
    ...(config.budgets === undefined ? {} : { downgrades: buildDowngrades(config.budgets, listed) }),
    providers: [...providers.values(), ECHO_PROVIDER].map(deepFreeze),
    aliases,
    known: new KnownModels(nowMs),
  });
}

function switchedOn(config: CatalogueConfig): readonly SwitchedOn[] {
  const on = new Map<string, SwitchedOn>();
  for (const known of knownProviders) {
    const apiKey = keyOf(known, config);
    if (apiKey !== null) on.set(known.slug, { known, provider: fromKnown(known, apiKey) });
  }
  for (const [index, stated] of config.providers.entries()) {
    if (stated.slug === ECHO_PROVIDER.slug) {
      throw new ConfigError([`providers[${index}].slug: '${stated.slug}' is the built-in provider`]);
    }
    const known = findKnownProvider(stated.slug);
    // With a workload identity no key takes its place, whatever the environment holds.
    const apiKey =
      stated.identity !== undefined
        ? null
        : (stated.apiKey ?? (known === null ? null : keyOf(known, config)));
    const facts = known === null ? unknownFacts : publicFacts(known);
    const quirks = quirksOf(stated.baseUrl, stated.quirks);
    on.set(stated.slug, { known, provider: { ...facts, ...stated, quirks, apiKey } });
  }
  return [...on.values()];
}

function keyOf(known: KnownProvider, config: CatalogueConfig): string | null {
  for (const variable of known.apiKeyVariables) {
    const key = config.environmentKeys(variable);
    if (key !== null) return key;
  }
  return null;
}

type PublicFacts = Pick<
  Provider,
  'privacyPolicyUrl' | 'termsOfServiceUrl' | 'statusPageUrl' | 'headquarters' | 'datacenters'
>;

const unknownFacts: PublicFacts = {
  privacyPolicyUrl: null,
  termsOfServiceUrl: null,
  statusPageUrl: null,
  headquarters: null,
  datacenters: null,
};

function publicFacts(known: KnownProvider): PublicFacts {
  const { privacyPolicyUrl, termsOfServiceUrl, statusPageUrl, headquarters, datacenters } = known;
  return { privacyPolicyUrl, termsOfServiceUrl, statusPageUrl, headquarters, datacenters };
}

function fromKnown(known: KnownProvider, apiKey: string): Provider {
  const { slug, name, format, baseUrl, training, retainsPrompts, stopsWhenCancelled, quirks } = known;
  return {
    slug,
    name,
    format,
    quirks,
    baseUrl,
    apiKey,
    training,
    retainsPrompts,
    stopsWhenCancelled,
    ...publicFacts(known),
  };
}

/** Nothing is loaded when no known provider is on: a first start has the built-in model only. */
async function offersOf(
  on: readonly SwitchedOn[],
  nowMs: number,
  prices: PriceList | null,
): Promise<readonly { provider: Provider; offers: readonly Offer[] }[]> {
  const known = on.flatMap((entry) =>
    entry.known === null ? [] : [{ provider: entry.provider, known: entry.known }],
  );
  if (known.length === 0) return [];
  const sources = await loadSources(nowMs, prices);
  return Promise.all(
    known.map(async (entry) => ({
      provider: entry.provider,
      offers: await loadOffers(entry.known, sources),
    })),
  );
}

function withOffer(before: Model | null, offer: Offer, provider: Provider): Model {
  const endpoint: Endpoint = {
    tag: provider.slug,
    provider,
    upstreamModel: offer.upstreamModel,
    pricing: offer.pricing,
    contextLength: offer.contextLength,
    maxCompletionTokens: offer.maxCompletionTokens,
    maxPromptTokens: null,
    quantization: null,
    supportedParameters: offer.supportedParameters,
    // Reads are priced below the prompt, and writing costs nothing extra: the provider caches by itself.
    supportsImplicitCaching:
      offer.pricing.base.inputCacheRead !== undefined && offer.pricing.base.inputCacheWrite === undefined,
  };
  if (before !== null) {
    return {
      ...before,
      description: before.description || offer.description,
      contextLength: Math.max(before.contextLength ?? 0, offer.contextLength),
      endpoints: [...before.endpoints, endpoint],
    };
  }
  return {
    id: offer.modelId,
    canonicalSlug: offer.modelId,
    name: offer.name,
    description: offer.description,
    created: offer.released,
    contextLength: offer.contextLength,
    inputModalities: offer.inputModalities,
    inputsAreKnown: offer.inputsAreKnown,
    outputModalities: offer.outputModalities,
    tokenizer: tokenizerOf(offer.modelId),
    instructType: null,
    knowledgeCutoff: offer.knowledgeCutoff,
    expirationDate: null,
    huggingFaceId: null,
    reasoning: offer.reasoning ? { mandatory: false } : null,
    distillable: false,
    endpoints: [endpoint],
  };
}

/** The upstream's own name under the model's author also finds it: `anthropic/claude-sonnet-4-20250514`. */
function addAlias(aliases: Map<string, string>, offer: Offer): void {
  const author = offer.modelId.slice(0, offer.modelId.indexOf('/'));
  const upstream = offer.upstreamModel.toLowerCase();
  const alias = `${author}/${upstream.slice(upstream.lastIndexOf('/') + 1)}`;
  if (alias !== offer.modelId && !aliases.has(alias)) aliases.set(alias, offer.modelId);
}

function cheapestFirst(model: Model): Model {
  const price = ({ pricing }: Endpoint) => pricing.base.prompt + pricing.base.completion;
  const endpoints = [...model.endpoints].sort((a, b) => {
    const difference = price(a) - price(b);
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  });
  return { ...model, endpoints };
}

function layOperatorModels(
  config: CatalogueConfig,
  models: Map<string, Model>,
  providers: ReadonlyMap<string, Provider>,
): void {
  const problems: string[] = [];
  const stated = new Set<string>();
  for (const [index, model] of config.models.entries()) {
    const at = `models[${index}]`;
    const id = model.id.toLowerCase();
    const complain = (place: string, message: string) => problems.push(`${place}: ${message}`);
    if (stated.has(id)) complain(`${at}.id`, `'${id}' is configured twice`);
    if (id === ECHO_MODEL.id) complain(`${at}.id`, `'${id}' is the built-in model`);
    stated.add(id);
    const built = operatorModel(model, at, models.get(id) ?? null, providers, complain);
    if (built !== null) models.set(id, built);
  }
  if (problems.length > 0) throw new ConfigError(problems);
}

function newestFirst(a: Model, b: Model): number {
  return b.created - a.created || (a.id < b.id ? -1 : 1);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}
