/** The database of a command that is not the server: up to date, and never an empty one that stands in for one that is lost. */
import type { Config } from '../config/config.ts';
import { refuseMissingDatabaseFile } from '../installation/check.ts';
import { type Database, openDatabase } from '../storage/database.ts';
import { migrate } from '../storage/migrate.ts';

/** The caller closes it. Throws `RecoveryError` where the database's file is gone. */
export async function openMigrated(config: Pick<Config, 'databaseUrl' | 'dataDir'>): Promise<Database> {
  refuseMissingDatabaseFile(config);
  const database = await openDatabase(config);
  try {
    await migrate(database);
    return database;
  } catch (thrown) {
    await database.close();
    throw thrown;
  }
}
