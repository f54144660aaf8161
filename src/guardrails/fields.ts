/** Bodies and queries of the guardrail operations. Throws a 400 that names the member, and changes nothing. */
import { z } from 'zod';
import { invalidField, invalidRequest, TurnpikeError } from '../errors.ts';
import { BUILT_INS, unavailableReason } from '../filters/filter.ts';
import { problemOf } from '../filters/own/pattern.ts';
import { flag, limit, limitReset, nonEmpty, parse, text, UUID, workspaceId } from '../keys/key-fields.ts';
import { isKeyHash } from '../keys/keys.ts';
import { REGIONS } from '../policy/policy.ts';
import { single } from '../query.ts';

const MAX_ENTRIES = 1000;
const MAX_ENTRY_CHARACTERS = 256;
const MAX_FILTERS = 100;
/** Of one call. */
const MAX_ASSIGNED = 1000;

const atMost = (characters: number) => `must have at most ${characters} characters`;

/** Null is no restriction; an empty list would say that nothing is allowed, which is nothing that anybody means. */
const list = <T extends z.ZodType>(entry: T, of: string) =>
  z
    .array(entry, `must be a list of ${of}, or null`)
    .min(1, 'must not be empty; null means no restriction')
    .max(MAX_ENTRIES, `must have at most ${MAX_ENTRIES} entries`)
    .nullable()
    .optional();

const entry = nonEmpty.max(MAX_ENTRY_CHARACTERS, atMost(MAX_ENTRY_CHARACTERS));
const answer = flag.nullable().optional();
const action = z.enum(['redact', 'block', 'flag'], 'must be "redact", "block" or "flag"');

// Ours: OpenRouter looks at requests alone.
const direction = z
  .enum(['input', 'output', 'both'], 'must be "input", "output" or "both"')
  .nullable()
  .optional();

const OFFERED = BUILT_INS.filter((slug) => unavailableReason(slug) === null);

const builtin = z.object(
  {
    slug: z.enum(BUILT_INS, `must be one of ${OFFERED.join(', ')}`),
    action,
    // Assigned by the system: what is sent is not looked at.
    label: z.unknown().optional(),
    scan_scope: z
      .enum(['user_only', 'all_messages'], 'must be "user_only" or "all_messages"')
      .nullable()
      .optional(),
    direction,
  },
  'must be an object',
);

const MAX_LABEL = 100;
const custom = z.object(
  {
    // Its length is told by what reads it.
    pattern: text,
    action,
    label: text.max(MAX_LABEL, atMost(MAX_LABEL)).nullable().optional(),
    direction,
  },
  'must be an object',
);

const filters = <T extends z.ZodType>(of: T) =>
  z
    .array(of, 'must be a list of filters, or null')
    .max(MAX_FILTERS, `must have at most ${MAX_FILTERS} entries`)
    .nullable()
    .optional();

const members = {
  description: text.max(1000, atMost(1000)).nullable().optional(),
  limit_usd: limit.optional(),
  reset_interval: limitReset.optional(),
  include_byok_in_budgets: flag.optional(),
  allowed_models: list(entry, 'ids of models'),
  ignored_models: list(entry, 'ids of models'),
  allowed_providers: list(entry, 'slugs of providers'),
  ignored_providers: list(entry, 'slugs of providers'),
  allowed_data_regions: list(z.enum(REGIONS, `must be one of ${REGIONS.join(', ')}`), 'regions'),
  enforce_zdr: answer,
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
  content_filter_builtins: filters(builtin),
  content_filters: filters(custom),
};

const MAX_NAME = 200;
const name = nonEmpty.max(MAX_NAME, atMost(MAX_NAME));
const patch = z.object({ ...members, name: name.optional() }, 'must be a JSON object');
const creation = z.object(
  { ...members, name, workspace_id: workspaceId.nullable().optional() },
  'must be a JSON object',
);

export type GuardrailPatch = z.infer<typeof patch>;
export type NewGuardrail = z.infer<typeof creation>;

