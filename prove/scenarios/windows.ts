/** A day, a week and a month that end in the same instant, under load, and a clock that is set back over it. */
import { type Order, send } from '../client.ts';
import { windowOf, withFaults } from '../compare.ts';
import type { Key } from '../gateway.ts';
import { Ledger } from '../ledger.ts';
import type { Allowance, Sent } from '../records.ts';
import {
  type Context,
  EQUAL_ORDER,
  equalCostNanoUsd,
  judge,
  keepSending,
  type Outcome,
  type Scenario,
  startedGateway,
} from '../scenario.ts';

/** A Sunday, and the last of its month. */
const BEFORE = '2026-05-31T23:59:57.500Z';
const STEP_BACK = '4500:-5000';
const LOAD_MS = 7500;
const PAID_REQUESTS = 10;
const KINDS = ['daily', 'weekly', 'monthly', 'all'] as const;

export const windows: Scenario = { name: 'midnight, Monday, month end', run };

async function run(context: Context): Promise<Outcome> {
  const { random, prices } = context;
  await using gateway = await startedGateway(context, 'windows', {
    preload: 'moved-clock.ts',
    env: { PROVE_CLOCK: BEFORE, PROVE_CLOCK_STEP: STEP_BACK },
  });
  const limitNanoUsd = equalCostNanoUsd(prices) * BigInt(PAID_REQUESTS);
  const keys: Key[] = [];
  const allowances: Allowance[] = [];
  for (const windowKind of KINDS) {
    const key = await gateway.makeKey({ limitNanoUsd, windowKind });
    keys.push(key);
    allowances.push({ keys: [key.key], windowKind, limitNanoUsd });
  }
  const endsAt = performance.now() + LOAD_MS;
  const sent: Sent[] = await keepSending(context, () => gateway.baseUrl, {
    clients: 24,
    keys,
    isOver: () => performance.now() > endsAt,
    // Some begin in one window and end in the next.
    orders: (): Order => ({
      ...EQUAL_ORDER,
      behaviour: { ...EQUAL_ORDER.behaviour, delayMs: random.whole(5, 700) },
    }),
  });
  // Whoever was unlucky until now.
  for (const { key } of keys) {
    for (let last: Sent | undefined; last === undefined || last.ending === 'complete'; last = sent.at(-1))
      sent.push(...(await send(EQUAL_ORDER, { baseUrl: gateway.baseUrl, key, prices, patienceMs: 5000 })));
  }
  const verdict = await judge(context, [gateway], { sent, keys, allowances });

  await using ledger = await Ledger.open({ databaseUrl: null, dataDir: gateway.dataDir });
  const faults: string[] = [];
  for (const { keys: own, windowKind } of allowances) {
    const charges = (await ledger.charges(keys)).filter(({ key }) => own.includes(key));
    const served = Map.groupBy(charges, ({ createdAtMs }) => windowOf(windowKind, createdAtMs));
    const counts = [...served].map(([window, within]) => `${within.length} in ${window}`);
    const isRight = [...served.values()].every(({ length }) => length === PAID_REQUESTS);
    if (!isRight || served.size !== (windowKind === 'all' ? 1 : 2))
      faults.push(`a ${windowKind} limit for ${PAID_REQUESTS} requests served ${counts.join(', ')}`);
  }
  return { verdict: withFaults(verdict, faults), kills: 0 };
}
