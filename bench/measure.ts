/** The measurements. Each visits the candidates in turn, round after round, so that what the machine does meanwhile meets all. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Candidate,
  type CandidateName,
  startNginx,
  startTurnpike,
  type UpstreamPlace,
} from './candidates.ts';
import type { Load, LoadRequest, LoadResult } from './load.ts';
import { OpenStreams } from './open-streams.ts';
import { cpuMicrosecondsOf, residentBytesOf, waitUntilQuiet } from './process-usage.ts';
import { SignInFlood } from './sign-in-flood.ts';

export interface Effort {
  readonly warmUpSeconds: number;
  readonly rounds: number;
  readonly loadSeconds: number;
  readonly streamRounds: number;
  readonly streamSeconds: number;
  readonly pacedStreams: number;
  readonly openStreams: number;
  readonly starts: number;
}

export const FULL: Effort = {
  warmUpSeconds: 10,
  rounds: 5,
  loadSeconds: 3,
  streamRounds: 3,
  streamSeconds: 5,
  pacedStreams: 400,
  openStreams: 4000,
  starts: 7,
};

export const QUICK: Effort = {
  warmUpSeconds: 4,
  rounds: 1,
  loadSeconds: 2,
  streamRounds: 1,
  streamSeconds: 3,
  pacedStreams: 400,
  openStreams: 4000,
  starts: 2,
};

export type Figure = Partial<Record<CandidateName, number>>;

export type Say = (line: string) => void;

/** The higher of the two middle values when there are two. */
export function medianOf(values: readonly number[]): number {
  return quantileOf(values, 0.5);
}

/** One of the values; `share` of them, of 0 to below 1, are lower. */
export function quantileOf(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN;
}

class Rounds {
  readonly #values = new Map<CandidateName, number[]>();

  add(name: CandidateName, value: number): void {
    const values = this.#values.get(name);
    if (values === undefined) this.#values.set(name, [value]);
    else values.push(value);
  }

