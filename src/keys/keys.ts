/** The rules of keys: what a body may say, what it means, and which defaults fill it. No I/O. */
import { z } from 'zod';
import { hashOf, type KeySecret } from '../auth/key-secret.ts';
import type { OnExhaust } from '../auth/principal.ts';
import { invalidField, invalidRequest } from '../errors.ts';
import { isStorable } from '../json.ts';
import { single } from '../query.ts';
import type { KeyKind, LimitReset } from '../storage/schema.ts';
import {
  expiresAt,
  flag,
  keyName,
  limit,
  limitReset,
  mustBeAhead,
  nonEmpty,
  parse,
  text,
  UUID,
  workspaceId,
} from './key-fields.ts';
import { onExhaust, onExhaustColumns, withKnownModel } from './on-exhaust.ts';
import type { KeyChanges, KeyRow } from './store.ts';

const EXTERNAL_USER_MAX_LENGTH = 512;
const EXTERNAL_KEY_MIN_LENGTH = 32;
/** Fewer different characters than this in 32 is a word repeated, not a secret; random hex practically never has so few. */
const EXTERNAL_KEY_MIN_DISTINCT = 8;
const MAX_OFFSET_DIGITS = 15;
const PAGE_KEYS = 100;

const KEY_HASH = /^[0-9a-f]{64}$/;

const external = z.object(
  {
    user: text
      .transform((value) => value.trim())
      .refine(
        (value) => value.length >= 1 && value.length <= EXTERNAL_USER_MAX_LENGTH,
        `must have 1 to ${EXTERNAL_USER_MAX_LENGTH} characters`,
      ),
    api_key: text
      .min(EXTERNAL_KEY_MIN_LENGTH, `must have at least ${EXTERNAL_KEY_MIN_LENGTH} characters`)
      .refine((value) => new Set(value).size >= EXTERNAL_KEY_MIN_DISTINCT, 'is too easy to guess')
      .optional(),
  },
  'must be an object',
);

const newKeyBody = z.object(
  {
    name: keyName.optional(),
    label: keyName.optional(),
    limit: limit.optional(),
    limit_reset: limitReset.optional(),
    include_byok_in_limit: flag.optional(),
    expires_at: expiresAt.optional(),
    creator_user_id: nonEmpty.nullable().optional(),
    workspace_id: workspaceId.optional(),
    external: external.optional(),
    cut_streams_when_revoked: flag.optional(),
    on_exhaust: onExhaust.optional(),
  },
  'must be a JSON object',
);

const keyPatchBody = z.object(
  {
    name: keyName.optional(),
    disabled: flag.optional(),
    limit: limit.optional(),
    limit_reset: limitReset.optional(),
    include_byok_in_limit: flag.optional(),
    cut_streams_when_revoked: flag.optional(),
    on_exhaust: onExhaust.optional(),
  },
  'must be a JSON object',
);

export interface NewKey {
  readonly name: string;
  readonly limitNanoUsd: bigint | null;
  readonly limitReset: LimitReset | null;
  readonly includeByokInLimit: boolean;
  readonly expiresAtMs: number | null;
  /** Undefined: the creator of the key that asks. */
  readonly creatorUserId: string | null | undefined;
  /** Null: the account's default one. */
  readonly workspaceId: string | null;
  readonly externalUser: string | null;
  readonly externalApiKeyHash: string | null;
  /** Whether running streams end with the key; otherwise they may finish. */
  readonly cutStreamsWhenRevoked: boolean;
  /** Null: as the key that makes it says, else the installation. */
  readonly onExhaust: OnExhaust | null;
}

