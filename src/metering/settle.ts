/** What is written down of a request: when it is sent, while it streams, and at its end, where tokens become cost. */
import type { Principal } from '../auth/principal.ts';
import type { Endpoint, Model } from '../catalogue/model.ts';
import { pricingServed } from '../catalogue/service-tiers.ts';
import type { FinishReason } from '../chat/event.ts';
import { completionTokensOf, promptTokensOf } from '../chat/usage.ts';
import type { FeeClaim } from '../limits/own-allowance.ts';
import { boundedRequestNanoUsd, type NanoUsd, nanoUsdFromPico } from '../money.ts';
import { type BillableUsage, type Cost, costOf, FREE } from '../pricing/cost.ts';
import type { AttemptRecord } from '../routing/attempt-record.ts';
import type { Flusher } from './flush.ts';
import { boundedName, type GenerationEnd, type GenerationStart, type ScopeRef } from './generation.ts';
import type { SpendLog } from './spend-log.ts';

/** What is known of the caller's app and session, bounded and decoded. */
export interface Attribution {
  readonly referer: string | null;
  readonly title: string | null;
  readonly categories: string | null;
  readonly userAgent: string | null;
  readonly sessionId: string | null;
  /** Of coding agents: which of a session's agents asks, for which other one, and what for. */
  readonly agentId: string | null;
  readonly parentAgentId: string | null;
  readonly agentClass: string | null;
  /** Keyed hash of the request's `user`. */
  readonly endUser: string | null;
  readonly door: DoorName;
  /** As `tagsOf` gives them; null: none. */
  readonly tags: string | null;
}

/** What a request asked for, in the word of its record. */
export type ApiType = 'completions' | 'embeddings';

/** By which API a request was asked for, in the word of its record. */
export type DoorName = 'chat' | 'completions' | 'messages' | 'responses' | 'gemini' | 'embeddings';

/** A request as it is sent to one endpoint. */
export interface SentRequest {
  readonly generationId: string;
  readonly requestId: string;
  readonly apiType: ApiType;
  readonly principal: Principal;
  readonly attribution: Attribution;
  readonly model: Model;
  readonly router: string | null;
  readonly endpoint: Endpoint;
  /** The caller's own provider key pays. */
  readonly isByok: boolean;
  /** On what the fee for that depends; null: none can be due. */
  readonly claim: FeeClaim | null;
  readonly streamed: boolean;
  readonly startedAtMs: number;
  readonly scopes: readonly ScopeRef[];
  /** What content filters did with it, as JSON; null: none apply to its key. */
  readonly contentFilters: string | null;
  /** The hold, where a limit depends on it: nobody's count is charged beyond it. Null: no limit is in play. */
  readonly chargeCapNanoUsd: NanoUsd | null;
}

export interface FinishedRequest extends SentRequest {
  readonly upstreamId: string | null;
  /** The client left before the end. */
  readonly cancelled: boolean;
  readonly usage: BillableUsage;
  /** The counts are ours, because the provider reported none. */
  readonly estimated: boolean;
  readonly finishReason: FinishReason | null;
  readonly nativeFinishReason: string | null;
  readonly serviceTier: string | null;
  readonly endedAtMs: number;
  readonly firstByteMs: number | null;
  /** What content filters did with the answer, as JSON. */
  readonly answerFilters?: string | undefined;
  readonly attempts: readonly AttemptRecord[];
  /** As `planText` gives it. */
  readonly plan: string | null;
}

export interface Settlement {
  readonly cost: Cost;
  /** What is charged where the caller's own provider key paid the cost. */
  readonly feeNanoUsd: NanoUsd;
  /** Resolves when the record is on disk: only then may the last bytes go to the client. */
  readonly durable: Promise<void>;
}

/** For the figures. */
export interface SettledFacts {
  /** Who answered, or failed. */
  readonly candidate: Pick<SentRequest, 'model' | 'endpoint'>;
  /** The caller's own provider key paid. */
  readonly isByok: boolean;
  readonly provider: string;
  readonly outcome: 'complete' | 'cancelled' | 'failed';
  readonly costNanoUsd: NanoUsd;
  readonly overshootNanoUsd: NanoUsd;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly firstByteMs: number | null;
  /** From when the request was sent to this provider; null: what it wrote is not known, or not all of it. */
  readonly tokensPerSecond: number | null;
}