  medians(): Figure {
    return Object.fromEntries([...this.#values].map(([name, values]) => [name, medianOf(values)]));
  }
}

export interface RequestFigures {
  readonly cpuMicroseconds: Figure;
  readonly perSecond: Figure;
  readonly p50Microseconds: Figure;
  readonly p99Microseconds: Figure;
}

export interface Slice extends LoadResult {
  /** Of a request, with the work it leaves behind. */
  readonly cpuMicroseconds: number;
}

/** Whole JSON answers, one after another on each connection, for a while. */
export async function measureSlice(options: LoadRequest & { load: Load; say: Say }): Promise<Slice> {
  const { candidate, load, say } = options;
  await waitUntilQuiet(candidate.pid);
  const before = cpuMicrosecondsOf(candidate.pid);
  const result = await load(options);
  await waitUntilQuiet(candidate.pid);
  if (result.failed > 0) say(`!! ${candidate.name}: ${result.failed} of ${result.requests} requests failed`);
  return { ...result, cpuMicroseconds: (cpuMicrosecondsOf(candidate.pid) - before) / result.requests };
}

/** Slices of each candidate in turn. */
export async function measureRequests(options: {
  candidates: readonly Candidate[];
  connections: number;
  effort: Effort;
  load: Load;
  say: Say;
}): Promise<RequestFigures> {
  const { candidates, connections, effort, load, say } = options;
  const cpu = new Rounds();
  const perSecond = new Rounds();
  const p50 = new Rounds();
  const p99 = new Rounds();
  for (let round = 0; round < effort.rounds; round++) {
    for (const candidate of candidates) {
      const slice = await measureSlice({ candidate, connections, seconds: effort.loadSeconds, load, say });
      cpu.add(candidate.name, slice.cpuMicroseconds);
      perSecond.add(candidate.name, slice.requestsPerSecond);
      p50.add(candidate.name, slice.p50Microseconds);
      p99.add(candidate.name, slice.p99Microseconds);
    }
  }
  return {
    cpuMicroseconds: cpu.medians(),
    perSecond: perSecond.medians(),
    p50Microseconds: p50.medians(),
    p99Microseconds: p99.medians(),
  };
}

export interface StreamFigures {
  readonly cpuMicrosecondsPerChunk: Figure;
  readonly chunksPerSecond: Figure;
}

/** Steady streams: what relaying a chunk costs once everything is under way. */
export async function measureChunks(
  candidates: readonly Candidate[],
  effort: Effort,
  say: Say,
): Promise<StreamFigures> {
  const cpu = new Rounds();
  const perSecond = new Rounds();
  for (let round = 0; round < effort.streamRounds; round++) {
    for (const candidate of candidates) {
      const streams = await OpenStreams.open(candidate, 'paced', effort.pacedStreams);
      await Bun.sleep(500);
      const cpuBefore = cpuMicrosecondsOf(candidate.pid);
      const eventsBefore = streams.events;
      await Bun.sleep(effort.streamSeconds * 1000);
      const events = streams.events - eventsBefore;
      cpu.add(candidate.name, (cpuMicrosecondsOf(candidate.pid) - cpuBefore) / events);
      perSecond.add(candidate.name, events / effort.streamSeconds);
      const lost = effort.pacedStreams - streams.alive;
      if (lost > 0) say(`!! ${candidate.name}: ${lost} of ${effort.pacedStreams} streams broke`);
      streams.close();
      await waitUntilQuiet(candidate.pid);
    }
  }
  return { cpuMicrosecondsPerChunk: cpu.medians(), chunksPerSecond: perSecond.medians() };
}

export interface TlsFigures {
  readonly loaded: RequestFigures;
  readonly streams: StreamFigures;
}

/** Processes of their own, freshly started and once warmed up: a heap that has grown before would hide what a stream takes. */
export async function measureMemory(options: {
  starters: Readonly<Record<'nginx' | 'turnpike', (() => Promise<Candidate>) | null>>;
  effort: Effort;
  load: Load;
  say: Say;
}): Promise<Figure> {
  const { starters, effort, load, say } = options;
  const bytes: Figure = {};
  for (const start of [starters.nginx, starters.turnpike]) {
    if (start === null) continue;
    const candidate = await start();
    await load({ candidate, connections: 8, seconds: 1 });
    await waitUntilQuiet(candidate.pid);
    const before = residentBytesOf(candidate.pid);
    const streams = await OpenStreams.open(candidate, 'idle', effort.openStreams);
    await waitUntilQuiet(candidate.pid);
    await Bun.sleep(500);
    if (streams.alive < effort.openStreams)
      say(`!! ${candidate.name}: only ${streams.alive} streams are open`);
    bytes[candidate.name] = (residentBytesOf(candidate.pid) - before) / streams.alive;
    streams.close();
    await candidate.stop();
  }
  return bytes;
}

export interface StartFigures {
  /** With an empty data directory: migrations, the instance and the first key are made. */
  readonly firstMs: number;
  /** Every later start. */
  readonly laterMs: number;
}

export async function measureStarts(
  upstream: UpstreamPlace,
  dir: string,
  effort: Effort,
): Promise<StartFigures> {
  const first: number[] = [];
  const later: number[] = [];
  for (let round = 0; round < effort.starts; round++) {
    const where = join(dir, `start-${round}`);
    const made = await startTurnpike({ upstream, dir: where, key: null });
    first.push(made.firstAnswerMs);
    await made.stop();
    const again = await startTurnpike({ upstream, dir: where, key: made.key });
    later.push(again.firstAnswerMs);
    await again.stop();
    rmSync(where, { recursive: true, force: true });
  }
  return { firstMs: medianOf(first), laterMs: medianOf(later) };
}

export interface FloodFigures {
  readonly p50Microseconds: number;
  readonly p99Microseconds: number;
  /** The same at the same connections without the flood, in turn with it. */
  readonly calmP50Microseconds: number;
  readonly calmP99Microseconds: number;
  /** How many passwords were checked meanwhile. */
  readonly signInsPerSecond: number;
}

/** Chat requests, one after another, while strangers from everywhere guess passwords as fast as they are answered. */
export async function measureFlood(options: {
  candidate: Candidate;
  effort: Effort;
  load: Load;
}): Promise<FloodFigures> {
  const { candidate, effort, load } = options;
  const calm: LoadResult[] = [];
  const flooded: LoadResult[] = [];
  let signIns = 0;
  const order = { candidate, connections: 1, seconds: effort.loadSeconds };
  for (let round = 0; round < effort.rounds; round++) {
    calm.push(await load(order));
    const flood = SignInFlood.start(candidate);
    // The first sign-in of all loads what the others find loaded.
    await flood.firstAnswer;
    const before = flood.answered;
    flooded.push(await load(order));
    signIns += flood.answered - before;
    await flood.stop();
    await waitUntilQuiet(candidate.pid);
  }
  const median = (results: readonly LoadResult[], read: (result: LoadResult) => number) =>
    medianOf(results.map(read));
  return {
    p50Microseconds: median(flooded, ({ p50Microseconds }) => p50Microseconds),
    p99Microseconds: median(flooded, ({ p99Microseconds }) => p99Microseconds),
    calmP50Microseconds: median(calm, ({ p50Microseconds }) => p50Microseconds),
    calmP99Microseconds: median(calm, ({ p99Microseconds }) => p99Microseconds),
    signInsPerSecond: signIns / (effort.rounds * effort.loadSeconds),
  };
}

/** Fresh processes for the memory measurement. */
export function memoryStarters(options: { nginx: string | null; upstream: UpstreamPlace; dir: string }) {
  const { nginx, upstream, dir } = options;
  return {
    nginx: nginx === null ? null : () => startNginx(nginx, upstream, join(dir, 'memory-nginx')),
    turnpike: () => startTurnpike({ upstream, dir: join(dir, 'memory-turnpike'), key: null }),
  };
}
