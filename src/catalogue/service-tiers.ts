/**
 * Service tiers: the same model of the same provider, sooner or later, at a price of its own. Each is an endpoint whose tag ends with
 * its name (`openai/flex`), as OpenRouter's page on service tiers has it; the bill follows what the vendor says that it served.
 */
import type { Pricing } from '../pricing/price.ts';
import type { Endpoint } from './model.ts';

export const SERVICE_TIERS = ['flex', 'priority', 'ultrafast'] as const;
export type ServiceTier = (typeof SERVICE_TIERS)[number];

/** Null: the usual one. */
export function tierOfTag(tag: string): ServiceTier | null {
  const name = tag.slice(tag.lastIndexOf('/') + 1);
  return tag.includes('/') ? (SERVICE_TIERS.find((tier) => tier === name) ?? null) : null;
}

/** Of a model's own, each with what its siblings of other tiers cost; those of the usual tier come first, whose price the model is listed with. */
export function withTiers(endpoints: readonly Endpoint[]): Endpoint[] {
  if (!endpoints.some(({ serviceTier }) => serviceTier !== undefined)) return [...endpoints];
  const usual = endpoints.filter(({ serviceTier }) => serviceTier === undefined);
  const tiers = endpoints.filter(({ serviceTier }) => serviceTier !== undefined);
  return [...usual, ...tiers].map((endpoint) => {
    const family = endpoints.filter((one) => baseTag(one) === baseTag(endpoint));
    if (family.length < 2) return endpoint;
    const tierPricing: Partial<Record<ServiceTier | 'default', Pricing>> = {};
    for (const { serviceTier = 'default', pricing } of family) tierPricing[serviceTier] = pricing;
    return { ...endpoint, tierPricing };
  });
}

function baseTag({ tag, serviceTier }: Endpoint): string {
  return serviceTier === undefined ? tag : tag.slice(0, tag.lastIndexOf('/'));
}

/** Vendors' words for a tier that was served: OpenAI's, Google's (`ON_DEMAND_FLEX` of Vertex), Anthropic's, Groq's. */
const SERVED: Readonly<Record<string, ServiceTier | 'default'>> = {
  default: 'default',
  standard: 'default',
  on_demand: 'default',
  flex: 'flex',
  on_demand_flex: 'flex',
  priority: 'priority',
  on_demand_priority: 'priority',
  fast: 'priority',
  ultrafast: 'ultrafast',
};

/** The prices of what was served. A word that nobody knows, a tier without a price, and silence go by the endpoint that was asked. */
export function pricingServed({ pricing, tierPricing }: Endpoint, served: string | null): Pricing {
  if (tierPricing === undefined || served === null) return pricing;
  const tier = SERVED[served.toLowerCase()];
  return (tier === undefined ? undefined : tierPricing[tier]) ?? pricing;
}

const held = new WeakMap<Endpoint, Pricing>();

/** The prices that a hold is made by: a tier may be shed to the usual one, which can be dearer. */
export function pricingHeld(endpoint: Endpoint): Pricing {
  const { pricing, serviceTier, tierPricing } = endpoint;
  const usual = tierPricing?.default;
  if (serviceTier === undefined || usual === undefined) return pricing;
  const known = held.get(endpoint);
  if (known !== undefined) return known;
  const both: Pricing = {
    base: pricing.base,
    overrides: [...pricing.overrides, { prices: usual.base }, ...usual.overrides],
  };
  held.set(endpoint, both);
  return both;
}
