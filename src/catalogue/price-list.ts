/**
 * A list of prices that the operator brought in, in the published format of `@pydantic/genai-prices`: an array of providers, or an
 * object with one. Checked as a whole before anything is built of it: a price that was misread is money.
 */
import type { ConditionalPrice, MatchLogic, ModelInfo, ModelPrice } from '@pydantic/genai-prices';
import { isJsonObject, type JsonObject } from '../json.ts';

export interface ListedProvider {
  readonly id: string;
  readonly models: readonly ModelInfo[];
}

export type PriceList = readonly ListedProvider[];

/** Its message names the place. */
export class PriceListError extends Error {}

/** USD a million tokens; beyond this somebody mistook the unit. */
const MAX_USD = 1_000_000;
const MAX_DEPTH = 16;

/** Throws PriceListError. */
export function parsePriceList(value: unknown): PriceList {
  const providers = isJsonObject(value) ? value['providers'] : value;
  if (!Array.isArray(providers) || providers.length === 0)
    throw new PriceListError('a price list is an array of providers, or an object with one as `providers`');
  return providers.map((provider: unknown, at) => parseProvider(provider, `providers[${at}]`));
}

function parseProvider(value: unknown, place: string): ListedProvider {
  const { id, models } = object(value, place);
  if (!Array.isArray(models)) throw new PriceListError(`${place}.models: must be a list`);
  return {
    id: text(id, `${place}.id`),
    models: models.map((model: unknown, at) => parseModel(model, `${place}.models[${at}]`)),
  };
}

function parseModel(value: unknown, place: string): ModelInfo {
  const model = object(value, place);
  const { name, description, context_window: context, deprecated } = model;
  if (context !== undefined && context !== null && !(Number.isInteger(context) && Number(context) > 0))
    throw new PriceListError(`${place}.context_window: must be a number of tokens`);
  const id = text(model['id'], `${place}.id`);
  return {
    id,
    match: parseMatch(model['match'], `${place}.match`, 0),
    prices: parsePrices(model['prices'], `${place}.prices`),
    ...(typeof name === 'string' ? { name } : {}),
    ...(typeof description === 'string' ? { description } : {}),
    ...(typeof context === 'number' ? { context_window: context } : {}),
    deprecated: deprecated === true,
  };
}

function parseMatch(value: unknown, place: string, depth: number): MatchLogic {
  const rule = object(value, place);
  if (depth > MAX_DEPTH) throw new PriceListError(`${place}: is too deep`);
  for (const name of ['or', 'and'] as const) {
    const parts = rule[name];
    if (parts === undefined) continue;
    if (!Array.isArray(parts)) throw new PriceListError(`${place}.${name}: must be a list`);
    const rules = parts.map((part: unknown, at) => parseMatch(part, `${place}.${name}[${at}]`, depth + 1));
    return name === 'or' ? { or: rules } : { and: rules };
  }
  if ('equals' in rule) return { equals: text(rule['equals'], `${place}.equals`) };
  if ('starts_with' in rule) return { starts_with: text(rule['starts_with'], `${place}.starts_with`) };
  if ('ends_with' in rule) return { ends_with: text(rule['ends_with'], `${place}.ends_with`) };
  if ('contains' in rule) return { contains: text(rule['contains'], `${place}.contains`) };
  const regex = text(rule['regex'], `${place}: knows none of its rules; regex`);
  try {
    new RegExp(regex, 'i');
  } catch {
    throw new PriceListError(`${place}.regex: is not a regular expression`);
  }
  return { regex };
}

function parsePrices(value: unknown, place: string): ModelInfo['prices'] {
  if (!Array.isArray(value)) return parsePrice(value, place);
  return value.map((entry: unknown, at): ConditionalPrice => {
    const { constraint, prices } = object(entry, `${place}[${at}]`);
    const parsed = parsePrice(prices, `${place}[${at}].prices`);
    if (constraint === undefined || constraint === null) return { prices: parsed };
    return { constraint: parseConstraint(constraint, `${place}[${at}].constraint`), prices: parsed };
  });
}

function parseConstraint(value: unknown, place: string): NonNullable<ConditionalPrice['constraint']> {
  const { start_date, start_time, end_time } = object(value, place);
  if (
    typeof start_date === 'string' &&
    /^\d{4}-\d\d-\d\d$/.test(start_date) &&
    !Number.isNaN(Date.parse(start_date))
  )
    return { type: 'start_date', start_date };
  if (isTime(start_time) && isTime(end_time)) return { type: 'time_of_date', start_time, end_time };
  throw new PriceListError(`${place}: is neither a date nor a time of day`);
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && /^\d\d:\d\d/.test(value);
}

function parsePrice(value: unknown, place: string): ModelPrice {
  const prices: ModelPrice = {};
  for (const [name, price] of Object.entries(object(value, place))) {
    if (price === null || price === undefined) continue;
    prices[name] = isJsonObject(price)
      ? parseTiers(price, `${place}.${name}`)
      : usd(price, `${place}.${name}`);
  }
  return prices;
}

function parseTiers(value: JsonObject, place: string): Exclude<ModelPrice[string], number | undefined> {
  const { base, tiers } = value;
  if (!Array.isArray(tiers)) throw new PriceListError(`${place}.tiers: must be a list`);
  return {
    base: usd(base, `${place}.base`),
    tiers: tiers.map((tier: unknown, at) => {
      const { start, price } = object(tier, `${place}.tiers[${at}]`);
      if (!Number.isInteger(start) || Number(start) < 0)
        throw new PriceListError(`${place}.tiers[${at}].start: must be a number of tokens`);
      return { start: Number(start), price: usd(price, `${place}.tiers[${at}].price`) };
    }),
  };
}

function usd(value: unknown, place: string): number {
  const price = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof price !== 'number' || !(price >= 0 && price <= MAX_USD))
    throw new PriceListError(`${place}: must be a price in USD, at least 0`);
  return price;
}

function object(value: unknown, place: string): JsonObject {
  if (!isJsonObject(value)) throw new PriceListError(`${place}: must be an object`);
  return value;
}

function text(value: unknown, place: string): string {
  if (typeof value !== 'string' || value === '') throw new PriceListError(`${place}: must be a text`);
  return value;
}
