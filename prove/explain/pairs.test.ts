import { expect, test } from 'bun:test';
import { compared } from './pairs.ts';

test('on random policies and requests, explain says what then happens', async () => {
  const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000);
  console.log(`seed ${seed} (TEST_SEED)`);
  const { pairs, outcomes, disagreement } = await compared(400, seed);
  expect(disagreement).toBeNull();
  expect(pairs).toBe(400);
  for (const code of ['served', 'model_not_allowed']) expect(outcomes.get(code) ?? 0).toBeGreaterThan(0);
});
