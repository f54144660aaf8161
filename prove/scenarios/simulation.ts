/** The simulator at length: not processes, but every order of crashes and late answers that a million steps come to. */
import { simulate } from '../../test/simulation/simulate.ts';
import { CLEAN } from '../compare.ts';
import type { Context, Outcome, Scenario } from '../scenario.ts';

const STEPS = 1_000_000;

export const simulation: Scenario = { name: 'simulator, 1,000,000 steps', run };

async function run({ random, say }: Context): Promise<Outcome> {
  const seed = random.whole(0, 1_000_000_000);
  say(`  simulate(${seed}, ${STEPS})`);
  try {
    const { served, refused, crashes } = await simulate(seed, STEPS);
    return { verdict: { ...CLEAN, requests: served + refused, served, refused }, kills: crashes };
  } catch (thrown) {
    return { verdict: { ...CLEAN, faults: [String(thrown)] }, kills: 0 };
  }
}