/** A body of `POST /keys`. `label` is an old name of `name`, and a present `name` wins, even over a good `label`. */
export function parseNewKey(body: unknown, nowMs: number): NewKey {
  const fields = parse(newKeyBody, withoutLostLabel(body));
  const name = fields.name ?? fields.label;
  if (name === undefined) throw invalidField('name', 'is required');
  const expiresAtMs = fields.expires_at ?? null;
  mustBeAhead(expiresAtMs, nowMs);
  return {
    name,
    limitNanoUsd: fields.limit ?? null,
    limitReset: fields.limit_reset ?? null,
    includeByokInLimit: fields.include_byok_in_limit ?? false,
    expiresAtMs,
    creatorUserId: fields.creator_user_id,
    workspaceId: fields.workspace_id ?? null,
    externalUser: fields.external?.user ?? null,
    externalApiKeyHash: fields.external?.api_key === undefined ? null : hashOf(fields.external.api_key),
    cutStreamsWhenRevoked: fields.cut_streams_when_revoked ?? false,
    onExhaust: fields.on_exhaust ?? null,
  };
}

/** A `label` beside a `name` is only another unknown field, so nothing about it can be wrong. */
function withoutLostLabel(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, 'name')) return body;
  return { ...body, label: undefined };
}

/** A body of `PATCH /keys/{hash}`: what is not named stays as it is, null takes a limit or its reset away. */
export function parseKeyPatch(body: unknown, chatModelId: (id: string) => string | null): KeyChanges {
  const fields = parse(keyPatchBody, body);
  return {
    ...(fields.name !== undefined && { name: fields.name }),
    ...(fields.disabled !== undefined && { disabled: fields.disabled ? 1 : 0 }),
    ...(fields.limit !== undefined && { limit_nano_usd: fields.limit }),
    ...(fields.limit_reset !== undefined && { limit_reset: fields.limit_reset }),
    ...(fields.include_byok_in_limit !== undefined && {
      include_byok_in_limit: fields.include_byok_in_limit ? 1 : 0,
    }),
    ...(fields.cut_streams_when_revoked !== undefined && {
      cut_streams_when_revoked: fields.cut_streams_when_revoked ? 1 : 0,
    }),
    ...(fields.on_exhaust !== undefined && onExhaustColumns(withKnownModel(fields.on_exhaust, chatModelId))),
  };
}

export interface KeyPage {
  readonly offset: number;
  readonly limit: number;
  readonly includeDisabled: boolean;
  readonly includeExpired: boolean;
  /** Null: the default workspace. */
  readonly workspaceId: string | null;
}

/** The query of `GET /keys`. */
export function parseKeyPage(query: URLSearchParams): KeyPage {
  const offset = single(query, 'offset') ?? '0';
  if (!/^\d+$/.test(offset) || offset.length > MAX_OFFSET_DIGITS) {
    throw invalidRequest('offset: must be an integer of 0 or more');
  }
  const workspaceId = single(query, 'workspace_id');
  if (workspaceId !== null && !UUID.test(workspaceId)) throw invalidRequest('workspace_id: must be a UUID');
  return {
    offset: Number(offset),
    limit: PAGE_KEYS,
    includeDisabled: isAsked(query, 'include_disabled'),
    includeExpired: isAsked(query, 'include_expired'),
    workspaceId: workspaceId?.toLowerCase() ?? null,
  };
}

/** `limit_spent`: those that have spent most of their limit first, those without a limit last. */
const ORDERS = ['newest', 'name', 'limit_spent'] as const;
export type KeyOrdering = (typeof ORDERS)[number];

/** What our own pages may narrow their list to, beyond what the API offers. */
export interface KeySearch {
  /** In the name or the masked secret, whatever its case. */
  readonly text: string | null;
  readonly isDisabled: boolean | null;
  readonly creatorUserId: string | null;
  readonly order: KeyOrdering;
}

const SEARCH_MAX_LENGTH = 200;

export function parseKeySearch(query: URLSearchParams): KeySearch {
  const text = single(query, 'search') ?? '';
  if (text.length > SEARCH_MAX_LENGTH || !isStorable(text))
    throw invalidRequest(`search: must have at most ${SEARCH_MAX_LENGTH} characters`);
  const state = single(query, 'state');
  if (state !== null && state !== 'enabled' && state !== 'disabled')
    throw invalidRequest('state: must be "enabled" or "disabled"');
  const asked = single(query, 'order') ?? 'newest';
  const order = ORDERS.find((known) => known === asked);
  if (order === undefined) throw invalidRequest(`order: must be one of ${ORDERS.join(', ')}`);
  return {
    text: text.trim() === '' ? null : text.trim(),
    isDisabled: state === null ? null : state === 'disabled',
    creatorUserId: single(query, 'creator_user_id'),
    order,
  };
}

