/** `pricing` as `GET /models` shows it: plain decimal strings, conditions beside them, and on top what applies now. */

import { hasTimeCondition, holdsAt, WEEKDAYS } from './conditions.ts';
import type { Pricing, UnitPrices } from './price.ts';
import { publicPrices } from './units.ts';

export type PricingJson = Record<string, string | readonly Record<string, unknown>[]>;

/** Whether the answer depends on the time, and so must not be kept. */
export function changesWithTime(pricing: Pricing): boolean {
  return pricing.overrides.some(hasTimeCondition);
}

export function pricingJson(pricing: Pricing, nowMs: number): PricingJson {
  const now: Partial<UnitPrices> = { ...pricing.base };
  for (const override of pricing.overrides) {
    const unconditionalNow =
      override.minPromptTokens === undefined && hasTimeCondition(override) && holdsAt(override, nowMs);
    if (unconditionalNow) Object.assign(now, override.prices);
  }
  const json: PricingJson = publicPrices(now);
  const overrides = listedOverrides(pricing);
  if (overrides.length > 0) json['overrides'] = overrides;
  return json;
}

/**
 * Readers expect windows that tile the whole day. A first entry for every day with the base prices does that, since later
 * ones win; without it, a reader would take the top-level price of this hour for the price of the uncovered ones.
 */
function listedOverrides(pricing: Pricing): readonly Record<string, unknown>[] {
  const listed = pricing.overrides.map((override) => ({
    ...(override.minPromptTokens !== undefined && { min_prompt_tokens: override.minPromptTokens }),
    ...(override.utcStart !== undefined && { utc_start: override.utcStart }),
    ...(override.utcEnd !== undefined && { utc_end: override.utcEnd }),
    ...(override.utcDays !== undefined && { utc_days: override.utcDays }),
    ...publicPrices(override.prices),
  }));
  if (!changesWithTime(pricing)) return listed;
  return [{ utc_days: WEEKDAYS, ...publicPrices(pricing.base) }, ...listed];
}
