/** `turnpike ledger verify`: whether generations, counters, payments and ledger agree, to the last nano-USD. */
import { verifyPayments } from '../billing/verify.ts';
import { verifyLedger } from '../metering/verify.ts';
import { holdGenerations } from '../storage/partitions.ts';
import type { CommandContext } from './command.ts';
import { openMigrated } from './open.ts';

export async function run(args: string[], { config, print }: CommandContext): Promise<number> {
  if (args.length !== 1 || args[0] !== 'verify') {
    print('usage: turnpike ledger verify');
    return 2;
  }
  const database = await openMigrated(config);
  try {
    const [spent, bought] = await database.snapshot(async (trx) => {
      await holdGenerations(trx, database.engine);
      return [await verifyLedger(trx), await verifyPayments(trx)] as const;
    });
    const { generations, dropped, transactions, counters } = spent;
    const fault = spent.fault ?? bought.fault;
    if (fault !== null) {
      print(`The ledger is off. ${fault}`);
      return 1;
    }
    print(
      `The ledger is right: ${generations} generations, ${dropped === 0 ? '' : `the sums of ${dropped} that were dropped, `}${transactions} usage transactions and ${counters} counters agree${bought.payments === 0 ? '' : `, and ${bought.payments} payments`}.`,
    );
    return 0;
  } finally {
    await database.close();
  }
}
