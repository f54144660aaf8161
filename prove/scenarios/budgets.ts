/**
 * Three nodes on one PostgreSQL, with a budget of each kind and a rate limit, all nearly used up, while nodes are killed under load: a
 * guardrail's for a key and for a member, a workspace's, and a tag's. What is charged and what the provider served are held to each.
 */
import { CLEAN, together, type Verdict, withFaults } from '../compare.ts';
import { type GatewayProcess, type Key, newSecrets } from '../gateway.ts';
import { Ledger } from '../ledger.ts';
import { Postgres } from '../postgres.ts';
import { usdOf } from '../prices.ts';
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

const NODES = 3;
const CLIENTS = 12;
const QUICK_KILLS = 4;
const SHARE_OF_ROUNDS = 0.2;
const MINUTE_MS = 60_000;
const PER_MINUTE = 25;

export const budgets: Scenario = { name: 'budgets and rates, three nodes', run };

interface Bench {
  readonly gateways: readonly GatewayProcess[];
  readonly databaseUrl: string;
}

async function run(context: Context): Promise<Outcome> {
  await using postgres = await Postgres.start();
  let verdict = CLEAN;
  const kills = killsOf(context);
  for (let kill = 0; kill < kills; kill += 1) verdict = together(verdict, await round(context, postgres));
  return { verdict, kills };
}

function killsOf({ rounds, isAlone, isQuick }: Context): number {
  if (isQuick) return QUICK_KILLS;
  return Math.ceil(isAlone ? rounds : rounds * SHARE_OF_ROUNDS);
}

/** On a database of its own: the workspace's budget is for all that was ever spent there. */
async function round(context: Context, postgres: Postgres): Promise<Verdict> {
  await using stack = new AsyncDisposableStack();
  const shared = { databaseUrl: await postgres.newDatabase(), secrets: newSecrets() };
  const gateways: GatewayProcess[] = [];
  for (let n = 0; n < NODES; n += 1)
    gateways.push(stack.use(await startedGateway(context, `budgets-${n}`, shared)));
  const { keys, allowances, rated } = await limited(context, { gateways, ...shared });
  const teams = new Map(keys.slice(-2).map(({ key }) => [key, 'red']));
  let isOver = false;
  const { random } = context;
  const sendingOf = (own: readonly Key[], metadata?: Record<string, string>) =>
    keepSending(context, () => random.pick(gateways).baseUrl, {
      clients: CLIENTS / 2,
      keys: own,
      isOver: () => isOver,
      orders: () => ({
        ...EQUAL_ORDER,
        isStream: random.chance(0.5),
        cutAfterMs: random.chance(0.1) ? random.whole(1, 80) : null,
        ...(metadata === undefined ? {} : { metadata }),
      }),
    });
  const sending = Promise.all([
    sendingOf(keys.filter(({ key }) => !teams.has(key))),
    sendingOf(
      keys.filter(({ key }) => teams.has(key)),
      { team: 'red' },
    ),
  ]);
  const victim = random.pick(gateways);
  await Bun.sleep(random.whole(100, 1500));
  await victim.kill();
  await Bun.sleep(random.whole(0, 300));
  await victim.start();
  await Bun.sleep(random.whole(1000, 2500));
  isOver = true;
  const sent = (await sending).flat();
  const verdict = await judge(context, gateways, { sent, keys, allowances });
  const [first] = gateways;
  const faults = (await first?.verifyLedger()) ?? [];
  return withFaults(verdict, [...faults, ...(await overRate(context, rated, sent))]);
}

interface Limited {
  readonly keys: readonly Key[];
  readonly allowances: readonly Allowance[];
  readonly rated: Key;
}

/** Some keys, each with a budget that pays for a few requests, in a workspace whose own pays for most of these. The last two are tagged. */
async function limited({ prices, random }: Context, { gateways, databaseUrl }: Bench): Promise<Limited> {
  const [first] = gateways;
  if (first === undefined) throw new Error('there is no node');
  const cost = equalCostNanoUsd(prices);
  const make = async (more: Record<string, unknown> = {}): Promise<Key> => {
    const made = await first.manage('POST', '/keys', { name: 'prove:spend', ...more });
    const { key, data } = made as { key: string; data: { hash: string } };
    return { key, hash: data.hash };
  };
  const member = crypto.randomUUID();
  await using ledger = await Ledger.open({ databaseUrl, dataDir: first.dataDir });
  await ledger.addMember(member);
  const ofKey = [await make(), await make()];
  const ofMember = [await make({ creator_user_id: member }), await make({ creator_user_id: member })];
  const rated = await make();
  const free = await make();
  const ofTag = [await make(), await make()];

  const guardrail = async (limitNanoUsd: bigint, path: string, holders: Record<string, unknown>) => {
    const reset_interval = random.pick(['daily', 'monthly', null] as const);
    const { data } = (await first.manage('POST', '/guardrails', {
      ...{ name: 'prove:spend', limit_usd: usdOf(limitNanoUsd), reset_interval },
    })) as { data: { id: string } };
    await first.manage('POST', `/guardrails/${data.id}/assignments/${path}`, holders);
  };
  const keyLimit = cost * BigInt(random.whole(5, 12));
  await guardrail(keyLimit, 'keys', { key_hashes: ofKey.map(({ hash }) => hash) });
  const memberLimit = cost * BigInt(random.whole(5, 12));
  await guardrail(memberLimit, 'members', { member_user_ids: [member] });
  const tagLimit = cost * BigInt(random.whole(5, 12));
  await first.manage('POST', '/workspaces/default/tag-budgets', {
    ...{ tag: 'team', interval: random.pick(['quarterly', 'yearly', 'fiscal-07', 'lifetime']) },
    ...{ value: random.chance(0.5) ? 'red' : null, limit_usd: usdOf(tagLimit) },
  });
  const workspaceLimit = cost * BigInt(random.whole(40, 90));
  await first.manage('PUT', '/workspaces/default/budgets/lifetime', { limit_usd: usdOf(workspaceLimit) });
  await first.manage('POST', '/workspaces/default/rate-limits', {
    ...{ subject: 'api_key', target: rated.hash, requests_per_minute: PER_MINUTE },
  });
  const keys = [...ofKey, ...ofMember, rated, free, ...ofTag];
  const over = (own: readonly Key[], limitNanoUsd: bigint): Allowance => ({
    ...{ keys: own.map(({ key }) => key), windowKind: 'all', limitNanoUsd },
  });
  return {
    keys,
    rated,
    allowances: [
      ...ofKey.map((key) => over([key], keyLimit)),
      over(ofMember, memberLimit),
      over(ofTag, tagLimit),
      over(keys, workspaceLimit),
    ],
  };
}

/** What the provider saw of one key, by the minute: as the client sent it, which may be a minute before it was let through. */
async function overRate({ provider }: Context, rated: Key, sent: readonly Sent[]): Promise<string[]> {
  const own = sent.filter(({ key }) => key === rated.key);
  const seen = new Set((await provider.seen()).map(({ tag }) => tag));
  const served = own.filter(({ tag }) => seen.has(tag));
  // Those that ran over a minute's end are of either.
  const minuteOf = ({ startedAtMs, endedAtMs }: Sent) => {
    const [from, to] = [Math.floor(startedAtMs / MINUTE_MS), Math.floor(endedAtMs / MINUTE_MS)];
    return from === to ? from : null;
  };
  return [...Map.groupBy(served, minuteOf)]
    .filter(([minute, those]) => minute !== null && those.length > PER_MINUTE)
    .map(([, those]) => `${those.length} requests in a minute in which ${PER_MINUTE} may pass`);
}
