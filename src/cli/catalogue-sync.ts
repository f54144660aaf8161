/** `turnpike catalogue sync`: a price list for the gateway that runs on this data directory, once all of it is known to be right. */
import { readFileSync } from 'node:fs';
import { buildCatalogue } from '../catalogue/build.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { knownProviders } from '../catalogue/known-providers.ts';
import { packagedPrices } from '../catalogue/price-book.ts';
import { type PriceList, PriceListError, parsePriceList } from '../catalogue/price-list.ts';
import { listAtStart, writeSyncedList } from '../catalogue/price-list-file.ts';
import { formatPriceUsd } from '../money.ts';
import { priceNames, publicPriceNames } from '../pricing/units.ts';
import type { CatalogueCommandContext } from './catalogue.ts';
import { printTable } from './table.ts';

/** `path` null: the installed data package. Throws PriceListError, and nothing has changed then. */
export async function sync(path: string | null, { config, print }: CatalogueCommandContext): Promise<number> {
  const providers = path === null ? await packaged() : parsePriceList(jsonOf(path));
  const nowMs = Date.now();
  const after = await buildCatalogue(config, nowMs, providers);
  const before = await buildCatalogue(config, nowMs, currentList(config.dataDir));
  writeSyncedList(config.dataDir, { from: path === null ? 'package' : 'file', syncedAtMs: nowMs, providers });
  const changes = changesBetween(before, after);
  if (changes.length === 0) print('No price changes.');
  else printTable(['MODEL', 'PROVIDER', 'PRICE', 'BEFORE', 'NOW'], changes, print);
  print(
    'A gateway that runs on this data directory takes the list within seconds; see catalogue_reloaded in its log.',
  );
  return 0;
}

async function packaged(): Promise<PriceList> {
  return await packagedPrices(knownProviders.flatMap(({ priceSource }) => priceSource ?? []));
}

function jsonOf(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new PriceListError(`${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new PriceListError(`${path} is not JSON`);
  }
}

/** One that cannot be read is what a sync mends. */
function currentList(dataDir: string): PriceList | null {
  try {
    return listAtStart(dataDir);
  } catch (error) {
    if (error instanceof PriceListError) return null;
    throw error;
  }
}

function changesBetween(before: Catalogue, after: Catalogue): string[][] {
  const [old, fresh] = [pricesOf(before), pricesOf(after)];
  const rows: string[][] = [];
  for (const place of new Set([...old.keys(), ...fresh.keys()])) {
    const [was, is] = [old.get(place), fresh.get(place)];
    if (was !== is) rows.push([...place.split('\n'), was ?? '-', is ?? '-']);
  }
  return rows;
}

/** By model, provider and name of the price. */
function pricesOf(catalogue: Catalogue): Map<string, string> {
  const prices = new Map<string, string>();
  for (const { id, endpoints } of catalogue.models) {
    for (const { tag, pricing } of endpoints) {
      for (const name of priceNames) {
        const price = pricing.base[name];
        if (price !== undefined)
          prices.set(`${id}\n${tag}\n${publicPriceNames[name]}`, formatPriceUsd(price));
      }
    }
  }
  return prices;
}
