/** Webhooks, their deliveries, and who wants what, as the API and the pages hear of them. */
import { z } from 'zod';

const moment = z.iso.datetime();
const momentOrNull = moment.nullable();

export const webhook = z.strictObject({
  id: z.string(),
  name: z.string(),
  /** Null: it cannot be opened, since its master key was lost. */
  url: z.string().nullable(),
  /** Null: every kind. */
  kinds: z.array(z.string()).nullable(),
  /** Null: what happens in any workspace. */
  workspace_id: z.string().nullable(),
  disabled: z.boolean(),
  /** Why the gateway switched it off; null: it did not. */
  disabled_because: z.enum(['failing', 'gone', 'sealed']).nullable(),
  /** Since when nothing arrived there; null: the last one did. */
  failing_since: momentOrNull,
  /** Until when the secret before signs too; null: there is none. */
  old_secret_until: momentOrNull,
  created_at: moment,
  updated_at: moment,
});

/** Just made, or with a new secret: it is in this answer and in no other. */
export const webhookWithSecret = webhook.extend({ secret: z.string() });

export const delivery = z.strictObject({
  id: z.string(),
  /** As the receiver knows it: `webhook-id`. */
  message_id: z.string(),
  kind: z.string(),
  state: z.enum(['waiting', 'delivered', 'failed']),
  attempts: z.number().int(),
  /** Of the last attempt; null: nothing was answered. */
  last_status: z.number().int().nullable(),
  last_problem: z.string().nullable(),
  /** Null: no more. */
  next_attempt_at: momentOrNull,
  created_at: moment,
  ended_at: momentOrNull,
  data: z.record(z.string(), z.unknown()),
});

export const preference = z.strictObject({ kind: z.string(), label: z.string(), by_mail: z.boolean() });

export const notificationSettings = z.strictObject({
  /** What the asking person gets by mail. */
  mail: z.array(preference),
  /** Whether there is a mail server. */
  has_mail: z.boolean(),
  kinds: z.array(z.strictObject({ kind: z.string(), label: z.string() })),
  key_limit_percent: z.number().int(),
});

export type Webhook = z.infer<typeof webhook>;
export type WebhookWithSecret = z.infer<typeof webhookWithSecret>;
export type Delivery = z.infer<typeof delivery>;
export type NotificationSettings = z.infer<typeof notificationSettings>;
