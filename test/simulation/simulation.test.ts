import { expect, test } from 'bun:test';
import { simulate } from './simulate.ts';

test('nodes that crash, and a database that is slow, never spend beyond a limit, lose or double a charge', async () => {
  // Another seed every time; it is the one to repeat a failure with.
  const seed = Math.floor(Math.random() * 1e9);
  console.log(`simulation seed ${seed}`);
  const { served, refused, crashes } = await simulate(seed, 20_000);
  expect(served).toBeGreaterThan(50);
  expect(refused).toBeGreaterThan(50);
  expect(crashes).toBeGreaterThan(10);
}, 120_000);

test('a seed tells the same story each time', async () => {
  const [first, second] = [await simulate(7, 3000), await simulate(7, 3000)];
  expect(second).toEqual(first);
}, 60_000);
