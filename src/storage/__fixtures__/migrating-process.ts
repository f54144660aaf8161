/** A process that migrates, and kills itself at the statement it is told. */
import { openDatabase } from '../database.ts';
import { migrate } from '../migrate.ts';

const database = await openDatabase({
  databaseUrl: process.env['CHILD_DATABASE_URL'] || null,
  dataDir: process.env['CHILD_DATA_DIR'] ?? '',
});
const diesAtQuery = Number(process.env['CHILD_DIES_AT_QUERY']);
let queries = 0;
const db = database.db.withPlugin({
  transformQuery(args) {
    queries += 1;
    if (queries === diesAtQuery) process.kill(process.pid, 'SIGKILL');
    return args.node;
  },
  transformResult: async (args) => args.result,
});
const { applied } = await migrate({ ...database, transaction: (fn) => db.transaction().execute(fn) });
console.log(JSON.stringify(applied));
await database.close();
