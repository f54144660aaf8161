/** One request as the log shows it, and the words for how it ended. */
import type { BadgeTone } from '../components/badge.tsx';
import { plainName } from '../components/untrusted.tsx';

/** An endpoint that was to be tried. */
export interface Planned {
  readonly endpoint_id: string;
  readonly model: string;
  readonly is_byok: boolean;
}

export interface Attempt {
  readonly provider_name: string;
  readonly endpoint_id: string;
  readonly model_permaslug: string;
  /** Null: no answer came. */
  readonly status: number | null;
  readonly latency: number;
  /** With the caller's own provider key. */
  readonly is_byok: boolean;
}

export interface Generation {
  readonly id: string;
  readonly request_id: string;
  readonly upstream_id: string | null;
  readonly created_at: string;
  readonly api_type: string;
  /** By which API it was asked for; null: an earlier version did not say. */
  readonly door: string | null;
  /** What its caller calls it. */
  readonly tags: Readonly<Record<string, string>>;
  readonly model: string;
  readonly router: string | null;
  readonly provider_name: string | null;
  readonly provider_responses: readonly Attempt[];
  /** In the order in which they were to be tried; empty: there was one alone, or it is not known. */
  readonly plan: readonly Planned[];
  readonly streamed: boolean;
  readonly cancelled: boolean;
  readonly is_byok: boolean;
  readonly finish_reason: string | null;
  readonly native_finish_reason: string | null;
  readonly service_tier: string | null;
  readonly total_cost: number;
  readonly cache_discount: number | null;
  readonly upstream_inference_cost: number | null;
  readonly tokens_prompt: number;
  readonly tokens_completion: number;
  readonly native_tokens_reasoning: number;
  readonly native_tokens_cached: number;
  readonly num_media_prompt: number | null;
  /** Milliseconds to the first byte. */
  readonly latency: number | null;
  /** Milliseconds until the end. */
  readonly generation_time: number | null;
  readonly http_referer: string | null;
  readonly app_title: string | null;
  readonly user_agent: string | null;
  readonly session_id: string | null;
  readonly external_user: string | null;
  readonly is_estimated: boolean;
  readonly api_key_hash: string;
  readonly api_key_name: string | null;
  readonly api_key_label: string | null;
  /** Why it failed; null: it did not, or nobody knows any more. */
  readonly error: {
    readonly code: string;
    readonly message: string | null;
    readonly status: number | null;
    readonly provider_name: string;
  } | null;
  readonly billed_to: 'subscription' | null;
  readonly agent_id: string | null;
  readonly parent_agent_id: string | null;
  readonly agent_class: string | null;
}

export interface CostLine {
  readonly bucket: string;
  readonly unit: 'token' | 'image' | 'request';
  readonly count: number;
  /** USD a unit, and of all of them; as decimal texts, exact. */
  readonly price: string;
  readonly cost: string;
}

export interface CostDetails {
  /** Whether the prices of today come to what was charged, do not, or are not known. */
  readonly prices: 'used' | 'changed' | 'unknown';
  readonly lines: readonly CostLine[];
  readonly list_cost: number;
  readonly charged: number;
  readonly adjustment: string | null;
}

/** What the finish reasons of the API mean to people; any other is shown as it came. */
const ENDINGS: Readonly<Record<string, readonly [word: string, tone: BadgeTone]>> = {
  stop: ['Complete', 'success'],
  tool_calls: ['Tool call', 'success'],
  length: ['Cut at length', 'warning'],
  content_filter: ['Filtered', 'warning'],
  error: ['Failed', 'danger'],
};

const MAX_WORD_LENGTH = 20;

export function endingOf({ cancelled, finish_reason: reason }: Generation): {
  word: string;
  tone: BadgeTone;
} {
  if (cancelled) return { word: 'Cancelled', tone: 'neutral' };
  if (reason === null) return { word: 'Unfinished', tone: 'warning' };
  const known = Object.hasOwn(ENDINGS, reason) ? ENDINGS[reason] : undefined;
  if (known === undefined) return { word: clipped(plainName(reason)), tone: 'neutral' };
  return { word: known[0], tone: known[1] };
}

/** A badge is one line. */
function clipped(word: string): string {
  const characters = [...word];
  return characters.length > MAX_WORD_LENGTH ? `${characters.slice(0, MAX_WORD_LENGTH).join('')}…` : word;
}

/** What rows tell of their key. */
interface KeyNames {
  readonly api_key_hash: string;
  readonly api_key_name: string | null;
  readonly api_key_label: string | null;
}

export function keyNameOf({
  api_key_name: name,
  api_key_label: label,
  api_key_hash: hash,
}: KeyNames): string {
  return plainName(name ?? '') || (label ?? shortHash(hash));
}

export const shortHash = (hash: string): string => `${hash.slice(0, 8)}…`;
