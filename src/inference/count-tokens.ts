/** How many tokens a prompt has: asked of its provider where that one counts for nothing, and estimated where it does not. */
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { DialectName } from '../chat/prompt.ts';
import type { Clock } from '../clock.ts';
import type { InferenceRequest } from '../dialects/dialect.ts';
import { estimatedPromptTokens } from '../metering/prompt-estimate.ts';
import type { CountCall, ProviderAdapter } from '../providers/adapter.ts';
import type { WireFormat } from '../providers/wire-format.ts';
import type { EndpointHealth } from '../routing/health.ts';
import { plan } from '../routing/plan.ts';
import { targetOf } from '../routing/target.ts';
import { resolveModels } from './resolve.ts';

/** Clients ask for some thirty counts at once and wait for all of them. */
const COUNT_TIMEOUT_MS = 10_000;

export interface CountServices {
  readonly catalogue: () => Catalogue;
  readonly clock: Clock;
  readonly adapters: Readonly<Record<WireFormat, ProviderAdapter>>;
  readonly health: EndpointHealth;
  readonly availabilityDocsUrl: string;
}

/** Throws 400 or 404 for a model that is not there. A provider that does not answer is no failure: then the count is an estimate. */
export type CountTokens = (request: InferenceRequest, dialect: DialectName) => Promise<number>;

export function createCountTokens(services: CountServices): CountTokens {
  const { catalogue, clock, adapters, health, availabilityDocsUrl } = services;

  return async (request, dialect) => {
    const { models } = await resolveModels(catalogue(), request.modelIds, availabilityDocsUrl, 'chat');
    const { payload, preferences } = request;
    // As the request itself would go: whoever may not read the prompt does not count it either.
    const { candidates } = plan({
      models,
      preferences,
      usedParameters: request.usedParameters,
      maxTokens: null,
      imageCount: request.size.imageCount,
      stickyTag: () => null,
      honours: () => true,
      refusalOf: (endpoint) => adapters[endpoint.provider.format].refusal(payload, targetOf(endpoint)),
      health,
      nowMs: clock.nowMs(),
      random: Math.random,
    });
    const endpoint = candidates[0]?.endpoint;
    const count = endpoint === undefined ? undefined : adapters[endpoint.provider.format].countTokens;
    if (endpoint !== undefined && count !== undefined) {
      const call: CountCall = {
        target: targetOf(endpoint),
        payload,
        dialect,
        timeoutMs: COUNT_TIMEOUT_MS,
      };
      const counted = await count(call).catch(() => null);
      if (counted !== null) return counted;
    }
    return estimatedPromptTokens(payload);
  };
}
