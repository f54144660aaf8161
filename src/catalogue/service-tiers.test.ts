import { expect, test } from 'bun:test';
import { endpointOf, pricingOf } from '../routing/__fixtures__/endpoints.ts';
import { pricingHeld, pricingServed, tierOfTag, withTiers } from './service-tiers.ts';

const priced = (tag: string, prompt: bigint) => endpointOf({ tag, pricing: pricingOf({ prompt }) });
const offered = withTiers([
  priced('acme/flex', 1n),
  priced('acme', 2n),
  priced('acme/priority', 4n),
  priced('best', 9n),
]);
const [usual, other, flex, priority] = offered;

test('endpoints of the usual tier come first, whose price a model is listed with', () => {
  expect(offered.map(({ tag }) => tag)).toEqual(['acme', 'best', 'acme/flex', 'acme/priority']);
});

test('a tag names a tier by its last part, and a provider of that name is none', () => {
  expect(['acme/flex', 'acme/turbo/priority', 'a/ultrafast'].map(tierOfTag)).toEqual([
    'flex',
    'priority',
    'ultrafast',
  ]);
  expect(['flex', 'acme', 'acme/turbo', 'acme/flexible'].map(tierOfTag)).toEqual([null, null, null, null]);
});

test('what was served decides the price, in whichever words; silence and unknown words go by what was asked', () => {
  const served = (endpoint = usual, word: string | null = null) =>
    Number(pricingServed(endpoint!, word).base.prompt);
  expect(
    ['default', 'standard', 'on_demand', 'flex', 'ON_DEMAND_FLEX', 'priority', 'fast'].map((word) =>
      served(usual, word),
    ),
  ).toEqual([2, 2, 2, 1, 1, 4, 4]);
  expect([
    served(flex),
    served(flex, 'default'),
    served(priority, 'standard'),
    served(priority, 'scale'),
  ]).toEqual([1, 2, 2, 4]);
  // Nobody has said what this tier costs there.
  expect([served(usual, 'ultrafast'), served(other, 'flex')]).toEqual([2, 9]);
});

test('a hold covers the usual tier as well, to which one may be shed', () => {
  const dearest = (endpoint = usual) =>
    [pricingHeld(endpoint!).base, ...pricingHeld(endpoint!).overrides.map(({ prices }) => prices)]
      .map(({ prompt = 0n }) => prompt)
      .reduce((a, b) => (a > b ? a : b));
  expect([dearest(flex), dearest(priority), dearest(usual), dearest(other)]).toEqual([2n, 4n, 2n, 9n]);
});
