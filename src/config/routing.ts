/** `routers` and `budgets` of turnpike.yaml: which models may take over for a name that is none, and for money that is spent. */
import { z } from 'zod';
import { object } from './schema-object.ts';

/** `*` stands for any run of characters. Whether a model has that name is known when the catalogue is built. */
export type ModelPattern = string;

export interface RouterCondition {
  readonly tools?: boolean | undefined;
  readonly images?: boolean | undefined;
  readonly audio?: boolean | undefined;
  readonly video?: boolean | undefined;
  readonly files?: boolean | undefined;
  readonly reasoning?: boolean | undefined;
  readonly structured_output?: boolean | undefined;
  readonly min_prompt_tokens?: number | undefined;
}

export interface RoutersConfig {
  readonly auto: {
    readonly enabled: boolean;
    /** Best first; null: every chat model, the newest of the price band first. */
    readonly models: readonly ModelPattern[] | null;
    readonly excludedModels: readonly ModelPattern[];
    /** The first that holds names the models in the place of `models`. */
    readonly rules: readonly { readonly when: RouterCondition; readonly models: readonly ModelPattern[] }[];
    /** How many models beside the chosen one may take over when it fails. */
    readonly fallbacks: number;
  };
  readonly free: {
    readonly enabled: boolean;
    /** Null: all that cost nothing. */
    readonly models: readonly ModelPattern[] | null;
    readonly excludedModels: readonly ModelPattern[];
  };
  /** Null: it is not offered. */
  readonly paretoCode: {
    readonly high: readonly ModelPattern[];
    readonly medium: readonly ModelPattern[];
    readonly low: readonly ModelPattern[];
  } | null;
}

export interface BudgetsConfig {
  /** Whether what costs nothing is served when a budget is spent. */
  readonly freeWhenSpent: boolean;
  /** In the place of a 402, from the first rule that names the model; empty: a spent budget refuses. */
  readonly downgrade: readonly { readonly from: ModelPattern; readonly to: string }[];
}

/** An author with a slash, or a star that may stand for one. */
const PATTERN = /^(?=.*[*/])[a-z0-9._*:/-]+$/;
const pattern = z
  .string()
  .toLowerCase()
  .regex(PATTERN, { error: '{value} names no model; write it like "openai/gpt-5*" or "acme/small"' });
const patterns = z.array(pattern).min(1);
const excluded = z.array(pattern).default([]);

const condition = object({
  tools: z.boolean().optional(),
  images: z.boolean().optional(),
  audio: z.boolean().optional(),
  video: z.boolean().optional(),
  files: z.boolean().optional(),
  reasoning: z.boolean().optional(),
  structured_output: z.boolean().optional(),
  min_prompt_tokens: z.int().min(1).optional(),
}).refine((when) => Object.keys(when).length > 0, {
  error: 'has no condition and would always hold; put its models into `models`',
});

export const routers = object({
  auto: object({
    enabled: z.boolean().default(true),
    models: patterns.nullable().default(null),
    excluded_models: excluded,
    rules: z.array(object({ when: condition, models: patterns })).default([]),
    fallbacks: z.int().min(0).max(10).default(2),
  }).prefault({}),
  free: object({
    enabled: z.boolean().default(true),
    models: patterns.nullable().default(null),
    excluded_models: excluded,
  }).prefault({}),
  pareto_code: object({ high: patterns, medium: patterns, low: patterns }).nullable().default(null),
}).prefault({});

export const budgets = object({
  free_when_spent: z.boolean().default(true),
  on_exhaust: z.enum(['refuse', 'downgrade']).default('refuse'),
  downgrade: z
    .array(
      object({
        from: pattern.default('*'),
        to: pattern.refine((id) => !id.includes('*'), { error: '{value} must be one model, without "*"' }),
      }),
    )
    .default([]),
})
  .refine((value) => value.on_exhaust !== 'downgrade' || value.downgrade.length > 0, {
    error: 'is missing; name a model, such as `- to: acme/small`',
    path: ['downgrade'],
  })
  .refine((value) => value.on_exhaust === 'downgrade' || value.downgrade.length === 0, {
    error: 'is for on_exhaust: downgrade; set that too, or remove it',
    path: ['downgrade'],
  })
  .prefault({});

export function toRouters({ auto, free, pareto_code }: z.output<typeof routers>): RoutersConfig {
  const { excluded_models: excludedModels, ...others } = auto;
  return {
    auto: { ...others, excludedModels },
    free: { enabled: free.enabled, models: free.models, excludedModels: free.excluded_models },
    paretoCode: pareto_code,
  };
}

export function toBudgets({ free_when_spent, downgrade }: z.output<typeof budgets>): BudgetsConfig {
  return { freeWhenSpent: free_when_spent, downgrade };
}
