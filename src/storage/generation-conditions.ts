/** What generations are searched by beside their account, their keys and their time, and how either table says it. */
import { type RawBuilder, sql } from 'kysely';

/** Null: whatever it is. Texts are compared as a whole. */
export interface GenerationConditions {
  /** As it was asked for, or as its version is named. */
  readonly model: string | null;
  readonly provider: string | null;
  /** A title, or the origin of an address, such as `https://chat.example.com`. */
  readonly app: string | null;
  readonly session: string | null;
  readonly externalUser: string | null;
  readonly requestId: string | null;
  /** The workspace's id. */
  readonly workspace: string | null;
  readonly apiType: string | null;
  /** By which API it came: of earlier versions' rows nobody knows it. */
  readonly door: string | null;
  readonly outcome: 'complete' | 'cancelled' | 'failed' | null;
  readonly finishReason: string | null;
  readonly isStreamed: boolean | null;
  readonly minCostNanoUsd: bigint | null;
  /** Until the first byte. */
  readonly minLatencyMs: number | null;
  /** Until the end. */
  readonly minDurationMs: number | null;
}

export const NO_CONDITIONS: GenerationConditions = {
  ...{ model: null, provider: null, app: null, session: null, externalUser: null, requestId: null },
  ...{ workspace: null, apiType: null, door: null, outcome: null, finishReason: null, isStreamed: null },
  ...{ minCostNanoUsd: null, minLatencyMs: null, minDurationMs: null },
};

/** Whether none of them narrows anything. */
export const areNone = (conditions: GenerationConditions): boolean =>
  Object.values(conditions).every((value) => value === null);

/** What is a column of `generation` and a member of the JSON object in `generation_record`. */
type Member =
  | 'model_permaslug'
  | 'provider_name'
  | 'http_referer'
  | 'app_title'
  | 'session_id'
  | 'external_user'
  | 'request_id'
  | 'workspace_id'
  | 'api_type'
  | 'door'
  | 'finish_reason'
  | 'cancelled'
  | 'streamed'
  | 'latency_ms'
  | 'generation_time_ms';

/** True for the rows of that table which are meant. No index helps: whoever asks bounds how many rows are looked at. */
export function conditionOf(
  table: 'generation_record' | 'generation',
  conditions: GenerationConditions,
): RawBuilder<boolean> {
  const text = (name: Member): RawBuilder<unknown> =>
    table === 'generation_record'
      ? sql`(rest ->> ${sql.lit(name)})`
      : name === 'door'
        ? sql`NULL`
        : sql.ref(name);
  const integer = (name: Member): RawBuilder<unknown> => sql`COALESCE(CAST(${text(name)} AS BIGINT), 0)`;
  const parts: RawBuilder<unknown>[] = [sql`1 = 1`];
  const equal = (name: Member, value: string | null) => {
    if (value !== null) parts.push(sql`${text(name)} = ${value}`);
  };
  const { model, app, outcome, isStreamed, minCostNanoUsd, minLatencyMs, minDurationMs } = conditions;
  if (minCostNanoUsd !== null) parts.push(sql`cost_nano_usd >= ${minCostNanoUsd}`);
  if (model !== null) parts.push(sql`(model = ${model} OR ${text('model_permaslug')} = ${model})`);
  equal('request_id', conditions.requestId);
  equal('workspace_id', conditions.workspace);
  equal('session_id', conditions.session);
  equal('provider_name', conditions.provider);
  equal('external_user', conditions.externalUser);
  equal('api_type', conditions.apiType);
  equal('door', conditions.door);
  equal('finish_reason', conditions.finishReason);
  if (app !== null) parts.push(appIs(text, app));
  if (outcome !== null) parts.push(outcomeIs(text, integer, outcome));
  if (isStreamed !== null) parts.push(sql`${integer('streamed')} = ${isStreamed ? 1 : 0}`);
  if (minLatencyMs !== null) parts.push(sql`${integer('latency_ms')} >= ${minLatencyMs}`);
  if (minDurationMs !== null) parts.push(sql`${integer('generation_time_ms')} >= ${minDurationMs}`);
  return sql<boolean>`(${sql.join(parts, sql` AND `)})`;
}

/** The address of an app is told with its path: its origin stands before a slash, or is all of it. */
function appIs(text: (name: Member) => RawBuilder<unknown>, app: string): RawBuilder<unknown> {
  const from = `${app}/`;
  return sql`(${text('app_title')} = ${app} OR ${text('http_referer')} = ${app}
    OR substr(${text('http_referer')}, 1, ${sql.lit([...from].length)}) = ${from})`;
}

/** As the figures have it. */
function outcomeIs(
  text: (name: Member) => RawBuilder<unknown>,
  integer: (name: Member) => RawBuilder<unknown>,
  outcome: 'complete' | 'cancelled' | 'failed',
): RawBuilder<unknown> {
  if (outcome === 'cancelled') return sql`${integer('cancelled')} = 1`;
  const failed = sql`COALESCE(${text('finish_reason')}, '') = 'error'`;
  return outcome === 'failed'
    ? sql`(${integer('cancelled')} = 0 AND ${failed})`
    : sql`(${integer('cancelled')} = 0 AND NOT ${failed})`;
}
