/** Bodies and queries of the own-key operations. Throws a 400 that names the member, and changes nothing. */
import { z } from 'zod';
import { invalidField, invalidRequest } from '../errors.ts';
import { flag, nonEmpty, parse, text, UUID, workspaceId } from '../keys/key-fields.ts';
import { isKeyHash } from '../keys/keys.ts';
import { single } from '../query.ts';
import type { Region } from './secret.ts';

const MAX_ENTRIES = 100;
const MAX_NAME = 255;
/** A service account with certificates, or a hundred deployments of Azure. */
const MAX_SECRET_CHARACTERS = 64 * 1024;
const MAX_ENTRY_CHARACTERS = 256;

const list = (entry: z.ZodType<string>, of: string) =>
  z
    .array(entry, `must be a list of ${of}, or null`)
    .max(MAX_ENTRIES, `must have at most ${MAX_ENTRIES} entries`)
    .nullable();

const entry = nonEmpty.max(MAX_ENTRY_CHARACTERS, `must have at most ${MAX_ENTRY_CHARACTERS} characters`);
const hash = z
  .string('must be hashes of keys')
  .refine(isKeyHash, 'must be hashes of keys: 64 lower-case hexadecimal digits');

const members = {
  name: text.max(MAX_NAME, `must have at most ${MAX_NAME} characters`).nullable().optional(),
  disabled: flag.optional(),
  is_fallback: flag.optional(),
  is_required: flag.optional(),
  is_byok_only: flag.optional(),
  declared_zdr: flag.nullable().optional(),
  declared_region: z
    .enum(['global', 'europe', 'us'], 'must be "global", "europe", "us" or null')
    .nullable()
    .optional(),
  allowed_models: list(entry, 'ids of models').optional(),
  allowed_api_key_hashes: list(hash, 'hashes of keys').optional(),
  allowed_user_ids: list(entry, 'ids of users').optional(),
  base_url: text.max(2048, 'must have at most 2048 characters').nullable().optional(),
};
const key = nonEmpty.max(MAX_SECRET_CHARACTERS, `must have at most ${MAX_SECRET_CHARACTERS} characters`);

const creation = z.object(
  {
    ...members,
    provider: nonEmpty.max(64, 'must have at most 64 characters'),
    key,
    workspace_id: workspaceId.optional(),
  },
  'must be a JSON object',
);
/** On pages it may be said that a key is for every workspace. */
const pageCreation = creation.extend({ workspace_id: workspaceId.nullable().optional() });
const patch = z.object({ ...members, key: key.optional() }, 'must be a JSON object');

export interface OwnKeyMembers {
  readonly name?: string | null | undefined;
  readonly disabled?: boolean | undefined;
  readonly is_fallback?: boolean | undefined;
  readonly is_required?: boolean | undefined;
  readonly is_byok_only?: boolean | undefined;
  readonly declared_zdr?: boolean | null | undefined;
  readonly declared_region?: Region | null | undefined;
  readonly allowed_models?: readonly string[] | null | undefined;
  readonly allowed_api_key_hashes?: readonly string[] | null | undefined;
  readonly allowed_user_ids?: readonly string[] | null | undefined;
  /** Ours: where it goes in place of the provider's own address; null: nowhere else. */
  readonly base_url?: string | null | undefined;
}

export interface NewOwnKey extends OwnKeyMembers {
  readonly provider: string;
  readonly key: string;
  /** Undefined: the default one; null: all of the account's. */
  readonly workspace_id?: string | null | undefined;
}

export interface OwnKeyPatch extends OwnKeyMembers {
  readonly key?: string | undefined;
}

export function parseNewOwnKey(body: unknown, isPage: boolean): NewOwnKey {
  return mustNotBeEmpty(parse(isPage ? pageCreation : creation, body));
}

export function parseOwnKeyPatch(body: unknown): OwnKeyPatch {
  return mustNotBeEmpty(parse(patch, body));
}

/** No key at all could use it: whoever means that disables it. Lists of models and users may be empty, and let nothing through. */
function mustNotBeEmpty<T extends OwnKeyMembers>(fields: T): T {
  if (fields.allowed_api_key_hashes?.length === 0)
    throw invalidField('allowed_api_key_hashes', 'must name a key; null means every key');
  return fields;
}

const order = z.object(
  { ids: z.array(z.string('must be ids')).min(1, 'must not be empty').max(1000, 'are too many') },
  'must be a JSON object',
);

/** In the order in which they are to be tried. */
export function parseOrder(body: unknown): readonly string[] {
  const ids = parse(order, body).ids.map((id) => id.toLowerCase());
  if (new Set(ids).size !== ids.length) throw invalidField('ids', 'must not have the same one twice');
  return ids;
}

export interface OwnKeyPage {
  /** Null: the default one. */
  readonly workspaceId: string | null;
  readonly provider: string | null;
  readonly offset: number;
  readonly limit: number;
}

export function parseOwnKeyPage(query: URLSearchParams): OwnKeyPage {
  const workspace = single(query, 'workspace_id');
  if (workspace !== null && !UUID.test(workspace)) throw invalidRequest('workspace_id: must be a UUID');
  return {
    workspaceId: workspace?.toLowerCase() ?? null,
    provider: single(query, 'provider'),
    offset: whole(query, 'offset', 0, 0, Number.MAX_SAFE_INTEGER),
    limit: whole(query, 'limit', 50, 1, 100),
  };
}

function whole(query: URLSearchParams, name: string, absent: number, least: number, most: number): number {
  const given = single(query, name);
  if (given === null || (given === '' && name === 'offset')) return absent;
  const value = /^\d{1,15}$/.test(given) ? Number(given) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw invalidRequest(`${name}: must be a whole number from ${least}${most > 1000 ? '' : ` to ${most}`}`);
}
