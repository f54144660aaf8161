/** `billing` of turnpike.yaml as far as it is about buying, and where the payment provider is found. */
import { z } from 'zod';
import { isWholeCents, type NanoUsd, nanoUsdFromNumber } from '../money.ts';
import { object } from './schema-object.ts';

/** What may be bought, and what is paid on top of it. All amounts are whole cents. */
export interface PurchaseRules {
  /** Of the credits, in millionths of them. */
  readonly feeMillionths: bigint;
  readonly feeMinimumNanoUsd: NanoUsd;
  /** Of one purchase. */
  readonly minimumNanoUsd: NanoUsd;
  readonly maximumNanoUsd: NanoUsd;
}

export interface StripeAccess {
  /** Null: nothing can be bought. */
  readonly secretKey: string | null;
  /** Of the endpoint `/webhooks/stripe`; null: there is none. */
  readonly webhookSecret: string | null;
  /** Without a slash at its end. */
  readonly apiUrl: string;
}

export const STRIPE_API_URL = 'https://api.stripe.com';

/** Stripe takes 999,999.99 at most, and less than half a dollar nowhere. */
const LEAST_USD = 0.5;
const MOST_USD = 900_000;
const MILLIONTHS_A_PERCENT = 10_000;

const cents = z
  .number()
  .max(MOST_USD)
  .refine((usd) => isWholeCents(nanoUsdFromNumber(usd) ?? 1n), {
    error: '{value} is no whole number of cents',
  });

export const billing = object({
  mode: z.enum(['off', 'prepaid']).default('off'),
  fee_percent: z
    .number()
    .min(0)
    .max(100)
    .refine((percent) => Math.abs(percent * 100 - Math.round(percent * 100)) < 1e-6, {
      error: '{value} is finer than a hundredth of a percent',
    })
    .default(0),
  fee_minimum_usd: cents.min(0).default(0),
  minimum_purchase_usd: cents.min(LEAST_USD).default(5),
  maximum_purchase_usd: cents.min(LEAST_USD).default(5000),
})
  .refine((value) => value.minimum_purchase_usd <= value.maximum_purchase_usd, {
    error: 'is more than maximum_purchase_usd',
    path: ['minimum_purchase_usd'],
  })
  .prefault({});

export function toPurchaseRules(value: z.output<typeof billing>): PurchaseRules {
  const amount = (usd: number): NanoUsd => nanoUsdFromNumber(usd) ?? 0n;
  return {
    feeMillionths: BigInt(Math.round(value.fee_percent * 100)) * BigInt(MILLIONTHS_A_PERCENT / 100),
    feeMinimumNanoUsd: amount(value.fee_minimum_usd),
    minimumNanoUsd: amount(value.minimum_purchase_usd),
    maximumNanoUsd: amount(value.maximum_purchase_usd),
  };
}
