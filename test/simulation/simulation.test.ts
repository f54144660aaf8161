import { expect, test } from 'bun:test';
import { simulate } from './simulate.ts';

test('nodes that crash, and a database that is slow, never spend beyond a limit, lose or double a charge', () => {
  // Another seed every time; a failure names the one to repeat.
  const { served, refused, crashes } = simulate(Math.floor(Math.random() * 1e9), 20_000);
  expect(served).toBeGreaterThan(50);
  expect(refused).toBeGreaterThan(50);
  expect(crashes).toBeGreaterThan(10);
}, 120_000);
