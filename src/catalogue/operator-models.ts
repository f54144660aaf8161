/** What turnpike.yaml says of models, laid over the catalogue's: every mistake is one line that names its place. */
import type { EndpointConfig, ModelConfig, PriceOverrideConfig, PriceTexts } from '../config/config.ts';
import { parsePriceUsd } from '../money.ts';
import type { PriceOverride, Pricing, UnitPrices } from '../pricing/price.ts';
import { type PriceName, priceNameFromPublic } from '../pricing/units.ts';
import type { Endpoint, Model, Provider } from './model.ts';
import { type ServiceTier, tierOfTag, withTiers } from './service-tiers.ts';
import { tokenizerOf } from './tokenizer.ts';

/** A model of the operator's own that states no context length is never refused for it: the upstream decides. */
const ASSUMED_CONTEXT_LENGTH = 128_000;
const ASSUMED_PARAMETERS: readonly string[] = [
  'temperature',
  'top_p',
  'frequency_penalty',
  'presence_penalty',
  'max_tokens',
  'max_completion_tokens',
  'seed',
  'stop',
  'response_format',
  'structured_outputs',
  'tools',
  'tool_choice',
];

type Complain = (at: string, message: string) => void;

/** The model as configured, or null when it cannot be; then `complain` was called. `listed`: the catalogue's own of this id. */
export function operatorModel(
  config: ModelConfig,
  at: string,
  listed: Model | null,
  providers: ReadonlyMap<string, Provider>,
  complain: Complain,
): Model | null {
  const id = config.id.toLowerCase();
  const own: Endpoint[] = [];
  const tags = new Set<string>();
  for (const [index, endpoint] of config.endpoints.entries()) {
    const place = `${at}.endpoints[${index}]`;
    const built = operatorEndpoint(endpoint, place, config, listed, providers, complain);
    if (built === null) continue;
    if (tags.has(built.tag)) complain(`${place}.tag`, `'${built.tag}' is used twice in this model`);
    tags.add(built.tag);
    own.push(built);
  }
  const replaced = new Set(config.endpoints.map((endpoint) => endpoint.provider));
  const kept = (listed?.endpoints ?? [])
    .filter((endpoint) => !replaced.has(endpoint.provider.slug))
    .map((endpoint) => overridden(endpoint, config));
  const endpoints = withTiers([...own, ...kept]);
  if (endpoints.length === 0) {
    if (config.endpoints.length === 0) {
      complain(`${at}.endpoints`, 'a model that the catalogue does not offer needs at least one endpoint');
    }
    return null;
  }
  const slug = id.slice(id.indexOf('/') + 1);
  return {
    id,
    canonicalSlug: listed?.canonicalSlug ?? id,
    name: config.name ?? listed?.name ?? slug,
    description: config.description ?? listed?.description ?? '',
    created: config.created ?? listed?.created ?? 0,
    contextLength:
      config.contextLength ??
      listed?.contextLength ??
      Math.max(...endpoints.map((endpoint) => endpoint.contextLength)),
    inputModalities: config.inputModalities ?? listed?.inputModalities ?? ['text'],
    inputsAreKnown: config.inputModalities !== null || listed?.inputsAreKnown === true,
    outputModalities: config.outputModalities ?? listed?.outputModalities ?? ['text'],
    tokenizer: listed?.tokenizer ?? tokenizerOf(id),
    instructType: listed?.instructType ?? null,
    knowledgeCutoff: listed?.knowledgeCutoff ?? null,
    expirationDate: listed?.expirationDate ?? null,
    huggingFaceId: listed?.huggingFaceId ?? null,
    reasoning:
      listed?.reasoning ??
      (config.supportedParameters?.includes('reasoning') === true ? { mandatory: false } : null),
    distillable: config.distillableText ?? listed?.distillable ?? false,
    endpoints,
  };
}

function overridden(endpoint: Endpoint, config: ModelConfig): Endpoint {
  return {
    ...endpoint,
    contextLength: config.contextLength ?? endpoint.contextLength,
    maxCompletionTokens: config.maxCompletionTokens ?? endpoint.maxCompletionTokens,
    supportedParameters: config.supportedParameters ?? endpoint.supportedParameters,
  };
}

