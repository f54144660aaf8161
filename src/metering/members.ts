/**
 * The columns of a generation that nothing searches for or sums up, as the members of a JSON object: the text that the journal
 * has of them is the text that the database gets. What says nothing (null, 0 where 0 is meant by absence) is left out.
 */
import type { Generation } from './generation.ts';

/** The same for every request of a key, an endpoint and an app. */
export const CONTEXT_MEMBERS = [
  'workspace_id',
  'api_type',
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
export const START_MEMBERS = ['request_id', 'streamed', 'session_id', 'end_user'] as const;

/** Known at its end. */
export const END_MEMBERS = [
  'upstream_id',
  'cancelled',
  'estimated',
  'finish_reason',
  'native_finish_reason',
  'service_tier',
  'prompt_tokens',
  'completion_tokens',
  'reasoning_tokens',
  'cached_tokens',
  'cache_write_tokens',
  'image_count',
  'upstream_cost_nano_usd',
  'cache_discount_nano_usd',
  'latency_ms',
  'generation_time_ms',
  'attempts',
] as const;

export type Member =
  | (typeof CONTEXT_MEMBERS)[number]
  | (typeof START_MEMBERS)[number]
  | (typeof END_MEMBERS)[number];

/** Members in which null and 0 are two things. */
const TELLS_ZERO: ReadonlySet<Member> = new Set<Member>(['latency_ms', 'generation_time_ms']);
const NO_ATTEMPTS = '[]';

/** `"a":1,"b":"c"`, or nothing. Without a line break and without a tab. */
export function membersOf(columns: Readonly<Partial<Generation>>, names: readonly Member[]): string {
  let text = '';
  for (const name of names) {
    const value = columns[name];
    if (value === null || value === undefined) continue;
    if (typeof value !== 'string') {
      if (Number(value) === 0 && !TELLS_ZERO.has(name)) continue;
      text += `${text === '' ? '' : ','}"${name}":${integerText(value)}`;
    } else if (name !== 'attempts') text += `${text === '' ? '' : ','}"${name}":${JSON.stringify(value)}`;
    else if (value !== NO_ATTEMPTS) text += `${text === '' ? '' : ','}"attempts":${value}`;
  }
  return text;
}

/** Whatever somebody counted, an integer's column takes it. */
function integerText(value: number | bigint): string {
  if (typeof value === 'bigint' || Number.isInteger(value)) return value.toString();
  return Number.isFinite(value) ? Math.round(value).toString() : '0';
}

/** Members one behind the other, as one object. */
export function objectOf(...members: readonly string[]): string {
  return `{${joinedMembers(...members)}}`;
}

export function joinedMembers(...members: readonly string[]): string {
  return members.filter((text) => text !== '').join(',');
}

/** How JSON writes what PostgreSQL refuses in a text: NUL, and half of a pair of surrogates. */
const REFUSED = /\\u(?:0000|d[89a-f])/;

/** The object with such characters replaced: one caller's half emoji must not hold up everybody's rows. */
export function storableObject(json: string): string {
  return REFUSED.test(json) ? JSON.stringify(JSON.parse(json), storable) : json;
}

function storable(_: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '\ufffd') : value;
}
