/** What is paid on top of credits, as the gateway will charge it: a part of them, whole cents, and not less than the least. */
import type { CreditOverview } from '../../../src/billing/answers.ts';

export function feeUsd(
  amountUsd: number,
  { fee_percent, fee_minimum_usd }: Pick<CreditOverview, 'fee_percent' | 'fee_minimum_usd'>,
): number {
  const hundredths = Math.round(fee_percent * 100);
  const cents = Math.ceil((Math.round(amountUsd * 100) * hundredths) / 10_000);
  return Math.max(cents, Math.round(fee_minimum_usd * 100)) / 100;
}

/** What is wrong with an amount to buy, or null. */
export function purchaseProblem(
  usd: number | null,
  { minimum_purchase_usd: least, maximum_purchase_usd: most }: CreditOverview,
  format: (usd: number) => string,
): string | null {
  if (usd === null) return 'Enter an amount';
  if (Math.abs(usd * 100 - Math.round(usd * 100)) > 1e-6) return 'Use whole cents';
  return usd < least || usd > most ? `Enter an amount from ${format(least)} to ${format(most)}` : null;
}
