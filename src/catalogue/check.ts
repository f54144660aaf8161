/** Where sources of prices disagree: the facts' list, the price list, and what the operator wrote. */
import { formatPriceUsd } from '../money.ts';
import type { UnitPrices } from '../pricing/price.ts';
import { type PriceName, priceNameFromPublic, publicPriceNames } from '../pricing/units.ts';
import type { CatalogueConfig } from './build.ts';
import type { Catalogue } from './catalogue.ts';
import { loadFacts } from './facts.ts';
import { canonicalId } from './identity.ts';
import { findKnownProvider } from './known-providers.ts';
import type { Endpoint } from './model.ts';
import { loadSources, type Sources } from './offers.ts';
import type { PriceList } from './price-list.ts';

export interface Disagreement {
  readonly modelId: string;
  readonly provider: string;
  /** Its public name. */
  readonly price: string;
  /** USD a unit as decimal text; null: that source does not say. */
  readonly tokenlens: string | null;
  readonly genaiPrices: string | null;
  readonly operator: string | null;
  /** Whether the operator's own price is one of those that differ. */
  readonly againstOperator: boolean;
}

/** The prices that make nearly all of a bill; the sources define the rest too differently to compare. */
const COMPARED: readonly PriceName[] = ['prompt', 'completion', 'inputCacheRead', 'inputCacheWrite'];

export async function findDisagreements(
  catalogue: Catalogue,
  config: CatalogueConfig,
  nowMs: number,
  list: PriceList | null,
): Promise<readonly Disagreement[]> {
  const served = catalogue.models.flatMap((model) =>
    // The lists have prices of the usual tier.
    model.endpoints
      .filter(({ serviceTier }) => serviceTier === undefined)
      .map((endpoint) => ({ modelId: model.id, endpoint })),
  );
  if (!served.some(({ endpoint }) => findKnownProvider(endpoint.provider.slug) !== null)) return [];
  const sources = await loadSources(nowMs, list);
  const found: Disagreement[] = [];
  for (const { modelId, endpoint } of served) {
    const listed = await listedPrices(modelId, endpoint, sources);
    if (listed === null) continue;
    const operator = operatorPrices(modelId, endpoint, config);
    for (const name of COMPARED) {
      const prices = [listed.tokenlens?.[name], listed.genaiPrices?.[name], operator?.[name]];
      const stated = new Set(prices.filter((price) => price !== undefined));
      if (stated.size < 2) continue;
      const [tokenlens, genaiPrices, own] = prices.map((price) =>
        price === undefined ? null : formatPriceUsd(price),
      );
      found.push({
        modelId,
        provider: endpoint.tag,
        price: publicPriceNames[name],
        tokenlens: tokenlens ?? null,
        genaiPrices: genaiPrices ?? null,
        operator: own ?? null,
        againstOperator: operator?.[name] !== undefined,
      });
    }
  }
  return found;
}

async function listedPrices(
  modelId: string,
  endpoint: Endpoint,
  { book, ids }: Sources,
): Promise<{ tokenlens: Partial<UnitPrices> | null; genaiPrices: Partial<UnitPrices> | null } | null> {
  const known = findKnownProvider(endpoint.provider.slug);
  if (known === null) return null;
  const origin = {
    defaultAuthor: known.author,
    fallbackAuthor: known.slug,
    upstreamPrefix: known.upstreamPrefix,
  };
  const facts = await loadFacts(known.dataSource);
  const model =
    facts.find((candidate) => candidate.upstreamModel === endpoint.upstreamModel) ??
    facts.find((candidate) => canonicalId(candidate.upstreamModel, origin, ids).id === modelId);
  const name = endpoint.upstreamModel.startsWith(known.upstreamPrefix)
    ? endpoint.upstreamModel.slice(known.upstreamPrefix.length)
    : endpoint.upstreamModel;
  const entry = known.priceSource === null ? null : book.find(known.priceSource, name);
  return { tokenlens: model?.pricing?.base ?? null, genaiPrices: entry?.pricing?.base ?? null };
}

/** Only what turnpike.yaml states; an endpoint that inherits its prices has none of its own. */
function operatorPrices(
  modelId: string,
  endpoint: Endpoint,
  config: CatalogueConfig,
): Partial<UnitPrices> | null {
  const stated = config.models
    .find((model) => model.id.toLowerCase() === modelId)
    ?.endpoints.find((own) => (own.tag ?? own.provider) === endpoint.tag);
  if (stated === undefined) return null;
  const prices: Partial<Record<PriceName, bigint>> = {};
  for (const publicName of Object.keys(stated.pricing)) {
    const name = priceNameFromPublic(publicName);
    const price = name === null ? undefined : endpoint.pricing.base[name];
    if (name !== null && price !== undefined) prices[name] = price;
  }
  return prices;
}
