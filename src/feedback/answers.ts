/** What is answered of what callers said. */
import { z } from 'zod';

/** OpenRouter's own list. */
export const CATEGORIES = [
  'latency',
  'incoherence',
  'incorrect_response',
  'formatting',
  'billing',
  'api_error',
  'other',
] as const;

export const feedbackEntry = z.strictObject({
  generation_id: z.string(),
  category: z.enum(CATEGORIES),
  comment: z.string().nullable(),
  api_key_hash: z.string(),
  created_at: z.iso.datetime(),
});

export type FeedbackEntry = z.infer<typeof feedbackEntry>;
