/** What is answered of kept prompts and answers: the setting of a workspace. */
import { z } from 'zod';

export const contentSetting = z.strictObject({
  workspace_id: z.string(),
  /** Whether the operator lets anybody keep content at all. */
  allowed: z.boolean(),
  enabled: z.boolean(),
  /** From 0.0001 to 1. */
  sampling_rate: z.number(),
  /** Of these keys alone; null: of all. */
  api_key_hashes: z.array(z.string()).nullable(),
  retention_days: z.number(),
  updated_at: z.iso.datetime().nullable(),
});

export type ContentSettingAnswer = z.infer<typeof contentSetting>;
