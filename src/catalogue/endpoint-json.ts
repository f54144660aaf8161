/** Endpoints and providers as the public listings show them. A figure of which nothing was measured is null. */

import { pricingJson } from '../pricing/json.ts';
import type { EndpointAnswer, ModelEndpointsAnswer } from './answers.ts';
import type { Endpoint, Model, Provider } from './model.ts';
import { modality } from './model-json.ts';

/** What was measured of an endpoint; the names are the listing's. Percentages, milliseconds, tokens a second. */
export type EndpointFigures = Pick<
  EndpointAnswer,
  'uptime_last_5m' | 'uptime_last_30m' | 'uptime_last_1d' | 'latency_last_30m' | 'throughput_last_30m'
>;

export type FiguresOf = (model: Model, endpoint: Endpoint, nowMs: number) => EndpointFigures;

export function endpointJson(
  model: Model,
  endpoint: Endpoint,
  figuresOf: FiguresOf,
  nowMs: number,
): EndpointAnswer {
  const takesToolChoice = endpoint.supportedParameters.includes('tool_choice');
  return {
    name: `${endpoint.provider.name}: ${model.name}`,
    model_id: model.id,
    model_name: model.name,
    context_length: endpoint.contextLength,
    pricing: pricingJson(endpoint.pricing, nowMs),
    provider_name: endpoint.provider.name,
    tag: endpoint.tag,
    quantization: endpoint.quantization,
    max_completion_tokens: endpoint.maxCompletionTokens,
    max_prompt_tokens: endpoint.maxPromptTokens,
    supported_parameters: endpoint.supportedParameters,
    supports_tool_choice: {
      auto: takesToolChoice,
      none: takesToolChoice,
      required: takesToolChoice,
      function: takesToolChoice,
    },
    supports_implicit_caching: endpoint.supportsImplicitCaching,
    supports_voice_cloning: false,
    supports_diarization: false,
    // No provider's own server tool is offered under the name of an endpoint of ours.
    native_tools: {},
    service_tier: endpoint.serviceTier ?? null,
    status: 0,
    ...figuresOf(model, endpoint, nowMs),
  };
}

export function modelEndpointsJson(model: Model, figuresOf: FiguresOf, nowMs: number): ModelEndpointsAnswer {
  return {
    id: model.id,
    name: model.name,
    created: model.created,
    description: model.description,
    architecture: {
      modality: modality(model),
      input_modalities: model.inputModalities,
      output_modalities: model.outputModalities,
      tokenizer: model.tokenizer,
      instruct_type: model.instructType,
    },
    endpoints: model.endpoints.map((endpoint) => endpointJson(model, endpoint, figuresOf, nowMs)),
  };
}

/** Prompts neither kept nor learned from. */
export function isZeroRetention(endpoint: Endpoint): boolean {
  return !endpoint.provider.retainsPrompts && !endpoint.provider.training;
}

export function providerJson(provider: Provider): Record<string, unknown> {
  return {
    name: provider.name,
    slug: provider.slug,
    privacy_policy_url: provider.privacyPolicyUrl,
    terms_of_service_url: provider.termsOfServiceUrl,
    status_page_url: provider.statusPageUrl,
    headquarters: provider.headquarters,
    datacenters: provider.datacenters,
  };
}
