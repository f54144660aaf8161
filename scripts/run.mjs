/** Runs one task by name: `node scripts/run.mjs bench --seconds 10`. */
import { tasks } from './tasks.mjs';

const [name = '', ...args] = process.argv.slice(2);
const task = Object.entries(tasks).find(([known]) => known === name)?.[1];
if (task === undefined) {
  console.error(`There is no task "${name}". Known: ${Object.keys(tasks).join(', ')}.`);
  process.exit(2);
}
const { code } = await task(args);
process.exit(code);
