/** The same contention at any gateway that speaks OpenRouter's API, whose own figure for a key stands in for the ledger. */
import { send } from '../client.ts';
import { compare, withFaults } from '../compare.ts';
import { usdOf } from '../prices.ts';
import { type Context, EQUAL_ORDER, equalCostNanoUsd, type Outcome, type Scenario } from '../scenario.ts';

const PAID_REQUESTS = 10;
const CLIENTS = 200;
const SETTLE_MS = 3000;

/** `keyCommand` is run by the shell with the limit in USD behind it, and prints a key. */
export function elsewhere(baseUrl: string, keyCommand: string): Scenario {
  return { name: 'contention, elsewhere', run: (context) => run(context, baseUrl, keyCommand) };
}

async function run({ prices, provider }: Context, baseUrl: string, keyCommand: string): Promise<Outcome> {
  const limitNanoUsd = equalCostNanoUsd(prices) * BigInt(PAID_REQUESTS);
  const made = Bun.spawnSync(['sh', '-c', `${keyCommand} ${usdOf(limitNanoUsd).toFixed(9)}`]);
  const key = made.stdout.toString().trim();
  if (made.exitCode !== 0 || key === '') throw new Error(`the key command gave no key: ${made.stderr}`);
  const options = { baseUrl, key, prices, patienceMs: 0 };
  const tries = await Promise.all(Array.from({ length: CLIENTS }, () => send(EQUAL_ORDER, options)));
  await Bun.sleep(SETTLE_MS);
  const sent = tries.flat();
  const tags = new Set(sent.map(({ tag }) => tag));
  const seen = (await provider.seen()).filter(({ tag }) => tags.has(tag));
  // No charges by request are to be had: those that the provider finished stand in for them, and the sum is compared.
  const charges = seen
    .filter(({ isComplete }) => isComplete)
    .map(({ tag, nonce, costNanoUsd }) => ({ id: nonce, tag, key, createdAtMs: Date.now(), costNanoUsd }));
  const verdict = compare({
    sent,
    seen,
    charges,
    allowances: [{ keys: [key], windowKind: 'all', limitNanoUsd }],
  });
  const answer = await fetch(`${baseUrl}/key`, { headers: { authorization: `Bearer ${key}` } });
  const { data } = (await answer.json()) as { data?: { usage?: number } };
  const usageNanoUsd = BigInt(Math.round((data?.usage ?? 0) * 1e9));
  const workNanoUsd = charges.reduce((sum, { costNanoUsd }) => sum + costNanoUsd, 0n);
  const faults =
    usageNanoUsd === workNanoUsd
      ? []
      : [`the key's usage is ${usageNanoUsd} nano-USD; the provider's work was worth ${workNanoUsd}`];
  return { verdict: withFaults(verdict, faults), kills: 0 };
}
