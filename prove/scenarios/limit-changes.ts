/** Limits that are lowered below what is spent, raised, and given other windows, while requests run. */
import { withFaults } from '../compare.ts';
import type { GatewayProcess, Key } from '../gateway.ts';
import { usdOf } from '../prices.ts';
import type { Sent } from '../records.ts';
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

const BURST = 30;
const MOST_PAID = 60;

export const limitChanges: Scenario = { name: 'limits lowered and raised', run };

async function run(context: Context): Promise<Outcome> {
  await using gateway = await startedGateway(context, 'limits');
  const costNanoUsd = equalCostNanoUsd(context.prices);
  const worth = (requests: number) => usdOf(costNanoUsd * BigInt(requests));
  const key = await gateway.makeKey({ limitNanoUsd: costNanoUsd * 10n, windowKind: 'all' });
  const sent: Sent[] = [];
  const faults: string[] = [];

  /** After a change: so many of a burst must be served. */
  const expectServed = async (change: Record<string, unknown>, expected: number) => {
    await gateway.changeKey(key.hash, change);
    const burst = await sendAll(
      context,
      [gateway],
      Array.from({ length: BURST }, () => ({ order: EQUAL_ORDER, key })),
    );
    sent.push(...burst);
    const served = burst.filter(({ ending }) => ending === 'complete').length;
    if (served !== expected) faults.push(`${JSON.stringify(change)}: ${served} of ${expected} were served`);
  };

  await expectServed({}, 10);
  await expectServed({ limit: worth(5) }, 0);
  await expectServed({ limit: worth(15) }, 5);
  await expectServed({ limit_reset: 'monthly' }, 0);
  await expectServed({ limit_reset: 'daily', limit: worth(17) }, 2);
  await expectServed({ limit: 0 }, 0);
  await expectServed({ limit: worth(20), limit_reset: null }, 3);
  sent.push(...(await underTraffic(context, gateway, key, worth)));
  await expectServed({ limit: worth(MOST_PAID + 1), limit_reset: null }, 1);

  const verdict = await judge(context, [gateway], {
    sent,
    keys: [key],
    allowances: [{ keys: [key.key], windowKind: 'all', limitNanoUsd: costNanoUsd * BigInt(MOST_PAID + 1) }],
  });
  return { verdict: withFaults(verdict, faults), kills: 0 };
}

/** Many changes under load, up to the most that is ever paid for, which is served to its end. */
async function underTraffic(
  context: Context,
  gateway: GatewayProcess,
  key: Key,
  worth: (requests: number) => number,
): Promise<Sent[]> {
  const changes = context.isQuick ? 60 : 1000;
  let isOver = false;
  const sending = keepSending(context, () => gateway.baseUrl, {
    clients: 16,
    keys: [key],
    isOver: () => isOver,
    orders: () => EQUAL_ORDER,
  });
  for (let n = 0; n < changes; n += 1) {
    await gateway.changeKey(key.hash, {
      limit: worth(context.random.whole(0, MOST_PAID)),
      limit_reset: context.random.pick([null, 'daily', 'weekly', 'monthly']),
    });
  }
  await gateway.changeKey(key.hash, { limit: worth(MOST_PAID), limit_reset: null });
  // Time enough for the rest of the requests that are paid for.
  await Bun.sleep(1500);
  isOver = true;
  return await sending;
}
