/** A stored generation as `GET /generation` shows it: all 42 members, null where we know nothing. */
import { isoFromMs } from '../clock.ts';
import { meaningOf, saysSpent } from '../errors.ts';
import { usdFromNanoUsd } from '../money.ts';
import type { AttemptRecord } from '../routing/attempt-record.ts';
import type { Attempt, Failure, GenerationAnswer } from './answers.ts';
import { chargedNanoUsd, type Generation } from './generation.ts';
import type { PlannedEndpoint } from './plan-text.ts';
import { isOfSubscription } from './subscription.ts';

export function generationJson(row: Generation): GenerationAnswer {
  const charged = usdFromNanoUsd(chargedNanoUsd(row));
  return {
    id: row.id,
    request_id: row.request_id,
    upstream_id: row.upstream_id,
    created_at: isoFromMs(row.created_at_ms),
    api_type: row.api_type,
    origin: row.http_referer ?? '',
    data_region: 'global',
    model: row.model_permaslug,
    router: row.router,
    provider_name: row.provider_name,
    provider_responses: providerResponses(row),
    streamed: row.streamed === 1,
    cancelled: row.cancelled === 1,
    is_byok: row.is_byok === 1,
    finish_reason: row.finish_reason,
    native_finish_reason: row.native_finish_reason,
    service_tier: row.service_tier,
    total_cost: charged,
    usage: charged,
    cache_discount: row.cache_discount_nano_usd === 0n ? null : usdFromNanoUsd(row.cache_discount_nano_usd),
    upstream_inference_cost: row.is_byok === 1 ? usdFromNanoUsd(row.upstream_cost_nano_usd) : 0,
    tokens_prompt: row.prompt_tokens,
    tokens_completion: row.completion_tokens,
    native_tokens_prompt: row.prompt_tokens,
    native_tokens_completion: row.completion_tokens,
    native_tokens_reasoning: row.reasoning_tokens,
    native_tokens_cached: row.cached_tokens,
    native_tokens_completion_images: null,
    num_media_prompt: row.image_count,
    num_media_completion: null,
    num_input_audio_prompt: null,
    num_search_results: null,
    num_fetches: null,
    web_search_engine: null,
    latency: row.latency_ms,
    moderation_latency: null,
    generation_time: row.generation_time_ms,
    app_id: null,
    preset_id: null,
    http_referer: row.http_referer,
    user_agent: row.user_agent,
    session_id: row.session_id,
    external_user: row.external_user,
    workspace_id: row.workspace_id,
    response_cache_source_id: null,
    // Ours: whose money it was, where nothing was charged because it was not ours.
    billed_to: isOfSubscription(row.endpoint_tag) ? 'subscription' : null,
    // Ours: whether the counts are an estimate, because the provider reported none.
    is_estimated: row.estimated === 1,
    app_title: row.app_title,
    // Ours: the model that was asked for, which a spent budget did not pay for.
    downgraded_from: refusedAttempt(row)?.model ?? null,
    // Ours: by which API it was asked for, and what its caller calls it.
    door: row.door,
    tags: row.tags === null ? {} : JSON.parse(row.tags),
    // Ours: why it failed.
    error: failureOf(row),
    // Ours: which agent of the session asked, and for whom.
    agent_id: row.agent_id,
    parent_agent_id: row.parent_agent_id,
    agent_class: row.agent_class,
    // Ours: what the content filters of the key did with the request, and with the answer.
    content_filters: filtersOf(row),
    // Ours: who was to be tried, in order.
    plan: planOf(row),
  };
}

function filtersOf({
  content_filters: ofRequest,
  answer_filters: ofAnswer,
}: Generation): GenerationAnswer['content_filters'] {
  if (!ofRequest && !ofAnswer) return null;
  const report = ofRequest ? JSON.parse(ofRequest) : { applied: 0, matched: [], skipped: [], failed: [] };
  return ofAnswer ? { ...report, answer: JSON.parse(ofAnswer) } : report;
}

function planOf({ plan }: Generation): GenerationAnswer['plan'] {
  if (plan === null) return [];
  const planned: readonly PlannedEndpoint[] = JSON.parse(plan);
  return planned.map(([tag, model, isOwn]) => ({ endpoint_id: tag, model, is_byok: isOwn === 1 }));
}

/** Null: it did not fail, or an earlier version kept no reason. */
function failureOf(row: Generation): Failure | null {
  const attempts: AttemptRecord[] = JSON.parse(row.attempts);
  const last = attempts.at(-1);
  if (last?.error === undefined) return null;
  return {
    code: last.error,
    message: meaningOf(last.error),
    status: last.status,
    provider_name: last.provider,
  };
}

/** Of a model in whose place another one answers: nobody was asked for it. Null: the model that was asked for was tried. */
function refusedAttempt(row: Generation): AttemptRecord | null {
  const [first]: AttemptRecord[] = JSON.parse(row.attempts);
  const isRefused = first?.error != null && saysSpent(first.error);
  return isRefused && first !== undefined ? first : null;
}

/** One entry an attempt. A member that is not known is left out: official clients refuse nulls here. */
function providerResponses(row: Generation): Attempt[] {
  const attempts: AttemptRecord[] = JSON.parse(row.attempts);
  const sent = refusedAttempt(row) === null ? attempts : attempts.slice(1);
  return sent.map((attempt) => ({
    provider_name: attempt.provider,
    endpoint_id: attempt.tag,
    model_permaslug: attempt.model,
    status: attempt.status,
    latency: attempt.latency_ms,
    is_byok: attempt.is_byok === true,
  }));
}
