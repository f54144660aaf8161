/** `kill -9` at every named point and at random moments, under load, on the same data directory; judged after each restart. */
import { type Order, randomOrder } from '../client.ts';
import { CLEAN, together } from '../compare.ts';
import type { GatewayProcess, Key } from '../gateway.ts';
import { FLAT } from '../prices.ts';
import type { Allowance, Sent } from '../records.ts';
import {
  type Context,
  judge,
  keepSending,
  type Outcome,
  type Scenario,
  startedGateway,
} from '../scenario.ts';

/** As fail-point.ts names them; which of them do something is seen in the run. */
export const DURING_LOAD = [
  'before-hold',
  'after-hold',
  'after-dispatch-record',
  'after-dispatch',
  'after-usage',
  'after-settle-record',
  'before-last-byte',
  'after-last-byte',
  'during-flush',
  'after-flush-commit',
  'during-trim',
  'mid-stream',
];
export const MID_STREAM = 'mid-stream';
/** How long a process is given to come to a point; streams are marked after two seconds. */
export const REACHED_WITHIN_MS = 1000;
export const MID_STREAM_WITHIN_MS = 6000;
/** Long words: an estimate by bytes is several times what they cost. */
export const LONG_ORDER: Order = {
  model: FLAT,
  maxTokens: 60,
  isStream: true,
  behaviour: { chunks: 60, chunkText: 'abcdefghijklmnopqrstuvwxyz.. ', chunkDelayMs: 60 },
  cutAfterMs: null,
};
export const DURING_RECOVERY = 'during-recovery';
/** Passed a few times a round at most. */
const SELDOM = new Set([DURING_RECOVERY, 'during-flush', 'after-flush-commit', 'during-trim']);
/** One in so many rounds waits for the two seconds after which a stream is marked. */
const SLOW_ROUNDS = 25;

export const kills: Scenario = { name: 'kill -9, one process', run };

/** A recovery is one flush, the next is under load; and of several streams those that passed first have a mark. */
const FIRST_PASSES = new Map([
  ['mid-stream', 6],
  ['during-flush', 2],
  ['after-flush-commit', 2],
  ['during-trim', 2],
]);

interface Round {
  /** Null: at a random moment. */
  readonly point: string | null;
  readonly passes: number;
}

async function run(context: Context): Promise<Outcome> {
  await using gateway = await startedGateway(context, 'kills');
  await gateway.kill();
  let verdict = CLEAN;
  let killed = 0;
  let last: Parameters<typeof judge>[2] | null = null;
  const judgeLast = async () => {
    if (last !== null) verdict = together(verdict, await judge(context, [gateway], last));
  };
  const unreached = new Set<string>();
  for (const round of roundsOf(context)) {
    // The points of a flush, too, are passed when the last round is recovered: then it is recovered once more.
    const diedAtStart = !(await gateway.start(round.point === null ? {} : failAt(round.point, round.passes)));
    if (diedAtStart) {
      killed += 1;
      await gateway.start();
    }
    await judgeLast();
    const { keys, allowances } = await makeKeys(context, gateway);
    last = { sent: await underLoad(context, gateway, keys, round), keys, allowances };
    killed += 1;
    const isReached = diedAtStart || gateway.diedBySelf || round.point === DURING_RECOVERY;
    if (round.point !== null && !isReached) unreached.add(round.point);
    if (killed % 50 === 0) context.say(`  ${killed} kills, ${verdict.faults.length} faults`);
  }
  await gateway.start();
  await judgeLast();
  if (unreached.size > 0)
    context.say(`  killed at no point instead, in some rounds: ${[...unreached].join(', ')}`);
  return { verdict, kills: killed };
}

export function failAt(point: string, passes: number): Record<string, string> {
  return { TURNPIKE_FAIL_POINT: `${point}:${passes}` };
}

/** Every point first, once each; then by chance, one in two at a point. */
function* roundsOf({ random, rounds, isQuick }: Context): Generator<Round> {
  const all = [...DURING_LOAD, DURING_RECOVERY];
  const count = isQuick ? all.length + 2 : Math.max(all.length, rounds);
  for (let round = 0; round < count; round += 1) {
    const systematic = all[round];
    if (systematic !== undefined) yield { point: systematic, passes: FIRST_PASSES.get(systematic) ?? 1 };
    else if (random.chance(1 / SLOW_ROUNDS)) yield { point: 'mid-stream', passes: random.whole(1, 8) };
    else {
      const isRandom = random.chance(0.5);
      const point = isRandom ? null : random.pick(all.filter((name) => name !== 'mid-stream'));
      yield { point, passes: random.whole(1, point !== null && SELDOM.has(point) ? 3 : 20) };
    }
  }
}

async function makeKeys(
  { random }: Context,
  gateway: GatewayProcess,
): Promise<{ keys: Key[]; allowances: Allowance[] }> {
  const limitNanoUsd = BigInt(random.whole(100_000, 5_000_000));
  const windowKind = random.pick(['all', 'daily', 'weekly', 'monthly'] as const);
  const limited = await gateway.makeKey({ limitNanoUsd, windowKind });
  const unlimited = await gateway.makeKey(null);
  return { keys: [limited, unlimited], allowances: [{ keys: [limited.key], windowKind, limitNanoUsd }] };
}

/** Load until the gateway dies at its point, or is killed. */
async function underLoad(
  context: Context,
  gateway: GatewayProcess,
  keys: readonly Key[],
  { point }: Round,
): Promise<Sent[]> {
  const { random, prices } = context;
  const isSlow = point === MID_STREAM;
  const isAtPoint = point !== null && point !== DURING_RECOVERY;
  const sending = keepSending(context, () => gateway.baseUrl, {
    clients: 24,
    keys,
    isOver: () => !gateway.isRunning,
    orders: () =>
      isSlow && random.chance(0.5) ? LONG_ORDER : randomOrder(random, prices, { hasCuts: true }),
  });
  await gateway.untilDead(
    isAtPoint ? (isSlow ? MID_STREAM_WITHIN_MS : REACHED_WITHIN_MS) : random.whole(20, 350),
  );
  return await sending;
}
