/** What a router offers one request: its needs, the caller's restrictions, and the model that the conversation had before. */
import type { Router } from '../catalogue/routers.ts';
import type { TurnpikeError } from '../errors.ts';
import { isJsonObject } from '../json.ts';
import { tokensOf } from '../metering/estimate.ts';
import { type Choice, type ChoiceRequest, choose } from '../routing/choose.ts';
import { mayServe, type PlannedModel, type PlanRequest, plan } from '../routing/plan.ts';
import { policyRefusal } from '../routing/policy-refusal.ts';
import type { RouterSettings } from '../routing/router-settings.ts';
import type { Conversation } from '../routing/sticky.ts';
import type { Asker } from './admission.ts';
import { mayAsk } from './allowed-models.ts';
import { planRequestOf } from './plan-request.ts';
import type { Job, StepServices } from './steps.ts';

export interface Routed {
  readonly router: Router;
  readonly planned: readonly PlannedModel[];
  readonly choice: Choice;
  /** Why guardrails leave nothing of what would be chosen without them; null: they do not. */
  readonly refusal: TurnpikeError | null;
}

export function routed(
  services: Pick<StepServices, 'clock' | 'health' | 'sticky'>,
  job: Job<never>,
  router: Router,
  variant: string | null,
  conversation: () => Conversation | null,
  asker: Asker,
): Routed {
  const nowMs = services.clock.nowMs();
  const { request } = job;
  const onlyFree = router.kind === 'free';
  const plannedOf = (model: PlannedModel['model']): PlannedModel => ({
    model,
    variant,
    ...(onlyFree ? { onlyFree } : {}),
    ...(onlyFree || (router.kind === 'pareto' && variant !== null) ? { pool: router } : {}),
  });
  const asked = planRequestOf(services, job, router.models.map(plannedOf), conversation, nowMs, asker);
  const settings = request.routerSettings?.findLast(({ pluginId }) => pluginId === router.pluginId) ?? null;
  const wanted: ChoiceRequest = {
    router,
    settings,
    needs: {
      parameters: request.usedParameters,
      mediaKinds: request.mediaKinds,
      // Of pictures and files nobody can tell by their bytes.
      promptTokens: request.mediaKinds.length > 0 ? 0 : tokensOf(request.bodyBytes),
      maxTokens: request.size.maxTokens,
    },
    mayServe: (model, endpoint) => mayAsk(asker, model) && mayServe(plannedOf(model), endpoint, asked),
    lastModelId: lastModelOf(services, job, router, settings, conversation, nowMs),
  };
  const choice = choose(wanted);
  const planned = choice.models.map(plannedOf);
  return { router, choice, planned, refusal: planned.length > 0 ? null : barredBy(asked, wanted) };
}

/** What the router would have offered, had there been no guardrails. */
function barredBy(asked: PlanRequest, wanted: ChoiceRequest): TurnpikeError | null {
  const { policy = null } = asked;
  if (policy === null) return null;
  const free = { ...asked, policy: null };
  const plannedOf = (model: PlannedModel['model']) => asked.models.find((one) => one.model === model);
  const { models } = choose({
    ...wanted,
    mayServe: (model, endpoint) => mayServe(plannedOf(model) ?? { model, variant: null }, endpoint, free),
  });
  const offered = asked.models.filter(({ model }) => models.includes(model));
  return policyRefusal(policy, plan({ ...asked, models: offered }).excluded);
}

function lastModelOf(
  { sticky }: Pick<StepServices, 'sticky'>,
  job: Job<never>,
  router: Router,
  settings: RouterSettings | null,
  conversation: () => Conversation | null,
  nowMs: number,
): string | null {
  const pinned = settings?.pinModel === true ? job.lastModel?.() : null;
  if ((pinned ?? null) !== null) return pinned ?? null;
  const turnOf = conversation();
  return turnOf === null ? null : sticky.modelOf(turnOf, router.slug, nowMs);
}

/** The `model` of the latest assistant's message that has one, as clients of the auto router send it back; null: none has. */
export function lastModelIn(messages: unknown): string | null {
  if (!Array.isArray(messages)) return null;
  const last = messages.findLast(
    (message) =>
      isJsonObject(message) && message['role'] === 'assistant' && typeof message['model'] === 'string',
  );
  return last?.model ?? null;
}
