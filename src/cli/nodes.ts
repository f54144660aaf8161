/** `turnpike nodes`: who has leased money of limits, and how an operator gives back what a node had that never comes back. */
import { recordAudit } from '../audit/record.ts';
import { isoFromMs, systemClock } from '../clock.ts';
import { forgetLeases, listLeasingNodes } from '../limits/leases/store.ts';
import { usdFromNanoUsd } from '../money.ts';
import type { Database } from '../storage/database.ts';
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
      print('On SQLite one process spends from its limits, and nothing is leased.');
      return isList ? 0 : 1;
    }
    return isForget ? await forget(database, nodeId, print) : await list(database, print);
  } finally {
    await database.close();
  }
}

async function list(database: Database, print: (line: string) => void): Promise<number> {
  const nodes = await listLeasingNodes(database.db);
  if (nodes.length === 0) print('No node has leased anything.');
  for (const { nodeId, leasedNanoUsd, expiresAtMs, isExpired } of nodes) {
    const state = isExpired ? `away since ${isoFromMs(expiresAtMs)}` : 'running';
    print(`${nodeId}  ${usdFromNanoUsd(leasedNanoUsd)} USD  ${state}`);
  }
  return 0;
}

async function forget(database: Database, nodeId: string, print: (line: string) => void): Promise<number> {
  const node = (await listLeasingNodes(database.db)).find((leasing) => leasing.nodeId === nodeId);
  if (node === undefined) {
    print(`No node ${nodeId} has leased anything.`);
    return 1;
  }
  if (!node.isExpired) {
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