export interface Meter {
  /** Must have resolved before the request is sent. */
  opened(request: SentRequest): Promise<void>;
  /** When a stream begins, and now and then while it runs. `usage` is the least it will have used. */
  progressed(request: SentRequest, usage: BillableUsage): void;
  /** Exactly once for a request that was sent. */
  settled(finished: FinishedRequest): Settlement;
}

export function createMeter(services: {
  log: SpendLog;
  flusher: Flusher;
  onSettled: (facts: SettledFacts) => void;
}): Meter {
  const { log, flusher, onSettled } = services;
  return {
    opened: (request) => log.dispatch(startOf(request), request.scopes),
    progressed: (request, usage) => log.mark(request.generationId, progressOf(request, usage)),
    settled: (finished) => {
      const listed = listedCostOf(finished, finished.usage, finished.serviceTier);
      const { cost, overshootNanoUsd } = charged(finished, listed);
      const feeNanoUsd = feeOf(finished, cost);
      const end = endOf(finished, cost, listed, overshootNanoUsd, feeNanoUsd);
      const { settled, durable } = log.settle(finished.generationId, end);
      flusher.add(settled);
      onSettled(factsOf(finished, finished.isByok ? feeNanoUsd : cost.totalNanoUsd, overshootNanoUsd));
      return { cost, feeNanoUsd, durable };
    },
  };
}

/** `served`: the tier that the vendor says; null: it says nothing. */
function listedCostOf(
  { endpoint, startedAtMs }: SentRequest,
  usage: BillableUsage,
  served: string | null = null,
): Cost {
  const cost = costOf(usage, pricingServed(endpoint, served), startedAtMs);
  // What the client is told is what is stored.
  const totalNanoUsd = boundedRequestNanoUsd(cost.totalNanoUsd);
  return totalNanoUsd === cost.totalNanoUsd ? cost : { ...cost, totalNanoUsd };
}

function progressOf(request: SentRequest, usage: BillableUsage) {
  const { totalNanoUsd } = listedCostOf(request, usage);
  const cap = request.chargeCapNanoUsd;
  return {
    promptTokens: promptTokensOf(usage),
    completionTokens: completionTokensOf(usage),
    costNanoUsd: cap !== null && totalNanoUsd > cap ? cap : totalNanoUsd,
  };
}

/** The charge: nothing for an answer that failed, and never more than what was held for it. */
function charged(finished: FinishedRequest, listed: Cost): { cost: Cost; overshootNanoUsd: NanoUsd } {
  if (isInsured(finished)) return { cost: FREE, overshootNanoUsd: 0n };
  const cap = finished.chargeCapNanoUsd;
  if (cap === null || listed.totalNanoUsd <= cap) return { cost: listed, overshootNanoUsd: 0n };
  return { cost: { ...listed, totalNanoUsd: cap }, overshootNanoUsd: listed.totalNanoUsd - cap };
}

/** Of what its provider bills to the owner of a key. */
function feeOf({ isByok, claim }: FinishedRequest, { totalNanoUsd }: Cost): NanoUsd {
  return isByok && claim !== null ? claim.feeNanoUsd(totalNanoUsd) : 0n;
}

/**
 * Zero-completion insurance: an answer that failed, or that has neither a token nor a reason to have ended, is not charged.
 * A client that leaves early is no failure of the answer.
 */
function isInsured(finished: FinishedRequest): boolean {
  if (finished.finishReason === 'error') return true;
  // What writes nothing has nothing that could be missing.
  if (finished.apiType !== 'completions') return false;
  return completionTokensOf(finished.usage) === 0 && finished.finishReason === null && !finished.cancelled;
}

