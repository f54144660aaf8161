/** Models, and who offers them, as the public listings tell of them. */
import { z } from 'zod';

/** USD a token, a request or an image, as decimal strings by what is priced. */
const pricing = z.record(
  z.string(),
  // What applies at other times is a list, under `overrides`.
  z.union([z.string(), z.array(z.record(z.string(), z.unknown())).readonly()]),
);
const texts = z.array(z.string()).readonly();

const architecture = z.strictObject({
  modality: z.string(),
  input_modalities: texts,
  output_modalities: texts,
  tokenizer: z.string().nullable(),
  instruct_type: z.string().nullable(),
});

export const model = z.strictObject({
  id: z.string(),
  object: z.literal('model'),
  owned_by: z.string(),
  canonical_slug: z.string(),
  hugging_face_id: z.string().nullable(),
  name: z.string(),
  display_name: z.string(),
  /** Seconds since 1970. */
  created: z.number(),
  description: z.string(),
  context_length: z.number().nullable(),
  architecture,
  pricing,
  top_provider: z.strictObject({
    context_length: z.number().nullable(),
    max_completion_tokens: z.number().nullable(),
    is_moderated: z.boolean(),
  }),
  per_request_limits: z.null(),
  supported_parameters: texts,
  default_parameters: z.null(),
  supported_voices: z.null(),
  knowledge_cutoff: z.string().nullable(),
  expiration_date: z.string().nullable(),
  links: z.strictObject({ details: z.string() }),
  /** Of a name that moves with its family. */
  alias_target: z.strictObject({ name: z.string(), slug: z.string() }).optional(),
  reasoning: z
    .strictObject({
      mandatory: z.boolean(),
      default_enabled: z.boolean().optional(),
      supported_efforts: texts.nullable().optional(),
    })
    .optional(),
});

export const modelList = z.strictObject({
  object: z.literal('list'),
  data: z.array(model).readonly(),
  total_count: z.number(),
  links: z.strictObject({ next: z.string().nullable() }),
});

export const percentiles = z.strictObject({
  p50: z.number(),
  p75: z.number(),
  p90: z.number(),
  p99: z.number(),
});

/** One provider's offer of a model. */
export const endpoint = z.strictObject({
  name: z.string(),
  model_id: z.string(),
  model_name: z.string(),
  context_length: z.number(),
  pricing,
  provider_name: z.string(),
  tag: z.string(),
  quantization: z.string().nullable(),
  max_completion_tokens: z.number().nullable(),
  max_prompt_tokens: z.number().nullable(),
  supported_parameters: texts,
  supports_tool_choice: z.strictObject({
    auto: z.boolean(),
    none: z.boolean(),
    required: z.boolean(),
    function: z.boolean(),
  }),
  supports_implicit_caching: z.boolean(),
  supports_voice_cloning: z.boolean(),
  supports_diarization: z.boolean(),
  native_tools: z.strictObject({}),
  service_tier: z.enum(['flex', 'priority', 'ultrafast']).nullable(),
  status: z.number(),
  /** Percentages; null: nothing was asked of it. */
  uptime_last_5m: z.number().nullable(),
  uptime_last_30m: z.number().nullable(),
  uptime_last_1d: z.number().nullable(),
  /** Milliseconds, and tokens a second. */
  latency_last_30m: percentiles.nullable(),
  throughput_last_30m: percentiles.nullable(),
});

export const modelEndpoints = z.strictObject({
  id: z.string(),
  name: z.string(),
  created: z.number(),
  description: z.string(),
  architecture,
  endpoints: z.array(endpoint).readonly(),
});

export type ModelAnswer = z.infer<typeof model>;
export type EndpointAnswer = z.infer<typeof endpoint>;
export type ModelEndpointsAnswer = z.infer<typeof modelEndpoints>;
export type Percentiles = z.infer<typeof percentiles>;
