/** Three nodes on PostgreSQL, told to stop and started again one after another under load: who tries again notices nothing of it. */
import { Balancer } from '../balancer.ts';
import { isUntouched, type Order, send } from '../client.ts';
import { CLEAN, together, type Verdict, withFaults } from '../compare.ts';
import { type GatewayProcess, type Key, newSecrets } from '../gateway.ts';
import { Ledger } from '../ledger.ts';
import { Postgres } from '../postgres.ts';
import type { Allowance, Sent } from '../records.ts';
import { type Context, judge, type Outcome, type Scenario, startedGateway } from '../scenario.ts';

const NODES = 3;
const CLIENTS = 24;
const QUICK_RESTARTS = 4;
const SHARE_OF_ROUNDS = 0.2;
const MOST_TRIES = 200;
const TRY_AGAIN_MS = 10;
const OVERRUN = 'more to do than it can';
const AMPLE_NANO_USD = 1_000_000_000_000n;
/** Beyond its last answer: the last flush, leases given back, the end of a process, all on a machine that is overrun; less than a drain. */
const STOPS_WITHIN_MS = 8000;

/** Balancers that try learn of a stop from refused connections; those that ask are given time to, and then nothing fails at all. */
const BALANCERS = [
  { name: 'tries', asksEveryMs: null, drainDelayMs: 0 },
  { name: 'asks', asksEveryMs: 50, drainDelayMs: 1000 },
] as const;

export const restarts: Scenario = { name: 'rolling restarts, three nodes', run };

async function run(context: Context): Promise<Outcome> {
  await using postgres = await Postgres.start();
  let verdict = CLEAN;
  const count = restartsOf(context);
  for (const balancer of BALANCERS) {
    await using stack = new AsyncDisposableStack();
    const shared = { databaseUrl: await postgres.newDatabase(), secrets: newSecrets() };
    const gateways: GatewayProcess[] = [];
    for (let n = 0; n < NODES; n += 1) {
      const options = { ...shared, drainDelayMs: balancer.drainDelayMs };
      gateways.push(stack.use(await startedGateway(context, `${balancer.name}-${n}`, options)));
    }
    verdict = together(verdict, await restartInTurn(context, gateways, count, balancer));
  }
  return { verdict, kills: count * BALANCERS.length };
}

function restartsOf({ rounds, isAlone, isQuick }: Context): number {
  if (isQuick) return QUICK_RESTARTS;
  return Math.ceil(isAlone ? rounds : rounds * SHARE_OF_ROUNDS);
}

interface Stop {
  readonly gateway: string;
  /** From then on it takes nothing more. */
  readonly refusesAtMs: number;
  readonly endedAtMs: number;
  readonly exitCode: number | null;
}

async function restartInTurn(
  context: Context,
  gateways: readonly GatewayProcess[],
  count: number,
  { asksEveryMs, drainDelayMs }: (typeof BALANCERS)[number],
): Promise<Verdict> {
  const { random } = context;
  const [first] = gateways;
  if (first === undefined) throw new Error('there is no node');
  const limited = await first.makeKey({ limitNanoUsd: AMPLE_NANO_USD, windowKind: 'daily' });
  const keys = [limited, await first.makeKey(null)];
  using balancer = new Balancer(gateways, { asksEveryMs });
  let isOver = false;
  const sending = Array.from({ length: CLIENTS }, async () => {
    const sent: Sent[][] = [];
    while (!isOver) sent.push(await sendUntilTaken(context, balancer, random.pick(keys)));
    return sent;
  });
  const stops: Stop[] = [];
  for (let n = 0; n < count; n += 1) {
    const gateway = gateways[n % gateways.length] ?? first;
    await Bun.sleep(random.whole(100, 600));
    const refusesAtMs = Date.now() + drainDelayMs;
    const exitCode = await gateway.terminate();
    stops.push({ gateway: gateway.baseUrl, refusesAtMs, endedAtMs: Date.now(), exitCode });
    await Bun.sleep(random.whole(0, 300));
    await gateway.start();
  }
  isOver = true;
  const requests = (await Promise.all(sending)).flat();
  const sent = requests.flat();
  const allowances: Allowance[] = [
    { keys: [limited.key], windowKind: 'daily', limitNanoUsd: AMPLE_NANO_USD },
  ];
  const verdict = await judge(context, gateways, { sent, keys, allowances });
  return withFaults(verdict, [
    ...requests.flatMap((tries) => faultsOf(tries, asksEveryMs !== null)),
    ...(await chargedTries(first, keys, sent)),
    ...stops.flatMap((stop) => stopFaults(stop, sent)),
    ...(await first.verifyLedger()),
  ]);
}

