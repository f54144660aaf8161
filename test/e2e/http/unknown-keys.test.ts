/** A flood of keys that look right and that nobody has: each is refused, and neither those who have a key nor a new key wait for it. */
import { expect, test } from 'bun:test';
import { newKeySecret } from '../../../src/auth/key-secret.ts';
import { engines } from '../../databases.ts';
import { makeKey, startGateway } from '../../harness.ts';
import { chat } from '../faults/bench.ts';

const IS_LONG = process.env['TURNPIKE_TEST_LONG'] === '1';
/** At least; more than are remembered as unknown in the long form. */
const STRANGERS = IS_LONG ? 15_000 : 600;
const AT_ONCE = 12;
const NEW_KEYS = 10;
const PATIENCE_MS = IS_LONG ? 1_200_000 : 120_000;

test.each(engines.map(({ name }) => [name] as const))(
  'on %s, among well-formed keys of nobody a known key goes on, and a new one works at once',
  async (engine) => {
    await using bench = await startGateway({ engine });
    const statusOf = async (key: string): Promise<number> => {
      const answer = await chat(bench, { model: 'acme/small', key });
      await answer.text();
      return answer.status;
    };
    expect(await statusOf(bench.apiKey)).toBe(200);
    let isOver = false;
    const refused: number[] = [];
    const flood = Array.from({ length: AT_ONCE }, async () => {
      while (!isOver || refused.length < STRANGERS) refused.push(await statusOf(newKeySecret().key));
    });
    const known: number[] = [];
    const fresh: number[] = [];
    for (let n = 0; n < NEW_KEYS; n += 1) {
      known.push(await statusOf(bench.apiKey));
      const made = await makeKey(bench);
      fresh.push(await statusOf(made.key));
    }
    isOver = true;
    await Promise.all(flood);
    expect(new Set(known)).toEqual(new Set([200]));
    expect(new Set(fresh)).toEqual(new Set([200]));
    expect(refused.length).toBeGreaterThanOrEqual(STRANGERS);
    expect(new Set(refused)).toEqual(new Set([401]));
    // What was asked for by strangers went to no provider.
    expect(bench.provider.requests.length).toBe(1 + known.length + fresh.length);
  },
  PATIENCE_MS,
);
