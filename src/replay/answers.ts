/** What the API and the pages hear of a replay. */
import { z } from 'zod';

const counted = z.strictObject({ requests: z.int(), cost_usd: z.number() });
const moment = z.iso.datetime();

export const replayed = counted.extend({
  from: moment,
  until: moment,
  /** There were more requests than are looked at. */
  truncated: z.boolean(),
  unchanged: counted,
  /** Another provider, or another of the request's models, would have served them. */
  rerouted: counted,
  refused: counted,
  /** Their models are not known any more. */
  unknown: counted,
  by_rule: z.array(counted.extend({ rule: z.string() })),
  by_model: z.array(counted.extend({ model: z.string(), refused: counted })),
  by_key: z.array(
    counted.extend({ key_hash: z.string(), key_name: z.string().nullable(), refused: counted }),
  ),
  budgets: z.array(
    z.strictObject({
      holder: z.enum(['key', 'member']),
      holder_id: z.string(),
      holder_name: z.string().nullable(),
      window: z.string(),
      since: moment,
      spent_usd: z.number(),
      refused: counted,
    }),
  ),
  not_replayed: z.array(z.strictObject({ what: z.string(), why: z.string() })),
});

export type ReplayAnswer = z.infer<typeof replayed>;
