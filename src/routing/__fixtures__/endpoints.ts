/** Models, endpoints and providers for tests: each with only what the test is about. */
import type { Endpoint, Model, Provider } from '../../catalogue/model.ts';
import { tierOfTag } from '../../catalogue/service-tiers.ts';
import type { Pricing, UnitPrices } from '../../pricing/price.ts';
import { quirksOf } from '../../providers/vendors.ts';

export function providerOf(members: Partial<Provider> = {}): Provider {
  const slug = members.slug ?? 'acme';
  return {
    slug,
    name: slug.toUpperCase(),
    format: 'echo',
    baseUrl: '',
    apiKey: null,
    training: false,
    retainsPrompts: false,
    stopsWhenCancelled: true,
    quirks: quirksOf(''),
    privacyPolicyUrl: null,
    termsOfServiceUrl: null,
    statusPageUrl: null,
    headquarters: null,
    datacenters: null,
    ...members,
  };
}

export function pricingOf(base: Partial<UnitPrices> = {}, overrides: Pricing['overrides'] = []): Pricing {
  return { base: { prompt: 0n, completion: 0n, ...base }, overrides };
}

export function endpointOf(members: Partial<Endpoint> = {}): Endpoint {
  const provider = members.provider ?? providerOf();
  const serviceTier = tierOfTag(members.tag ?? '');
  return {
    tag: provider.slug,
    provider,
    ...(serviceTier === null ? {} : { serviceTier }),
    upstreamModel: 'small',
    pricing: pricingOf(),
    contextLength: 100_000,
    maxCompletionTokens: null,
    maxPromptTokens: null,
    quantization: null,
    supportedParameters: [],
    supportsImplicitCaching: false,
    ...members,
  };
}

export function modelOf(members: Partial<Model> = {}): Model {
  const id = members.id ?? 'acme/small';
  return {
    id,
    canonicalSlug: id,
    name: id,
    description: '',
    created: 0,
    contextLength: null,
    inputModalities: ['text'],
    inputsAreKnown: false,
    outputModalities: ['text'],
    tokenizer: 'Other',
    instructType: null,
    knowledgeCutoff: null,
    expirationDate: null,
    huggingFaceId: null,
    reasoning: null,
    distillable: false,
    endpoints: [endpointOf()],
    ...members,
  };
}
