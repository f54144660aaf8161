/** What the API and the pages hear of guardrails. */
import { z } from 'zod';
import { REGIONS } from '../policy/policy.ts';

const moment = z.iso.datetime();
const list = z.array(z.string()).nullable();
const answer = z.boolean().nullable();
const action = z.enum(['redact', 'block', 'flag']);
/** Ours; absent: requests alone. */
const direction = z.enum(['input', 'output', 'both']).optional();

export const guardrail = z.strictObject({
  id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  workspace_id: z.string().nullable(),
  limit_usd: z.number().nullable(),
  reset_interval: z.enum(['daily', 'weekly', 'monthly']).nullable(),
  include_byok_in_budgets: z.boolean(),
  allowed_models: list,
  ignored_models: list,
  allowed_providers: list,
  ignored_providers: list,
  enforce_zdr: z.null(),
  enforce_zdr_anthropic: answer,
  enforce_zdr_openai: answer,
  enforce_zdr_google: answer,
  enforce_zdr_xai: answer,
  enforce_zdr_other: answer,
  allow_safety_retention_google: answer,
  allow_safety_retention_other: answer,
  enable_paid_model_training: answer,
  enable_free_model_training: answer,
  enable_free_model_publication: answer,
  content_filter_builtins: z
    .array(
      z.strictObject({
        slug: z.string(),
        action,
        scan_scope: z.enum(['user_only', 'all_messages']).optional(),
        direction,
      }),
    )
    .nullable(),
  content_filters: z
    .array(
      z.strictObject({
        pattern: z.string(),
        action,
        label: z.string().nullable().optional(),
        direction,
      }),
    )
    .nullable(),
  allowed_data_regions: z.array(z.enum(REGIONS)).nullable(),
  created_at: moment,
  updated_at: moment.nullable(),
  applies_to: z.enum(['workspace', 'account']).nullable(),
});

export const assignedKey = z.strictObject({
  id: z.string(),
  guardrail_id: z.string(),
  key_hash: z.string(),
  key_name: z.string(),
  key_label: z.string(),
  assigned_by: z.string().nullable(),
  created_at: moment,
});

export const assignedMember = z.strictObject({
  id: z.string(),
  guardrail_id: z.string(),
  organization_id: z.string(),
  user_id: z.string(),
  assigned_by: z.string().nullable(),
  created_at: moment,
});

const paged = (row: z.ZodType) => z.strictObject({ data: z.array(row), total_count: z.number() });
export const guardrailPage = paged(guardrail);
export const assignedKeyPage = paged(assignedKey);
export const assignedMemberPage = paged(assignedMember);

export const preview = z.strictObject({
  allowed_count: z.number(),
  total_count: z.number(),
  models: z.array(
    z.strictObject({
      id: z.string(),
      name: z.string(),
      is_allowed: z.boolean(),
      /** Names of those that may serve it. */
      providers: z.array(z.string()),
      left_out_providers: z.array(z.string()),
      /** Rules, with the guardrail's name where it is another one. */
      left_out_by: z.array(z.string()),
    }),
  ),
});

export type Guardrail = z.infer<typeof guardrail>;
export type AssignedKey = z.infer<typeof assignedKey>;
export type AssignedMember = z.infer<typeof assignedMember>;
export type Preview = z.infer<typeof preview>;
