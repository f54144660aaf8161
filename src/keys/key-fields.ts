/** The fields of a key as bodies give them, here and where a key is authorised for later. No I/O. */
import { z } from 'zod';
import { invalidField, invalidFields } from '../errors.ts';
import { isStorable } from '../json.ts';
import { MAX_NANO_USD, nanoUsdFromNumber, usdFromNanoUsd } from '../money.ts';

/** Seconds are mandatory, fractions allowed, and UTC only: the official SDK parses no other form back. */
const UTC_INSTANT = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.\d{1,9})?(?:Z|\+00:00)$/;
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Text that both databases store as it is. */
export const text = z
  .string('must be a string')
  .refine(isStorable, 'must be well-formed Unicode without NUL');
export const nonEmpty = text.min(1, 'must not be empty');
/** Long enough for any name that people read, and short enough for a list of a hundred. */
export const KEY_NAME_MAX_LENGTH = 256;
export const keyName = nonEmpty.max(
  KEY_NAME_MAX_LENGTH,
  `must have at most ${KEY_NAME_MAX_LENGTH} characters`,
);
export const flag = z.boolean('must be true or false');

export const limit = z
  .number('must be a number of USD, or null')
  .transform((usd, context) => {
    const amount = nanoUsdFromNumber(usd);
    // Rounded to nothing it would block the key, which is what a plain 0 is for.
    const isLost = amount === 0n && usd > 0;
    if (amount !== null && !isLost) return amount;
    if (isLost) {
      context.addIssue({ code: 'custom', message: 'must be 0, or at least 0.000000001 USD' });
      return z.NEVER;
    }
    context.addIssue({ code: 'custom', message: `must be from 0 to ${usdFromNanoUsd(MAX_NANO_USD)} USD` });
    return z.NEVER;
  })
  .nullable();

export const limitReset = z
  .enum(['daily', 'weekly', 'monthly'], 'must be "daily", "weekly", "monthly" or null')
  .nullable();

export const expiresAt = text
  .transform((value, context) => {
    const instantMs = parseUtcInstantMs(value);
    if (instantMs !== null) return instantMs;
    const message = 'must be a UTC time with seconds, such as "2027-12-31T23:59:59Z", or null';
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  })
  .nullable();

export const workspaceId = z.string('must be a UUID').regex(UUID, 'must be a UUID').toLowerCase();

/** Null unless it names an instant that exists: the 30th of February would silently become the 1st of March. */
function parseUtcInstantMs(value: string): number | null {
  const wholeSeconds = UTC_INSTANT.exec(value)?.[1];
  if (wholeSeconds === undefined) return null;
  const instantMs = Date.parse(value);
  if (Number.isNaN(instantMs)) return null;
  return new Date(instantMs).toISOString().startsWith(wholeSeconds) ? instantMs : null;
}

export function mustBeAhead(expiresAtMs: number | null, nowMs: number): void {
  if (expiresAtMs !== null && expiresAtMs <= nowMs) throw invalidField('expires_at', 'must be in the future');
}

/** The first thing wrong, as `field: what is wrong`, after `opening`. */
export function parse<T>(schema: z.ZodType<T>, body: unknown, opening = ''): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue?.path.join('.') ?? '';
  const problem = issue?.message ?? 'is invalid';
  const issues = result.error.issues.map(({ path, message }) => ({ path: path.map(plainStep), message }));
  throw invalidFields(`${opening}${field === '' ? 'The request body' : `${field}:`} ${problem}`, issues);
}

const plainStep = (step: PropertyKey): string | number => (typeof step === 'number' ? step : String(step));
