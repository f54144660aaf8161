/** What would become of a chat request: who may serve it, in which order, and why not the others. Nothing is sent, held or recorded. */
import type { Dialect, InferenceRequest } from '../dialects/dialect.ts';
import { TurnpikeError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { pricingJson } from '../pricing/json.ts';
import { type Candidate, type Exclusion, noEndpoints, type PlanRequest, plan } from '../routing/plan.ts';
import { type CompleteServices, chatJob } from './complete.ts';
import { resolveModels } from './resolve.ts';
import { once, planRequestOf, type Turn, timeoutsOf } from './steps.ts';

export type Explain = (request: InferenceRequest, dialect: Dialect, turn: Turn) => Promise<JsonObject>;

/** How exactly a chance is worked out. */
const DRAWS = 1000;

/** Resolves also where the request would be refused: then `error` says so, as the answer of the request would. */
export function createExplain(services: CompleteServices): Explain {
  const { catalogue, clock, health, availabilityDocsUrl } = services;
  const timeouts = timeoutsOf(services.config);

  function endpointOf({ candidate, firsts }: Drawn, { stickyTag, nowMs }: PlanRequest): JsonObject {
    const { model, endpoint, credential } = candidate;
    return {
      ...namesOf(candidate),
      // Of a key that the caller brought: its id.
      byok_id: credential?.kind === 'byok' ? credential.id : null,
      chance: firsts / DRAWS,
      sticky: model.endpoints.length > 1 && stickyTag(model) === endpoint.tag,
      standing: health.standingOf(candidate, nowMs),
      pricing: pricingJson(endpoint.pricing, nowMs),
      ...health.figuresOf(candidate, nowMs),
    };
  }

  return async (request, dialect, turn) => {
    const nowMs = clock.nowMs();
    try {
      const job = chatJob(services, request, { dialect }, timeouts, []);
      const { models, router } = await resolveModels(
        catalogue(),
        request.modelIds,
        availabilityDocsUrl,
        job.kind,
      );
      const conversation = once(() => job.conversation(turn));
      const asked = planRequestOf(services, job, models, conversation, nowMs, {
        own: services.ownKeysOf(turn.principal),
      });
      const planned = plan(asked);
      const error =
        planned.candidates.length > 0
          ? null
          : (planned.refusal ??
            noEndpoints(
              models.map(({ model }) => model),
              planned.excluded,
              availabilityDocsUrl,
            ));
      return {
        router,
        endpoints: drawn(asked).map((one) => endpointOf(one, asked)),
        excluded: planned.excluded.map((exclusion) => exclusionOf(exclusion, planned.refusal)),
        error: error === null ? null : errorOf(error, dialect),
      };
    } catch (thrown) {
      if (!(thrown instanceof TurnpikeError)) throw thrown;
      return { router: null, endpoints: [], excluded: [], error: errorOf(thrown, dialect) };
    }
  };
}

interface Drawn {
  readonly candidate: Candidate;
  /** In how many of all draws it comes first. */
  firsts: number;
}

/** In the order of the draw that puts the cheapest first; then those that other draws put first, where one alone is tried. */
function drawn(asked: PlanRequest): Drawn[] {
  const found: Drawn[] = plan({ ...asked, random: () => 0 }).candidates.map((candidate) => ({
    candidate,
    firsts: 0,
  }));
  for (let draw = 0; draw < DRAWS; draw += 1) {
    const [first] = plan({ ...asked, random: () => (draw + 0.5) / DRAWS }).candidates;
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

function exclusionOf(exclusion: Exclusion, refusal: TurnpikeError | null): JsonObject {
  const { reason } = exclusion;
  const detail = reason === 'refusal' && refusal !== null ? { message: refusal.message } : {};
  return { ...namesOf(exclusion), reason, ...detail };
}

function namesOf({ model, endpoint }: Candidate): JsonObject {
  const { slug, name } = endpoint.provider;
  return { model: model.id, provider: slug, provider_name: name, tag: endpoint.tag };
}

function errorOf(error: TurnpikeError, dialect: Dialect): JsonObject {
  return { status: dialect.errorStatus?.(error) ?? error.status, ...dialect.errorBody(error, '') };
}
