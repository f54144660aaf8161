/** What the routes of budgets and rate limits answer. */
import { z } from 'zod';

const interval = z.enum(['daily', 'weekly', 'monthly', 'lifetime']);
const usd = z.number();

/** OpenRouter's `WorkspaceBudget`. */
export const budget = z.strictObject({
  id: z.string(),
  workspace_id: z.string(),
  limit_usd: usd,
  /** Null: it is never reset. */
  reset_interval: z.enum(['daily', 'weekly', 'monthly']).nullable(),
  created_at: z.string(),
  updated_at: z.string(),
});

/** Ours. */
export const tagBudget = z.strictObject({
  id: z.string(),
  workspace_id: z.string(),
  tag: z.string(),
  /** Null: each value by itself. */
  value: z.string().nullable(),
  /** `daily`, `weekly`, `monthly`, `quarterly`, `yearly`, `lifetime`, or `fiscal-04` for the year that begins in April. */
  interval: z.string(),
  limit_usd: usd,
  /** The values that have spent most in the window of now. */
  spend: z.array(z.strictObject({ value: z.string(), spend_usd: usd, remaining_usd: usd })),
  resets_at: z.string().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
});

/** Ours. */
export const rateLimit = z.strictObject({
  id: z.string(),
  workspace_id: z.string(),
  subject: z.enum(['workspace', 'member', 'api_key', 'model']),
  /** Null: each by itself. */
  target: z.string().nullable(),
  requests_per_minute: z.number().nullable(),
  tokens_per_minute: z.number().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
});

/** Ours. */
export const alert = z.strictObject({
  id: z.string(),
  percent: z.number(),
  /** `workspace`, `tag`, or one of the scopes of guardrails. */
  scope: z.string(),
  /** Of a workspace its interval, of a tag its name and value; else whom it binds. */
  of: z.string(),
  /** As in `2026-11`; `all`: it is never reset. */
  window: z.string(),
  limit_usd: usd,
  spend_usd: usd,
  at: z.string(),
});

/** What the page shows of one workspace. */
export const workspaceLimits = z.strictObject({
  workspace: z.strictObject({ id: z.string(), name: z.string(), slug: z.string() }),
  /** Of whoever asks: admins change it. */
  role: z.enum(['admin', 'member']),
  include_byok_in_budgets: z.boolean(),
  budgets: z.array(
    z.strictObject({
      interval,
      /** Null: there is none. */
      limit_usd: usd.nullable(),
      spend_usd: usd,
      resets_at: z.string().nullable(),
    }),
  ),
  tag_budgets: z.array(tagBudget),
  rate_limits: z.array(rateLimit),
  alert_percents: z.array(z.number()),
  alerts: z.array(alert),
});

export type BudgetAnswer = z.infer<typeof budget>;
export type TagBudgetAnswer = z.infer<typeof tagBudget>;
export type RateLimitAnswer = z.infer<typeof rateLimit>;
export type AlertAnswer = z.infer<typeof alert>;
export type WorkspaceLimitsAnswer = z.infer<typeof workspaceLimits>;
