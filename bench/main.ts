/**
 * `npm run bench -- [--quick] [--json]`: what Turnpike costs, beside nginx and the bare upstream, measured in one go on this
 * machine. With `--against <checkout>`: what a request costs here and there. With `--translations` or `--filters`: that part alone. With
 * `--rows N`: what a database of so many generations costs. It informs and never fails: a shared machine is no judge.
 */

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Comparison, measureAgainst, renderComparison } from './against.ts';
import {
  killEverything,
  startNginx,
  startTurnpike,
  startUpstream,
  type UpstreamPlace,
} from './candidates.ts';
import { measureFilters, renderFilters } from './filters.ts';
import { ownLoad, wrkLoad } from './load.ts';
import { describeMachine } from './machine.ts';
import {
  type Effort,
  FULL,
  measureChunks,
  measureFlood,
  measureMemory,
  measureRequests,
  measureStarts,
  memoryStarters,
  QUICK,
  type TlsFigures,
} from './measure.ts';
import { type Run, renderRun } from './table.ts';
import { measureTranslations, renderTranslations, type TranslationFigures } from './translations.ts';

const USAGE =
  'usage: bench [--quick] [--json] [--translations | --filters | --against <checkout> | --rows N [--engine sqlite|postgres]]';
const flags = readFlags();
if (flags === null || process.platform !== 'linux') {
  console.error(flags === null ? USAGE : 'The bench reads /proc: it runs on Linux.');
  process.exit(2);
}

const FULL_PAIRS = 40;
const QUICK_PAIRS = 10;

if (flags.rows !== undefined) {
  const rows = Number(flags.rows);
  if (!Number.isSafeInteger(rows) || rows < 1) {
    console.error(USAGE);
    process.exit(2);
  }
  const { measureGrowth } = await import('./growth.ts');
  await measureGrowth({ rows, engine: flags.engine });
  process.exit(0);
}

const dir = mkdtempSync(join(tmpdir(), 'turnpike-bench-'));
process.on('exit', () => {
  killEverything();
  rmSync(dir, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1));

const wrk = Bun.which('wrk');
if (wrk === null) say('!! wrk is not installed: the built-in generator takes more of the processor');
const load = wrk === null ? ownLoad : wrkLoad(wrk, dir);
if (flags.filters) {
  const figures = await measureFilters();
  console.log(flags.json ? JSON.stringify(figures, null, 2) : renderFilters(figures));
} else if (flags.translations) {
  const figures = await measureTranslationsAlone(flags.quick ? QUICK : FULL);
  console.log(flags.json ? JSON.stringify(figures, null, 2) : renderTranslations(figures));
} else if (flags.against === undefined) {
  const run = await measureAll(flags.quick ? QUICK : FULL);
  console.log(
    flags.json ? JSON.stringify(run, null, 2) : `${renderRun(run)}\n${renderTranslations(run.translations)}`,
  );
} else {
  const comparison = await compareWith(flags.against, flags.quick ? QUICK_PAIRS : FULL_PAIRS);
  console.log(flags.json ? JSON.stringify(comparison, null, 2) : renderComparison(comparison));
}
process.exit(0);

function readFlags() {
  const boolean = { type: 'boolean', default: false } as const;
  try {
    const options = {
      ...{ quick: boolean, json: boolean, translations: boolean, filters: boolean },
      against: { type: 'string' },
      rows: { type: 'string' },
      engine: { type: 'string' },
    } as const;
    return parseArgs({ args: process.argv.slice(2), options }).values;
  } catch {
    return null;
  }
}

async function compareWith(checkout: string, rounds: number): Promise<Comparison> {
  if (!existsSync(join(checkout, 'node_modules'))) {
    console.error(`${checkout} is no checkout in which "npm ci" has run.`);
    process.exit(2);
  }
  const { port } = await startUpstream();
  return measureAgainst({ checkout, rounds, upstream: { port, isTls: false }, dir, load, say });
}

async function measureTranslationsAlone(effort: Effort): Promise<readonly TranslationFigures[]> {
  const { port } = await startUpstream();
  return measureTranslations({
    ...{ upstream: { port, isTls: false }, nginx: Bun.which('nginx'), dir, effort, load, say },
  });
}

async function measureAll(effort: Effort): Promise<Run> {
  const nginx = Bun.which('nginx');
  if (nginx === null) say('!! nginx is not installed: the figures that are compared with it are missing');
  const machine = await describeMachine({ nginx, wrk });

  const upstream = await startUpstream();
  const plain: UpstreamPlace = { port: upstream.port, isTls: false };
  say('starting up');
  const starts = await measureStarts(plain, dir, effort);
  const turnpike = await startTurnpike({ upstream: plain, dir: join(dir, 'turnpike'), key: null });
  const proxies = nginx === null ? [] : [await startNginx(nginx, plain, join(dir, 'nginx'))];
  const candidates = [upstream, ...proxies, turnpike];

  // What is measured is a gateway that has been running, not one whose code is being compiled.
  say('warming up');
  await load({ candidate: turnpike, connections: 32, seconds: effort.warmUpSeconds });
  say('requests, 1 connection');
  const light = await measureRequests({ candidates, connections: 1, effort, load, say });
  say('requests, 32 connections');
  const loaded = await measureRequests({ candidates, connections: 32, effort, load, say });
  say(`${effort.pacedStreams} streams of 50 chunks a second`);
  const streams = await measureChunks(candidates, effort, say);
  say('requests during a flood of sign-ins');
  const flood = await measureFlood({ candidate: turnpike, effort, load });
  for (const candidate of [...proxies, turnpike]) await candidate.stop();
  say(`${effort.openStreams} open streams`);
  const tls = await measureTls({ port: upstream.tlsPort, isTls: true }, nginx, effort);
  const starters = memoryStarters({ nginx, upstream: plain, dir });
  const bytesPerStream = await measureMemory({ starters, effort, load, say });
  const translations = await measureTranslations({ upstream: plain, nginx, dir, effort, load, say });
  await upstream.stop();
  return { machine, light, loaded, streams, flood, tls, bytesPerStream, starts, translations };
}

/** The way to the provider through TLS, which is how providers are reached; clients come as before. */
async function measureTls(
  upstream: UpstreamPlace,
  nginx: string | null,
  effort: Effort,
): Promise<TlsFigures> {
  const turnpike = await startTurnpike({ upstream, dir: join(dir, 'turnpike-tls'), key: null });
  const proxies = nginx === null ? [] : [await startNginx(nginx, upstream, join(dir, 'nginx-tls'))];
  const candidates = [...proxies, turnpike];
  await load({ candidate: turnpike, connections: 32, seconds: effort.warmUpSeconds });
  say('requests, 32 connections, through TLS');
  const loaded = await measureRequests({ candidates, connections: 32, effort, load, say });
  say('streams through TLS');
  const streams = await measureChunks(candidates, effort, say);
  for (const candidate of candidates) await candidate.stop();
  return { loaded, streams };
}

/** Progress goes beside the result, so that `--json` can be piped. */
function say(line: string): void {
  console.error(line);
}
