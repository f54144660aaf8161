/** What would become of a chat request: who may serve it, in which order, and why not the others. Nothing is sent, held or recorded. */
import type { Dialect, InferenceRequest } from '../dialects/dialect.ts';
import { TurnpikeError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { Policy } from '../policy/policy.ts';
import { pricingJson } from '../pricing/json.ts';
import {
  type Candidate,
  type Exclusion,
  type PlannedModel,
  type PlanRequest,
  plan,
} from '../routing/plan.ts';
import { mustComeThrough } from '../routing/policy-refusal.ts';
import type { Conversation } from '../routing/sticky.ts';
import { allowedAmong } from './allowed-models.ts';
import { type CompleteServices, chatJob } from './complete.ts';
import { onExhaustJson } from './downgrades.ts';
import { type Paid, paidFor } from './explain-money.ts';
import { leftOutOf, policyJson, rulesAgainst } from './explain-policy.ts';
import { nobodyLeft, planRequestOf } from './plan-request.ts';
import { type Resolved, resolveModels } from './resolve.ts';
import { type Routed, routed } from './routed.ts';
import { once, type Turn, timeoutsOf } from './steps.ts';

export type Explain = (request: InferenceRequest, dialect: Dialect, turn: Turn) => Promise<JsonObject>;

/** How exactly a chance is worked out. */
const DRAWS = 1000;

/** Resolves also where the request would be refused: then `error` says so, as the answer of the request would. */
export function createExplain(services: CompleteServices): Explain {
  const { catalogue, clock, health, availabilityDocsUrl } = services;
  const timeouts = timeoutsOf(services.config);

  function endpointOf(
    { candidate, firsts }: Drawn,
    { stickyTag, nowMs }: PlanRequest,
    routers: Resolved['routers'],
  ): JsonObject {
    const { model, endpoint, credential } = candidate;
    return {
      ...namesOf(candidate),
      // Of a key that the caller brought: its id.
      byok_id: credential?.kind === 'byok' ? credential.id : null,
      router: routers?.get(model) ?? null,
      service_tier: endpoint.serviceTier ?? null,
      chance: firsts / DRAWS,
      sticky: model.endpoints.length > 1 && stickyTag(model) === endpoint.tag,
      standing: health.standingOf(candidate, nowMs),
      pricing: pricingJson(endpoint.pricing, nowMs),
      ...health.figuresOf(candidate, nowMs),
    };
  }

  return async (request, dialect, turn) => {
    const nowMs = clock.nowMs();
    const policy = turn.principal.policy ?? null;
    const { dataRegion } = services.config;
    const bound = {
      policy: policyJson(policy, dataRegion),
      on_exhaust: onExhaustJson(services.config.budgets, turn.principal),
    };
    try {
      const job = chatJob(services, request, { dialect }, timeouts, []);
      const conversation = once(() => job.conversation(turn));
      if (policy !== null) mustComeThrough(policy, dataRegion);
      const { allowedModels, onExhaust } = turn.principal;
      const asker = { own: services.ownKeysOf(turn.principal), policy, allowedModels, onExhaust };
      const {
        models: named,
        router,
        routers,
        choices,
      } = await resolveModels(
        catalogue(),
        request.modelIds,
        availabilityDocsUrl,
        job.kind,
        (asked, variant) => routed(services, job, asked, variant, conversation, asker),
      );
      const models = allowedAmong(turn.principal, named);
      const asked = planRequestOf(services, job, models, conversation, nowMs, asker);
      const planned = plan(asked);
      const wallet = await services.wallets.walletFor(turn.principal, turn.attribution.tags);
      const paid = await paidFor(services, {
        ...{ job, models, wallet, conversation, nowMs, asker },
        mayServe: planned.candidates,
      });
      const error =
        planned.candidates.length > 0
          ? paid.error
          : nobodyLeft(job, models, planned, policy, availabilityDocsUrl);
      return {
        ...bound,
        router,
        choices: (choices ?? []).map((choice) => choiceJson(choice, policy)),
        service_tier: asked.tierWish ?? null,
        conversation: stickinessOf(services, conversation(), models, choices, nowMs),
        downgraded_from: paid.downgraded?.from.id ?? null,
        endpoints: drawn(asked, paid).map((one) => endpointOf(one, asked, routers)),
        excluded: planned.excluded.map((exclusion) => exclusionOf(exclusion, planned.refusal, policy)),
        error: error === null ? null : errorOf(error, dialect),
      };
    } catch (thrown) {
      if (!(thrown instanceof TurnpikeError)) throw thrown;
      return { ...NOTHING, ...bound, error: errorOf(thrown, dialect) };
    }
  };
}

const NOTHING: JsonObject = {
  ...{ router: null, choices: [], service_tier: null, conversation: null, downgraded_from: null },
  ...{ endpoints: [], excluded: [] },
};

/** Which of a router's models the request gets, in which order, and what decided. */
function choiceJson({ router, choice }: Routed, policy: Policy | null): JsonObject {
  return {
    router: router.slug,
    models: choice.models.map(({ id }) => id),
    rule: choice.rule,
    kept_from_last_turn: choice.keptModel,
    left_out_by_guardrails: leftOutOf(router, policy),
  };
}

/** By what the conversation is known, and where its turn before was answered; null: it is none. */
function stickinessOf(
  { sticky }: CompleteServices,
  conversation: Conversation | null,
  models: readonly PlannedModel[],
  choices: readonly Routed[] | null,
  nowMs: number,
): JsonObject | null {
  if (conversation === null) return null;
  const known = models.flatMap(({ model }) => {
    const tag = sticky.tagOf(conversation, model.id, nowMs);
    return tag === null ? [] : [{ model: model.id, tag }];
  });
  return {
    known_by: conversation.isNamed ? 'session' : conversation.knownBy,
    endpoints: known,
    models: (choices ?? []).flatMap(({ router }) => sticky.modelOf(conversation, router.slug, nowMs) ?? []),
  };
}

interface Drawn {
  readonly candidate: Candidate;
  /** In how many of all draws it comes first. */
  firsts: number;
}

/** In the order of the draw that puts the cheapest first; then those that other draws put first, where one alone is tried. */
function drawn(planned: PlanRequest, { downgraded, candidates: paidFor }: Paid): Drawn[] {
  const models = downgraded === null ? planned.models : [{ model: downgraded.to, variant: null }];
  const asked = { ...planned, models };
  const isPaidFor = (candidate: Candidate) =>
    paidFor === null || paidFor.some((other) => isSame(candidate, other));
  let isDrawn = false;
  const cheapestFirst = () => {
    isDrawn = true;
    return 0;
  };
  const found: Drawn[] = plan({ ...asked, random: cheapestFirst })
    .candidates.filter(isPaidFor)
    .map((candidate) => ({ candidate, firsts: 0 }));
  const [only] = found;
  if (!isDrawn && only !== undefined) {
    only.firsts = DRAWS;
    return found;
  }
  for (let draw = 0; draw < DRAWS; draw += 1) {
    const first = plan({ ...asked, random: () => (draw + 0.5) / DRAWS }).candidates.find(isPaidFor);
    if (first === undefined) return [];
    const known = found.find(({ candidate }) => isSame(candidate, first));
    if (known === undefined) found.push({ candidate: first, firsts: 1 });
    else known.firsts += 1;
  }
  return found;
}

function isSame(one: Candidate, other: Candidate): boolean {
  return one.model === other.model && one.endpoint === other.endpoint && one.credential === other.credential;
}

function exclusionOf(exclusion: Exclusion, refusal: TurnpikeError | null, policy: Policy | null): JsonObject {
  const { model, endpoint, reason } = exclusion;
  const detail = reason === 'refusal' && refusal !== null ? { message: refusal.message } : {};
  const guardrails = policy === null ? [] : rulesAgainst(policy, model, endpoint);
  return { ...namesOf(exclusion), reason, ...detail, guardrails };
}

function namesOf({ model, endpoint }: Candidate): JsonObject {
  const { slug, name } = endpoint.provider;
  return { model: model.id, provider: slug, provider_name: name, tag: endpoint.tag };
}

function errorOf(error: TurnpikeError, dialect: Dialect): JsonObject {
  return { status: dialect.errorStatus?.(error) ?? error.status, ...dialect.errorBody(error, '') };
}