const managementKeyBody = z.object(
  { name: keyName, expires_at: expiresAt.optional() },
  'must be a JSON object',
);

/** A management key spends nothing and belongs to no workspace: it has a name, and perhaps an end. */
export function parseNewManagementKey(body: unknown, nowMs: number): NewKey {
  const fields = parse(managementKeyBody, body);
  const expiresAtMs = fields.expires_at ?? null;
  mustBeAhead(expiresAtMs, nowMs);
  return {
    ...{ name: fields.name, limitNanoUsd: null, limitReset: null, includeByokInLimit: false, expiresAtMs },
    ...{ creatorUserId: undefined, workspaceId: null, externalUser: null, externalApiKeyHash: null },
    ...{ cutStreamsWhenRevoked: false, onExhaust: null },
  };
}

const managementKeyPatch = z.object(
  { name: keyName.optional(), disabled: flag.optional() },
  'must be a JSON object',
);

/** Of a management key nothing else can be changed. */
export function parseManagementKeyPatch(body: unknown): KeyChanges {
  const { name, disabled } = parse(managementKeyPatch, body);
  return {
    ...(name !== undefined && { name }),
    ...(disabled !== undefined && { disabled: disabled ? 1 : 0 }),
  };
}

function isAsked(query: URLSearchParams, name: string): boolean {
  const value = single(query, name) ?? 'false';
  if (value !== 'true' && value !== 'false') throw invalidRequest(`${name}: must be "true" or "false"`);
  return value === 'true';
}

/** Lower case only: any other text names no key. */
export function isKeyHash(hash: string): boolean {
  return KEY_HASH.test(hash);
}

/** A new key's row. Management keys belong to the account, all others to a workspace. */
export function newKeyRow(options: {
  secret: Pick<KeySecret, 'hash' | 'label'>;
  key: NewKey;
  kind: KeyKind;
  accountId: string;
  workspaceId: string | null;
  creatorUserId: string | null;
  madeFor?: string | null;
  isDelegated?: boolean;
  parentKeyHash?: string | null;
  boundedByAdmin?: boolean;
  isChild?: boolean;
  allowedModels?: readonly string[] | null;
  nowMs: number;
}): KeyRow {
  const { secret, key } = options;
  return {
    hash: secret.hash,
    account_id: options.accountId,
    workspace_id: options.kind === 'management' ? null : options.workspaceId,
    kind: options.kind,
    name: key.name,
    label: secret.label,
    disabled: 0,
    limit_nano_usd: key.limitNanoUsd,
    limit_reset: key.limitReset,
    include_byok_in_limit: key.includeByokInLimit ? 1 : 0,
    creator_user_id: options.creatorUserId,
    external_user: key.externalUser,
    external_api_key_hash: key.externalApiKeyHash,
    created_at_ms: options.nowMs,
    updated_at_ms: null,
    expires_at_ms: key.expiresAtMs,
    deleted_at_ms: null,
    version: 1,
    cut_streams_when_revoked: key.cutStreamsWhenRevoked ? 1 : 0,
    made_for: options.madeFor ?? null,
    bounded_by_admin: options.boundedByAdmin ? 1 : 0,
    is_delegated: options.isDelegated ? 1 : 0,
    parent_key_hash: options.parentKeyHash ?? null,
    secret_hash: null,
    rotated_at_ms: null,
    is_child: options.isChild ? 1 : 0,
    allowed_models: options.allowedModels == null ? null : JSON.stringify(options.allowedModels),
    ...onExhaustColumns(key.onExhaust),
  };
}
