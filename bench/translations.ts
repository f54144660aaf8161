/** What it costs to speak with a caller in one dialect and with the provider in another, beside a dialect that is passed on. */
import { join } from 'node:path';
import { type Candidate, startNginx, startTurnpike, type UpstreamPlace } from './candidates.ts';
import type { Load } from './load.ts';
import { type Effort, measureSlice, medianOf, type Say } from './measure.ts';
import { OpenStreams } from './open-streams.ts';
import { PAIRS, PASS_THROUGH, pairsConfig } from './pairs.ts';
import { cpuMicrosecondsOf, waitUntilQuiet } from './process-usage.ts';
import { aligned } from './table.ts';

export interface TranslationFigures {
  readonly name: string;
  readonly cpuMicroseconds: number;
  /** Null: its answers come whole. */
  readonly cpuMicrosecondsPerChunk: number | null;
}

const CONNECTIONS = 32;
const STREAMS = 200;
const NGINX = 'nginx';

interface Subject {
  readonly name: string;
  readonly streams: boolean;
  readonly candidate: Candidate;
  readonly perRequest: number[];
  readonly perChunk: number[];
}

/** One gateway that has all formats, and every pair in turn, round after round. */
export async function measureTranslations(options: {
  upstream: UpstreamPlace;
  nginx: string | null;
  dir: string;
  effort: Effort;
  load: Load;
  say: Say;
}): Promise<readonly TranslationFigures[]> {
  const { upstream, nginx, dir, effort, load, say } = options;
  const turnpike = await startTurnpike({
    ...{ upstream, dir: join(dir, 'translations'), key: null, config: pairsConfig(upstream) },
    ask: PAIRS[0]?.ask,
  });
  const subject = (name: string, streams: boolean, candidate: Candidate): Subject => ({
    ...{ name, streams, candidate, perRequest: [], perChunk: [] },
  });
  const proxies =
    nginx === null
      ? []
      : [subject(NGINX, true, await startNginx(nginx, upstream, join(dir, 'nginx-translations')))];
  const pairs = PAIRS.map(({ name, streams, ask }) => subject(name, streams, { ...turnpike, ask }));
  const subjects = [...proxies, ...pairs];
  say('warming up each translation');
  for (const { candidate } of pairs)
    await load({ candidate, connections: CONNECTIONS, seconds: effort.warmUpSeconds / 2 });
  for (let round = 0; round < effort.streamRounds; round++) {
    for (const { name, candidate, streams, perRequest, perChunk } of subjects) {
      say(`${name}, round ${round + 1}`);
      const slice = { candidate, connections: CONNECTIONS, seconds: effort.loadSeconds / 2, load, say };
      perRequest.push((await measureSlice(slice)).cpuMicroseconds);
      if (streams) perChunk.push(await chunkOf(candidate, effort.streamSeconds / 2, say));
    }
  }
  for (const { candidate } of proxies) await candidate.stop();
  await turnpike.stop();
  return subjects.map(({ name, perRequest, perChunk }) => ({
    name,
    cpuMicroseconds: medianOf(perRequest),
    cpuMicrosecondsPerChunk: perChunk.length === 0 ? null : medianOf(perChunk),
  }));
}

/** In the steady state of many streams. Each word of the provider is one event to its client, in every dialect. */
async function chunkOf(candidate: Candidate, seconds: number, say: Say): Promise<number> {
  const streams = await OpenStreams.open(candidate, 'paced', STREAMS);
  await Bun.sleep(500);
  const cpuBefore = cpuMicrosecondsOf(candidate.pid);
  const eventsBefore = streams.events;
  await Bun.sleep(seconds * 1000);
  const perChunk = (cpuMicrosecondsOf(candidate.pid) - cpuBefore) / (streams.events - eventsBefore);
  if (streams.alive < STREAMS) say(`!! ${STREAMS - streams.alive} of ${STREAMS} streams broke`);
  streams.close();
  await waitUntilQuiet(candidate.pid);
  return perChunk;
}

export function renderTranslations(figures: readonly TranslationFigures[]): string {
  const find = (name: string) => figures.find((figure) => figure.name === name);
  const base = find(PASS_THROUGH);
  const nginx = find(NGINX);
  const rows = figures.map(({ name, cpuMicroseconds, cpuMicrosecondsPerChunk }) => [
    name,
    cpuMicroseconds.toFixed(1),
    ratio(cpuMicroseconds, base?.cpuMicroseconds),
    ratio(cpuMicroseconds, nginx?.cpuMicroseconds),
    cpuMicrosecondsPerChunk?.toFixed(1) ?? '',
    ratio(cpuMicrosecondsPerChunk, base?.cpuMicrosecondsPerChunk),
    ratio(cpuMicrosecondsPerChunk, nginx?.cpuMicrosecondsPerChunk),
  ]);
  const head = [
    'what a translation costs (CPU)',
    ...['a request (µs)', 'to pass-through', 'to nginx', 'a chunk (µs)', 'to pass-through', 'to nginx'],
  ];
  return aligned([head, ...rows]);
}

function ratio(value: number | null | undefined, base: number | null | undefined): string {
  return (value ?? null) === null || (base ?? null) === null
    ? ''
    : `${(Number(value) / Number(base)).toFixed(2)} x`;
}
