/** Who may serve a request, and why nobody may: asked of the plan before it is sent, and by `explain` alike. */
import type { Model } from '../catalogue/model.ts';
import type { TurnpikeError } from '../errors.ts';
import { tokensOf } from '../metering/estimate.ts';
import type { Policy } from '../policy/policy.ts';
import { pinOf, pinRefusal } from '../routing/pin.ts';
import {
  type Candidate,
  noEndpoints,
  type Plan,
  type PlannedModel,
  type PlanRequest,
  plan,
} from '../routing/plan.ts';
import { policyRefusal } from '../routing/policy-refusal.ts';
import type { Conversation } from '../routing/sticky.ts';
import type { Asker } from './admission.ts';
import { loginRefusal } from './own-login.ts';
import type { Job, StepServices } from './steps.ts';

/** Who may serve with another model than was asked for, by the same preferences. */
export function insteadOf(
  services: Pick<StepServices, 'health' | 'sticky'>,
  job: Job<never>,
  model: Model,
  conversation: () => Conversation | null,
  nowMs: number,
  asker: Asker,
): readonly Candidate[] {
  return plan(planRequestOf(services, job, [{ model, variant: null }], conversation, nowMs, asker))
    .candidates;
}

/** What the plan is made of; `explain` asks with the same. `conversation`: looked up only where endpoints are to choose among. */
export function planRequestOf(
  { health, sticky }: Pick<StepServices, 'health' | 'sticky'>,
  job: Job<never>,
  models: readonly PlannedModel[],
  conversation: () => Conversation | null,
  nowMs: number,
  { login, own = null, policy = null }: Asker = {},
): PlanRequest {
  const { preferences, tierWish = null, usedParameters, mediaKinds, size } = job.request;
  return {
    ...{ models, preferences, tierWish, usedParameters, mediaKinds, health, nowMs },
    ...{ own, policy },
    pinnedTo: pinOfJob(job, models),
    maxTokens: size.maxTokens,
    promptTokens: mediaKinds.length > 0 ? 0 : tokensOf(job.promptBytes),
    honours: (endpoint) => job.honours(endpoint),
    refusalOf: (endpoint) =>
      login === undefined ? job.refusalOf(endpoint) : (loginRefusal(endpoint) ?? job.refusalOf(endpoint)),
    stickyTag: (model) => {
      const turnOf = conversation();
      return turnOf === null ? null : sticky.tagOf(turnOf, model.id, nowMs);
    },
    random: Math.random,
  };
}

function pinOfJob({ origins }: Job<never>, models: readonly PlannedModel[]): string | null {
  if (origins.length === 0) return null;
  return pinOf(
    models.map(({ model }) => model),
    origins,
  );
}

/** Why no endpoint may serve, in words for the caller. */
export function nobodyLeft(
  job: Job<never>,
  planned: readonly PlannedModel[],
  { refusal, excluded }: Plan,
  policy: Policy | null,
  docsUrl: string,
): TurnpikeError {
  const forbidden = refusal ?? policyRefusal(policy, excluded);
  if (forbidden !== null) return forbidden;
  const pin = pinOfJob(job, planned);
  if (pin !== null) return pinRefusal(pin, new Set(excluded.map(({ reason }) => reason)));
  return noEndpoints(
    planned.map(({ model }) => model),
    excluded,
    docsUrl,
  );
}
