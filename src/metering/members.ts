/**
 * The columns of a generation that nothing searches for or sums up, as the members of a JSON object: the text that the journal
 * has of them is the text that the database gets. What says nothing (null, 0 where that is what nothing means) is left out.
 */
import type { NanoUsd } from '../money.ts';
import type { Generation, GenerationEnd } from './generation.ts';

/** The same for every request of a key, an endpoint and an app. */
export const CONTEXT_MEMBERS = [
  'workspace_id',
  'api_type',
  'door',
  'model_permaslug',
  'router',
  'provider_slug',
  'provider_name',
  'endpoint_tag',
  'http_referer',
  'app_title',
  'app_categories',
  'user_agent',
  'external_user',
] as const;

/** Known when the request is sent. */
export const START_MEMBERS = [
  'request_id',
  'streamed',
  'session_id',
  'tags',
  'agent_id',
  'parent_agent_id',
  'agent_class',
  'end_user',
] as const;

type Start = Pick<Generation, (typeof START_MEMBERS)[number] | 'content_filters'>;

/** Known at its end, as far as it is no column of its own. */
type End = Omit<GenerationEnd, 'cost_nano_usd' | 'overshoot_nano_usd'>;

/** Of rows whose requests count in their workspace: those of earlier versions do not. No column: verifying alone asks for it. */
const COUNTS_IN_WORKSPACE = ',"counts":"workspace"';

/**
 * `"a":"b","c":"d"`, or nothing. Without a line break and without a tab, as are all members.
 * @param countsInWorkspace whether its scopes are told by its row too
 */
export function contextMembers(
  start: Pick<Generation, (typeof CONTEXT_MEMBERS)[number]>,
  countsInWorkspace: boolean,
): string {
  return CONTEXT_MEMBERS.map((name) => textMember(name, start[name]))
    .concat(countsInWorkspace ? COUNTS_IN_WORKSPACE : '')
    .join('')
    .slice(1);
}

// Every request makes these two: written out, because to go through lists of names takes several times as long.

export function startMembers(start: Start): string {
  const { request_id, streamed, session_id, agent_id, end_user } = start;
  let text = `"request_id":${JSON.stringify(request_id)}`;
  if (streamed === 1) text += ',"streamed":1';
  if (session_id !== null) text += textMember('session_id', session_id);
  if (agent_id !== null) text += textMember('agent_id', agent_id);
  if (start.parent_agent_id !== null) text += textMember('parent_agent_id', start.parent_agent_id);
  if (start.agent_class !== null) text += textMember('agent_class', start.agent_class);
  if (end_user !== null) text += textMember('end_user', end_user);
  if (start.tags !== null) text += textMember('tags', start.tags);
  if (start.content_filters) text += textMember('content_filters', start.content_filters);
  return text;
}

/** Begins with a comma: the members of the start come before. */
export function endMembers(end: End): string {
  let text = `,"prompt_tokens":${integer(end.prompt_tokens)},"completion_tokens":${integer(end.completion_tokens)}`;
  if (end.generation_time_ms !== null) text += `,"generation_time_ms":${integer(end.generation_time_ms)}`;
  if (end.latency_ms !== null) text += `,"latency_ms":${integer(end.latency_ms)}`;
  if (end.upstream_id !== null) text += textMember('upstream_id', end.upstream_id);
  if (end.finish_reason !== null) text += textMember('finish_reason', end.finish_reason);
  if (end.native_finish_reason !== null) text += textMember('native_finish_reason', end.native_finish_reason);
  if (end.service_tier !== null) text += textMember('service_tier', end.service_tier);
  if (end.cancelled === 1) text += ',"cancelled":1';
  if (end.estimated === 1) text += ',"estimated":1';
  if (end.reasoning_tokens !== 0) text += `,"reasoning_tokens":${integer(end.reasoning_tokens)}`;
  if (end.cached_tokens !== 0) text += `,"cached_tokens":${integer(end.cached_tokens)}`;
  if (end.cache_write_tokens !== 0) text += `,"cache_write_tokens":${integer(end.cache_write_tokens)}`;
  if (end.cache_write_1h_tokens) text += `,"cache_write_1h_tokens":${integer(end.cache_write_1h_tokens)}`;
  if (end.image_count !== 0) text += `,"image_count":${integer(end.image_count)}`;
  if (end.upstream_cost_nano_usd !== 0n) text += `,"upstream_cost_nano_usd":${end.upstream_cost_nano_usd}`;
  if (end.cache_discount_nano_usd !== 0n) text += `,"cache_discount_nano_usd":${end.cache_discount_nano_usd}`;
  if (end.byok_fee_nano_usd !== 0n) text += `,"byok_fee_nano_usd":${end.byok_fee_nano_usd}`;
  if (end.answer_filters) text += textMember('answer_filters', end.answer_filters);
  if (end.attempts !== NO_ATTEMPTS) text += `,"attempts":${end.attempts}`;
  if (end.plan !== null) text += `,"plan":${end.plan}`;
  return text;
}

