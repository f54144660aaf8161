/** Which models a query asks for, in which order, and which page of them. Pure rules. */
import { FREE_PRICING } from '../pricing/price.ts';
import { isZeroRetention } from './endpoint-json.ts';
import type { Endpoint, Model } from './model.ts';
import { supportedParameters } from './model-json.ts';
import type { ModelsQuery, Page, Sort } from './query.ts';
import { parametersOfRouter } from './router-json.ts';
import type { Router } from './routers.ts';

/** One line of the listing: a model, or a `~…-latest` name for it. */
export interface Row {
  readonly model: Model;
  readonly alias: string | null;
  /** The router whose stand-in the model is. */
  readonly router?: Router;
}

const DAY_SECONDS = 86_400;

/** Of the European Union; ISO 3166-1 alpha-2. */
const EU: ReadonlySet<string> = new Set(
  'AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE'.split(' '),
);

export function selectRows(rows: readonly Row[], query: ModelsQuery, nowMs: number): readonly Row[] {
  return sorted(
    rows.filter((row) => isWanted(row, query, nowMs)),
    query.sort,
  );
}

export function hasOutput(model: Model, wanted: readonly string[] | null): boolean {
  return wanted === null || wanted.some((modality) => model.outputModalities.includes(modality));
}

function isWanted(row: Row, query: ModelsQuery, nowMs: number): boolean {
  const { model } = row;
  // Nothing here knows categories, scores or licences: what asks for one of them gets none rather than all.
  if (query.category !== null || query.boundsScores || query.distillable === 'true') return false;
  return (
    hasOutput(model, query.outputModalities) &&
    query.inputModalities.every((modality) => model.inputModalities.includes(modality)) &&
    takesAll(row, query.supportedParameters) &&
    hasText(row, query.text) &&
    (query.minContextLength === null || (model.contextLength ?? 0) >= query.minContextLength) &&
    isPricedWithin(row, query) &&
    isAged(model, query, nowMs) &&
    (query.tokenizer === null || model.tokenizer.toLowerCase() === query.tokenizer) &&
    (query.authors.length === 0 || query.authors.includes(authorOf(row))) &&
    (row.router === undefined
      ? model.endpoints.some((endpoint) => isServedAsWanted(endpoint, query))
      : !asksForProvider(query))
  );
}

function takesAll({ model, router }: Row, parameters: readonly string[]): boolean {
  if (parameters.length === 0) return true;
  const taken = router === undefined ? supportedParameters(model) : parametersOfRouter(router);
  return parameters.every((parameter) => taken.includes(parameter));
}

function hasText({ model, alias }: Row, text: string | null): boolean {
  if (text === null) return true;
  const searched = `${alias ?? model.id}\n${model.name}`.toLowerCase();
  return text.split(/\s+/).every((word) => searched.includes(word));
}

function authorOf({ model }: Row): string {
  return model.id.slice(0, model.id.indexOf('/'));
}

/** Of a router nobody knows the price before it has chosen, but that it is none. */
function isPricedWithin({ model, router }: Row, query: ModelsQuery): boolean {
  if (router !== undefined && router.kind !== 'free') {
    const { minPrompt, maxPrompt, minCompletion, maxCompletion } = query;
    return [minPrompt, maxPrompt, minCompletion, maxCompletion].every((bound) => bound === null);
  }
  const prices = router === undefined ? model.endpoints[0]?.pricing.base : FREE_PRICING.base;
  if (prices === undefined) return false;
  return (
    (query.minPrompt === null || prices.prompt >= query.minPrompt) &&
    (query.maxPrompt === null || prices.prompt <= query.maxPrompt) &&
    (query.minCompletion === null || prices.completion >= query.minCompletion) &&
    (query.maxCompletion === null || prices.completion <= query.maxCompletion)
  );
}

/** A model whose date is unknown has no age, so a bound on age leaves it out. */
function isAged(model: Model, query: ModelsQuery, nowMs: number): boolean {
  if (query.minAgeDays === null && query.maxAgeDays === null) return true;
  if (model.created === 0) return false;
  const days = (nowMs / 1000 - model.created) / DAY_SECONDS;
  return (
    (query.minAgeDays === null || days >= query.minAgeDays) &&
    (query.maxAgeDays === null || days <= query.maxAgeDays)
  );
}

/** Whoever asks who serves wants no name that may be served by anybody. */
function asksForProvider({ providers, zeroRetention, region }: ModelsQuery): boolean {
  return providers.length > 0 || zeroRetention || region !== null;
}

/** One endpoint has to meet all of these at once. */
function isServedAsWanted(endpoint: Endpoint, query: ModelsQuery): boolean {
  const { slug, name, datacenters } = endpoint.provider;
  return (
    (query.providers.length === 0 ||
      query.providers.includes(slug) ||
      query.providers.includes(name.toLowerCase())) &&
    (!query.zeroRetention || isZeroRetention(endpoint)) &&
    (query.region === null ||
      (datacenters ?? []).some((country) => (query.region === 'us' ? country === 'US' : EU.has(country))))
  );
}

/** Orders that need statistics we do not have keep the default one. */
function sorted(rows: readonly Row[], sort: Sort | null): readonly Row[] {
  if (sort === 'newest') return [...rows].sort((a, b) => b.model.created - a.model.created);
  if (sort === 'context-high-to-low') {
    return [...rows].sort((a, b) => (b.model.contextLength ?? 0) - (a.model.contextLength ?? 0));
  }
  if (sort === 'pricing-low-to-high') return [...rows].sort((a, b) => comparePrices(a.model, b.model));
  if (sort === 'pricing-high-to-low') return [...rows].sort((a, b) => comparePrices(b.model, a.model));
  return rows;
}

function comparePrices(a: Model, b: Model): number {
  const difference = meanTwice(a) - meanTwice(b);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function meanTwice(model: Model): bigint {
  const prices = model.endpoints[0]?.pricing.base;
  return prices === undefined ? 0n : prices.prompt + prices.completion;
}

/** The page's rows; past the end there are none. */
export function pageOf<T>(rows: readonly T[], page: Page | null): readonly T[] {
  return page === null ? rows : rows.slice(page.offset, page.offset + page.limit);
}

/** A ready path that keeps every other parameter, or null on the last page. */
export function nextLink(url: URL, page: Page | null, totalCount: number): string | null {
  if (page === null || page.offset + page.limit >= totalCount) return null;
  const query = new URLSearchParams(url.search);
  query.set('offset', String(page.offset + page.limit));
  query.set('limit', String(page.limit));
  return `${url.pathname}?${query}`;
}
