/** The body of a replay. Throws a 400 that names the member. */
import { z } from 'zod';
import { parseGuardrailDraft } from '../guardrails/fields.ts';
import { nonEmpty, parse, workspaceId } from '../keys/key-fields.ts';
import { isKeyHash } from '../keys/keys.ts';

const MAX_DAYS = 30;
const DEFAULT_DAYS = 7;
const MAX_NAMED = 1000;

const named = (what: string) =>
  z
    .array(nonEmpty.max(256, 'must have at most 256 characters'), `must be a list of ${what}`)
    .min(1, 'must not be empty')
    .max(MAX_NAMED, `must have at most ${MAX_NAMED} entries`)
    .optional();

const body = z.object(
  {
    guardrail: z.record(z.string(), z.unknown(), 'must be an object with members of a guardrail').optional(),
    guardrail_id: z.string('must be the id of a guardrail').optional(),
    days: z
      .int(`must be a whole number from 1 to ${MAX_DAYS}`)
      .min(1, `must be a whole number from 1 to ${MAX_DAYS}`)
      .max(MAX_DAYS, `must be a whole number from 1 to ${MAX_DAYS}`)
      .default(DEFAULT_DAYS),
    workspace_id: workspaceId.optional(),
    key_hashes: named('hashes of keys').refine(
      (hashes) => hashes === undefined || hashes.every(isKeyHash),
      'must be hashes of keys: 64 lower-case hexadecimal digits',
    ),
    member_user_ids: named('ids of users'),
  },
  'must be a JSON object',
);

export async function parseReplay(given: unknown) {
  const { guardrail = {}, ...rest } = parse(body, given);
  return { ...rest, draft: await parseGuardrailDraft(guardrail) };
}

export type ReplayOrder = Awaited<ReturnType<typeof parseReplay>>;
