/** When a provider says that a repeat can help. */
import { isJsonObject, type JsonObject } from '../../json.ts';
import type { AnswerHead } from '../../upstream/upstream.ts';

const MAX_SECONDS = 86_400;

/** Whole seconds, from milliseconds, seconds or an HTTP date (RFC 9110, section 10.2.3), or from what a 429 says of limits; null: it does not say. */
export function retryAfterSeconds(head: AnswerHead | undefined): number | null {
  return retryAfter(head) ?? (head?.status === 429 ? untilReset(head) : null);
}

function retryAfter(head: AnswerHead | undefined): number | null {
  const milliseconds = head?.header('retry-after-ms') ?? null;
  if (milliseconds !== null && /^\d{1,9}(\.\d+)?$/.test(milliseconds))
    return bounded(Number(milliseconds) / 1000);
  const value = head?.header('retry-after') ?? null;
  if (value === null) return null;
  if (/^\d{1,9}(\.\d+)?$/.test(value)) return bounded(Number(value));
  // Date.parse takes almost anything for a date.
  const at = /^[A-Za-z]{3,9}, /.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? null : bounded((at - Date.now()) / 1000);
}

/** `Please try again in 1m30.5s` (OpenAI, Groq), `Please retry after 26 seconds` (Azure), `Please retry in 34.07s` (Google). */
const WAIT =
  /\b(?:try again|retry)(?: your request)? (?:in|after) ((?:\d{1,9}(?:\.\d{1,12})? ?(?:ms|milliseconds?|days?|hours?|min(?:ute)?s?|sec(?:ond)?s?|[dhms]) ?)+)(?![a-z])/i;

/** What the sentence of a 429 asks to wait, in whole seconds; null: it does not say. An error inside of a stream has no head to say it. */
export function saidToWait(message: string | null): number | null {
  const said = message === null ? null : WAIT.exec(message)?.[1];
  if (said === null || said === undefined) return null;
  const parts = [...said.matchAll(/(\d+(?:\.\d+)?) ?(ms|milli|d|h|m|s)/gi)];
  return bounded(
    parts.reduce((sum, [, count, unit = 's']) => {
      const short = unit.toLowerCase() === 'milli' ? 'ms' : unit.toLowerCase();
      return sum + Number(count) * (UNITS[short] ?? 1);
    }, 0),
  );
}

/**
 * What the body of an error asks to wait: a number of seconds, as OpenRouter has it beside why nobody could serve, or the head of an
 * answer that a router passes on in its body.
 */
export function retryAfterIn(error: JsonObject): number | null {
  const { retry_after: own, availability, metadata } = error;
  const said = own ?? (isJsonObject(availability) ? availability['retry_after'] : undefined);
  if (typeof said === 'number' && said > 0) return bounded(said);
  const headers = isJsonObject(metadata) ? metadata['headers'] : undefined;
  if (!isJsonObject(headers)) return null;
  const known = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const header = (name: string) => {
    const value = known.get(name);
    return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
  };
  return retryAfterSeconds({ status: 429, header });
}

/**
 * The limits that a vendor tells of with each answer, each with what is left and when it is full again. OpenAI, Groq and Azure:
 * `x-ratelimit-remaining-requests: 0`, `x-ratelimit-reset-requests: 1m30.5s`. Cerebras: the same with the window behind, in plain
 * seconds. Anthropic: `anthropic-ratelimit-tokens-reset: 2026-11-20T12:00:00Z`. OpenRouter: `x-ratelimit-reset`, in milliseconds since 1970.
 */
const LIMITS = ['requests', 'tokens', 'input-tokens', 'output-tokens'];
const WINDOWS = ['', '-minute', '-hour', '-day'];
const RESETS: readonly (readonly [reset: string, remaining: string])[] = [
  ...LIMITS.flatMap((limit) =>
    WINDOWS.map(
      (window) => [`x-ratelimit-reset-${limit}${window}`, `x-ratelimit-remaining-${limit}${window}`] as const,
    ),
  ),
  ...LIMITS.map(
    (limit) => [`anthropic-ratelimit-${limit}-reset`, `anthropic-ratelimit-${limit}-remaining`] as const,
  ),
  ['x-ratelimit-reset', 'x-ratelimit-remaining'],
  ['ratelimit-reset', 'ratelimit-remaining'],
];

/** When the last of the limits that are used up is full again; where none says that it is, the one that is full first. */
function untilReset(head: AnswerHead): number | null {
  let usedUp: number | null = null;
  let soonest: number | null = null;
  for (const [name, remaining] of RESETS) {
    const text = head.header(name);
    const seconds = text === null ? null : secondsUntil(text.trim());
    if (seconds === null) continue;
    if (Number(head.header(remaining) ?? Number.NaN) === 0) usedUp = Math.max(usedUp ?? 0, seconds);
    soonest = Math.min(soonest ?? seconds, seconds);
  }
  const seconds = usedUp ?? soonest;
  return seconds === null ? null : bounded(seconds);
}

const UNITS: Readonly<Record<string, number>> = { d: 86_400, h: 3600, m: 60, s: 1, ms: 0.001 };

function secondsUntil(text: string): number | null {
  if (/^\d{1,15}(\.\d+)?$/.test(text)) {
    const number = Number(text);
    // Nobody asks for thirty years: so much is a moment and no length, in milliseconds or seconds since 1970.
    if (number >= 1e12) return (number - Date.now()) / 1000;
    return number >= 1e9 ? number - Date.now() / 1000 : number;
  }
  if (/^(?:\d{1,9}(?:\.\d+)?(?:ms|[dhms]))+$/.test(text)) {
    const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|[dhms])/g)];
    return parts.reduce((sum, [, count, unit = 's']) => sum + Number(count) * (UNITS[unit] ?? 1), 0);
  }
  const at = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? null : (at - Date.now()) / 1000;
}

function bounded(seconds: number): number {
  return Math.min(MAX_SECONDS, Math.max(1, Math.ceil(seconds)));
}
