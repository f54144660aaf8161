/** Which service tiers may serve a request, beside the usual one (OpenRouter's page on service tiers). */
import type { Endpoint } from '../catalogue/model.ts';
import { SERVICE_TIERS, type ServiceTier } from '../catalogue/service-tiers.ts';
import { invalidRequest } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { ProviderPreferences, SortBy } from './preferences.ts';

/** `default`: the usual one and no other, whatever the name of the model says. */
export type TierWish = ServiceTier | 'default';

/**
 * What `service_tier`, or Anthropic's `speed`, asks for; null: nothing, or in a vendor's own words, which only it knows. Throws a 400
 * for what is no text.
 */
export function parseTierWish({ service_tier: tier, speed }: JsonObject): TierWish | null {
  const wishOfSpeed = speed === 'fast' ? 'priority' : null;
  if (tier === undefined || tier === null) return wishOfSpeed;
  if (typeof tier !== 'string') throw invalidRequest('service_tier must be text, such as "flex"');
  return tierWishOf(tier) ?? wishOfSpeed;
}

export function tierWishOf(word: string): TierWish | null {
  const tier = word.toLowerCase().replace(/^service_tier_/, '');
  if (tier === 'fast') return 'priority';
  if (tier === 'default' || tier === 'standard') return 'default';
  return SERVICE_TIERS.find((known) => known === tier) ?? null;
}

/** What the suffixes of a model's name sort by: the last that sorts decides. */
export function variantSort(variant: string | null): SortBy | null {
  if (variant === null) return null;
  const sorting = variant.split(':').findLast((suffix) => Object.hasOwn(SORTED_BY, suffix));
  return sorting === undefined ? null : (SORTED_BY[sorting] ?? null);
}

const SORTED_BY: Readonly<Record<string, SortBy>> = { nitro: 'throughput', floor: 'price', exacto: 'exacto' };

/** The tier beside the usual one that a model's endpoints may serve at without being named; null: none. */
export function optedTier(
  wish: TierWish | null,
  variant: string | null,
  { order }: ProviderPreferences,
): ServiceTier | null {
  if (wish !== null) return wish === 'default' ? null : wish;
  // An order of the caller's own takes the place of the sort that would let a tier win.
  if (variant === null || order.length > 0) return null;
  const sort = variantSort(variant);
  if (sort === 'throughput') return 'priority';
  return sort === 'price' ? 'flex' : null;
}

/** Whether the endpoint is of the usual tier, or of one that was asked for, or named itself. */
export function isTierAdmitted(
  { serviceTier, tag }: Endpoint,
  opted: ServiceTier | null,
  { only, order }: ProviderPreferences,
): boolean {
  return serviceTier === undefined || serviceTier === opted || only.includes(tag) || order.includes(tag);
}

/** Why a tier's endpoint may not serve who does not ask for it. */
export const NOT_ASKED_TIER = 'service_tier';
