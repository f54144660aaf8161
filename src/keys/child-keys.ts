/**
 * Keys that a key makes for itself, as an agent does for those that work for it: never wider than the one that makes them. What they
 * spend counts against its limit too, however many they are.
 */
import { z } from 'zod';
import type { Principal } from '../auth/principal.ts';
import { TurnpikeError } from '../errors.ts';
import type { KeyOrder } from './create-key.ts';
import { expiresAt, keyName, limit, limitReset, mustBeAhead, nonEmpty, parse } from './key-fields.ts';

const MAX_MODELS = 100;
const MAX_MODEL_CHARACTERS = 256;
/** Each stands below the one that made it, and every request is held in the limits of all of them. */
const MAX_DEPTH = 4;

const body = z.strictObject(
  {
    name: keyName,
    limit: limit.optional(),
    limit_reset: limitReset.optional(),
    expires_at: expiresAt.optional(),
    models: z
      .array(
        nonEmpty.max(MAX_MODEL_CHARACTERS, `must have at most ${MAX_MODEL_CHARACTERS} characters`),
        'must be a list of ids of models, or null',
      )
      .min(1, 'must name a model; null means every model that this key may use')
      .max(MAX_MODELS, `must name at most ${MAX_MODELS} models`)
      .nullable()
      .optional(),
  },
  {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `has no member ${issue.keys.join(', ')}; there are name, limit, limit_reset, expires_at and models`
        : 'must be a JSON object',
  },
);

/** What is left out is as with the parent. Throws a 403 that names what would be wider, and a 400 for what is wrong in itself. */
export function childOrder(parent: Principal, json: unknown, nowMs: number): KeyOrder {
  mustMayHaveChildren(parent);
  const wanted = parse(body, json);
  const expiresAtMs = wanted.expires_at === undefined ? parent.expiresAtMs : wanted.expires_at;
  mustBeAhead(wanted.expires_at ?? null, nowMs);
  if (parent.expiresAtMs !== null && (expiresAtMs ?? Number.POSITIVE_INFINITY) > parent.expiresAtMs)
    throw exceeds('expires_at');
  const { limitNanoUsd, limitReset: reset } = limitOf(parent, wanted);
  return {
    accountId: parent.accountId,
    kind: 'api',
    defaultCreatorUserId: parent.creatorUserId,
    parentKeyHash: parent.keyHash,
    isChild: true,
    allowedModels: modelsOf(parent, wanted.models),
    key: {
      ...{ name: wanted.name, limitNanoUsd, limitReset: reset, expiresAtMs },
      includeByokInLimit: parent.includeByokInLimit,
      cutStreamsWhenRevoked: parent.cutStreamsWhenRevoked,
      // As the parent says, also when that changes.
      onExhaust: null,
      ...{ creatorUserId: undefined, workspaceId: parent.workspaceId },
      ...{ externalUser: parent.externalUser, externalApiKeyHash: null },
    },
  };
}

/** An app's key is for what its user consented to, and nobody asked them about others. */
export function mustMayHaveChildren({ isDelegated, parentLimits }: Principal): void {
  if (isDelegated === true)
    throw new TurnpikeError('permission_denied', {
      message: 'An API key that was made for an app cannot make others: ask its user',
    });
  if ((parentLimits?.length ?? 0) >= MAX_DEPTH)
    throw new TurnpikeError('permission_denied', {
      message: `Keys that keys made for themselves stand at most ${MAX_DEPTH} below each other`,
    });
}

function limitOf(
  parent: Principal,
  wanted: { limit?: bigint | null | undefined; limit_reset?: Principal['limitReset'] | undefined },
): Pick<Principal, 'limitNanoUsd' | 'limitReset'> {
  const own = { limitNanoUsd: parent.limitNanoUsd, limitReset: parent.limitReset };
  if (wanted.limit === undefined) return { ...own, limitReset: wanted.limit_reset ?? own.limitReset };
  if (parent.limitNanoUsd !== null && (wanted.limit === null || wanted.limit > parent.limitNanoUsd))
    throw exceeds('limit');
  return { limitNanoUsd: wanted.limit, limitReset: wanted.limit_reset ?? null };
}

function modelsOf(parent: Principal, wanted: readonly string[] | null | undefined): readonly string[] | null {
  const { allowedModels } = parent;
  if (wanted === undefined || wanted === null) {
    if (wanted === null && allowedModels !== undefined) throw exceeds('models');
    return allowedModels === undefined ? null : [...allowedModels];
  }
  if (allowedModels !== undefined && wanted.some((id) => !allowedModels.has(id))) throw exceeds('models');
  return [...new Set(wanted)];
}

function exceeds(field: string): TurnpikeError {
  return new TurnpikeError('permission_denied', {
    message: `${field}: exceeds the rights of the API key that makes it`,
  });
}
