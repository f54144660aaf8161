/** Which endpoints may serve a request, and in which order they are tried. */
import type { Endpoint, Model } from '../catalogue/model.ts';
import { isFreeEndpoint } from '../catalogue/routers.ts';
import type { ServiceTier } from '../catalogue/service-tiers.ts';
import { type MediaKind, unreadableKind } from '../chat/media.ts';
import { TurnpikeError } from '../errors.ts';
import type { Policy } from '../policy/policy.ts';
import { type AvailabilityCode, availability } from './availability.ts';
import type { Credential, OwnCredentials } from './credential.ts';
import type { EndpointHealth } from './health.ts';
import { inOrder, roomyFirst } from './order.ts';
import { leadingWay, maySee, ownFor, withOwnKeys } from './own-first.ts';
import { PINNED } from './pin.ts';
import { demandsZdr, exclusionByPolicy, withoutZdr } from './policy-verdict.ts';
import {
  exclusionOf,
  matchesSlug,
  NO_PREFERENCES,
  type ProviderPreferences,
  type SortBy,
} from './preferences.ts';
import { isTierAdmitted, NOT_ASKED_TIER, optedTier, type TierWish, variantSort } from './tiers.ts';

export interface Candidate {
  readonly model: Model;
  readonly endpoint: Endpoint;
  /** Absent: the only one that the operator has with its provider. */
  readonly credential?: Credential;
}

export interface PlannedModel {
  readonly model: Model;
  /** The suffixes that say how to route, joined by a colon (`nitro`, `floor`, `exacto`); null: none. */
  readonly variant: string | null;
  /** Those beside it with the same one are offered alike: their endpoints are ranked together. */
  readonly pool?: object;
  /** Its endpoints may serve that cost nothing, and no other. */
  readonly onlyFree?: boolean;
}

export interface PlanRequest {
  /** In the caller's order: `model`, then `models`. */
  readonly models: readonly PlannedModel[];
  readonly preferences: ProviderPreferences;
  readonly usedParameters: readonly string[];
  /** Null, and unless told: none. */
  readonly tierWish?: TierWish | null;
  /** In the prompt, beside text. */
  readonly mediaKinds: readonly MediaKind[];
  /** The most that the answer may be long; null: the caller does not say. */
  readonly maxTokens: number | null;
  /** About how long the prompt is; unless told, no length keeps anybody back. */
  readonly promptTokens?: number;
  /** Whether an endpoint can be told all that the request asks for; where it cannot, `require_parameters` leaves it out. */
  readonly honours: (endpoint: Endpoint) => boolean;
  /** Why an endpoint's provider cannot be told what the request says; null: it can. */
  readonly refusalOf: (endpoint: Endpoint) => TurnpikeError | null;
  /** The slug of the one provider that may serve; null, and unless told: any may. */
  readonly pinnedTo?: string | null;
  /** The tag of the endpoint that has the conversation's beginning in its cache; null: none is known. */
  readonly stickyTag: (model: Model) => string | null;
  /** What guardrails make of the caller's key; null, and unless told: none binds it. */
  readonly policy?: Policy | null;
  /** Keys that the caller brought; null, and unless told: none. */
  readonly own?: OwnCredentials | null;
  readonly health: EndpointHealth;
  readonly nowMs: number;
  /** In [0, 1). */
  readonly random: () => number;
}

/** An endpoint that may not serve the request. */
export interface Exclusion extends Candidate {
  /** OpenRouter's word in `excluded_by`, or `refusal`: its provider cannot be told what the request says. */
  readonly reason: string;
}

export interface Plan {
  readonly candidates: readonly Candidate[];
  readonly excluded: readonly Exclusion[];
  /** Of the first endpoint whose provider cannot be told what the request says. */
  readonly refusal: TurnpikeError | null;
}

