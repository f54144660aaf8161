/** A process that migrates, and kills itself at the statement it is told, or when all of a migration is done but its commit. */
import { openDatabase } from '../database.ts';
import { migrate } from '../migrate.ts';

const database = await openDatabase({
  databaseUrl: process.env['CHILD_DATABASE_URL'] || null,
  dataDir: process.env['CHILD_DATA_DIR'] ?? '',
});
const diesAtQuery = Number(process.env['CHILD_DIES_AT_QUERY']);
const diesAtTheEndOf = process.env['CHILD_DIES_AT_THE_END_OF'];
let queries = 0;
const db = database.db.withPlugin({
  transformQuery(args) {
    queries += 1;
    // Its name stands in no statement but the last, which notes that it is applied.
    const isLast = diesAtTheEndOf !== undefined && JSON.stringify(args.node).includes(`"${diesAtTheEndOf}"`);
    if (queries === diesAtQuery || isLast) process.kill(process.pid, 'SIGKILL');
    return args.node;
  },
  transformResult: async (args) => args.result,
});
const { applied } = await migrate({ ...database, transaction: (fn) => db.transaction().execute(fn) });
console.log(JSON.stringify(applied));
await database.close();
