/**
 * `npm run conformance [-- --only codex] [-- --feature tools] [-- --write] [-- --directory /path]`: installs real clients into a
 * temporary folder, runs them unmodified against a Turnpike in front of the fake provider, and prints what passes. `--write`
 * puts the table into docs/clients.md. Needs the registries of npm and Python, and minutes.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Client, Feature, Site, Task } from './client.ts';
import { AGENTS } from './clients/agents.ts';
import { LIBRARIES } from './clients/libraries.ts';
import { complaint, playOf, type Seen } from './features.ts';
import { type Installed, install } from './install.ts';
import { newHome, type Outcome, runCommand } from './process.ts';
import { type Stage, startStage, TURN_MODEL } from './stage.ts';
import { isPassed, markdownTable, type Row, renderRows, withTable } from './table.ts';
import { NPM, PYPI } from './versions.ts';

const DEFAULT_TIMEOUT_MS = 60_000;
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
  const installed = await install(directory, say);
  cpSync(join(import.meta.dir, 'drivers'), join(installed.npmDir, 'drivers'), { recursive: true });
  await using stage = await startStage();
  const rows: Row[] = [];
  const wanted = values.only.toLowerCase();
  for (const client of [...AGENTS, ...LIBRARIES]) {
    if (!client.name.toLowerCase().startsWith(wanted)) continue;
    for (const feature of client.features) {
      if (!feature.includes(values.feature)) continue;
      const row = await runFeature(client, feature, { stage, installed });
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

async function runFeature(
  client: Client,
  feature: Feature,
  { stage, installed }: { readonly stage: Stage; readonly installed: Installed },
): Promise<Row> {
  const head = { client: client.name, version: versionOf(client), feature };
  const python = 'python' in client.package ? installed.python[client.package.python] : null;
  if (python !== null && 'missing' in python) return { ...head, verdict: 'not run', note: python.missing };
  const play = playOf(feature, client, stage);
  if (play === null) {
    return {
      ...head,
      verdict: 'not run',
      note: 'the stage has no provider of Anthropic’s wire format to compare at',
    };
  }
  const { provider } = stage.gateway;
  provider.clearScripts();
  provider.clearRequests();
  stage.relay.take();
  const site: Site = { host: stage.relay.url, npmDir: installed.npmDir, pythonBin: python?.bin ?? null };
  const marker = `heron${crypto.randomUUID().slice(0, 6)}`;
  const home = newHome(directory);
  const cwd = join(home, 'work');
  mkdirSync(cwd);
  const prompt = `Say these words: one two three four five six seven eight nine ${marker}`;
  const task = { ask: play.ask, key: play.key, prompt, home, cwd };
  play.prepare(stage, marker);
  const outcome = await runCommand(client.command(site, task), {
    ...{ home, cwd, timeoutMs: client.timeoutMs ?? DEFAULT_TIMEOUT_MS },
  });
  await mustStand(stage);
  const asked = stage.relay.take();
  const upstream = provider.requests.filter(({ model }) => model === TURN_MODEL || play.ask === 'embeddings');
  const seen: Seen = { outcome, asked, upstream, marker };
  const problem =
    play.judge(client, seen) ??
    modelsProblem(client, feature, task, outcome) ??
    tooMany(play.maxTries, asked.filter(isTurn).length);
  if (values.directory === undefined) rmSync(home, { recursive: true, force: true });
  return { ...head, verdict: problem === null ? 'passes' : 'fails', note: problem ?? noteOf(feature, seen) };
}

/** What a client makes of a gateway that is gone says nothing of either. */
async function mustStand({ gateway }: Stage): Promise<void> {
  const health = await fetch(`${gateway.url}/health/ready`).catch(() => null);
  if (health?.status !== 200) throw new Error(`Turnpike has ended:\n${gateway.stderr.slice(-4000)}`);
}

function modelsProblem(client: Client, feature: Feature, task: Task, outcome: Outcome): string | null {
  return (feature === 'models' ? client.checkModels?.(task, outcome) : null) ?? null;
}

function isTurn({ method, path }: { readonly method: string; readonly path: string }): boolean {
  return method === 'POST' || path.includes('/responses');
}

function tooMany(most: number | undefined, tries: number): string | null {
  return most === undefined || tries <= most ? null : `${tries} requests where ${most} would do`;
}

function noteOf(feature: Feature, { outcome, asked }: Seen): string {
  const turns = feature === 'models' ? asked : asked.filter(isTurn);
  const statuses = turns.map(({ status }) => status ?? 'none');
  const tries = `${statuses.length} ${statuses.length === 1 ? 'request' : 'requests'}`;
  const figures = `${tries} (${statuses.join(' ')}), ${outcome.seconds.toFixed(1)} s`;
  const isQuoted = feature === 'wrong key' || feature === 'spent key' || outcome.code !== 0;
  return isQuoted ? `${figures}: ${complaint(outcome)}` : figures;
}

function versionOf(client: Client): string {
  return 'npm' in client.package ? NPM[client.package.npm] : PYPI[client.package.python];
}
