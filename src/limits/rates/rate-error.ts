/** A rate that is used up, as a 429: when it begins anew, and how much it is, in the headers that clients of each kind look for. */
import { isoFromMs } from '../../clock.ts';
import { TurnpikeError } from '../../errors.ts';
import type { RateSubject } from '../../storage/limit-tables.ts';
import type { RateUnit } from './rate-counter.ts';

const SUBJECTS: Readonly<Record<RateSubject, string>> = {
  workspace: 'this workspace',
  member: 'this member',
  api_key: 'this API key',
  model: 'this model',
};

export interface RateFacts {
  readonly subject: RateSubject;
  readonly unit: RateUnit;
  readonly limit: number;
  readonly remaining: number;
  /** What the request would take. */
  readonly needed: number;
  readonly resetsAtMs: number;
  readonly nowMs: number;
}

/** One that is more than a whole minute's gets no `Retry-After`: it would be refused for ever. */
export function rateError(facts: RateFacts): TurnpikeError {
  const { subject, unit, limit, needed, resetsAtMs, nowMs } = facts;
  const isTooLarge = needed > limit;
  const seconds = Math.max(1, Math.ceil((resetsAtMs - nowMs) / 1000));
  const headers = rateHeaders(facts, seconds);
  const message = isTooLarge
    ? `Request too large: ${SUBJECTS[subject]} may use ${limit} ${unit} a minute, and this request alone would take up to ${needed}. Shorten the prompt, or lower max_tokens.`
    : `Rate limit exceeded: ${SUBJECTS[subject]} may use ${limit} ${unit} a minute. Try again in ${seconds} s.`;
  return new TurnpikeError('rate_limit_exceeded', {
    message,
    ...(isTooLarge ? {} : { retryAfterSeconds: seconds }),
    headers,
    metadata: {
      limit_source: 'turnpike_rate_limit',
      scope: subject,
      unit: `${unit}_per_minute`,
      limit,
      remaining: facts.remaining,
      resets_at: isoFromMs(resetsAtMs),
      remedy_hint: isTooLarge
        ? 'Shorten the prompt, or lower max_tokens.'
        : 'Wait until the minute is over, or ask an admin of your organization to raise the rate limit.',
      headers,
    },
  });
}

/** OpenRouter's, OpenAI's and Anthropic's names: each client reads its own. */
function rateHeaders(
  { unit, limit, remaining, resetsAtMs }: RateFacts,
  seconds: number,
): Record<string, string> {
  return {
    'X-RateLimit-Limit': String(limit),
    'X-RateLimit-Remaining': String(remaining),
    'X-RateLimit-Reset': String(resetsAtMs),
    [`X-RateLimit-Limit-${title(unit)}`]: String(limit),
    [`X-RateLimit-Remaining-${title(unit)}`]: String(remaining),
    [`X-RateLimit-Reset-${title(unit)}`]: `${seconds}s`,
    [`Anthropic-RateLimit-${title(unit)}-Limit`]: String(limit),
    [`Anthropic-RateLimit-${title(unit)}-Remaining`]: String(remaining),
    [`Anthropic-RateLimit-${title(unit)}-Reset`]: isoFromMs(resetsAtMs),
  };
}

function title(unit: RateUnit): string {
  return unit === 'requests' ? 'Requests' : 'Tokens';
}
