/** Single values of a bill: days, counts and amounts, each with a message that says where it stands. No I/O. */
import { invalidRequest } from '../errors.ts';
import { picoUsdOfBill } from '../money.ts';
import { offsetMsAt } from '../time-zone.ts';

const DAY = /^(\d{4}-\d{2}-\d{2})(?:$|[T ])/;
const HAS_TIME = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/;
const COUNT = /^\d{1,18}(?:\.0+)?$/;
const SECONDS = /^\d{9,11}(?:\.\d+)?$/;

/** `where`: such as `line 12`. */
export function countOf(text: string, where: string, name: string): bigint {
  if (!COUNT.test(text)) throw invalidRequest(`${where}: ${name} is no count: ${shown(text)}`);
  return BigInt(text.split('.')[0] ?? '0');
}

/** In pico-USD. */
export function costOf(text: string, where: string, name: string, unit: 'usd' | 'cents' = 'usd'): bigint {
  const amount = picoUsdOfBill(text.replace(/^\$/, ''), unit);
  if (amount === null) throw invalidRequest(`${where}: ${name} is no amount in USD: ${shown(text)}`);
  return amount;
}

export function mustBeUsd(currency: unknown, where: string): void {
  if (currency === undefined || currency === null || currency === '') return;
  if (typeof currency !== 'string' || currency.toLowerCase() !== 'usd')
    throw invalidRequest(`${where}: the currency is not USD, in which the ledger is kept`);
}

/**
 * The day of a time: a day as it is written; a time that names its offset, or seconds since 1970, as the clocks of `zone` show it; another
 * time as one of that zone already.
 */
export function dayOfText(text: string, zone: string, where: string): string {
  if (SECONDS.test(text)) return dayOfMs(Number(text) * 1000, zone);
  const day = DAY.exec(text)?.[1];
  if (day === undefined || !isDay(day)) throw invalidRequest(`${where}: has no day: ${shown(text)}`);
  if (!HAS_TIME.test(text) || !/(?:Z|[+-]\d{2}:?\d{2})$/.test(text)) return day;
  const ms = Date.parse(text.replace(' ', 'T'));
  if (Number.isNaN(ms)) throw invalidRequest(`${where}: has no time: ${shown(text)}`);
  return dayOfMs(ms, zone);
}

export function dayOfMs(ms: number, zone: string): string {
  return new Date(ms + offsetMsAt(zone, ms)).toISOString().slice(0, 10);
}

/** The 30th of February is none. */
export function isDay(text: string): boolean {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
}

export function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
