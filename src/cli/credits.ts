/** `turnpike credits`: what the operator gives or corrects by hand, as entries of the ledger with a reason. */

import { parseArgs } from 'node:util';
import { recordAudit } from '../audit/record.ts';
import { systemClock } from '../clock.ts';
import { appendTransaction, readCreditTotals } from '../credits/store.ts';
import { newId } from '../ids.ts';
import { readInstance } from '../keys/bootstrap.ts';
import { parseAmountUsd, usdFromNanoUsd } from '../money.ts';
import { recordChange } from '../storage/changes.ts';
import type { Database } from '../storage/database.ts';
import type { CommandContext } from './command.ts';
import { openMigrated } from './open.ts';

const USAGE = [
  'usage: turnpike credits show',
  '       turnpike credits grant USD --reason TEXT',
  '       turnpike credits adjust [-]USD --reason TEXT',
];

export async function run(args: string[], { config, print }: CommandContext): Promise<number> {
  const order = parseOrder(args);
  if (order === null) {
    for (const line of USAGE) print(line);
    return 2;
  }
  const database = await openMigrated(config);
  try {
    const instance = await readInstance(database);
    if (instance === null) {
      print('The database is empty: start the gateway once, then give credits.');
      return 1;
    }
    if (order.kind !== 'show') await append(database, instance.accountId, order);
    const totals = await readCreditTotals(database.db, instance.accountId);
    print(`Credits given so far: ${usdFromNanoUsd(totals.creditsNanoUsd)} USD`);
    return 0;
  } finally {
    await database.close();
  }
}

type Order = { kind: 'show' } | { kind: 'grant' | 'adjustment'; amountNanoUsd: bigint; reason: string };

/** The amount stands right behind the action, and is read by hand: to an option parser, -5 is an option. */
function parseOrder(args: readonly string[]): Order | null {
  const [action, amount = '', ...rest] = args;
  if (action === 'show') return args.length === 1 ? { kind: 'show' } : null;
  if (action !== 'grant' && action !== 'adjust') return null;
  const reason = parseReason(rest);
  const isNegative = action === 'adjust' && amount.startsWith('-');
  const nano = parseAmountUsd(isNegative ? amount.slice(1) : amount);
  if (reason === null || nano === null || nano === 0n) return null;
  return {
    kind: action === 'grant' ? 'grant' : 'adjustment',
    amountNanoUsd: isNegative ? -nano : nano,
    reason,
  };
}

function parseReason(args: string[]): string | null {
  try {
    return parseArgs({ args, options: { reason: { type: 'string' } } }).values.reason?.trim() || null;
  } catch {
    return null;
  }
}

async function append(
  database: Database,
  accountId: string,
  order: { kind: string; amountNanoUsd: bigint; reason: string },
): Promise<void> {
  const nowMs = systemClock.nowMs();
  await database.transaction(async (trx) => {
    await appendTransaction(trx, { id: newId(), accountId, nowMs, against: 'operator_grants', ...order });
    await recordAudit(trx, {
      ...{ action: `credits.${order.kind}`, target: ['account', accountId], accountId, nowMs },
      after: { amount_nano_usd: order.amountNanoUsd, reason: order.reason },
    });
    await recordChange(trx, 'account', accountId, nowMs);
  });
}
