/** Many requests at once on nearly empty keys and accounts, at one process: what the limit pays for is served, and no more. */
import { type Order, randomOrder } from '../client.ts';
import { CLEAN, together, type Verdict, withFaults } from '../compare.ts';
import type { GatewayProcess, Key } from '../gateway.ts';
import { usdOf } from '../prices.ts';
import type { Allowance } from '../records.ts';
import {
  type Context,
  EQUAL_ORDER,
  equalCostNanoUsd,
  judge,
  type Outcome,
  type Scenario,
  sendAll,
  startedGateway,
} from '../scenario.ts';

const PAID_REQUESTS = 10;
const WINDOWS = ['all', 'daily', 'weekly', 'monthly'] as const;

export const contention: Scenario = { name: 'contention, one process', run };

async function run(context: Context): Promise<Outcome> {
  const rounds = context.isQuick ? 1 : 10;
  await using gateway = await startedGateway(context, 'contention');
  let verdict = CLEAN;
  for (let round = 0; round < rounds; round += 1) {
    verdict = together(verdict, await equalRequests(context, [gateway], context.isQuick ? 100 : 200));
    verdict = together(verdict, await mixedRequests(context, gateway));
    verdict = together(verdict, await accountCredits(context));
  }
  return { verdict, kills: 0 };
}

/** Equal requests, of which the limit pays for ten; then one more for the price of one, so that nothing is left held. */
export async function equalRequests(
  context: Context,
  gateways: readonly GatewayProcess[],
  count: number,
): Promise<Verdict> {
  const [first] = gateways;
  if (first === undefined) throw new Error('equal requests need a gateway');
  const costNanoUsd = equalCostNanoUsd(context.prices);
  const windowKind = context.random.pick(WINDOWS);
  const key = await first.makeKey({ limitNanoUsd: costNanoUsd * BigInt(PAID_REQUESTS), windowKind });
  const work = Array.from({ length: count }, () => ({ order: equalOrder(context), key }));
  const sent = await sendAll(context, gateways, work);
  const limitNanoUsd = costNanoUsd * BigInt(PAID_REQUESTS + 1);
  await first.changeKey(key.hash, { limit: usdOf(limitNanoUsd) });
  // The other nodes hear of the change within this time.
  if (gateways.length > 1) await Bun.sleep(2500);
  const last = await sendAll(context, gateways.slice(-1), [
    { order: EQUAL_ORDER, key },
    { order: EQUAL_ORDER, key },
  ]);
  const served = sent.filter(({ ending }) => ending === 'complete').length;
  const servedLast = last.filter(({ ending }) => ending === 'complete').length;
  const verdict = await judge(context, gateways, {
    sent: [...sent, ...last],
    keys: [key],
    allowances: [{ keys: [key.key], windowKind, limitNanoUsd }],
  });
  const faults: string[] = [];
  if (served !== PAID_REQUESTS) faults.push(`${served} of ${PAID_REQUESTS} paid requests were served`);
  if (servedLast !== 1) faults.push(`${servedLast} were served for the price of one more (I8)`);
  return withFaults(verdict, faults);
}

function equalOrder({ random }: Context): Order {
  return { ...EQUAL_ORDER, isStream: random.chance(0.5) };
}

/** Random prices, sizes and ends on several keys with random windows at once. */
async function mixedRequests(context: Context, gateway: GatewayProcess): Promise<Verdict> {
  const { random, prices } = context;
  const keys: Key[] = [];
  const allowances: Allowance[] = [];
  for (const windowKind of [...WINDOWS, ...WINDOWS]) {
    const limitNanoUsd = BigInt(random.whole(200_000, 8_000_000));
    const key = await gateway.makeKey({ limitNanoUsd, windowKind });
    keys.push(key);
    allowances.push({ keys: [key.key], windowKind, limitNanoUsd });
  }
  const work = Array.from({ length: context.isQuick ? 100 : 200 }, () => ({
    order: randomOrder(random, prices, { hasCuts: true }),
    key: random.pick(keys),
  }));
  return await judge(context, [gateway], {
    sent: await sendAll(context, [gateway], work, 1000),
    keys,
    allowances,
  });
}

/** Keys that may spend more than their account has: its credits are the limit. */
async function accountCredits(context: Context): Promise<Verdict> {
  await using gateway = await startedGateway(context, 'credits', { isPrepaid: true });
  const costNanoUsd = equalCostNanoUsd(context.prices);
  const limitNanoUsd = costNanoUsd * BigInt(PAID_REQUESTS);
  await gateway.grantCredits(usdOf(limitNanoUsd).toFixed(9));
  const keys = await Promise.all(
    [null, { limitNanoUsd: costNanoUsd * 8n, windowKind: 'daily' as const }, null].map((limit) =>
      gateway.makeKey(limit),
    ),
  );
  const work = Array.from({ length: context.isQuick ? 60 : 200 }, () => ({
    order: equalOrder(context),
    key: context.random.pick(keys),
  }));
  const sent = await sendAll(context, [gateway], work);
  const verdict = await judge(context, [gateway], {
    sent,
    keys,
    allowances: [{ keys: keys.map(({ key }) => key), windowKind: 'all', limitNanoUsd }],
  });
  const served = sent.filter(({ ending }) => ending === 'complete').length;
  return served === PAID_REQUESTS
    ? verdict
    : withFaults(verdict, [`${served} of ${PAID_REQUESTS} requests were served from the credits`]);
}
