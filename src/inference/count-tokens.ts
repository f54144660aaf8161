/** How many tokens a prompt has: asked of its provider where that one counts for nothing, and estimated where it does not. */
import type { ClaudeLogin } from '../auth/claude-login.ts';
import type { Principal } from '../auth/principal.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { originsIn, payloadFor } from '../chat/origin.ts';
import type { DialectName } from '../chat/prompt.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { InferenceRequest } from '../dialects/dialect.ts';
import { estimatedPromptTokens } from '../metering/prompt-estimate.ts';
import type { CountCall, ProviderAdapter } from '../providers/adapter.ts';
import type { WireFormat } from '../providers/wire-format.ts';
import type { OwnCredentials } from '../routing/credential.ts';
import type { EndpointHealth } from '../routing/health.ts';
import { pinOf } from '../routing/pin.ts';
import { type Candidate, noEndpoints, plan } from '../routing/plan.ts';
import { mustComeThrough, policyRefusal } from '../routing/policy-refusal.ts';
import { targetOf } from '../routing/target.ts';
import type { Ways } from '../routing/ways.ts';
import { loginRefusal, loginTarget } from './own-login.ts';
import { resolveModels } from './resolve.ts';

/** Clients ask for some thirty counts at once and wait for all of them. */
const COUNT_TIMEOUT_MS = 10_000;

export interface CountServices {
  readonly catalogue: () => Catalogue;
  readonly clock: Clock;
  readonly config: Pick<Config, 'dataRegion'>;
  readonly adapters: Readonly<Record<WireFormat, ProviderAdapter>>;
  readonly health: EndpointHealth;
  readonly ways: Ways;
  /** Keys for providers that callers brought; null: none may serve this one. Throws a 503 where it is not known. */
  readonly ownKeysOf: (principal: Principal) => OwnCredentials | null;
  readonly availabilityDocsUrl: string;
}

/** Throws 400 or 404 for a model that is not there, and as a request would where guardrails leave nobody to serve it. A provider that does not answer is no failure: then the count is an estimate. */
export type CountTokens = (
  request: InferenceRequest,
  dialect: DialectName,
  asker: { readonly principal: Principal; readonly login: ClaudeLogin | null },
) => Promise<number>;

export function createCountTokens(services: CountServices): CountTokens {
  const { catalogue, clock, config, adapters, health, ways, availabilityDocsUrl } = services;

  /** Null: the caller's own key cannot be used, and nobody else's counts for it. */
  const targetNow = (candidate: Candidate) => {
    const target = targetOf(candidate.endpoint);
    const credential = candidate.credential ?? ways.anyCredential(candidate, clock.nowMs());
    if (credential === null) return target;
    if (credential.kind === 'operator') return credential.apply(target);
    try {
      return credential.apply(target, candidate.model);
    } catch {
      return null;
    }
  };

  return async (request, dialect, { principal, login }) => {
    const { policy = null } = principal;
    if (policy !== null) mustComeThrough(policy, config.dataRegion);
    const own = login === null ? services.ownKeysOf(principal) : null;
    const { models } = await resolveModels(catalogue(), request.modelIds, availabilityDocsUrl, 'chat');
    const { payload, preferences } = request;
    const origins = payload.mayBeSealed === true ? originsIn(payload) : [];
    // As the request itself would go: whoever may not read the prompt does not count it either.
    const { candidates, excluded } = plan({
      ...{ models, preferences, policy },
      usedParameters: request.usedParameters,
      pinnedTo: pinOf(
        models.map(({ model }) => model),
        origins,
      ),
      maxTokens: null,
      mediaKinds: request.mediaKinds,
      stickyTag: () => null,
      own,
      honours: () => true,
      refusalOf: (endpoint) =>
        (login === null ? null : loginRefusal(endpoint)) ??
        adapters[endpoint.provider.format].refusal(payload, targetOf(endpoint)),
      health,
      nowMs: clock.nowMs(),
      random: Math.random,
    });
    const [candidate] = candidates;
    if (candidate === undefined && policy !== null) {
      const named = models.map(({ model }) => model);
      throw policyRefusal(policy, excluded) ?? noEndpoints(named, excluded, availabilityDocsUrl);
    }
    const endpoint = candidate?.endpoint;
    const adapter = endpoint === undefined ? undefined : adapters[endpoint.provider.format];
    const count = login === null ? adapter?.countTokens : adapter?.countTokensByLogin;
    if (candidate !== undefined && endpoint !== undefined && count !== undefined) {
      const target = login === null ? targetNow(candidate) : loginTarget(targetOf(endpoint), login);
      if (target === null) return estimatedPromptTokens(payload);
      const call: CountCall = {
        target,
        payload: origins.length === 0 ? payload : payloadFor(payload, endpoint.provider.slug),
        dialect,
        timeoutMs: COUNT_TIMEOUT_MS,
      };
      const counted = await count(call).catch(() => null);
      if (counted !== null) return counted;
    }
    return estimatedPromptTokens(payload);
  };
}