function startOf(request: SentRequest): GenerationStart {
  const { principal, attribution, model, endpoint } = request;
  return {
    id: request.generationId,
    account_id: principal.accountId,
    workspace_id: principal.workspaceId,
    key_hash: principal.keyHash,
    request_id: request.requestId,
    created_at_ms: request.startedAtMs,
    api_type: request.apiType,
    door: attribution.door,
    model: model.id,
    model_permaslug: model.canonicalSlug,
    router: request.router,
    provider_slug: endpoint.provider.slug,
    provider_name: endpoint.provider.name,
    endpoint_tag: endpoint.tag,
    streamed: request.streamed ? 1 : 0,
    is_byok: request.isByok ? 1 : 0,
    http_referer: attribution.referer,
    app_title: attribution.title,
    app_categories: attribution.categories,
    user_agent: attribution.userAgent,
    session_id: attribution.sessionId,
    tags: attribution.tags,
    agent_id: attribution.agentId,
    parent_agent_id: attribution.parentAgentId,
    agent_class: attribution.agentClass,
    end_user: attribution.endUser,
    external_user: principal.externalUser,
    content_filters: request.contentFilters,
  };
}

function endOf(
  finished: FinishedRequest,
  cost: Cost,
  listed: Cost,
  overshootNanoUsd: NanoUsd,
  feeNanoUsd: NanoUsd,
): GenerationEnd {
  const { usage } = finished;
  return {
    upstream_id: boundedName(finished.upstreamId),
    cancelled: finished.cancelled ? 1 : 0,
    estimated: finished.estimated ? 1 : 0,
    finish_reason: finished.finishReason,
    native_finish_reason: boundedName(finished.nativeFinishReason),
    service_tier: boundedName(finished.serviceTier ?? finished.endpoint.serviceTier ?? null),
    prompt_tokens: promptTokensOf(usage),
    completion_tokens: completionTokensOf(usage),
    reasoning_tokens: usage.reasoningTokens,
    cached_tokens: usage.cacheReadTokens,
    cache_write_tokens: usage.cacheWriteTokens + usage.cacheWrite1hTokens,
    cache_write_1h_tokens: usage.cacheWrite1hTokens,
    image_count: usage.imageCount,
    cost_nano_usd: boundedRequestNanoUsd(cost.totalNanoUsd),
    upstream_cost_nano_usd: boundedRequestNanoUsd(listed.totalNanoUsd),
    cache_discount_nano_usd: boundedRequestNanoUsd(roundAwayFromZero(cost.cacheDiscountPicoUsd)),
    overshoot_nano_usd: boundedRequestNanoUsd(overshootNanoUsd),
    byok_fee_nano_usd: boundedRequestNanoUsd(feeNanoUsd),
    latency_ms: finished.firstByteMs,
    generation_time_ms: finished.endedAtMs - finished.startedAtMs,
    answer_filters: finished.answerFilters ?? null,
    attempts: JSON.stringify(finished.attempts),
    plan: finished.plan,
  };
}

function factsOf(finished: FinishedRequest, costNanoUsd: NanoUsd, overshootNanoUsd: NanoUsd): SettledFacts {
  return {
    candidate: finished,
    isByok: finished.isByok,
    provider: finished.endpoint.provider.slug,
    outcome: finished.cancelled ? 'cancelled' : finished.finishReason === 'error' ? 'failed' : 'complete',
    costNanoUsd,
    overshootNanoUsd,
    promptTokens: promptTokensOf(finished.usage),
    completionTokens: completionTokensOf(finished.usage),
    firstByteMs: finished.firstByteMs,
    tokensPerSecond: tokensPerSecond(finished),
  };
}

function tokensPerSecond(finished: FinishedRequest): number | null {
  const { attempts, cancelled, endedAtMs, estimated, startedAtMs, usage } = finished;
  const tokens = completionTokensOf(usage);
  if (cancelled || estimated || tokens === 0) return null;
  let spentMs = endedAtMs - startedAtMs;
  // Those before it failed, and their time was not its own.
  for (let at = 0; at < attempts.length - 1; at += 1) spentMs -= attempts[at]?.latency_ms ?? 0;
  return spentMs <= 0 ? null : (tokens * 1000) / spentMs;
}

function roundAwayFromZero(picoUsd: bigint): bigint {
  return picoUsd < 0n ? -nanoUsdFromPico(-picoUsd) : nanoUsdFromPico(picoUsd);
}
