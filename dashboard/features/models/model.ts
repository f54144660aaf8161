/** A model as the public listing has it, with what the pages show of it. */

import type { EndpointAnswer, ModelAnswer, Percentiles } from '../../../src/catalogue/answers.ts';

export type Model = ModelAnswer;
export type Endpoint = EndpointAnswer;
export type { Percentiles };

/** A list tells what applies at other times. */
type Price = Model['pricing'][string] | undefined;

export const authorOf = ({ id }: Model): string => id.replace(/^~/, '').split('/', 1)[0] ?? '';

export const takesTools = ({ supported_parameters: taken }: Model): boolean => taken.includes('tools');

/** USD for a million tokens; the listing tells the price of one. */
export function perMillion(price: Price): number | null {
  return typeof price === 'string' ? Number(price) * 1e6 : null;
}

const usd = new Intl.NumberFormat(undefined, {
  style: 'currency',
  currency: 'USD',
  maximumFractionDigits: 4,
});

export function formatPerMillion(price: Price): string {
  const amount = perMillion(price);
  if (amount === null) return '–';
  return amount === 0 ? 'Free' : usd.format(amount);
}

const compact = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 });

export const formatTokens = (tokens: number | null): string =>
  tokens === null ? '–' : compact.format(tokens);
