import { describe, expect, test } from 'bun:test';
import { buildCatalogue } from './build.ts';
import { knownProviders } from './known-providers.ts';
import { packagedPrices } from './price-book.ts';
import { PriceListError, parsePriceList } from './price-list.ts';

const NOW_MS = Date.parse('2026-11-20T12:00:00Z');
const ALL = { providers: [], models: [], environmentKeys: () => 'k' };

/** With one model that has these members. */
const listOf = (members: object) => [
  { id: 'acme', models: [{ id: 'small', match: { equals: 'small' }, prices: {}, ...members }] },
];

test('all that the data package knows reads as itself, from text, and makes the same catalogue', async () => {
  const packaged = await packagedPrices(knownProviders.flatMap(({ priceSource }) => priceSource ?? []));
  const list = parsePriceList(JSON.parse(JSON.stringify(packaged)));
  const [own, read] = [await buildCatalogue(ALL, NOW_MS), await buildCatalogue(ALL, NOW_MS, list)];
  expect(read.models).toEqual(own.models);
});

test('it is an array of providers, or an object with one', () => {
  const list = listOf({ prices: { input_mtok: '1.5', output_mtok: null } });
  const read = [
    { id: 'acme', models: [expect.objectContaining({ id: 'small', prices: { input_mtok: 1.5 } })] },
  ];
  expect(parsePriceList(list)).toEqual(read);
  expect(parsePriceList({ units: {}, providers: list })).toEqual(read);
});

test('a condition is told by its members, with or without its kind', () => {
  const prices = [
    { prices: { input_mtok: 2 } },
    { constraint: { start_date: '2026-01-01' }, prices: { input_mtok: 1 } },
    { constraint: { start_time: '16:30:00', end_time: '00:30:00' }, prices: { input_mtok: 0.5 } },
  ];
  expect(parsePriceList(listOf({ prices }))[0]?.models[0]?.prices).toMatchObject([
    {},
    { constraint: { type: 'start_date' } },
    { constraint: { type: 'time_of_date' } },
  ]);
});

describe('refused, with its place', () => {
  const place = 'providers[0].models[0]';
  test.each([
    ['nothing', [], 'a price list is an array of providers'],
    ['a text', 'prices', 'a price list is an array of providers'],
    ['a provider without models', [{ id: 'a' }], 'providers[0].models: must be a list'],
    ['a provider without a name', [{ models: [] }], 'providers[0].id: must be a text'],
    ['a model without a name', listOf({ id: '' }), `${place}.id: must be a text`],
    ['no prices', listOf({ prices: null }), `${place}.prices: must be an object`],
    [
      'a price below zero',
      listOf({ prices: { input_mtok: -1 } }),
      `${place}.prices.input_mtok: must be a price`,
    ],
    [
      'a price that is a word',
      listOf({ prices: { input_mtok: 'free' } }),
      `${place}.prices.input_mtok: must be a price`,
    ],
    [
      'a price beyond reason',
      listOf({ prices: { input_mtok: 1e12 } }),
      `${place}.prices.input_mtok: must be a price`,
    ],
    [
      'a tier without a price',
      listOf({ prices: { input_mtok: { base: 1, tiers: [{ start: 5 }] } } }),
      `${place}.prices.input_mtok.tiers[0].price: must be a price`,
    ],
    [
      'a tier without a start',
      listOf({ prices: { input_mtok: { base: 1, tiers: [{ price: 5 }] } } }),
      `${place}.prices.input_mtok.tiers[0].start: must be a number of tokens`,
    ],
    [
      'a condition that nobody knows',
      listOf({ prices: [{ constraint: { moon: 'full' }, prices: {} }] }),
      `${place}.prices[0].constraint: is neither a date nor a time of day`,
    ],
    ['no rule of matching', listOf({ match: {} }), `${place}.match`],
    [
      'a broken expression',
      listOf({ match: { regex: '(' } }),
      `${place}.match.regex: is not a regular expression`,
    ],
    [
      'a context of no tokens',
      listOf({ context_window: 0 }),
      `${place}.context_window: must be a number of tokens`,
    ],
  ] as [string, unknown, string][])('%s', (_, value, message) => {
    expect(() => parsePriceList(value)).toThrow(PriceListError);
    expect(() => parsePriceList(value)).toThrow(message);
  });

  test('rules within rules without end', () => {
    let match: object = { equals: 'x' };
    for (let depth = 0; depth < 5000; depth++) match = { or: [match] };
    expect(() => parsePriceList(listOf({ match }))).toThrow('is too deep');
  });
});
