/** `byok` of turnpike.yaml: what the operator takes for what goes through keys that accounts bring for providers. */
import { z } from 'zod';
import { type NanoUsd, nanoUsdFromNumber } from '../money.ts';
import { object } from './schema-object.ts';

export interface OwnKeyFee {
  /** Of the list price, in millionths of it. */
  readonly millionths: bigint;
  /** By the list price, of an account in each UTC month; null: none. */
  readonly freeNanoUsd: NanoUsd | null;
  /** So many of an account in each UTC month; null: none. At most one of both is set. */
  readonly freeRequests: number | null;
}

/** A percent has so many millionths. */
const MILLIONTHS_A_PERCENT = 10_000;

export const ownKeys = object({
  fee_percent: z
    .number()
    .min(0)
    .max(100)
    .refine((percent) => isWhole(percent * MILLIONTHS_A_PERCENT), {
      error: '{value} is finer than a ten-thousandth of a percent',
    })
    .default(0),
  free_usd_per_month: z.number().min(0).max(1_000_000_000).nullable().default(null),
  free_requests_per_month: z.int().min(0).max(1_000_000_000_000).nullable().default(null),
})
  .refine((value) => value.free_usd_per_month === null || value.free_requests_per_month === null, {
    error: 'and free_usd_per_month are both set: an allowance is one or the other',
    path: ['free_requests_per_month'],
  })
  .refine((value) => value.fee_percent > 0 || value.free_usd_per_month === null, {
    error: 'is an allowance before a fee, and fee_percent is 0',
    path: ['free_usd_per_month'],
  })
  .refine((value) => value.fee_percent > 0 || value.free_requests_per_month === null, {
    error: 'is an allowance before a fee, and fee_percent is 0',
    path: ['free_requests_per_month'],
  })
  .prefault({});

/** Null: none is taken. */
export function toOwnKeyFee(value: z.output<typeof ownKeys>): OwnKeyFee | null {
  const { fee_percent, free_usd_per_month, free_requests_per_month } = value;
  if (fee_percent === 0) return null;
  return {
    millionths: BigInt(Math.round(fee_percent * MILLIONTHS_A_PERCENT)),
    freeNanoUsd: free_usd_per_month === null ? null : nanoUsdFromNumber(free_usd_per_month),
    freeRequests: free_requests_per_month,
  };
}

/** But for what binary fractions add: 2.9 is 28999.999999999996 hundredths of a hundredth. */
function isWhole(value: number): boolean {
  return Math.abs(value - Math.round(value)) < 1e-6;
}
