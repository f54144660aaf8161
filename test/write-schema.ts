/** Writes the reviewed dumps of the schema, from databases that every migration has made from nothing: `npm run schema`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../src/storage/database.ts';
import { migrate } from '../src/storage/migrate.ts';
import { startPostgres } from './postgres-server.ts';
import { dumpSchema, reviewedSchema } from './schema-dump.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'turnpike-schema-'));
const server = await startPostgres();
try {
  for (const databaseUrl of [null, server.urlOf('postgres')]) {
    const database = await openDatabase({ databaseUrl, dataDir });
    await migrate(database);
    await Bun.write(reviewedSchema(database.engine), await dumpSchema(database));
    await database.close();
  }
} finally {
  await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
