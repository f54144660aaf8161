/** Single values of a bill: days, counts and amounts, each with a message that says where it stands. No I/O. */
import { invalidRequest } from '../errors.ts';
import { picoUsdOfBill } from '../money.ts';
import { offsetMsAt } from '../time-zone.ts';

const DAY = /^(\d{4}-\d{2}-\d{2})(?:$|[T ])/;
/** As spreadsheets of some countries write days; month and day of others cannot be told apart. */
const SLASHED_DAY = /^(\d{4})\/(\d{1,2})\/(\d{1,2})(?=$|[T ])/;
const DOTTED_DAY = /^(\d{1,2})\.(\d{1,2})\.(\d{4})(?=$|[T ])/;
const HAS_TIME = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/;
const COUNT = /^\d{1,18}(?:\.0+)?$/;
const SECONDS = /^\d{9,11}(?:\.\d+)?$/;
const CURRENCY = /^(-?)(?:US\$|USD\s|\$)\s*|\s*(?:USD|US\$|\$)$/gi;
/** Thousands in groups of three, by one sign throughout, and what may follow them. */
const GROUPED = /^(-?[1-9]\d{0,2})((?:[.,'’ \u00a0\u202f]\d{3})+)(?:([.,])(\d+))?$/;

/**
 * The numbers of one file. Where commas part its columns, points are decimal; spreadsheets of half the world part them by semicolons and write
 * decimal commas, which is told by the first number that can be read one way alone.
 */
export class Numbers {
  #decimal: '.' | ',' | null;

  constructor(decimal: '.' | ',' | null) {
    this.#decimal = decimal;
  }

  /** Throws a 400. `where`: such as `line 12`. */
  count(text: string, where: string, name: string): bigint {
    const plain = this.#isGroupedCount(text) ? text.replaceAll(/\D/g, '') : text;
    if (!COUNT.test(plain)) throw invalidRequest(`${where}: ${name} is no count: ${shown(text)}`);
    return BigInt(plain.split('.')[0] ?? '0');
  }

  /** In pico-USD. Throws a 400. */
  cost(text: string, where: string, name: string, unit: 'usd' | 'cents' = 'usd'): bigint {
    const amount = picoUsdOfBill(this.#plain(text.replace(CURRENCY, '$1'), where, name), unit);
    if (amount === null) throw invalidRequest(`${where}: ${name} is no amount in USD: ${shown(text)}`);
    return amount;
  }

  /** A count has no fraction: what follows a sign in threes are thousands, but for `1.000` where points are decimal. */
  #isGroupedCount(text: string): boolean {
    const [, , groups = '', mark] = GROUPED.exec(text) ?? [];
    const isGrouped = groups !== '' && mark === undefined && isOneSign(groups) && groups[0] !== this.#decimal;
    // `1.000` may be a whole number with a fraction.
    if (isGrouped && /[1-9]/.test(groups)) this.#learnGroup(groups[0]);
    return isGrouped;
  }

  /** With a decimal point, and without thousands. */
  #plain(text: string, where: string, name: string): string {
    const [, , groups = '', mark] = GROUPED.exec(text) ?? [];
    const sign = groups[0];
    if (groups !== '' && isOneSign(groups) && sign !== this.#decimal) {
      // `1.234`, and nothing was read yet that tells what the sign means.
      const isUnclear = (sign === '.' || sign === ',') && mark === undefined && groups.length === 4;
      if (isUnclear && this.#decimal === null)
        throw invalidRequest(
          `${where}: ${name} can be read two ways: ${shown(text)}; write it with all its decimals or without thousands`,
        );
      if (mark !== sign) {
        if (mark === '.' || mark === ',') this.#learn(mark);
        else this.#learnGroup(sign);
        const [whole = '', fraction] = mark === undefined ? [text] : text.split(mark);
        const digits = whole.replaceAll(/[^\d-]/g, '');
        return fraction === undefined ? digits : `${digits}.${fraction}`;
      }
    }
    const [decimal] = /[.,]/.exec(text) ?? [];
    if (decimal === undefined) return text;
    if (this.#decimal === null && /^-?\d*[.,]\d+(?:e[-+]?\d+)?$/i.test(text))
      this.#learn(decimal as '.' | ',');
    return decimal === ',' && this.#decimal === ',' ? text.replace(',', '.') : text;
  }

  #learnGroup(sign: string | undefined): void {
    if (sign === '.' || sign === ',') this.#learn(sign === '.' ? ',' : '.');
  }

  #learn(decimal: '.' | ','): void {
    this.#decimal ??= decimal;
  }
}

function isOneSign(groups: string): boolean {
  return new Set(groups.replaceAll(/\d/g, '').replaceAll(/[\u00a0\u202f]/g, ' ')).size === 1;
}

/** JSON's. */
export const POINTS = new Numbers('.');

export function mustBeUsd(currency: unknown, where: string): void {
  if (currency === undefined || currency === null || currency === '') return;
  if (typeof currency !== 'string' || currency.toLowerCase() !== 'usd')
    throw invalidRequest(`${where}: the currency is not USD, in which the ledger is kept`);
}

/**
 * The day of a time: a day as it is written; a time that names its offset, or seconds since 1970, as the clocks of `zone` show it; another
 * time as one of that zone already.
 */
export function dayOfText(given: string, zone: string, where: string): string {
  if (SECONDS.test(given)) return dayOfMs(Number(given) * 1000, zone);
  const text = given
    .replace(SLASHED_DAY, isoDay)
    .replace(DOTTED_DAY, (_, day, month, year) => isoDay(_, year, month, day));
  const day = DAY.exec(text)?.[1];
  if (day === undefined || !isDay(day))
    throw invalidRequest(`${where}: has no day: ${shown(given)}; write it like 2026-11-01`);
  if (!HAS_TIME.test(text) || !/(?:Z|[+-]\d{2}:?\d{2})$/.test(text)) return day;
  const ms = Date.parse(text.replace(' ', 'T'));
  if (Number.isNaN(ms)) throw invalidRequest(`${where}: has no time: ${shown(text)}`);
  return dayOfMs(ms, zone);
}

function isoDay(_: string, year: string, month: string, day: string): string {
  return `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
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
