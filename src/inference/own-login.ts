/** What a request with the caller's own Claude login may use, and that it costs nothing: the subscription that it is of pays for it. */
import type { ClaudeLogin } from '../auth/claude-login.ts';
import type { Endpoint } from '../catalogue/model.ts';
import { invalidRequest, type TurnpikeError } from '../errors.ts';
import { subscriptionTag } from '../metering/subscription.ts';
import { FREE_PRICING } from '../pricing/price.ts';
import type { ProviderTarget } from '../providers/adapter.ts';
import type { Candidate } from '../routing/plan.ts';

const endpoints = new WeakMap<Endpoint, Endpoint>();

/**
 * Under a name of its own, which no tag of a configuration can have: what is recorded says so, and a login that is refused says
 * nothing about the endpoint's health for others.
 */
export function paidByLogin({ model, endpoint }: Candidate): Candidate {
  let standIn = endpoints.get(endpoint);
  if (standIn === undefined) {
    // No key of the operator's goes with it, and what it costs at which tier is nobody's business here.
    const { tierPricing: _, ...facts } = endpoint;
    const { keys: __, ...provider } = endpoint.provider;
    const tag = subscriptionTag(endpoint.tag);
    standIn = Object.freeze({ ...facts, provider, tag, pricing: FREE_PRICING });
    endpoints.set(endpoint, standIn);
  }
  return { model, endpoint: standIn };
}

const NOT_FOR_MODEL =
  'A Claude login pays for models of Anthropic alone; choose one, or send a key of this gateway in its place';

/** A login goes to the one provider whose operator lets it through, and no other sees the request at all. */
export function loginRefusal({ provider }: Endpoint): TurnpikeError | null {
  return provider.passesLogin === true ? null : invalidRequest(NOT_FOR_MODEL);
}

/** The provider's own address, and the login in the place of whatever key the operator has there. */
export function loginTarget(target: ProviderTarget, login: ClaudeLogin): ProviderTarget {
  return { ...target, apiKey: login.reveal(), bearer: { of: 'caller', userAgent: login.userAgent } };
}
