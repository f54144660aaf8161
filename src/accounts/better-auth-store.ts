/** Our database as better-auth takes it: the same connection, with its camelCase names for our snake_case columns. */
import type { BetterAuthOptions } from 'better-auth';
import { CamelCasePlugin } from 'kysely';
import type { Database } from '../storage/database.ts';

export function betterAuthDatabase(database: Database): NonNullable<BetterAuthOptions['database']> {
  return {
    // It asks for a Kysely of any tables, which ours is not.
    db: database.db.withPlugin(new CamelCasePlugin()) as never,
    type: database.engine,
    // SQLite has one connection: inside its transaction our own queries would wait for it for ever.
    transaction: false,
  };
}
