/** What callers are told where guardrails leave nobody to serve a request. */
import type { Endpoint, Model } from '../catalogue/model.ts';
import { TurnpikeError } from '../errors.ts';
import { isRegionAllowed, type Policy, type Region } from '../policy/policy.ts';
import { noEndpoints } from './plan.ts';
import { type BrokenRule, brokenRules, exclusionByPolicy } from './policy-verdict.ts';

const isByList = (reason: string): boolean => reason.startsWith('guardrail:');

/** 403 where a list of a guardrail removed an endpoint that would have served otherwise; null: the request, or a data policy, did. */
export function policyRefusal(
  policy: Policy | null,
  excluded: readonly { readonly model: Model; readonly endpoint: Endpoint; readonly reason: string }[],
): TurnpikeError | null {
  const removed = excluded.filter(({ reason }) => isByList(reason));
  if (policy === null || removed.length === 0) return null;
  const broken = removed.flatMap(({ model, endpoint }) => brokenRules(policy, model, endpoint));
  const fields = [...new Set(broken.map(({ field }) => field))];
  const ids = [...new Set(removed.map(({ model }) => model.id))];
  return new TurnpikeError('model_not_allowed', {
    message: `${named(ids)} may not be used here: ${named(sentences(broken))}`,
    metadata: {
      excluded_by: fields,
      guardrail_ids: [...new Set(broken.map(({ layer }) => layer.guardrailId))],
    },
  });
}

/** Throws as a request for the model would, where guardrails leave nobody to serve it. */
export function mustMayServe(policy: Policy, region: Region, model: Model, docsUrl: string): void {
  mustComeThrough(policy, region);
  const excluded = model.endpoints.flatMap((endpoint) => {
    const reason = exclusionByPolicy(policy, model, endpoint);
    return reason === null ? [] : [{ model, endpoint, reason }];
  });
  if (excluded.length < model.endpoints.length) return;
  throw policyRefusal(policy, excluded) ?? noEndpoints([model], excluded, docsUrl);
}

const SHOWN = 3;

function named(names: readonly string[]): string {
  const more = names.length - SHOWN;
  return `${names.slice(0, SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function sentences(broken: readonly BrokenRule[]): readonly string[] {
  return [...new Set(broken.map(({ layer, field }) => `${field} of the guardrail "${layer.name}"`))];
}

/** Throws 403 where no layer lets requests come through this host. */
export function mustComeThrough(policy: Policy, region: Region): void {
  if (isRegionAllowed(policy, region)) return;
  const layers = policy.layers.filter(({ rules }) => rules.regions?.includes(region) === false);
  throw new TurnpikeError('region_not_allowed', {
    message: `Requests with this key may not come through the region ${region}`,
    metadata: {
      excluded_by: ['allowed_data_regions'],
      guardrail_ids: layers.map(({ guardrailId }) => guardrailId),
    },
  });
}
