/** Which of our models a provider's bill means by its own name of one. No I/O. */
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { UnitPrices } from '../pricing/price.ts';

/** Null: none that is known. */
export type ModelOf = (billName: string) => string | null;

/**
 * By the names that the catalogue asks the provider for, then by any other that finds a model of it, and last by what is left without
 * author, date and punctuation. `used`: models that the ledger has of it, also those that the catalogue has no more.
 */
export function modelNames(catalogue: Catalogue, slug: string, used: Iterable<string>): ModelOf {
  const exact = new Map<string, string>();
  const loose = new Map<string, string | null>();
  const learn = (name: string, id: string) => {
    const plain = plainName(name);
    // Two models of one plain name: only the exact one tells them apart.
    loose.set(plain, loose.has(plain) && loose.get(plain) !== id ? null : id);
  };
  const served = new Set<string>();
  for (const { id, name, endpoints } of catalogue.models) {
    const own = endpoints.filter(({ provider }) => provider.slug === slug);
    if (own.length === 0) continue;
    served.add(id);
    for (const { upstreamModel } of own) {
      if (!exact.has(upstreamModel.toLowerCase())) exact.set(upstreamModel.toLowerCase(), id);
      learn(upstreamModel, id);
    }
    if (!id.includes(':')) {
      learn(id, id);
      learn(name.replace(/^[^:]+:\s*/, ''), id);
    }
  }
  for (const id of used) {
    exact.set(id.toLowerCase(), id);
    if (!served.has(id)) learn(id, id);
  }
  const known = new Set([...served, ...used]);
  return (billName) => {
    const name = billName.toLowerCase();
    const found = exact.get(name);
    if (found !== undefined) return found;
    for (const written of [name, `${slug}/${name}`]) {
      const model = catalogue.find(written)?.model.id;
      if (model !== undefined && known.has(model)) return model;
    }
    return loose.get(plainName(name)) ?? null;
  };
}

function plainName(name: string): string {
  return name
    .toLowerCase()
    .replace(/^.*\//, '')
    .replace(/(?:[-@](?:\d{8}|\d{4}-\d{2}-\d{2})|-latest)$/, '')
    .replaceAll(/[\s._]+/g, '-');
}

/** What the provider asks for the model by the catalogue of now, at whatever condition and tier: one of them, mostly. */
export function pricesOf(catalogue: Catalogue, slug: string, modelId: string): UnitPrices[] {
  const endpoints = catalogue.find(modelId)?.model.endpoints ?? [];
  return endpoints
    .filter(({ provider }) => provider.slug === slug)
    .flatMap(({ pricing, tierPricing = {} }) => [pricing, ...Object.values(tierPricing)])
    .flatMap(({ base, overrides }) => [base, ...overrides.map(({ prices }) => ({ ...base, ...prices }))]);
}
