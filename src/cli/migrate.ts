/** `turnpike migrate`: brings the database's schema up to this version and says what was done. */

import { recordAudit } from '../audit/record.ts';
import { refuseLostDatabaseFile } from '../installation/check.ts';
import { openDatabase } from '../storage/database.ts';
import { migrate } from '../storage/migrate.ts';
import type { CommandContext } from './command.ts';
import { whyItFailed } from './why.ts';

export async function run(args: string[], context: CommandContext): Promise<number> {
  if (args.length > 0) {
    context.print('usage: turnpike migrate');
    return 2;
  }
  // An empty one in the place of one that is lost would only hide the loss.
  refuseLostDatabaseFile(context.config);
  const database = await openDatabase(context.config);
  try {
    const { applied } = await migrate(database);
    if (applied.length > 0) {
      const target = ['schema', null] as const;
      const after = { applied };
      await recordAudit(database.db, {
        action: 'schema.migrated',
        target,
        accountId: null,
        after,
        nowMs: Date.now(),
      });
    }
    for (const name of applied) context.print(`applied ${name}`);
    if (applied.length === 0) context.print('The schema is up to date');
    return 0;
  } catch (thrown) {
    context.print(whyItFailed(thrown));
    return 1;
  } finally {
    await database.close();
  }
}
