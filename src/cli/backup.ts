/** `turnpike backup <file>`: a consistent copy of the SQLite database, while the server runs. */

import { refuseMissingDatabaseFile } from '../installation/check.ts';
import { openDatabase } from '../storage/database.ts';
import type { CommandContext } from './command.ts';
import { whyItFailed } from './why.ts';

export async function run(args: string[], context: CommandContext): Promise<number> {
  const [toPath] = args;
  if (toPath === undefined || args.length !== 1 || toPath.startsWith('-')) {
    context.print('usage: turnpike backup <file>');
    return 2;
  }
  const { config, print } = context;
  // Opening would make an empty database, and its backup would look like a good one.
  refuseMissingDatabaseFile(config);
  const database = await openDatabase(config);
  try {
    await database.backup(toPath);
    print(`Backed up to ${toPath}`);
    return 0;
  } catch (thrown) {
    print(whyItFailed(thrown));
    return 1;
  } finally {
    await database.close();
  }
}