/** Models in the caller's order, each with its eligible endpoints in the order of preference; or, where it asks so, all together. */
export function plan(request: PlanRequest): Plan {
  const { preferences } = request;
  const excluded: Exclusion[] = [];
  const candidates: Candidate[] = [];
  const across: Candidate[] = [];
  const barred = new Set<Candidate>();
  let refusal: TurnpikeError | null = null;
  let pooled: Candidate[] = [];
  for (const [at, planned] of request.models.entries()) {
    const { model, variant, pool } = planned;
    const eligible: Candidate[] = [];
    const opted = optedTier(request.tierWish ?? null, variant, preferences);
    for (const endpoint of model.endpoints) {
      const candidate = { model, endpoint };
      const reason = reasonAgainst(candidate, planned, request, opted);
      if (reason !== null && mayBeOwn(candidate, planned, reason, request, opted)) barred.add(candidate);
      else if (reason !== null) {
        excluded.push({ model, endpoint, reason });
        continue;
      }
      const refused = request.refusalOf(endpoint);
      if (refused === null) eligible.push(candidate);
      else excluded.push({ model, endpoint, reason: 'refusal' });
      refusal ??= refused;
    }
    const able = eligible.length > 1 ? ableFirst(eligible, request) : eligible;
    if (preferences.acrossModels && request.models.length > 1) across.push(...able);
    else if (pool === undefined)
      candidates.push(...withOwn(tried(able, variant, request), barred, request, excluded));
    else {
      pooled.push(...able);
      if (request.models[at + 1]?.pool === pool) continue;
      candidates.push(...withOwn(tried(pooled, variant, request), barred, request, excluded));
      pooled = [];
    }
  }
  if (across.length > 0) {
    const ranked = tried(across, request.models[0]?.variant ?? null, request);
    candidates.push(...withOwn(ranked, barred, request, excluded));
  }
  return { candidates, excluded, refusal };
}

/** What the operator may not serve, a key of the caller's own may: where its owner says so, and where the operator has none at all. */
function mayBeOwn(
  { model, endpoint }: Candidate,
  planned: PlannedModel,
  reason: string,
  request: PlanRequest,
  opted: ServiceTier | null,
): boolean {
  const { own, preferences } = request;
  if (own == null || (reason !== ZDR && reason !== OWN_KEYS_ONLY)) return false;
  const wantsZdr = wantsZdrOf(request, model);
  if (!ownFor(own, model, endpoint).some((key) => maySee(key, wantsZdr, endpoint))) return false;
  // Nothing else may be in its way.
  const policy = request.policy == null ? null : withoutZdr(request.policy);
  const otherwise = { ...request, policy, preferences: { ...preferences, zeroDataRetention: false } };
  const left = reasonAgainst({ model, endpoint }, planned, otherwise, opted);
  return left === null || left === OWN_KEYS_ONLY;
}

/** Whether the request may be seen by nobody who keeps it: the request or a guardrail may ask for that. */
function wantsZdrOf({ preferences, policy }: PlanRequest, model: Model): boolean {
  return preferences.zeroDataRetention || (policy != null && demandsZdr(policy, model));
}

function withOwn(
  ordered: readonly Candidate[],
  barred: ReadonlySet<Candidate>,
  request: PlanRequest,
  excluded: Exclusion[],
): readonly Candidate[] {
  const { own, preferences } = request;
  if (own == null) return ordered;
  const all = withOwnKeys(ordered, {
    ...{ own, barred },
    wantsZdr: (model) => wantsZdrOf(request, model),
  });
  for (const { model, endpoint } of ordered)
    if (!all.some((candidate) => candidate.endpoint === endpoint && candidate.model === model))
      excluded.push({ model, endpoint, reason: OWN_KEYS_ONLY });
  const isFixed = !preferences.allowFallbacks && preferences.order.length === 0;
  if (!isFixed || all.length < 2) return all;
  const leading = leadingWay(ordered, barred, all);
  return all.filter((candidate) => candidate === leading);
}

/** Its provider's data policy does not let it see the request. */
const ZDR = 'data_policy:zdr';
/** Nothing that the operator has with its provider may serve. */
export const OWN_KEYS_ONLY = 'byok';

