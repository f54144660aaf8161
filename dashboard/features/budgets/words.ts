/** The words and figures of budgets, as people read and type them. */
import type { RateLimitAnswer } from '../../../src/budgets/answers.ts';

const INTERVALS: Readonly<Record<string, string>> = {
  daily: 'A day',
  weekly: 'A week',
  monthly: 'A month',
  quarterly: 'A quarter',
  yearly: 'A year',
  lifetime: 'Ever',
};

const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July'],
  ...['August', 'September', 'October', 'November', 'December'],
] as const;

export function intervalName(interval: string): string {
  const month = /^fiscal-(\d\d)$/.exec(interval)?.[1];
  return month === undefined
    ? (INTERVALS[interval] ?? interval)
    : `A year from ${MONTHS[Number(month) - 1] ?? month}`;
}

/** Within a sentence: months keep their capitals. */
export function intervalInText(interval: string): string {
  const name = intervalName(interval);
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/** All that a tag's budget may be of. */
export const TAG_INTERVALS = [
  ...Object.keys(INTERVALS),
  ...MONTHS.slice(1).map((_, at) => `fiscal-${String(at + 2).padStart(2, '0')}`),
].map((value) => ({ value, label: intervalName(value) }));

export const SUBJECTS: Readonly<Record<RateLimitAnswer['subject'], string>> = {
  workspace: 'The workspace',
  member: 'Each member',
  api_key: 'Each key',
  model: 'Each model',
};

/** Whom a limit is of where it names one. */
export const ONE_SUBJECT: Readonly<Record<RateLimitAnswer['subject'], string>> = {
  workspace: 'The workspace',
  member: 'One member',
  api_key: 'One key',
  model: 'One model',
};

export const AMOUNT_PROBLEM = 'Enter an amount of USD above 0, such as 250';

/** USD as typed; null: none. */
export function amountOf(text: string): number | null {
  const plain = text.trim().replace(/^\$/, '').replaceAll(',', '');
  const usd = /^\d{1,10}(?:\.\d{1,9})?$/.test(plain) ? Number(plain) : 0;
  return usd > 0 ? usd : null;
}

export const amount = (text: string): string | null => (amountOf(text) === null ? AMOUNT_PROBLEM : null);

/** Nothing typed: undefined, which means no limit. Null: it is no whole number. */
export function countOf(text: string): number | undefined | null {
  const plain = text.trim().replaceAll(',', '');
  if (plain === '') return undefined;
  return /^[1-9]\d{0,11}$/.test(plain) ? Number(plain) : null;
}

export const count = (text: string): string | null =>
  countOf(text) === null ? 'Enter a whole number, or nothing for no limit' : null;