/** Every try of one request, each under a tag of its own; ends with the first that a node has taken. */
async function sendUntilTaken({ random, prices }: Context, balancer: Balancer, key: Key): Promise<Sent[]> {
  const isStream = random.chance(0.6);
  const order: Order = {
    model: random.pick([...prices.keys()]),
    maxTokens: random.chance(0.8) ? random.whole(1, 60) : null,
    isStream,
    behaviour: {
      chunks: random.whole(1, 60),
      delayMs: random.whole(1, 200),
      ...(isStream ? { chunkDelayMs: random.whole(1, 30) } : {}),
    },
    cutAfterMs: null,
  };
  const tries: Sent[] = [];
  while (tries.length < MOST_TRIES) {
    const baseUrl = balancer.next();
    tries.push(...(await send(order, { baseUrl, key: key.key, prices, patienceMs: 0 })));
    const last = tries.at(-1);
    if (last === undefined || !isUntouched(last)) break;
    balancer.tookNone(baseUrl);
    await Bun.sleep(TRY_AGAIN_MS);
  }
  return tries;
}

function faultsOf(tries: readonly Sent[], mayNotFail: boolean): string[] {
  const last = tries.at(-1);
  if (last?.ending !== 'complete')
    return [`not served: ${last?.tag} ${last?.ending} ${last?.status} ${last?.message} at ${last?.gateway}`];
  // A node that has just started may be overrun while its code is not compiled yet, whoever restarts.
  const untouched = tries.slice(0, -1).filter(({ message }) => !message.includes(OVERRUN));
  if (!mayNotFail || untouched.length === 0) return [];
  return [`tried again: ${untouched.map(({ ending, status, message }) => `${ending} ${status} ${message}`)}`];
}

/** What a client was told to try again has cost nothing. */
async function chargedTries(
  { options, dataDir }: GatewayProcess,
  keys: readonly Key[],
  sent: readonly Sent[],
): Promise<string[]> {
  await using ledger = await Ledger.open({ databaseUrl: options.databaseUrl ?? null, dataDir });
  const untouched = new Set(sent.filter(isUntouched).map(({ tag }) => tag));
  const charges = await ledger.charges(keys);
  return charges
    .filter(({ tag }) => untouched.has(tag))
    .map(
      ({ tag, costNanoUsd }) => `charged: ${tag} for ${costNanoUsd}, and its client was told to try again`,
    );
}

/** No node takes longer to stop than the longest answer that ran when it stopped to take requests. */
function stopFaults({ gateway, refusesAtMs, endedAtMs, exitCode }: Stop, sent: readonly Sent[]): string[] {
  const running = sent.filter(
    (request) =>
      request.gateway === gateway && request.startedAtMs <= refusesAtMs && request.endedAtMs <= endedAtMs,
  );
  const lastMs = Math.max(refusesAtMs, ...running.map((request) => request.endedAtMs));
  const faults: string[] = [];
  if (exitCode !== 0) faults.push(`stop: ${gateway} ended with code ${exitCode}`);
  if (endedAtMs - lastMs > STOPS_WITHIN_MS)
    faults.push(`stop: ${gateway} took ${endedAtMs - lastMs} ms beyond its last answer`);
  return faults;
}
