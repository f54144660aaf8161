/** Requests as the API and the pages hear of them: those that ran, and those that were refused. */
import { z } from 'zod';

const moment = z.iso.datetime();
const count = z.number();
const textOrNull = z.string().nullable();
const countOrNull = count.nullable();

/** A member that is not known is left out: official clients refuse nulls here. */
export const attempt = z.strictObject({
  provider_name: z.string(),
  endpoint_id: z.string(),
  model_permaslug: z.string(),
  /** Null: no answer came. */
  status: z.number().nullable(),
  /** Milliseconds. */
  latency: z.number(),
  is_byok: z.boolean(),
});

/** A filter, how often it matched, and what exactly it found; where it could not look, why. */
const filterOutcome = z.strictObject({
  guardrail_id: z.string(),
  guardrail_scope: z.enum(['account', 'workspace', 'member', 'key']),
  filter: z.string(),
  action: z.enum(['redact', 'block', 'flag']),
  matches: count,
  found: z.array(z.string()).readonly().optional(),
  reason: z.string().optional(),
});

const filterReport = z.strictObject({
  /** How many looked at every text that they have to look at; those that found nothing are not named. */
  applied: count,
  matched: z.array(filterOutcome).readonly(),
  skipped: z.array(filterOutcome).readonly(),
  failed: z.array(filterOutcome).readonly(),
});

/** An endpoint that was to be tried. */
export const planned = z.strictObject({
  endpoint_id: z.string(),
  model: z.string(),
  /** With the caller's own provider key. */
  is_byok: z.boolean(),
});

export const failure = z.strictObject({
  code: z.string(),
  /** Null: the code is of another version. */
  message: textOrNull,
  status: countOrNull,
  provider_name: z.string(),
});

export const generation = z.strictObject({
  id: z.string(),
  request_id: z.string(),
  upstream_id: textOrNull,
  created_at: moment,
  api_type: z.string(),
  origin: z.string(),
  data_region: z.string(),
  model: z.string(),
  router: textOrNull,
  provider_name: textOrNull,
  provider_responses: z.array(attempt).readonly(),
  streamed: z.boolean(),
  cancelled: z.boolean(),
  is_byok: z.boolean(),
  finish_reason: textOrNull,
  native_finish_reason: textOrNull,
  service_tier: textOrNull,
  /** USD. */
  total_cost: z.number(),
  usage: z.number(),
  cache_discount: countOrNull,
  upstream_inference_cost: countOrNull,
  tokens_prompt: count,
  tokens_completion: count,
  native_tokens_prompt: count,
  native_tokens_completion: count,
  native_tokens_reasoning: count,
  native_tokens_cached: count,
  native_tokens_completion_images: z.null(),
  num_media_prompt: countOrNull,
  num_media_completion: z.null(),
  num_input_audio_prompt: z.null(),
  num_search_results: z.null(),
  num_fetches: z.null(),
  web_search_engine: z.null(),
  /** Milliseconds to the first byte. */
  latency: countOrNull,
  moderation_latency: z.null(),
  /** Milliseconds until the end. */
  generation_time: countOrNull,
  app_id: z.null(),
  preset_id: z.null(),
  http_referer: textOrNull,
  user_agent: textOrNull,
  session_id: textOrNull,
  external_user: textOrNull,
  workspace_id: textOrNull,
  response_cache_source_id: z.null(),
  /** Whose money it was, where nothing was charged because it was not ours. */
  billed_to: z.literal('subscription').nullable(),
  /** Whether the counts are an estimate, because the provider reported none. */
  is_estimated: z.boolean(),
  app_title: textOrNull,
  /** The model that was asked for, and that a spent budget did not pay for; null: it answered itself. */
  downgraded_from: textOrNull,
  /** By which API it was asked for, and what its caller calls it. */
  door: textOrNull,
  tags: z.record(z.string(), z.string()),
  /** Null: it did not fail, or an earlier version kept no reason. */
  error: failure.nullable(),
  agent_id: textOrNull,
  parent_agent_id: textOrNull,
  agent_class: textOrNull,
  /** What the content filters of the key did with the request; `answer`: with what was told of the answer. Null: none applied. */
  content_filters: filterReport.extend({ answer: filterReport.optional() }).nullable(),
  /** In the order in which they were to be tried, whatever was; empty: there was one alone, or it is not known. */
  plan: z.array(planned).readonly(),
});

/** What the pages hear beside a row: the key that asked. */
const ofKey = z.strictObject({
  api_key_hash: z.string(),
  api_key_name: textOrNull,
  api_key_label: textOrNull,
});

export const pageGeneration = generation.extend(ofKey.shape);

export const costLine = z.strictObject({
  bucket: z.string(),
  unit: z.enum(['token', 'image', 'request']),
  count,
  /** USD a unit, and of all of them; as decimal texts, exact. */
  price: z.string(),
  cost: z.string(),
});

export const costDetails = z.strictObject({
  /** Whether the prices of today come to what was charged, do not, or are not known. */
  prices: z.enum(['used', 'changed', 'unknown']),
  lines: z.array(costLine).readonly(),
  /** USD. */
  list_cost: z.number(),
  charged: z.number(),
  charged_text: z.string(),
  /** Why the charge is not what the prices come to; null: it is. */
  adjustment: textOrNull,
});

/** One of them, with how its cost comes about. */
export const generationDetails = pageGeneration.extend({ cost_details: costDetails });

/** What was sent to a provider and has not ended. */
export const running = z.strictObject({
  id: z.string(),
  created_at: moment,
  model: z.string(),
  provider_name: textOrNull,
  request_id: textOrNull,
  api_type: textOrNull,
  streamed: z.boolean(),
  app_title: textOrNull,
  session_id: textOrNull,
});

export const pageRunning = running.extend(ofKey.shape);

export const generationPage = z.strictObject({
  data: z.array(pageGeneration).readonly(),
  /** Null: these were the last. */
  next_cursor: textOrNull,
  /** Everything newer was looked at, where a page ends before it is full; null: it is full, or the last. */
  searched_until: moment.nullable(),
});

/** Of one key, one reason and one hour. */
export const refusal = z.strictObject({
  hour: moment,
  reason: z.string(),
  requests: count,
  first_at: moment,
  last_at: moment,
  workspace_id: textOrNull,
  status: z.number(),
  message: z.string(),
  path: z.string(),
  last_request_id: z.string(),
});

export const pageRefusal = refusal.extend(ofKey.shape);

export const refusalPage = z.strictObject({
  data: z.array(pageRefusal).readonly(),
  next_cursor: textOrNull,
});

export type Attempt = z.infer<typeof attempt>;
export type GenerationAnswer = z.infer<typeof generation>;
export type Failure = z.infer<typeof failure>;
export type OfKey = z.infer<typeof ofKey>;
export type PageGeneration = z.infer<typeof pageGeneration>;
export type CostLine = z.infer<typeof costLine>;
export type CostDetails = z.infer<typeof costDetails>;
export type GenerationDetails = z.infer<typeof generationDetails>;
export type RunningAnswer = z.infer<typeof running>;
export type PageRunning = z.infer<typeof pageRunning>;
export type GenerationPageAnswer = z.infer<typeof generationPage>;
export type RefusalAnswer = z.infer<typeof refusal>;
export type PageRefusal = z.infer<typeof pageRefusal>;
export type RefusalPageAnswer = z.infer<typeof refusalPage>;
