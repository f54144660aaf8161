/** Keys as the management API and the pages hear of them. */
import { z } from 'zod';

const moment = z.iso.datetime();
const momentOrNull = moment.nullable();
/** USD. */
const amount = z.number();

export const limitReset = z.enum(['daily', 'weekly', 'monthly']);

/** The 23 fields of the management API, and ours. */
export const key = z.strictObject({
  hash: z.string(),
  /** The secret, masked. */
  label: z.string(),
  name: z.string(),
  disabled: z.boolean(),
  /** Null: none. */
  limit: amount.nullable(),
  limit_remaining: amount.nullable(),
  limit_reset: limitReset.nullable(),
  include_byok_in_limit: z.boolean(),
  usage: amount,
  usage_daily: amount,
  usage_weekly: amount,
  usage_monthly: amount,
  byok_usage: amount,
  byok_usage_daily: amount,
  byok_usage_weekly: amount,
  byok_usage_monthly: amount,
  created_at: moment,
  updated_at: momentOrNull,
  expires_at: momentOrNull,
  last_used_at: momentOrNull,
  external_user: z.string().nullable(),
  creator_user_id: z.string().nullable(),
  workspace_id: z.string().nullable(),
  cut_streams_when_revoked: z.boolean(),
  /** When its secret was last replaced; null: never. */
  rotated_at: momentOrNull,
  /** By when its organisation wants it to be replaced; null: it does not say. */
  rotate_by: momentOrNull,
  /** What the key says of its requests when money is spent; null: as the key that made it says, else the installation. */
  on_exhaust: z
    .strictObject({ action: z.enum(['refuse', 'downgrade']), model: z.string().nullable() })
    .nullable(),
});

/** As the pages see it. */
export const pageKey = key.extend({
  /** The app that its owner gave it to, as the gateway knows it; null: none, or nobody vouches for who it is. */
  made_for: z.string().nullable(),
  /** Whether somebody above its creator has set its limit or disabled it. */
  bounded_by_admin: z.boolean(),
  /** An app got it, for as long as the key that it came from. */
  is_delegated: z.boolean(),
  /** Its present secret was found where everybody can read it; null: not so, as far as anybody has told. */
  leak: z
    .strictObject({
      /** Disabled until an admin restores it or its secret is replaced; otherwise it goes on working. */
      is_quarantined: z.boolean(),
      source: z.string(),
      url: z.string().nullable(),
      found_at: moment,
    })
    .nullable(),
});

/** Of a key that the asking one made for itself. */
export const childKey = key.extend({
  /** The models that it may ask for; null: all. */
  models: z.array(z.string()).nullable(),
});

/** Just made: its secret is in this answer and in no other. */
export const newKey = pageKey.extend({ key: z.string() });

export const keyReportEntry = z.strictObject({
  hash: z.string(),
  name: z.string(),
  label: z.string(),
  kind: z.enum(['api', 'management']),
  /** `never_used`: made 30 days ago or more. `stale`: not used for 90. */
  reasons: z.array(z.enum(['leaked', 'never_used', 'stale', 'no_limit_and_no_expiry'])),
  creator_user_id: z.string().nullable(),
  workspace_id: z.string().nullable(),
  created_at: moment,
  last_used_at: momentOrNull,
});

export const keyReport = z.strictObject({ generated_at: moment, keys: z.array(keyReportEntry) });

export type KeyReport = z.infer<typeof keyReport>;
export type KeyReportEntry = z.infer<typeof keyReportEntry>;
export type ChildKey = z.infer<typeof childKey>;
export type Key = z.infer<typeof key>;
export type PageKey = z.infer<typeof pageKey>;
export type NewKeyAnswer = z.infer<typeof newKey>;
