/** Three nodes on one PostgreSQL: nearly empty keys, and nodes that are killed under load, at named points and at random moments. */

import { randomOrder } from '../client.ts';
import { CLEAN, together } from '../compare.ts';
import { type GatewayProcess, type Key, newSecrets } from '../gateway.ts';
import { Postgres } from '../postgres.ts';
import type { Allowance } from '../records.ts';
import {
  type Context,
  EQUAL_ORDER,
  judge,
  keepSending,
  type Outcome,
  type Scenario,
  startedGateway,
} from '../scenario.ts';
import { equalRequests } from './contention.ts';
import { DURING_LOAD, failAt } from './kills.ts';

const NODES = 3;
const SHARE_OF_ROUNDS = 0.2;

export const nodes: Scenario = { name: 'three nodes, PostgreSQL', run };

async function run(context: Context): Promise<Outcome> {
  await using postgres = await Postgres.start();
  await using stack = new AsyncDisposableStack();
  const shared = { databaseUrl: await postgres.newDatabase(), secrets: newSecrets() };
  const gateways: GatewayProcess[] = [];
  for (let n = 0; n < NODES; n += 1)
    gateways.push(stack.use(await startedGateway(context, `node-${n}`, shared)));

  let verdict = CLEAN;
  const rounds = context.isQuick ? 2 : 10;
  for (let n = 0; n < rounds; n += 1)
    verdict = together(verdict, await equalRequests(context, gateways, 200));
  const killRounds = context.isQuick ? 5 : Math.ceil(context.rounds * SHARE_OF_ROUNDS);
  for (let n = 0; n < killRounds; n += 1) verdict = together(verdict, await killOne(context, gateways));
  return { verdict, kills: killRounds };
}

/** Load on all nodes, one of which dies and comes back. */
async function killOne(context: Context, gateways: readonly GatewayProcess[]) {
  const { random, prices } = context;
  const [first] = gateways;
  const victim = random.pick(gateways);
  const point = random.chance(0.6) ? random.pick(DURING_LOAD) : null;
  if (point !== null) {
    await victim.kill();
    if (!(await victim.start(failAt(point, random.whole(1, 4))))) await victim.start();
  }
  if (first === undefined) throw new Error('there is no node');
  const keys: Key[] = [];
  const allowances: Allowance[] = [];
  for (let n = 0; n < 3; n += 1) {
    const limitNanoUsd = BigInt(random.whole(100_000, 5_000_000));
    const windowKind = random.pick(['all', 'daily'] as const);
    const key = await first.makeKey({ limitNanoUsd, windowKind });
    keys.push(key);
    allowances.push({ keys: [key.key], windowKind, limitNanoUsd });
  }
  let isOver = false;
  const sending = keepSending(context, () => random.pick(gateways).baseUrl, {
    clients: 30,
    keys,
    isOver: () => isOver,
    orders: () => (random.chance(0.3) ? EQUAL_ORDER : randomOrder(random, prices, { hasCuts: true })),
  });
  await victim.untilDead(point === null ? random.whole(50, 600) : 800);
  await Bun.sleep(random.whole(0, 400));
  await victim.start();
  await Bun.sleep(random.whole(0, 300));
  isOver = true;
  return await judge(context, gateways, { sent: await sending, keys, allowances });
}
