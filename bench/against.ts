/**
 * Two checkouts in turn, slice after slice: what a change costs. What else the machine does meets both, so the differences of
 * neighbours say more than two figures made minutes apart.
 */
import { join, resolve } from 'node:path';
import { type Candidate, startTurnpike, type UpstreamPlace } from './candidates.ts';
import type { Load } from './load.ts';
import { measureSlice, medianOf, quantileOf, type Say, type Slice } from './measure.ts';
import { aligned } from './table.ts';

interface Pair {
  readonly here: Slice;
  readonly there: Slice;
}

export interface Comparison {
  readonly checkout: string;
  readonly loaded: readonly Pair[];
  readonly light: readonly Pair[];
}

const WARM_UP_SECONDS = 6;
const SLICE_SECONDS = 1;

export async function measureAgainst(options: {
  checkout: string;
  rounds: number;
  upstream: UpstreamPlace;
  dir: string;
  load: Load;
  say: Say;
}): Promise<Comparison> {
  const { rounds, upstream, dir, load, say } = options;
  const checkout = resolve(options.checkout);
  const here = await startTurnpike({ upstream, dir: join(dir, 'here'), key: null });
  const there = await startTurnpike({ upstream, dir: join(dir, 'there'), key: null, checkout });
  say('warming up');
  for (const candidate of [here, there]) await load({ candidate, connections: 32, seconds: WARM_UP_SECONDS });

  async function pairs(connections: number): Promise<Pair[]> {
    say(`requests, ${connections === 1 ? '1 connection' : `${connections} connections`}`);
    const slice = (candidate: Candidate) =>
      measureSlice({ candidate, connections, seconds: SLICE_SECONDS, load, say });
    const measured: Pair[] = [];
    for (let round = 0; round < rounds; round++) {
      // Neither is always the one that comes after the other.
      if (round % 2 === 0) measured.push({ here: await slice(here), there: await slice(there) });
      else measured.push({ there: await slice(there), here: await slice(here) });
    }
    return measured;
  }

  const loaded = await pairs(32);
  const light = await pairs(1);
  for (const candidate of [here, there]) await candidate.stop();
  return { checkout, loaded, light };
}

export function renderComparison({ checkout, loaded, light }: Comparison): string {
  const cpu = ({ cpuMicroseconds }: Slice) => cpuMicroseconds;
  const p50 = ({ p50Microseconds }: Slice) => p50Microseconds;
  const rows = [
    ['', 'here', 'there', 'here - there', 'half of the pairs'],
    row('CPU a request, 32 connections (µs)', loaded, cpu),
    row('CPU a request, 1 connection (µs)', light, cpu),
    row('p50, 1 connection (µs)', light, p50),
  ];
  return `there: ${checkout}; medians of ${loaded.length} pairs of slices\n\n${aligned(rows)}\n`;
}

function row(what: string, pairs: readonly Pair[], figureOf: (slice: Slice) => number): string[] {
  const here = pairs.map((pair) => figureOf(pair.here));
  const there = pairs.map((pair) => figureOf(pair.there));
  const differences = pairs.map((pair) => figureOf(pair.here) - figureOf(pair.there));
  const difference = (share: number) => signed(quantileOf(differences, share));
  return [
    what,
    medianOf(here).toFixed(1),
    medianOf(there).toFixed(1),
    difference(0.5),
    `${difference(0.25)} to ${difference(0.75)}`,
  ];
}

function signed(microseconds: number): string {
  return `${microseconds > 0 ? '+' : ''}${microseconds.toFixed(1)}`;
}
