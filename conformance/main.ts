/**
 * `npm run conformance [-- --only codex] [-- --feature tools] [-- --write] [-- --directory /path]`: installs real clients into a
 * temporary folder, runs them unmodified against a Turnpike in front of the fake provider, and prints what passes. `--write`
 * puts the table into docs/clients.md. Needs the registries of npm and Python, and minutes.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { AGENTS } from './clients/agents.ts';
import { LIBRARIES } from './clients/libraries.ts';
import { install } from './install.ts';
import { runFeature } from './run.ts';
import { startStage } from './stage.ts';
import { isPassed, markdownTable, type Row, renderRows, withTable } from './table.ts';

const PAGE = join(import.meta.dir, '../docs/clients.md');

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    feature: { type: 'string', default: '' },
    /** Kept, and used again by the next run. */
    directory: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});

const directory = values.directory ?? mkdtempSync(join(tmpdir(), 'turnpike-conformance-'));
mkdirSync(directory, { recursive: true });
process.on('exit', () => {
  if (values.directory === undefined) rmSync(directory, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1));

process.exit((await main()) ? 0 : 1);

async function main(): Promise<boolean> {
  const say = (line: string) => console.error(line);
  const wanted = values.only.toLowerCase();
  const clients = [...AGENTS, ...LIBRARIES].filter(({ name }) => name.toLowerCase().startsWith(wanted));
  const installed = await install(directory, clients, say);
  cpSync(join(import.meta.dir, 'drivers'), join(installed.npmDir, 'drivers'), { recursive: true });
  await using stage = await startStage();
  const setting = { stage, installed, directory, keepsHomes: values.directory !== undefined };
  const rows: Row[] = [];
  for (const client of clients) {
    for (const feature of client.features) {
      if (!feature.includes(values.feature)) continue;
      const row = await runFeature(client, feature, setting);
      say(renderRows([row]));
      rows.push(row);
    }
  }
  console.log(`\n${renderRows(rows)}`);
  for (const row of rows)
    if (row.verdict === 'not run') console.log(`NOT RUN: ${row.client}, ${row.feature}: ${row.note}`);
  const failed = rows.filter(({ verdict }) => verdict === 'fails').length;
  console.log(`${rows.length} rows, ${failed} failed`);
  if (values.write) {
    const day = new Date().toISOString().slice(0, 10);
    writeFileSync(PAGE, withTable(readFileSync(PAGE, 'utf8'), markdownTable(rows, day)));
  }
  return isPassed(rows);
}