const NO_ATTEMPTS = '[]';

/** What of an end is summed up. */
export type EndFigures = Pick<
  Generation,
  | 'prompt_tokens'
  | 'completion_tokens'
  | 'reasoning_tokens'
  | 'cached_tokens'
  | 'cache_write_tokens'
  | 'latency_ms'
  | 'generation_time_ms'
> & { readonly cache_discount_nano_usd: number; readonly isCancelled: boolean; readonly hasFailed: boolean };

/**
 * The figures in members that `startMembers` and `endMembers` wrote. Looked for, not parsed: that takes a fifth of the time, once a
 * request. A name in quotes with a colon behind it is no part of a text, whose quotes are escaped; and the attempts, which have
 * members of their own, come last.
 */
export function endFiguresIn(members: string): EndFigures {
  const own = withoutAttempts(members);
  return {
    prompt_tokens: integerIn(own, '"prompt_tokens":') ?? 0,
    completion_tokens: integerIn(own, '"completion_tokens":') ?? 0,
    reasoning_tokens: integerIn(own, '"reasoning_tokens":') ?? 0,
    cached_tokens: integerIn(own, '"cached_tokens":') ?? 0,
    cache_write_tokens: integerIn(own, '"cache_write_tokens":') ?? 0,
    latency_ms: integerIn(own, '"latency_ms":'),
    generation_time_ms: integerIn(own, '"generation_time_ms":'),
    cache_discount_nano_usd: integerIn(own, '"cache_discount_nano_usd":') ?? 0,
    isCancelled: own.includes('"cancelled":1'),
    hasFailed: own.includes('"finish_reason":"error"'),
  };
}

/** Of a request that the caller's own provider key paid: what was charged for that, looked for in the same way. */
export function ownKeyFeeIn(members: string): NanoUsd {
  return BigInt(integerIn(withoutAttempts(members), '"byok_fee_nano_usd":') ?? 0);
}

function withoutAttempts(members: string): string {
  const attempts = members.indexOf(',"attempts":');
  return attempts === -1 ? members : members.slice(0, attempts);
}

const [ZERO, NINE, MINUS] = [48, 57, 45];

/** The integer behind a name; null: the name is not there. */
function integerIn(text: string, name: string): number | null {
  const found = text.indexOf(name);
  if (found === -1) return null;
  let at = found + name.length;
  const isNegative = text.charCodeAt(at) === MINUS;
  if (isNegative) at += 1;
  let value = 0;
  for (let code = text.charCodeAt(at); code >= ZERO && code <= NINE; code = text.charCodeAt(at)) {
    value = value * 10 + code - ZERO;
    at += 1;
  }
  return isNegative ? -value : value;
}

/** The same of a whole row, in whichever order and with whichever spaces. */
export function endFiguresOf(row: Partial<Generation>): EndFigures {
  return {
    prompt_tokens: row.prompt_tokens ?? 0,
    completion_tokens: row.completion_tokens ?? 0,
    reasoning_tokens: row.reasoning_tokens ?? 0,
    cached_tokens: row.cached_tokens ?? 0,
    cache_write_tokens: row.cache_write_tokens ?? 0,
    latency_ms: row.latency_ms ?? null,
    generation_time_ms: row.generation_time_ms ?? null,
    cache_discount_nano_usd: Number(row.cache_discount_nano_usd ?? 0),
    isCancelled: row.cancelled === 1,
    hasFailed: row.finish_reason === 'error',
  };
}

/** With the comma before it; nothing for null. */
function textMember(name: keyof Generation, value: string | null | undefined): string {
  return value === null || value === undefined ? '' : `,"${name}":${JSON.stringify(value)}`;
}

/** Whatever somebody counted, an integer's column takes it, and digits are how it is written: 1e21 would be none. */
function integer(count: number): number {
  if (Number.isSafeInteger(count)) return count;
  if (Number.isNaN(count)) return 0;
  return Math.min(Math.max(Math.round(count), -Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
}

/** The members of a context and those of a request, as one object. */
export function objectOf(context: string, own: string): string {
  return context === '' ? `{${own}}` : `{${context},${own}}`;
}

/** How JSON writes what PostgreSQL refuses in a text: NUL, and half of a pair of surrogates. */
const REFUSED = /\\u(?:0000|d[89a-f])/;

/** Members with such characters replaced: one caller's half emoji must not hold up everybody's rows. */
export function storableMembers(members: string): string {
  // Few have any escape at all, and to look for that takes next to nothing.
  if (!members.includes('\\u') || !REFUSED.test(members)) return members;
  return JSON.stringify(JSON.parse(`{${members}}`), storable).slice(1, -1);
}

function storable(_: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '\ufffd') : value;
}
