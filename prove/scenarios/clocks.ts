/** Three nodes on one PostgreSQL whose clocks are three seconds apart, and set back by five: a day, a week and a month end under load. */
import { windowOf, withFaults } from '../compare.ts';
import { type GatewayProcess, type Key, newSecrets } from '../gateway.ts';
import { Ledger } from '../ledger.ts';
import { Postgres } from '../postgres.ts';
import type { Allowance, Charge, Sent } from '../records.ts';
import {
  type Context,
  EQUAL_ORDER,
  equalCostNanoUsd,
  judge,
  keepSending,
  type Outcome,
  type Scenario,
  sendAll,
  startedGateway,
} from '../scenario.ts';

/** After a Sunday, and the last of its month. */
const MIDNIGHT_MS = Date.parse('2026-06-01T00:00:00Z');
/** Long enough for three nodes to start in. */
const BEFORE_MIDNIGHT_MS = 30_000;
/** Before the first node's. */
const LOAD_BEFORE_MS = 2500;
/** The last node's, which it comes to twice. */
const AFTER_MIDNIGHT_MS = 9000;
const APART_MS = 3000;
/** A node's clock is set back so long after its own midnight: it comes to it twice. */
const STEP_AFTER_MS = 2000;
const STEP_MS = -5000;
const PAID_REQUESTS = 10;
const KINDS = ['daily', 'weekly', 'monthly', 'all'] as const;

export const clocks: Scenario = { name: 'clocks apart at midnight, PostgreSQL', run };

async function run(context: Context): Promise<Outcome> {
  await using postgres = await Postgres.start();
  await using stack = new AsyncDisposableStack();
  const shared = { databaseUrl: await postgres.newDatabase(), secrets: newSecrets() };
  const aheadMs = MIDNIGHT_MS - BEFORE_MIDNIGHT_MS - Date.now();
  const gateways: GatewayProcess[] = [];
  for (const apartMs of [0, APART_MS, 2 * APART_MS]) {
    const nowMs = Date.now() + aheadMs + apartMs;
    const stepAfterMs = MIDNIGHT_MS + STEP_AFTER_MS - nowMs;
    const env = {
      PROVE_CLOCK: new Date(nowMs).toISOString(),
      PROVE_CLOCK_STEP: `${stepAfterMs}:${STEP_MS}`,
    };
    const moved = { ...shared, preload: 'moved-clock.ts', env };
    gateways.push(stack.use(await startedGateway(context, 'clock', moved)));
  }
  const msToMidnight = () => MIDNIGHT_MS - aheadMs - Date.now();
  if (msToMidnight() < 2 * APART_MS + LOAD_BEFORE_MS) throw new Error('three nodes took too long to start');

  const { keys, allowances } = await makeKeys(context, gateways);
  await Bun.sleep(msToMidnight() - 2 * APART_MS - LOAD_BEFORE_MS);
  const { random } = context;
  const sent: Sent[] = await keepSending(context, () => random.pick(gateways).baseUrl, {
    clients: 24,
    keys,
    isOver: () => msToMidnight() < -AFTER_MIDNIGHT_MS,
    // Some begin in one window and end in the next.
    orders: () => ({
      ...EQUAL_ORDER,
      behaviour: { ...EQUAL_ORDER.behaviour, delayMs: random.whole(5, 700) },
    }),
  });
  // Whatever no node has been asked for until now.
  for (const key of keys) {
    const last = Array.from({ length: PAID_REQUESTS }, () => ({ order: EQUAL_ORDER, key }));
    sent.push(...(await sendAll(context, gateways, last)));
  }
  const verdict = await judge(context, gateways, { sent, keys, allowances });
  return { verdict: withFaults(verdict, await miscounts(gateways, keys, allowances)), kills: 0 };
}

async function makeKeys(context: Context, [first]: readonly GatewayProcess[]) {
  if (first === undefined) throw new Error('there is no node');
  const limitNanoUsd = equalCostNanoUsd(context.prices) * BigInt(PAID_REQUESTS);
  const keys: Key[] = [];
  const allowances: Allowance[] = [];
  for (const windowKind of KINDS) {
    const key = await first.makeKey({ limitNanoUsd, windowKind });
    keys.push(key);
    allowances.push({ keys: [key.key], windowKind, limitNanoUsd });
  }
  return { keys, allowances };
}

/** Each window must have served what it pays for, and be charged with what was admitted in it. */
async function miscounts(
  [first]: readonly GatewayProcess[],
  keys: readonly Key[],
  allowances: readonly Allowance[],
): Promise<string[]> {
  if (first === undefined) throw new Error('there is no node');
  await using ledger = await Ledger.open({
    databaseUrl: first.options.databaseUrl ?? null,
    dataDir: first.dataDir,
  });
  const charges = await ledger.charges(keys);
  const faults: string[] = [];
  for (const { keys: own, windowKind } of allowances) {
    const served = Map.groupBy(
      charges.filter(({ key }) => own.includes(key)),
      ({ createdAtMs }) => windowOf(windowKind, createdAtMs),
    );
    const isRight = [...served.values()].every(({ length }) => length === PAID_REQUESTS);
    if (isRight && served.size === (windowKind === 'all' ? 1 : 2)) continue;
    const counts = [...served].map(([window, within]) => `${within.length} in ${window}`);
    faults.push(`a ${windowKind} limit for ${PAID_REQUESTS} requests served ${counts.join(', ')}`);
  }
  for (const { key, hash } of keys) {
    const own = charges.filter((charge) => charge.key === key);
    for (const kind of ['daily', 'monthly'] as const) {
      for (const [window, within] of Map.groupBy(own, ({ createdAtMs }) => windowOf(kind, createdAtMs))) {
        const countedNanoUsd = await ledger.counted(hash, window);
        if (countedNanoUsd !== sumOf(within))
          faults.push(`${window} counts ${countedNanoUsd}, and ${sumOf(within)} was admitted in it (I10)`);
      }
    }
  }
  return faults;
}

function sumOf(charges: readonly Charge[]): bigint {
  return charges.reduce((total, { costNanoUsd }) => total + costNanoUsd, 0n);
}
