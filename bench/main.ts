/**
 * `npm run bench [-- --quick] [-- --json]`: what Turnpike costs, beside nginx and the bare upstream, measured in one go on this
 * machine. It informs and never fails: a shared machine is no judge.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killEverything, startNginx, startTurnpike, startUpstream } from './candidates.ts';
import { ownLoad, wrkLoad } from './load.ts';
import { describeMachine } from './machine.ts';
import {
  FULL,
  measureChunks,
  measureFlood,
  measureMemory,
  measureRequests,
  measureStarts,
  memoryStarters,
  QUICK,
} from './measure.ts';
import { type Run, renderRun } from './table.ts';

const flags = process.argv.slice(2);
const unknown = flags.find((flag) => flag !== '--json' && flag !== '--quick');
if (unknown !== undefined || process.platform !== 'linux') {
  console.error(
    unknown === undefined ? 'The bench reads /proc: it runs on Linux.' : 'usage: bench [--quick] [--json]',
  );
  process.exit(2);
}

const dir = mkdtempSync(join(tmpdir(), 'turnpike-bench-'));
process.on('exit', () => {
  killEverything();
  rmSync(dir, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1));

const run = await measureAll(flags.includes('--quick'));
console.log(flags.includes('--json') ? JSON.stringify(run, null, 2) : renderRun(run));
process.exit(0);

async function measureAll(isQuick: boolean): Promise<Run> {
  const effort = isQuick ? QUICK : FULL;
  const nginx = Bun.which('nginx');
  const wrk = Bun.which('wrk');
  if (nginx === null) say('!! nginx is not installed: the figures that are compared with it are missing');
  if (wrk === null) say('!! wrk is not installed: the built-in generator takes more of the processor');
  const load = wrk === null ? ownLoad : wrkLoad(wrk, dir);
  const machine = await describeMachine({ nginx, wrk });

  const upstream = await startUpstream();
  const upstreamPort = upstream.port;
  say('starting up');
  const starts = await measureStarts(upstreamPort, dir, effort);
  const turnpike = await startTurnpike({ upstreamPort, dir: join(dir, 'turnpike'), key: null });
  const proxies = nginx === null ? [] : [await startNginx(nginx, upstreamPort, join(dir, 'nginx'))];
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
  const starters = memoryStarters({ nginx, upstreamPort, dir });
  const bytesPerStream = await measureMemory({ starters, effort, load, say });
  await upstream.stop();
  return { machine, light, loaded, streams, flood, bytesPerStream, starts };
}

/** Progress goes beside the result, so that `--json` can be piped. */
function say(line: string): void {
  console.error(line);
}