function reasonAgainst(
  { model, endpoint }: Candidate,
  { onlyFree }: PlannedModel,
  request: PlanRequest,
  opted: ServiceTier | null,
): string | null {
  const { preferences, usedParameters, honours, pinnedTo = null } = request;
  if (pinnedTo !== null && endpoint.provider.slug !== pinnedTo) return PINNED;
  const own = endpoint.provider.ownKeysOnly === true ? OWN_KEYS_ONLY : null;
  if (request.mediaKinds.length > 0 && model.inputsAreKnown) {
    const kind = unreadableKind(request.mediaKinds, model.inputModalities);
    if (kind !== null) return UNREADABLE[kind];
  }
  if (preferences !== NO_PREFERENCES) {
    if (preferences.distillable && !model.distillable) return 'distillable_text';
    const exclusion = exclusionOf(endpoint, preferences, usedParameters, opted);
    if (exclusion !== null) return exclusion;
    if (preferences.requireParameters && !honours(endpoint)) return 'require_parameters';
  }
  if (onlyFree === true && !isFreeEndpoint(endpoint)) return 'max_price';
  if (!isTierAdmitted(endpoint, opted, preferences)) return NOT_ASKED_TIER;
  const { policy } = request;
  // Last, so that what is left out by it would have served without it.
  const barred = policy == null ? null : exclusionByPolicy(policy, model, endpoint);
  return barred ?? own;
}

/** Whether a plan of the request would have this endpoint of a model that is planned so. */
export function mayServe(planned: PlannedModel, endpoint: Endpoint, request: PlanRequest): boolean {
  const opted = optedTier(request.tierWish ?? null, planned.variant, request.preferences);
  const candidate = { model: planned.model, endpoint };
  return reasonAgainst(candidate, planned, request, opted) === null && request.refusalOf(endpoint) === null;
}

function tried(
  eligible: readonly Candidate[],
  variant: string | null,
  request: PlanRequest,
): readonly Candidate[] {
  const { preferences, tierWish = null } = request;
  const opted = optedTier(tierWish, variant, preferences);
  if (eligible.length < 2) return withoutFallbacks(eligible, request, opted);
  if (tierWish === 'flex') {
    const flex = eligible.filter(({ endpoint }) => endpoint.serviceTier === tierWish);
    // The usual tier costs more than what was asked for, and serves in its place only where there is none of it.
    if (flex.length > 0 && flex.length < eligible.length) return tried(flex, variant, request);
  }
  const ordered = inOrder(eligible, {
    ...request,
    opted,
    defaultSort: variantSort(variant) ?? sortOfTier(tierWish, eligible),
  });
  return withoutFallbacks(
    roomFirst(tierFirst(stickyFirst(ordered, request), request), request),
    request,
    opted,
  );
}

/** Who has no room for the prompt and its answer refuses it; an order of the caller's own is kept to all the same. */
function roomFirst(
  ordered: readonly Candidate[],
  { preferences, promptTokens = 0, maxTokens }: PlanRequest,
): readonly Candidate[] {
  if (preferences.order.length > 0) return ordered;
  return roomyFirst(ordered, promptTokens + (maxTokens ?? 0));
}

/** A tier is asked for its speed, or for its price. */
function sortOfTier(wish: TierWish | null, eligible: readonly Candidate[]): SortBy | null {
  if (wish === null || wish === 'default') return null;
  if (wish !== 'flex') return 'throughput';
  return eligible.some(({ endpoint }) => endpoint.serviceTier === wish) ? 'price' : null;
}

/** The tier that was asked for, before the usual one; an order of the caller's own is kept to. */
function tierFirst(
  ordered: readonly Candidate[],
  { preferences, tierWish = null }: PlanRequest,
): readonly Candidate[] {
  if (tierWish === null || tierWish === 'default' || preferences.order.length > 0) return ordered;
  const isAsked = ({ endpoint }: Candidate) => endpoint.serviceTier === tierWish;
  return [...ordered.filter(isAsked), ...ordered.filter((candidate) => !isAsked(candidate))];
}

function withoutFallbacks(
  ordered: readonly Candidate[],
  { preferences: { allowFallbacks, order }, own = null }: PlanRequest,
  opted: ServiceTier | null,
): readonly Candidate[] {
  if (allowFallbacks) return ordered;
  // Which of them leads is known when own keys have found their places.
  if (order.length === 0) return own === null ? ordered.slice(0, 1) : ordered;
  return ordered.filter(({ endpoint }) => order.some((slug) => matchesSlug(endpoint, slug, opted)));
}

/** Those whose absence changes what an answer is, so that an endpoint which takes them is the better one. */
const WEIGHTY_PARAMETERS = ['tools', 'response_format', 'verbosity'];

/**
 * Where some endpoints of a model take what the request uses, or give an answer as long as it may be, the others are left out; where
 * none does, all stay. An endpoint of which nothing is known may.
 */
