/** What the pages hear of workload identity: whose tokens are trusted, and what they are swapped for. */
import { z } from 'zod';

const times = { created_at: z.iso.datetime(), updated_at: z.iso.datetime().nullable() };

export const issuer = z.strictObject({
  id: z.string(),
  name: z.string(),
  issuer_url: z.string(),
  /** Null, and `jwks` too: the keys are found by discovery. */
  jwks_url: z.string().nullable(),
  /** A JWK Set that was pasted. */
  jwks: z.record(z.string(), z.unknown()).nullable(),
  ...times,
});

export const policy = z.strictObject({
  id: z.string(),
  name: z.string(),
  issuer_id: z.string(),
  subject: z.string(),
  audience: z.string(),
  required_scope: z.string().nullable(),
  required_token_type: z.string().nullable(),
  condition: z.null(),
  target_key_hash: z.string(),
  enabled: z.boolean(),
  ...times,
});

/** A key that a policy may lead to. */
export const targetKey = z.strictObject({
  hash: z.string(),
  name: z.string(),
  /** Its secret, but for the beginning and the end. */
  label: z.string(),
  disabled: z.boolean(),
  workspace_id: z.string().nullable(),
});

export type Issuer = z.infer<typeof issuer>;
export type Policy = z.infer<typeof policy>;
export type TargetKey = z.infer<typeof targetKey>;
