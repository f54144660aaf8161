/** Whether a policy lets an endpoint of a model serve: decided on what a request came to, never on how its caller wrote it. */
import type { Endpoint, Model } from '../catalogue/model.ts';
import { isFreeEndpoint } from '../catalogue/routers.ts';
import { withoutCatalogueSuffix } from '../catalogue/variants.ts';
import { type LayerRules, type Policy, type PolicyLayer, zdrGroupOf } from '../policy/policy.ts';

/** A list of a guardrail leaves it out: 403, where a caller's own preferences and data policies are 404. */
export type ListReason = 'guardrail:models' | 'guardrail:providers';
export type PolicyReason = ListReason | 'data_policy:zdr' | 'data_policy:training';

type Served = Pick<Model, 'canonicalSlug'>;

/** Null: it may serve. A few look-ups, whatever the lists hold. */
export function exclusionByPolicy(policy: Policy, model: Served, endpoint: Endpoint): PolicyReason | null {
  const { canonicalSlug } = model;
  const { allowed, ignored } = policy.models;
  if (allowed !== null && !allowed.has(canonicalSlug)) return 'guardrail:models';
  if (ignored.size > 0 && isIgnored(canonicalSlug, ignored)) return 'guardrail:models';
  const { providers } = policy;
  const { slug, training, retainsPrompts } = endpoint.provider;
  if (providers.ignored.has(slug) || providers.allowed?.has(slug) === false) return 'guardrail:providers';
  if ((training || retainsPrompts) && demandsZdr(policy, model)) return 'data_policy:zdr';
  return training && !mayTrain(policy, endpoint) ? 'data_policy:training' : null;
}

/** Who may not have a model may not have it for nothing either; who may have it has still to be let have its variants. */
function isIgnored(slug: string, ignored: { has(slug: string): boolean }): boolean {
  return ignored.has(slug) || ignored.has(withoutCatalogueSuffix(slug) ?? slug);
}

/** Whether nobody may see a prompt for this model who keeps it. */
export function demandsZdr({ zdr }: Policy, { canonicalSlug }: Served): boolean {
  return zdr[zdrGroupOf(canonicalSlug)];
}

/** What learns from prompts may also publish them, as far as anybody has said. */
function mayTrain(
  policy: Pick<Policy, 'paidTraining' | 'freeTraining' | 'freePublication'>,
  endpoint: Endpoint,
): boolean {
  if (policy.paidTraining && policy.freeTraining && policy.freePublication) return true;
  return isFreeEndpoint(endpoint) ? policy.freeTraining && policy.freePublication : policy.paidTraining;
}

/** Whether any endpoint of the model may serve. */
export function isModelAllowed(policy: Policy, model: Model): boolean {
  return model.endpoints.some((endpoint) => exclusionByPolicy(policy, model, endpoint) === null);
}

/** Of a key's models, those that may serve it; null: all may. */
export function allowedFor({
  policy = null,
}: {
  readonly policy?: Policy | null;
}): ((model: Model) => boolean) | null {
  return policy === null ? null : (model) => isModelAllowed(policy, model);
}

/** The same policy, had no layer asked for zero retention. */
export function withoutZdr(policy: Policy): Policy {
  return { ...policy, zdr: NO_ZDR };
}

const NO_ZDR = { anthropic: false, openai: false, google: false, xai: false, other: false };

/** A rule of a layer that an endpoint does not pass, under the name of the guardrail's field. */
export interface BrokenRule {
  readonly layer: PolicyLayer;
  readonly field: string;
}

/** Every rule that keeps the endpoint from serving. Empty exactly where `exclusionByPolicy` is null. */
export function brokenRules({ layers }: Policy, model: Served, endpoint: Endpoint): readonly BrokenRule[] {
  return layers.flatMap((layer) =>
    brokenFields(layer.rules, model, endpoint).map((field) => ({ layer, field })),
  );
}

function brokenFields(rules: LayerRules, { canonicalSlug }: Served, endpoint: Endpoint): string[] {
  const { slug, training, retainsPrompts } = endpoint.provider;
  const group = zdrGroupOf(canonicalSlug);
  const fields: string[] = [];
  const lacks = (list: readonly string[] | null, item: string) => list !== null && !list.includes(item);
  if (lacks(rules.allowedModels, canonicalSlug)) fields.push('allowed_models');
  if (isIgnored(canonicalSlug, new Set(rules.ignoredModels))) fields.push('ignored_models');
  if (lacks(rules.allowedProviders, slug)) fields.push('allowed_providers');
  if (rules.ignoredProviders?.includes(slug) === true) fields.push('ignored_providers');
  if ((training || retainsPrompts) && rules.zdr[group] === true) fields.push(`enforce_zdr_${group}`);
  if (!training) return fields;
  if (!isFreeEndpoint(endpoint)) {
    if (rules.paidTraining === false) fields.push('enable_paid_model_training');
    return fields;
  }
  if (rules.freeTraining === false) fields.push('enable_free_model_training');
  if (rules.freePublication === false) fields.push('enable_free_model_publication');
  return fields;
}
