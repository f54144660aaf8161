/** What bodies and paths say of budgets. No I/O. */
import { z } from 'zod';
import { invalidRequest, TurnpikeError } from '../errors.ts';
import { isStorable } from '../json.ts';
import { flag, parse, UUID } from '../keys/key-fields.ts';
import { MAX_NANO_USD, type NanoUsd, nanoUsdFromNumber, usdFromNanoUsd } from '../money.ts';
import { single } from '../query.ts';
import type { BudgetInterval } from '../storage/limit-tables.ts';
import { TAG_NAME } from '../tag-name.ts';
import { isWindowKind, type WindowKind } from '../window.ts';

/** From the shortest to the longest, as lists show them. */
export const INTERVALS: readonly BudgetInterval[] = ['daily', 'weekly', 'monthly', 'lifetime'];

export const limitUsd = z.number('must be a number of USD').transform((usd, context) => {
  const amount = usd > 0 ? nanoUsdFromNumber(usd) : null;
  if (amount !== null && amount > 0n) return amount;
  const message = `must be more than 0, and at most ${usdFromNanoUsd(MAX_NANO_USD)} USD`;
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

const budgetBody = z.object(
  { limit_usd: limitUsd, include_byok_in_budgets: flag.optional() },
  'must be a JSON object with the member limit_usd',
);

export interface BudgetWish {
  readonly limitNanoUsd: NanoUsd;
  /** Undefined: as it is. */
  readonly includesByok: boolean | undefined;
}

export function parseBudget(body: unknown): BudgetWish {
  const { limit_usd, include_byok_in_budgets } = parse(budgetBody, body);
  return { limitNanoUsd: limit_usd, includesByok: include_byok_in_budgets };
}

export function parseInterval(text: string): BudgetInterval {
  const interval = INTERVALS.find((known) => known === text);
  if (interval === undefined) throw invalidRequest(`interval: must be one of ${INTERVALS.join(', ')}`);
  return interval;
}

const tagBudgetBody = z.object(
  {
    tag: z
      .string('must be a string')
      .regex(TAG_NAME, 'must be a name: letters, digits, and . _ : / - after the first, at most 64'),
    value: z
      .string('must be a string, or null for each value by itself')
      .min(1, 'must not be empty; null means each value by itself')
      .max(128, 'must have at most 128 characters')
      .refine((value) => isStorable(value) && value.trim() === value, 'must be text without space around it')
      .nullable()
      .optional(),
    interval: z.string('must be a string').transform((text, context): WindowKind => {
      const kind = text === 'lifetime' ? 'all' : text;
      if (text !== 'all' && isWindowKind(kind)) return kind;
      const message =
        'must be daily, weekly, monthly, quarterly, yearly, lifetime, or fiscal-04 for the fiscal year that begins in April';
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    }),
    limit_usd: limitUsd,
  },
  'must be a JSON object with the members tag, interval and limit_usd',
);

export interface TagBudgetWish {
  readonly tag: string;
  /** Null: each value by itself. */
  readonly value: string | null;
  readonly windowKind: WindowKind;
  readonly limitNanoUsd: NanoUsd;
}

export function parseTagBudget(body: unknown): TagBudgetWish {
  const { tag, value = null, interval, limit_usd } = parse(tagBudgetBody, body);
  return { tag, value, windowKind: interval, limitNanoUsd: limit_usd };
}

const tagBudgetPatch = z.object({ limit_usd: limitUsd }, 'must be a JSON object with the member limit_usd');

export function parseTagBudgetPatch(body: unknown): NanoUsd {
  return parse(tagBudgetPatch, body).limit_usd;
}

const MAX_PERCENTS = 10;

const alertsBody = z.object(
  {
    percents: z
      .array(
        z.int('must be whole numbers').min(1, 'must be at least 1').max(100, 'must be at most 100'),
        'must be a list of whole numbers, such as [50, 80, 100]',
      )
      .max(MAX_PERCENTS, `must have at most ${MAX_PERCENTS} members`),
  },
  'must be a JSON object with the member percents',
);

/** The lowest first, each once; empty: nobody is told. */
export function parseAlertPercents(body: unknown): readonly number[] {
  return [...new Set(parse(alertsBody, body).percents)].sort((a, b) => a - b);
}

const MAX_ALERTS = 200;

/** Throws a 400 that names the parameter. */
export function parseAlertPage(query: URLSearchParams): {
  readonly before: string | null;
  readonly limit: number;
} {
  const limit = single(query, 'limit') ?? '50';
  if (!/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > MAX_ALERTS)
    throw invalidRequest(`limit: must be an integer from 1 to ${MAX_ALERTS}`);
  const before = single(query, 'before');
  if (before !== null && !UUID.test(before)) throw invalidRequest('before: must be the id of an alert');
  return { before, limit: Number(limit) };
}

const perMinute = (what: string) =>
  z
    .int(`must be a whole number of ${what}, or null`)
    .min(1, 'must be at least 1; null means no limit')
    .max(1_000_000_000_000, 'must be at most 1000000000000')
    .nullable();

const rateLimitBody = z.object(
  {
    subject: z.enum(
      ['workspace', 'member', 'api_key', 'model'],
      'must be workspace, member, api_key or model',
    ),
    target: z
      .string('must be a string, or null for each by itself')
      .min(1, 'must not be empty; null means each by itself')
      .max(256, 'must have at most 256 characters')
      .refine(isStorable, 'must be well-formed Unicode without NUL')
      .nullable()
      .optional(),
    requests_per_minute: perMinute('requests').optional(),
    tokens_per_minute: perMinute('tokens').optional(),
  },
  'must be a JSON object with the member subject',
);

export interface RateLimitWish {
  readonly subject: z.infer<typeof rateLimitBody>['subject'];
  /** Null: each by itself. */
  readonly target: string | null;
  readonly requestsPerMinute: number | null;
  readonly tokensPerMinute: number | null;
}

export function parseRateLimit(body: unknown): RateLimitWish {
  const { subject, target = null, ...rates } = parse(rateLimitBody, body);
  if (subject === 'workspace' && target !== null)
    throw invalidRequest('target: a limit of the workspace names nobody: leave it out');
  const { requests_per_minute = null, tokens_per_minute = null } = rates;
  mustLimit(requests_per_minute, tokens_per_minute);
  return { subject, target, requestsPerMinute: requests_per_minute, tokensPerMinute: tokens_per_minute };
}

const rateLimitPatch = z.object(
  {
    requests_per_minute: perMinute('requests').optional(),
    tokens_per_minute: perMinute('tokens').optional(),
  },
  'must be a JSON object',
);

/** What is left out stays as it is. */
export function parseRateLimitPatch(
  body: unknown,
): Partial<Pick<RateLimitWish, 'requestsPerMinute' | 'tokensPerMinute'>> {
  const { requests_per_minute, tokens_per_minute } = parse(rateLimitPatch, body);
  return {
    ...(requests_per_minute === undefined ? {} : { requestsPerMinute: requests_per_minute }),
    ...(tokens_per_minute === undefined ? {} : { tokensPerMinute: tokens_per_minute }),
  };
}

export function mustLimit(requestsPerMinute: number | null, tokensPerMinute: number | null): void {
  if (requestsPerMinute === null && tokensPerMinute === null)
    throw new TurnpikeError('invalid_request', {
      message:
        'requests_per_minute: must be a number where tokens_per_minute is none: delete the limit instead',
    });
}