function ableFirst(
  eligible: readonly Candidate[],
  { usedParameters, maxTokens }: PlanRequest,
): readonly Candidate[] {
  let able = eligible;
  const keep = (isAble: (endpoint: Endpoint) => boolean) => {
    const left = able.filter(({ endpoint }) => isAble(endpoint));
    if (left.length > 0) able = left;
  };
  for (const parameter of WEIGHTY_PARAMETERS)
    if (usedParameters.includes(parameter))
      keep(({ supportedParameters: taken }) => taken.length === 0 || taken.includes(parameter));
  if (maxTokens !== null)
    keep(({ maxCompletionTokens }) => maxCompletionTokens === null || maxCompletionTokens >= maxTokens);
  return able;
}

/** An order of the caller's own is kept to; an endpoint that is out of order has to show first that it is back. */
function stickyFirst(ordered: readonly Candidate[], request: PlanRequest): readonly Candidate[] {
  const { preferences, health, nowMs, stickyTag } = request;
  const first = ordered[0];
  if (first === undefined || preferences.order.length > 0 || preferences.sort !== null) return ordered;
  const tag = stickyTag(first.model);
  if (tag === null || first.endpoint.tag === tag) return ordered;
  const sticky = ordered.find(({ model, endpoint }) => model === first.model && endpoint.tag === tag);
  if (sticky === undefined || health.isUnstable(sticky, nowMs)) return ordered;
  return [sticky, ...ordered.filter((candidate) => candidate !== sticky)];
}

/** 404 in OpenRouter's words, naming who does serve the model. `docsUrl`: of the page that explains the codes. */
export function noEndpoints(
  models: readonly Model[],
  excluded: readonly Pick<Exclusion, 'reason'>[],
  docsUrl: string,
): TurnpikeError {
  const excludedBy = new Set(excluded.map(({ reason }) => reason));
  const serving = new Set(
    models.flatMap((model) => model.endpoints.map((endpoint) => endpoint.provider.slug)),
  );
  // Clients look for these words, send the conversation again without its pictures or sounds, and go on.
  const unread = [...excludedBy].find((word) => word in UNREADABLE_WORDS);
  const message =
    unread !== undefined
      ? `No endpoints found that support ${UNREADABLE_WORDS[unread]}`
      : 'No allowed providers are available for the selected model. ' +
        `Providers that serve it: ${[...serving].join(', ') || 'none'}.`;
  return new TurnpikeError('no_endpoints', {
    message,
    extra: {
      availability: availability(codeOf(excludedBy), {
        requestedModels: models.map((model) => model.id),
        docsUrl,
        excludedBy,
        ...(excludedBy.size === 0 ? {} : { constraint: constraintOf(excludedBy) }),
      }),
    },
  });
}

function codeOf(excludedBy: ReadonlySet<string>): AvailabilityCode {
  if (excludedBy.size === 0) return 'no_endpoints';
  return [...excludedBy].some(isPrivacy) ? 'privacy_restricted' : 'constraint_filtered';
}

function isPrivacy(word: string): boolean {
  return word.startsWith('data_policy');
}

/** The first thing to change. */
function constraintOf(excludedBy: ReadonlySet<string>): { field: string; detail: string } {
  const [word = ''] = excludedBy;
  return { field: FIELDS[word] ?? `provider.${word}`, detail: `No endpoint is left by ${word}` };
}

/** The request has content of such a kind, and the model is known to take none. */
const UNREADABLE: Readonly<Record<MediaKind, string>> = {
  image: 'input_modality:image',
  audio: 'input_modality:audio',
  video: 'input_modality:video',
  file: 'input_modality:file',
};

/** As OpenRouter names each. */
const UNREADABLE_WORDS: Readonly<Record<string, string>> = {
  [UNREADABLE.image]: 'image input',
  [UNREADABLE.audio]: 'input audio',
  [UNREADABLE.video]: 'input video',
  [UNREADABLE.file]: 'file input',
};

const FIELDS: Readonly<Record<string, string>> = {
  [ZDR]: 'provider.zdr',
  'data_policy:training': 'provider.data_collection',
  allowed_providers: 'provider.only',
  quantization: 'provider.quantizations',
  distillable_text: 'provider.enforce_distillable_text',
  ...Object.fromEntries(Object.values(UNREADABLE).map((word) => [word, 'messages'])),
};
