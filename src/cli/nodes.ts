/** `turnpike nodes`: which run, who has leased money of limits, and how an operator gives back what a node had that never comes back. */
import { recordAudit } from '../audit/record.ts';
import { isoFromMs, systemClock } from '../clock.ts';
import { forgetLeases, type LeasingNode, listLeasingNodes } from '../limits/leases/store.ts';
import { usdFromNanoUsd } from '../money.ts';
import type { Database } from '../storage/database.ts';
import { listNodes, type Node } from '../storage/nodes.ts';
import type { CommandContext } from './command.ts';
import { openMigrated } from './open.ts';

const USAGE = ['usage: turnpike nodes list', '       turnpike nodes forget NODE'];

export async function run(args: string[], { config, print }: CommandContext): Promise<number> {
  const [action, nodeId, ...rest] = args;
  const isList = action === 'list' && nodeId === undefined;
  const isForget = action === 'forget' && nodeId !== undefined && rest.length === 0;
  if (!isList && !isForget) {
    for (const line of USAGE) print(line);
    return 2;
  }
  const database = await openMigrated(config);
  try {
    if (database.engine === 'sqlite') {
      print('On SQLite there is one node, and nothing is leased.');
      return isList ? 0 : 1;
    }
    return isForget ? await forget(database, nodeId, print) : await list(database, print);
  } finally {
    await database.close();
  }
}

async function list(database: Database, print: (line: string) => void): Promise<number> {
  const [nodes, leasing] = await Promise.all([listNodes(database.db), listLeasingNodes(database.db)]);
  const shown = nodes.flatMap((node) => {
    const lease = leasing.find(({ nodeId }) => nodeId === node.nodeId);
    const isRunning = runs(node, lease);
    if (!isRunning && lease === undefined) return [];
    const state = isRunning ? runningWords(node) : `away${lastSeen(node, lease)}`;
    return [`${node.nodeId}  ${state}, ${usdFromNanoUsd(lease?.leasedNanoUsd ?? 0n)} USD leased`];
  });
  for (const line of shown) print(line);
  const gone = nodes.length - shown.length;
  if (shown.length === 0) print('No node runs, and none that is away has leased anything.');
  if (gone > 0) print(`${gone} more ${gone === 1 ? 'has' : 'have'} run before, and left nothing leased.`);
  if (database.isBehindPooler)
    print('Behind a connection pooler a node is seen to run only while it has leased something.');
  return 0;
}

/** One that renews its leases runs, too, where it is not heard of otherwise. */
function runs({ seen }: Node, lease: LeasingNode | undefined): boolean {
  return seen?.isRunning === true || lease?.isExpired === false;
}

function runningWords({ startedAtMs, seen }: Node): string {
  return [
    startedAtMs === null ? 'running' : `running since ${isoFromMs(startedAtMs)}`,
    ...(seen === null ? [] : [`seen ${isoFromMs(seen.atMs)}`, `version ${seen.version}`]),
  ].join(', ');
}

function lastSeen({ seen }: Node, lease: LeasingNode | undefined): string {
  const atMs = seen?.atMs ?? lease?.expiresAtMs;
  return atMs === undefined ? '' : ` since ${isoFromMs(atMs)}`;
}

async function forget(database: Database, nodeId: string, print: (line: string) => void): Promise<number> {
  const node = (await listNodes(database.db)).find((known) => known.nodeId === nodeId);
  const lease = (await listLeasingNodes(database.db)).find((leasing) => leasing.nodeId === nodeId);
  if (lease === undefined) {
    print(node === undefined ? `There is no node ${nodeId}.` : `${nodeId} has leased nothing.`);
    return 1;
  }
  if (!lease.isExpired || node?.seen?.isRunning === true) {
    print(`${nodeId} is running: what it has leased comes back when it is stopped.`);
    return 1;
  }
  const freedNanoUsd = await database.transaction(async (trx) => {
    const freed = await forgetLeases(trx, nodeId);
    const after = { freed_nano_usd: freed };
    const nowMs = systemClock.nowMs();
    await recordAudit(trx, {
      action: 'node.forgotten',
      target: ['node', nodeId],
      accountId: null,
      after,
      nowMs,
    });
    return freed;
  });
  print(`${usdFromNanoUsd(freedNanoUsd)} USD are everybody's again.`);
  return 0;
}