export async function parseNewGuardrail(body: unknown): Promise<NewGuardrail> {
  return await checked(parse(creation, body));
}

export async function parseGuardrailPatch(body: unknown): Promise<GuardrailPatch> {
  return await checked(parse(patch, body));
}

/** The same as a member of another body. */
export async function parseGuardrailDraft(draft: unknown): Promise<GuardrailPatch> {
  return await checked(parse(patch, draft, 'guardrail.'));
}

async function checked<T extends GuardrailPatch>(fields: T): Promise<T> {
  for (const [index, { pattern }] of (fields.content_filters ?? []).entries()) {
    const problem = await problemOf(pattern);
    if (problem !== null) throw invalidPattern(index, problem);
  }
  for (const [index, { slug, direction: looksAt }] of (fields.content_filter_builtins ?? []).entries()) {
    const reason = unavailableReason(slug);
    if (reason !== null)
      throw invalidField(
        `content_filter_builtins.${index}.slug`,
        `${slug} is ${reason}. Offered are ${OFFERED.join(', ')}, and patterns of your own in content_filters`,
      );
    if (slug === 'regex-prompt-injection' && (looksAt ?? 'input') !== 'input')
      throw invalidField(
        `content_filter_builtins.${index}.direction`,
        'prompt injection is looked for in requests alone',
      );
  }
  const slugs = (fields.content_filter_builtins ?? []).map(({ slug }) => slug);
  if (new Set(slugs).size !== slugs.length)
    throw invalidField('content_filter_builtins', 'must not have the same filter twice');
  return fields;
}

/** OpenRouter's name of the error, for programs. */
function invalidPattern(index: number, problem: string): TurnpikeError {
  return new TurnpikeError('invalid_request', {
    message: `content_filters.${index}.pattern: ${problem}`,
    metadata: {
      error_name: 'invalid_regex_pattern',
      issues: [{ path: ['content_filters', index, 'pattern'], message: problem }],
    },
  });
}

const assigned = <T extends z.ZodType<string>>(of: T, what: string) =>
  z
    .array(of, `must be a list of ${what}`)
    .min(1, 'must not be empty')
    .max(MAX_ASSIGNED, `must have at most ${MAX_ASSIGNED} entries`);

const keyHashes = z.object(
  {
    key_hashes: assigned(
      z
        .string('must be hashes of keys')
        .refine(isKeyHash, 'must be hashes of keys: 64 lower-case hexadecimal digits'),
      'hashes of keys',
    ),
  },
  'must be a JSON object',
);
const userIds = z.object({ member_user_ids: assigned(entry, 'ids of users') }, 'must be a JSON object');

/** Each once. */
export function parseKeyHashes(body: unknown): readonly string[] {
  return [...new Set(parse(keyHashes, body).key_hashes)];
}

export function parseUserIds(body: unknown): readonly string[] {
  return [...new Set(parse(userIds, body).member_user_ids)];
}

export interface Page {
  readonly offset: number;
  readonly limit: number;
}

export function parsePage(query: URLSearchParams): Page {
  return {
    offset: whole(query, 'offset', 0, 0, Number.MAX_SAFE_INTEGER),
    limit: whole(query, 'limit', 50, 1, 100),
  };
}

/** Null: the default one. */
export function parseWorkspace(query: URLSearchParams): string | null {
  const workspace = single(query, 'workspace_id');
  if (workspace === null) return null;
  if (!UUID.test(workspace)) throw invalidRequest('workspace_id: must be a UUID');
  return workspace.toLowerCase();
}

function whole(query: URLSearchParams, member: string, absent: number, least: number, most: number): number {
  const given = single(query, member);
  if (given === null) return absent;
  const value = /^\d{1,15}$/.test(given) ? Number(given) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw invalidRequest(`${member}: must be a whole number from ${least}${most > 1000 ? '' : ` to ${most}`}`);
}
