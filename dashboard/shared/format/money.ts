/** Amounts in USD as people read them. */

const cents = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' });
const fine = new Intl.NumberFormat('en-US', {
  style: 'currency',
  currency: 'USD',
  minimumFractionDigits: 2,
  maximumFractionDigits: 9,
});

/** Every digit there is: what was charged for one thing. */
export const formatUsdExactly = (usd: number): string => fine.format(usd);

/** Cents for amounts of a cent and more, all digits (nano-USD) below: a request may cost a thousandth of a cent. */
export function formatUsd(usd: number): string {
  return usd !== 0 && Math.abs(usd) < 0.01 ? fine.format(usd) : cents.format(usd);
}
