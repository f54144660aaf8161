/** Figures as the API and the pages hear of them. */
import { z } from 'zod';

/** Named by what was asked for: metrics are numbers, dimensions and times are texts, and what has no value is null. */
export const figuresRow = z.record(z.string(), z.union([z.string(), z.number()]).nullable());

export const figures = z.strictObject({
  data: z.array(figuresRow).readonly(),
  metadata: z.strictObject({
    query_time_ms: z.number(),
    row_count: z.number(),
    truncated: z.boolean(),
    /** What happened later is not in it yet. */
    complete_until: z.iso.datetime(),
  }),
  warnings: z.array(z.string()).readonly().optional(),
});

const named = z.strictObject({ name: z.string(), display_label: z.string() });

export const figuresMeta = z.strictObject({
  metrics: z
    .array(
      named.extend({
        display_format: z.enum(['number', 'currency', 'percent', 'latency', 'throughput']),
        is_rate: z.boolean(),
      }),
    )
    .readonly(),
  dimensions: z.array(named).readonly(),
  operators: z
    .array(z.strictObject({ name: z.string(), value_type: z.enum(['array', 'scalar']) }))
    .readonly(),
  granularities: z.array(named).readonly(),
});

/** What one model did at one endpoint on one day; and a member by what `group_by` names, such as `tag.team`. */
export const activityRow = z
  .object({
    date: z.iso.date(),
    model: z.string(),
    model_permaslug: z.string(),
    endpoint_id: z.string(),
    provider_name: z.string(),
    /** USD. */
    usage: z.number(),
    byok_usage_inference: z.number(),
    requests: z.number(),
    prompt_tokens: z.number(),
    completion_tokens: z.number(),
    reasoning_tokens: z.number(),
    cached_tokens: z.number(),
    workspace_id: z.string().optional(),
  })
  .catchall(z.unknown());

export type FiguresRow = z.infer<typeof figuresRow>;
export type Figures = z.infer<typeof figures>;
export type FiguresMeta = z.infer<typeof figuresMeta>;
export type ActivityRow = z.infer<typeof activityRow>;
