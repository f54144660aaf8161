/** Whether guardrails leave anybody to serve a model, for doors that ask no provider. */
import type { Principal } from '../auth/principal.ts';
import type { Model } from '../catalogue/model.ts';
import { mustMayServe } from '../routing/policy-refusal.ts';
import type { StepServices } from './steps.ts';

/** Throws as a request for the model would. */
export type ModelGate = (principal: Principal, model: Model) => void;

export function createModelGate({
  config,
  availabilityDocsUrl,
}: Pick<StepServices, 'config' | 'availabilityDocsUrl'>): ModelGate {
  return ({ policy = null }, model) => {
    if (policy !== null) mustMayServe(policy, config.dataRegion, model, availabilityDocsUrl);
  };
}
