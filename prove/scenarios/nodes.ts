/** Three nodes on one PostgreSQL: nearly empty keys, and nodes that are killed under load, at named points and at random moments. */

import { randomOrder } from '../client.ts';
import { CLEAN, together } from '../compare.ts';
import { type GatewayProcess, type Key, newSecrets } from '../gateway.ts';
import { Ledger } from '../ledger.ts';
import { Postgres } from '../postgres.ts';
import type { Allowance, Frozen, Sent } from '../records.ts';
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
import {
  CLIENTS,
  DURING_RECOVERY,
  failAt,
  killAll,
  LONG_ORDER,
  MID_STREAM,
  MID_STREAM_WITHIN_MS,
  REACHED_WITHIN_MS,
  SELDOM,
} from './kills.ts';

const NODES = 3;
const SHARE_OF_ROUNDS = 0.2;
const QUICK_KILLS = 5;

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
  const kills = await killAll(context, killsOf(context), async (point) => {
    const { verdict: next, isAtPoint } = await killOne(context, gateways, point);
    verdict = together(verdict, next);
    return { isAtPoint, verdict };
  });
  return { verdict, kills };
}

function killsOf({ rounds, isAlone, isQuick }: Context): number {
  if (isQuick) return QUICK_KILLS;
  return Math.ceil(isAlone ? rounds : rounds * SHARE_OF_ROUNDS);
}

/** Load on all nodes, one of which dies and comes back. */
async function killOne(context: Context, gateways: readonly GatewayProcess[], point: string | null) {
  const { random, prices } = context;
  const [first] = gateways;
  const victim = random.pick(gateways);
  const pointUnderLoad = point === DURING_RECOVERY ? null : point;
  if (pointUnderLoad !== null) {
    await victim.kill();
    // One of three sees a third of the load.
    const passes = random.whole(1, SELDOM.has(pointUnderLoad) ? 2 : 4);
    if (!(await victim.start(failAt(pointUnderLoad, passes)))) await victim.start();
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
  // When the others are spent, requests still pass the points.
  keys.push(await first.makeKey(null));
  let isOver = false;
  const sending = keepSending(context, () => random.pick(gateways).baseUrl, {
    clients: CLIENTS,
    keys,
    isOver: () => isOver,
    orders: () => {
      if (point === MID_STREAM && random.chance(0.5)) return LONG_ORDER;
      return random.chance(0.3) ? EQUAL_ORDER : randomOrder(random, prices, { hasCuts: true });
    },
  });
  await victim.untilDead(timeFor(pointUnderLoad) ?? random.whole(50, 600));
  const death = { fromMs: Date.now(), isAtPoint: victim.diedBySelf };
  await Bun.sleep(random.whole(0, 400));
  const kept = await keptBy(victim, keys);
  if (point === DURING_RECOVERY) death.isAtPoint = !(await victim.start(failAt(point, 1)));
  if (!victim.isRunning) await victim.start();
  const untilMs = Date.now();
  await Bun.sleep(random.whole(0, 300));
  isOver = true;
  const sent = await sending;
  for (const gateway of gateways) await gateway.flushed();
  const frozen = await frozenIn(victim, { keys, kept, sent, fromMs: death.fromMs, untilMs });
  return {
    verdict: await judge(context, gateways, { sent, keys, allowances, frozen }),
    isAtPoint: point !== null && death.isAtPoint,
  };
}

function timeFor(point: string | null): number | null {
  if (point === MID_STREAM) return MID_STREAM_WITHIN_MS;
  return point === null ? null : REACHED_WITHIN_MS;
}

interface Kept {
  readonly leased: ReadonlyMap<string, bigint>;
  readonly chargedTags: ReadonlySet<string>;
}

/** What a dead node has leased, and what is charged already: neither changes before it is back, but for the others' charges. */
async function keptBy({ options, dataDir, nodeId }: GatewayProcess, keys: readonly Key[]): Promise<Kept> {
  await using ledger = await Ledger.open({ databaseUrl: options.databaseUrl ?? null, dataDir });
  const leased = await ledger.leased(nodeId, keys);
  return { leased, chargedTags: new Set((await ledger.charges(keys)).map(({ tag }) => tag)) };
}

/** Its lease, less what it charged out of it when it was back: that counts as spent. */
async function frozenIn(
  { options, dataDir, baseUrl }: GatewayProcess,
  {
    keys,
    kept,
    sent,
    fromMs,
    untilMs,
  }: { keys: readonly Key[]; kept: Kept; sent: readonly Sent[]; fromMs: number; untilMs: number },
): Promise<Frozen[]> {
  await using ledger = await Ledger.open({ databaseUrl: options.databaseUrl ?? null, dataDir });
  const own = new Set(
    sent
      .filter(({ gateway, startedAtMs }) => gateway === baseUrl && startedAtMs <= fromMs)
      .map(({ tag }) => tag),
  );
  const recovered = (await ledger.charges(keys)).filter(
    ({ tag }) => own.has(tag) && !kept.chargedTags.has(tag),
  );
  return keys.map(({ key }) => {
    const chargedNanoUsd = recovered
      .filter((charge) => charge.key === key)
      .reduce((total, { costNanoUsd }) => total + costNanoUsd, 0n);
    const leftNanoUsd = (kept.leased.get(key) ?? 0n) - chargedNanoUsd;
    return { key, amountNanoUsd: leftNanoUsd > 0n ? leftNanoUsd : 0n, fromMs, untilMs };
  });
}
