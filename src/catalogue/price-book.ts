/** Prices from `@pydantic/genai-prices`, which knows long-context and time-of-day rates, and models newer than the lists of facts. */
import type { MatchLogic, ModelInfo, ModelPrice } from '@pydantic/genai-prices';
import type { PriceOverride, Pricing, UnitPrices } from '../pricing/price.ts';
import { type PriceName, priceFromUsdPerMillion, priceFromUsdPerThousand } from '../pricing/units.ts';
import type { PriceList } from './price-list.ts';

export interface PriceEntry {
  readonly id: string;
  readonly name: string | null;
  readonly description: string | null;
  readonly contextLength: number | null;
  readonly deprecated: boolean;
  /** Null: priced by something else than tokens, or finer than we count. */
  readonly pricing: Pricing | null;
  readonly matches: (upstreamModel: string) => boolean;
}

export interface PriceBook {
  entries(priceSource: string): readonly PriceEntry[];
  /** The entry for an upstream's own name: its own before one that only matches it. */
  find(priceSource: string, upstreamModel: string): PriceEntry | null;
}

/**
 * Loads the package (about 50 ms), so only called when a provider is on. `nowMs` decides between dated prices. A provider of `list`
 * takes the place of the package's.
 */
export async function loadPriceBook(nowMs: number, list: PriceList | null): Promise<PriceBook> {
  const { findProvider } = await import('@pydantic/genai-prices');
  const books = new Map<string, readonly PriceEntry[]>();
  const entries = (priceSource: string): readonly PriceEntry[] => {
    let known = books.get(priceSource);
    if (known === undefined) {
      const listed = list?.find(({ id }) => id === priceSource);
      const provider = listed ?? findProvider({ providerId: priceSource });
      known = provider === undefined ? [] : provider.models.map((model) => entryOf(model, nowMs));
      books.set(priceSource, known);
    }
    return known;
  };
  return {
    entries,
    find(priceSource, upstreamModel) {
      const list = entries(priceSource);
      const lower = upstreamModel.toLowerCase();
      return (
        list.find((entry) => entry.id.toLowerCase() === lower) ??
        list.find((entry) => entry.matches(lower)) ??
        null
      );
    },
  };
}

/** What the package knows of these, as a list of its own. */
export async function packagedPrices(priceSources: readonly string[]): Promise<PriceList> {
  const { findProvider } = await import('@pydantic/genai-prices');
  return [...new Set(priceSources)].flatMap((providerId) => {
    const provider = findProvider({ providerId });
    return provider === undefined ? [] : [{ id: provider.id, models: provider.models }];
  });
}

function entryOf(model: ModelInfo, nowMs: number): PriceEntry {
  return {
    id: model.id,
    name: model.name ?? null,
    description: model.description?.trim() ?? null,
    contextLength: model.context_window ?? null,
    deprecated: model.deprecated ?? false,
    pricing: pricingOf(model, nowMs),
    matches: (upstreamModel) => matches(model.match, upstreamModel),
  };
}

function matches(rule: MatchLogic, text: string): boolean {
  if ('or' in rule) return rule.or.some((part) => matches(part, text));
  if ('and' in rule) return rule.and.every((part) => matches(part, text));
  if ('equals' in rule) return text === rule.equals.toLowerCase();
  if ('starts_with' in rule) return text.startsWith(rule.starts_with.toLowerCase());
  if ('ends_with' in rule) return text.endsWith(rule.ends_with.toLowerCase());
  if ('contains' in rule) return text.includes(rule.contains.toLowerCase());
  return new RegExp(rule.regex, 'i').test(text);
}

/** The package's later entries win while their condition holds; ours do too, so dates are decided now and windows stay. */
function pricingOf(model: ModelInfo, nowMs: number): Pricing | null {
  const conditional = Array.isArray(model.prices) ? model.prices : [{ prices: model.prices }];
  let current: ModelPrice | null = null;
  const windows: { utcStart: number; utcEnd: number; prices: ModelPrice }[] = [];
  for (const { constraint, prices } of conditional) {
    if (constraint === undefined) current = prices;
    else if (constraint.type === 'start_date') {
      if (nowMs >= Date.parse(constraint.start_date)) current = prices;
    } else {
      windows.push({
        utcStart: hhmm(constraint.start_time),
        utcEnd: hhmm(constraint.end_time),
        prices,
      });
    }
  }
  if (current === null) return null;
  const base = basePrices(current);
  if (base === null) return null;
  const overrides: PriceOverride[] = longContextOverrides(current);
  for (const { utcStart, utcEnd, prices } of windows) {
    const own = basePrices(prices);
    if (own === null) return null;
    overrides.push({ utcStart, utcEnd, prices: own });
    for (const tier of longContextOverrides(prices)) overrides.push({ ...tier, utcStart, utcEnd });
  }
  return { base, overrides };
}

function hhmm(time: string): number {
  return Number(time.slice(0, 2)) * 100 + Number(time.slice(3, 5));
}

const millionKeys: Readonly<Record<string, PriceName>> = {
  input_mtok: 'prompt',
  output_mtok: 'completion',
  cache_read_mtok: 'inputCacheRead',
  cache_write_mtok: 'inputCacheWrite',
  cache_write_1h_mtok: 'inputCacheWrite1h',
  input_audio_mtok: 'audio',
  output_audio_mtok: 'audioOutput',
  cache_audio_read_mtok: 'inputAudioCache',
  input_image_mtok: 'imageToken',
  output_image_mtok: 'imageOutput',
  output_reasoning_mtok: 'internalReasoning',
};

const thousandKeys: Readonly<Record<string, PriceName>> = {
  web_searches_kcount: 'webSearch',
  requests_kcount: 'request',
};

/** Null when prompt tokens are not priced. Absent completion price: nothing is completed (embeddings). */
function basePrices(listed: ModelPrice): UnitPrices | null {
  const prices: Partial<Record<PriceName, bigint>> = {};
  for (const [key, value] of Object.entries(listed)) {
    if (value === undefined) continue;
    const usd = typeof value === 'number' ? value : value.base;
    const million = millionKeys[key];
    const thousand = thousandKeys[key];
    const name = million ?? thousand;
    if (name === undefined) continue;
    const price = million === undefined ? priceFromUsdPerThousand(usd) : priceFromUsdPerMillion(usd);
    if (price === null) return null;
    prices[name] = price;
  }
  if (prices.prompt === undefined) return null;
  return { ...prices, prompt: prices.prompt, completion: prices.completion ?? 0n };
}

/** One entry a threshold, in rising order: beyond it, the whole request is priced at its rates. */
function longContextOverrides(listed: ModelPrice): PriceOverride[] {
  const byThreshold = new Map<number, Partial<Record<PriceName, bigint>>>();
  for (const [key, value] of Object.entries(listed)) {
    const name = millionKeys[key];
    if (name === undefined || value === undefined || typeof value === 'number') continue;
    for (const { start, price } of value.tiers) {
      const prices = byThreshold.get(start) ?? {};
      const read = priceFromUsdPerMillion(price);
      if (read !== null) prices[name] = read;
      byThreshold.set(start, prices);
    }
  }
  return [...byThreshold]
    .sort(([a], [b]) => a - b)
    .map(([minPromptTokens, prices]) => ({ minPromptTokens, prices }));
}