function operatorEndpoint(
  config: EndpointConfig,
  at: string,
  model: ModelConfig,
  listed: Model | null,
  providers: ReadonlyMap<string, Provider>,
  complain: Complain,
): Endpoint | null {
  const provider = providers.get(config.provider);
  if (provider === undefined) {
    const known = [...providers.keys()].sort().join(', ');
    complain(`${at}.provider`, `no provider '${config.provider}' is switched on; there are: ${known}`);
    return null;
  }
  const before = listed?.endpoints.find((endpoint) => endpoint.provider.slug === provider.slug) ?? null;
  const pricing = pricingOf(config, at, before, complain);
  if (pricing === null) return null;
  const tag = config.tag ?? provider.slug;
  const serviceTier = tierOfTag(tag);
  const tierFault = serviceTier === null ? null : tierFaultOf(provider, serviceTier);
  if (tierFault !== null) complain(`${at}.tag`, tierFault);
  return {
    tag,
    provider,
    ...(serviceTier === null ? {} : { serviceTier }),
    upstreamModel: config.model ?? before?.upstreamModel ?? model.id.slice(model.id.indexOf('/') + 1),
    pricing,
    contextLength:
      config.contextLength ??
      model.contextLength ??
      before?.contextLength ??
      listed?.contextLength ??
      ASSUMED_CONTEXT_LENGTH,
    maxCompletionTokens:
      config.maxCompletionTokens ?? model.maxCompletionTokens ?? before?.maxCompletionTokens ?? null,
    maxPromptTokens: before?.maxPromptTokens ?? null,
    quantization: config.quantization ?? before?.quantization ?? null,
    supportedParameters:
      config.supportedParameters ??
      model.supportedParameters ??
      before?.supportedParameters ??
      (model.outputModalities?.includes('embeddings') === true ? [] : ASSUMED_PARAMETERS),
    supportsImplicitCaching: before?.supportsImplicitCaching ?? false,
  };
}

/** Anthropic's fast mode is its one tier; what the packages of other vendors are told of tiers is not known here. */
function tierFaultOf({ format, slug }: Provider, tier: ServiceTier): string | null {
  if (format === 'ai-sdk') return `${slug} is reached through a package, which cannot be told a service tier`;
  if (format === 'anthropic' && tier !== 'priority')
    return `'${tier}' is no tier of Anthropic's; its fast mode is 'priority'`;
  return null;
}

/** Prices stated are the whole truth; an endpoint that states none keeps the catalogue's. */
function pricingOf(
  config: EndpointConfig,
  at: string,
  before: Endpoint | null,
  complain: Complain,
): Pricing | null {
  const stated = Object.keys(config.pricing).length > 0 || config.pricingOverrides.length > 0;
  if (!stated && before !== null) return before.pricing;
  const base = readPrices(config.pricing, `${at}.pricing`, complain);
  const overrides = config.pricingOverrides.map((override, index) =>
    readOverride(override, `${at}.pricing.overrides[${index}]`, complain),
  );
  for (const name of ['prompt', 'completion'] as const) {
    if (config.pricing[name] === undefined) complain(`${at}.pricing.${name}`, 'is required ("0" is free)');
  }
  if (base === null || base.prompt === undefined || base.completion === undefined) return null;
  const complete: PriceOverride[] = [];
  for (const override of overrides) {
    if (override === null) return null;
    complete.push(override);
  }
  return { base: { ...base, prompt: base.prompt, completion: base.completion }, overrides: complete };
}

function readOverride(config: PriceOverrideConfig, at: string, complain: Complain): PriceOverride | null {
  const prices = readPrices(config.prices, at, complain);
  return prices === null ? null : { ...config, prices };
}

function readPrices(texts: PriceTexts, at: string, complain: Complain): Partial<UnitPrices> | null {
  const prices: Partial<Record<PriceName, bigint>> = {};
  let whole = true;
  for (const [publicName, text] of Object.entries(texts)) {
    const name = priceNameFromPublic(publicName);
    const price = parsePriceUsd(text);
    if (name === null) complain(`${at}.${publicName}`, 'is not the name of a price');
    else if (price === null) {
      complain(`${at}.${publicName}`, `'${text}' is not a price: decimal USD a unit, at most 12 decimals`);
    } else {
      prices[name] = price;
      continue;
    }
    whole = false;
  }
  return whole ? prices : null;
}
