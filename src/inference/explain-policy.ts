/** A key's policy in words: the guardrails over it, and which of their rules leave out what. */
import type { Endpoint, Model } from '../catalogue/model.ts';
import type { Router } from '../catalogue/routers.ts';
import type { JsonObject } from '../json.ts';
import { isRegionAllowed, type Policy, type Region } from '../policy/policy.ts';
import { brokenRules, isModelAllowed } from '../routing/policy-verdict.ts';

/** Null: no guardrail binds the key. */
export function policyJson(policy: Policy | null, region: Region): JsonObject | null {
  if (policy === null) return null;
  const { models, providers, zdr } = policy;
  return {
    layers: policy.layers.map(({ scope, guardrailId, name }) => ({
      ...{ scope, guardrail_id: guardrailId, name },
    })),
    data_region: region,
    is_data_region_allowed: isRegionAllowed(policy, region),
    allowed_data_regions: listOrNull(policy.regions),
    allowed_models: listOrNull(models.allowed),
    ignored_models: [...models.ignored],
    allowed_providers: listOrNull(providers.allowed),
    ignored_providers: [...providers.ignored],
    enforce_zdr: zdr,
    enable_paid_model_training: policy.paidTraining,
    enable_free_model_training: policy.freeTraining,
    enable_free_model_publication: policy.freePublication,
  };
}

const listOrNull = (set: ReadonlySet<string> | null): readonly string[] | null =>
  set === null ? null : [...set];

/** Every rule that an endpoint breaks, with the guardrail that it stands in. */
export function rulesAgainst(policy: Policy, model: Model, endpoint: Endpoint): readonly JsonObject[] {
  return brokenRules(policy, model, endpoint).map(({ layer, field }) => ({
    ...{ scope: layer.scope, guardrail_id: layer.guardrailId, name: layer.name, rule: field },
  }));
}

/** Of a router's models, those that guardrails leave no endpoint of. */
export function leftOutOf({ models }: Router, policy: Policy | null): readonly string[] {
  if (policy === null) return [];
  return models.filter((model) => !isModelAllowed(policy, model)).map(({ id }) => id);
}
