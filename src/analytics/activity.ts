/** `GET /activity`: what each model at each endpoint did on each of the last completed days. All days are UTC. */
import { invalidRequest, TurnpikeError } from '../errors.ts';
import { UUID } from '../keys/key-fields.ts';
import { asKeyId } from '../keys/key-names.ts';
import { BOUNDS_MS } from '../metering/histogram.ts';
import { usdFromNanoUsd } from '../money.ts';
import { single } from '../query.ts';
import { DAY_MS } from '../time-zone.ts';
import { type AnalyticsServices, boundedGroups, type Viewer } from './analytics.ts';
import type { ActivityRow } from './answers.ts';
import { isDimension } from './metrics.ts';
import { type DimensionName, isTag, type TagDimension, type ValueFilter } from './store.ts';

/** Today is not one of them: it is not over. */
const DAYS = 30;
const KEY_HASH = /^[0-9a-f]{64}$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

export interface ActivityQuery {
  readonly fromMs: number;
  readonly toMs: number;
  readonly keyHash: string | null;
  readonly userId: string | null;
  readonly workspaceId: string | null;
  /** Rows are told apart by it too. */
  readonly by: GroupBy | null;
}

/** `workspace` is OpenRouter's; the others are ours. */
type GroupBy = 'workspace' | 'door' | TagDimension;

/** Throws a 400 that names the parameter. */
export function parseActivityQuery(query: URLSearchParams, nowMs: number): ActivityQuery {
  const todayMs = Math.floor(nowMs / DAY_MS) * DAY_MS;
  const oldestMs = todayMs - DAYS * DAY_MS;
  const date = single(query, 'date');
  let [fromMs, toMs] = [oldestMs, todayMs];
  if (date !== null) {
    fromMs = DATE.test(date) ? Date.parse(`${date}T00:00:00Z`) : Number.NaN;
    if (Number.isNaN(fromMs) || dayOf(fromMs) !== date)
      throw invalidRequest('date: must be a UTC date such as "2026-01-31"');
    if (fromMs < oldestMs || fromMs >= todayMs)
      throw invalidRequest(`date: must be one of the last ${DAYS} completed UTC days`);
    toMs = fromMs + DAY_MS;
  }
  const keyHash = single(query, 'api_key_hash');
  if (keyHash !== null && !KEY_HASH.test(keyHash))
    throw invalidRequest('api_key_hash: must be the hash of a key, 64 lowercase hexadecimal digits');
  const groupBy = single(query, 'group_by');
  if (groupBy !== null && !isGroupBy(groupBy))
    throw invalidRequest('group_by: must be "workspace", "door", or "tag." and the name of a tag');
  const workspaceId = single(query, 'workspace_id');
  if (workspaceId !== null && !UUID.test(workspaceId)) throw invalidRequest('workspace_id: must be a UUID');
  return {
    ...{ fromMs, toMs, keyHash, workspaceId: workspaceId?.toLowerCase() ?? null },
    ...{ userId: single(query, 'user_id'), by: groupBy },
  };
}

function isGroupBy(name: string): name is GroupBy {
  return name === 'workspace' || name === 'door' || (isTag(name) && isDimension(name));
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** Newest day first. A key or user of another account has no rows, as an unknown one; its workspace is a 404. */
export async function activityOf(
  services: AnalyticsServices,
  { accountId, madeBy }: Viewer,
  query: ActivityQuery,
): Promise<ActivityRow[]> {
  await services.flushed();
  const workspaces = await services.workspaces(accountId);
  const { workspaceId } = query;
  if (workspaceId !== null && !workspaces.some(({ id }) => id === workspaceId))
    throw new TurnpikeError('not_found');
  const keyHash =
    query.keyHash === null
      ? null
      : await asKeyId(services.database.db, accountId, query.keyHash, services.clock.nowMs());
  const only = (dimension: DimensionName, value: string | null): ValueFilter[] =>
    value === null ? [] : [{ dimension, isExcluding: false, values: [value], passesUnset: false }];
  const groups = await boundedGroups(services.database, {
    ...{ accountId, madeBy, defaultWorkspaceId: workspaces[0]?.id ?? '', source: 'hours' },
    ...{ fromMs: query.fromMs, toMs: query.toMs, span: { kind: 'every', ms: DAY_MS, offsetMs: 0 } },
    dimensions: ['model_id', 'model', 'endpoint', 'provider', ...(query.by === null ? [] : [query.by])],
    filters: [
      ...only('api_key_id', keyHash),
      ...only('user', query.userId),
      ...only('workspace', workspaceId),
    ],
    sums: [
      ...(['requests', 'cost_nano_usd', 'byok_nano_usd', 'prompt_tokens', 'completion_tokens'] as const),
      ...(['reasoning_tokens', 'cached_tokens'] as const),
    ],
    ...{ bucketBoundsMs: BOUNDS_MS, maxGroups: Number.MAX_SAFE_INTEGER },
  });
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  return groups
    .map((group) => ({
      date: dayOf(Number(group['at_ms'])),
      model: text(group['d0']),
      model_permaslug: text(group['d1']),
      endpoint_id: text(group['d2']),
      provider_name: text(group['d3']),
      ...(query.by === null ? {} : groupOf(query.by, group['d4'])),
      usage: usdFromNanoUsd(BigInt(group['cost_nano_usd'] ?? 0)),
      byok_usage_inference: usdFromNanoUsd(BigInt(group['byok_nano_usd'] ?? 0)),
      requests: Number(group['requests']),
      prompt_tokens: Number(group['prompt_tokens']),
      completion_tokens: Number(group['completion_tokens']),
      reasoning_tokens: Number(group['reasoning_tokens']),
      cached_tokens: Number(group['cached_tokens']),
    }))
    .sort((one, other) => (orderOf(one) < orderOf(other) ? -1 : 1))
    .sort((one, other) => (one.date === other.date ? 0 : one.date < other.date ? 1 : -1));
}

/** A workspace is never null, as OpenRouter has it; what nobody said is. */
function groupOf(by: GroupBy, value: unknown): Readonly<Record<string, string | null>> {
  if (by === 'workspace') return { workspace_id: typeof value === 'string' ? value : '' };
  return { [by]: typeof value === 'string' ? value : null };
}

function orderOf({ model, endpoint_id }: { model: string; endpoint_id: string }): string {
  return `${model} ${endpoint_id}`;
}
