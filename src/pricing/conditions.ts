/** When an override of prices holds: the one place that reads its conditions. */
import type { PriceOverride, Pricing, UnitPrices, Weekday } from './price.ts';

export const WEEKDAYS: readonly Weekday[] = [
  'sunday',
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
];

/** The base prices with every override whose conditions hold; later ones win. */
export function pricesAt(pricing: Pricing, promptTokens: number, atMs: number): UnitPrices {
  if (pricing.overrides.length === 0) return pricing.base;
  let prices = pricing.base;
  for (const override of pricing.overrides) {
    const isLongEnough = override.minPromptTokens === undefined || promptTokens > override.minPromptTokens;
    if (isLongEnough && holdsAt(override, atMs)) prices = { ...prices, ...override.prices };
  }
  return prices;
}

export function hasTimeCondition(override: PriceOverride): boolean {
  return override.utcStart !== undefined || override.utcEnd !== undefined || override.utcDays !== undefined;
}

/** Half-open; wraps midnight when it ends before it starts. */
export function holdsAt(override: PriceOverride, atMs: number): boolean {
  const at = new Date(atMs);
  const today = WEEKDAYS[at.getUTCDay()];
  if (override.utcDays !== undefined && (today === undefined || !override.utcDays.includes(today))) {
    return false;
  }
  if (override.utcStart === undefined && override.utcEnd === undefined) return true;
  const time = at.getUTCHours() * 100 + at.getUTCMinutes();
  const start = override.utcStart ?? 0;
  const end = override.utcEnd ?? 2400;
  return start <= end ? time >= start && time < end : time >= start || time < end;
}
