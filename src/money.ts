/** Exact amounts: prices are pico-USD a unit, charges nano-USD, both integers; this is the only file that rounds. */

/** 1 USD = 1e12 pico-USD. Prices: USD a token down to 1e-12. */
export type PicoUsd = bigint;
/** 1 USD = 1e9 nano-USD. Charges, limits, balances. */
export type NanoUsd = bigint;

const PICO_DECIMALS = 12;
const NANO_DECIMALS = 9;
const PICO_PER_NANO = 1000n;
const NANO_PER_USD = 1e9;
const MILLION = 1_000_000n;
const NANO_PER_CENT = 10_000_000n;

/** Largest amount the databases hold in a signed 64-bit column, with room for sums: 4 billion USD. */
export const MAX_NANO_USD: NanoUsd = 4_000_000_000_000_000_000n;

/**
 * No request costs more, whatever its provider counted: 1 million USD. Both databases hold it, and the sum of thousands.
 */
export const MAX_REQUEST_NANO_USD: NanoUsd = 1_000_000_000_000_000n;

const DECIMAL = /^(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/;

/** Longer text is no amount; reading it would cost more than its length. */
const MAX_CHARACTERS = 100;

/** Reads a non-negative decimal into an integer of `decimals` places, or null when it is not one or is finer than that. */
function parseDecimal(text: string, decimals: number): bigint | null {
  const match = text.length > MAX_CHARACTERS ? null : DECIMAL.exec(text);
  if (match === null) return null;
  const fraction = match[2] ?? '';
  const shift = decimals - fraction.length + Number(match[3] ?? 0);
  const digits = BigInt(`${match[1]}${fraction}`);
  if (shift >= 0) return digits * 10n ** BigInt(shift);
  const divisor = 10n ** BigInt(-shift);
  return digits % divisor === 0n ? digits / divisor : null;
}

/** A price as the API and the configuration write it: USD a unit, decimal text, at most 12 decimals. Null: not a price. */
export function parsePriceUsd(text: string): PicoUsd | null {
  return parseDecimal(text, PICO_DECIMALS);
}

/** The decimal text of a price: no exponent, no trailing zeros, `"0"` for free. */
export function formatPriceUsd(price: PicoUsd): string {
  return decimalText(price, PICO_DECIMALS);
}

/** The exact decimal text of an amount of USD, of either sign: no exponent, no trailing zeros. */
export function formatAmountUsd(amount: NanoUsd): string {
  return amount < 0n ? `-${decimalText(-amount, NANO_DECIMALS)}` : decimalText(amount, NANO_DECIMALS);
}

function decimalText(amount: bigint, decimals: number): string {
  const digits = amount.toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, -decimals);
  const fraction = digits.slice(-decimals).replace(/0+$/, '');
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

/** `$500.00`; with as many digits as it takes where there is less than a cent. */
export function dollars(amount: NanoUsd): string {
  const cents = amount / 10_000_000n;
  if (cents * 10_000_000n !== amount) return `$${formatAmountUsd(amount)}`;
  return `$${cents / 100n}.${String(cents % 100n).padStart(2, '0')}`;
}

/** An amount divided by a count, to a pico-USD: a price a unit, for reports. */
export function unitPriceUsd(amount: NanoUsd, units: number): string {
  return decimalText(roundHalfUp(amount * PICO_PER_NANO, BigInt(units)), PICO_DECIMALS);
}

/**
 * An amount of USD given as a JSON number, to the nearest nano-USD (so that 0.1 + 0.2 is 0.3).
 * Null when it is negative, not finite, or more than a column can hold.
 */
export function nanoUsdFromNumber(usd: number): NanoUsd | null {
  if (!Number.isFinite(usd) || usd < 0) return null;
  const [mantissa = '', exponent = '0'] = usd.toString().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const digits = BigInt(whole + fraction);
  const shift = NANO_DECIMALS - fraction.length + Number(exponent);
  const amount = shift >= 0 ? digits * 10n ** BigInt(shift) : roundHalfUp(digits, 10n ** BigInt(-shift));
  return amount > MAX_NANO_USD ? null : amount;
}

function roundHalfUp(value: bigint, divisor: bigint): bigint {
  return (value * 2n + divisor) / (divisor * 2n);
}

/** An amount of USD as decimal text, exact; null when it is not one, finer than a nano-USD, or more than a column can hold. */
export function parseAmountUsd(text: string): NanoUsd | null {
  const amount = parseDecimal(text, NANO_DECIMALS);
  return amount === null || amount > MAX_NANO_USD ? null : amount;
}

/** What JSON answers show: USD as a number. */
export function usdFromNanoUsd(amount: NanoUsd): number {
  return Number(amount) / NANO_PER_USD;
}

/** An amount of one request, of either sign, as it can be stored. */
export function boundedRequestNanoUsd(amount: NanoUsd): NanoUsd {
  if (amount > MAX_REQUEST_NANO_USD) return MAX_REQUEST_NANO_USD;
  return amount < -MAX_REQUEST_NANO_USD ? -MAX_REQUEST_NANO_USD : amount;
}

/** A part of an amount, in millionths of it, rounded up. */
export function partOfNanoUsd(amount: NanoUsd, millionths: bigint): NanoUsd {
  return (amount * millionths + MILLION - 1n) / MILLION;
}

/** The most of which such a part is within an amount; of a debt, something that is below zero too. `millionths`: above 0. */
export function wholeWithinNanoUsd(part: NanoUsd, millionths: bigint): NanoUsd {
  return (part * MILLION) / millionths;
}

/** As payment providers count USD. */
export function nanoUsdFromCents(cents: number): NanoUsd {
  return BigInt(cents) * NANO_PER_CENT;
}

/** The same back. Throws a RangeError for what is no whole number of cents. */
export function centsFromNanoUsd(amount: NanoUsd): number {
  if (!isWholeCents(amount)) throw new RangeError('an amount that is paid must be a whole number of cents');
  return Number(amount / NANO_PER_CENT);
}

export function isWholeCents(amount: NanoUsd): boolean {
  return amount % NANO_PER_CENT === 0n;
}

/** Of an amount that is not negative: what can be paid of it, and not less. */
export function upToWholeCents(amount: NanoUsd): NanoUsd {
  return ((amount + NANO_PER_CENT - 1n) / NANO_PER_CENT) * NANO_PER_CENT;
}

/** Which part of `whole`, which is above 0, an amount is: in percent, rounded down. */
export function wholePercentOf(amount: NanoUsd, whole: NanoUsd): number {
  return Number((amount * 100n) / whole);
}

/** The charge for a sum of exact prices: rounded up once, so that a fraction of a nano-USD is never given away. */
export function nanoUsdFromPico(sum: PicoUsd): NanoUsd {
  return (sum + PICO_PER_NANO - 1n) / PICO_PER_NANO;
}

const BILLED = /^(-?)(\d{1,15})(?:\.(\d{1,60}))?(?:[eE]([+-]?\d{1,2}))?$/;
const CENT_DECIMALS = 2;

/**
 * An amount as a provider's bill writes it, to the nearest pico-USD: refunds are negative, and sums of floats go on for thirty decimals.
 * Null: it is none.
 */
export function picoUsdOfBill(text: string, unit: 'usd' | 'cents' = 'usd'): PicoUsd | null {
  const match = BILLED.exec(text);
  if (match === null) return null;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  const decimals = unit === 'usd' ? PICO_DECIMALS : PICO_DECIMALS - CENT_DECIMALS;
  const digits = BigInt(whole + fraction);
  const shift = decimals - fraction.length + Number(exponent);
  const amount = shift >= 0 ? digits * 10n ** BigInt(shift) : roundHalfUp(digits, 10n ** BigInt(-shift));
  return sign === '-' ? -amount : amount;
}

/** Exact, of either sign: as `formatAmountUsd`, to a pico-USD. */
export function formatPicoUsd(amount: PicoUsd): string {
  return amount < 0n ? `-${formatPriceUsd(-amount)}` : formatPriceUsd(amount);
}

/** What charges differ from the sum of their exact prices by, at most: each was rounded up by less than that. */
export function roundedUpPicoUsd(charges: bigint): PicoUsd {
  return charges * PICO_PER_NANO;
}

export function picoUsdFromNano(amount: NanoUsd): PicoUsd {
  return amount * PICO_PER_NANO;
}
