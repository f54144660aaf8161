/** `kill -9` at every named point and at random moments, under load, on the same data directory; judged after each restart. */
import { type Order, randomOrder } from '../client.ts';
import { CLEAN, together, type Verdict } from '../compare.ts';
import type { GatewayProcess, Key } from '../gateway.ts';
import { FLAT } from '../prices.ts';
import type { Random } from '../random.ts';
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
const DURING_LOAD = [
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
const POINTS: readonly string[] = [...DURING_LOAD, DURING_RECOVERY];
const QUICK_KILLS = POINTS.length;
/** Passed a few times a round at most. */
export const SELDOM = new Set<string>([DURING_RECOVERY, 'during-flush', 'after-flush-commit', 'during-trim']);
/** One in so many kills waits for the two seconds after which a stream is marked. */
const SLOW_KILLS = 25;
/** One in so many comes at no point, but at a random moment. */
const RANDOM_KILLS = 5;
/** A point that is not reached in time counts for nothing, but does not keep the proof for ever. */
const MOST_TRIES = 3;
/** Many more than the keys can pay for at once. */
export const CLIENTS = 200;
const CLIENTS_IN_HASTE = 24;

export const kills: Scenario = { name: 'kill -9, one process', run };

async function run(context: Context): Promise<Outcome> {
  await using gateway = await startedGateway(context, 'kills');
  await gateway.kill();
  let verdict = CLEAN;
  let last: Parameters<typeof judge>[2] | null = null;
  const judgeLast = async () => {
    if (last !== null) verdict = together(verdict, await judge(context, [gateway], last));
  };
  const deaths = await killAll(context, context.isQuick ? QUICK_KILLS : context.rounds, async (point) => {
    // The points of a flush, too, are passed when the last round is recovered: then it is recovered once more.
    const diedAtStart = !(await gateway.start(point === null ? {} : failAt(point, passesOf(context, point))));
    if (diedAtStart) await gateway.start();
    await judgeLast();
    const { keys, allowances } = await makeKeys(context, gateway);
    last = { sent: await underLoad(context, gateway, keys, point), keys, allowances };
    return { isAtPoint: diedAtStart || (gateway.diedBySelf && point !== DURING_RECOVERY), verdict };
  });
  await gateway.start();
  await judgeLast();
  return { verdict, kills: deaths };
}

/**
 * Kills until so many came at their named point: every point first, once each, then by chance, and some at random moments in
 * between. Says where they came, and returns how many there were.
 */
export async function killAll(
  context: Context,
  wanted: number,
  kill: (point: string | null) => Promise<{ isAtPoint: boolean; verdict: Verdict }>,
): Promise<number> {
  const { random, say } = context;
  const deaths = new Map<string, number>();
  let killed = 0;
  let atPoint = 0;
  while (atPoint < wanted && killed < wanted * MOST_TRIES) {
    const point = POINTS[killed] ?? pointByChance(random);
    const { isAtPoint, verdict } = await kill(point);
    killed += 1;
    if (isAtPoint) atPoint += 1;
    const where = point !== null && isAtPoint ? point : 'random moments';
    deaths.set(where, (deaths.get(where) ?? 0) + 1);
    if (killed % 50 === 0)
      say(`  ${killed} kills, ${atPoint} at their point, ${verdict.faults.length} faults`);
  }
  say(
    `  ${atPoint} of ${killed} at named points: ${[...deaths].map(([at, times]) => `${at} ${times}`).join(', ')}`,
  );
  return killed;
}

function pointByChance(random: Random): string | null {
  if (random.chance(1 / SLOW_KILLS)) return MID_STREAM;
  if (random.chance(1 / RANDOM_KILLS)) return null;
  return random.pick(POINTS.filter((name) => name !== MID_STREAM));
}

export function failAt(point: string, passes: number): Record<string, string> {
  return { TURNPIKE_FAIL_POINT: `${point}:${passes}` };
}

/** At which pass: of several streams those that passed first have a mark; a recovery is one flush, the next is under load. */
function passesOf({ random }: Context, point: string): number {
  if (point === MID_STREAM) return random.whole(1, 8);
  return random.whole(1, SELDOM.has(point) ? 3 : 20);
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
  point: string | null,
): Promise<Sent[]> {
  const { random, prices } = context;
  const isSlow = point === MID_STREAM;
  const isAtPoint = point !== null && point !== DURING_RECOVERY;
  const sending = keepSending(context, () => gateway.baseUrl, {
    clients: context.isQuick ? CLIENTS_IN_HASTE : CLIENTS,
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
