/** Coding agents that name an output cap far beyond what they use, all at once on one key: nobody is refused for the others' sake. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { makeKey } from '../../harness.ts';
import { type Bench, COMPLETION_NANO_USD, chat, startBench } from '../faults/bench.ts';

const AGENTS = 5;
const LIMIT_USD = 0.05;
/** Two of these are held with the limit, and each of the turns uses a tenth of one. */
const CAP_TOKENS = 10_000;
const TURN_TOKENS = 1000;
/** As low as an agent goes. */
const LEAST_TOKENS = 1500;

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
  bench.one.script({ times: 'always', behaviour: { chunks: TURN_TOKENS, delayMs: 20 } });
});
afterAll(() => bench.stop());

interface Turn {
  readonly status: number;
  readonly costUsd: number;
  readonly reason: string | undefined;
  /** Of a refusal that says so. */
  readonly affordableTokens: number;
}

async function turn(key: string, maxTokens: number): Promise<Turn> {
  const answer = await chat(bench, { key, body: { max_tokens: maxTokens } });
  const body = (await answer.json()) as {
    usage?: { cost: number };
    error?: { message: string; metadata: { reason?: string } };
  };
  return {
    status: answer.status,
    costUsd: body.usage?.cost ?? 0,
    reason: body.error?.metadata.reason,
    affordableTokens: Number(/can only afford (\d+)/.exec(body.error?.message ?? '')?.[1] ?? 0),
  };
}

/** Works until it is refused with less than it can use, and lowers its cap where it is told to. */
async function work(key: string): Promise<Turn[]> {
  const turns: Turn[] = [];
  let maxTokens = CAP_TOKENS;
  for (;;) {
    const taken = await turn(key, maxTokens);
    turns.push(taken);
    if (taken.status === 200) continue;
    if (taken.status !== 402 || taken.affordableTokens < LEAST_TOKENS) return turns;
    maxTokens = taken.affordableTokens;
  }
}

test('five agents work on one key down to what no turn fits into, and none is refused because the others hold', async () => {
  const { key } = await makeKey(bench, { limit: LIMIT_USD });
  const turns = (await Promise.all(Array.from({ length: AGENTS }, () => work(key)))).flat();
  const spentUsd = turns.reduce((sum, { costUsd }) => sum + costUsd, 0);
  expect(new Set(turns.map(({ status }) => status))).toEqual(new Set([200, 402]));
  expect(turns.filter(({ reason }) => reason === 'in_flight_budget_exhausted')).toEqual([]);
  expect(spentUsd).toBeLessThanOrEqual(LIMIT_USD);
  const leastHoldUsd = (LEAST_TOKENS * COMPLETION_NANO_USD) / 1e9;
  expect(LIMIT_USD - spentUsd).toBeLessThan(leastHoldUsd + 0.001);
});
