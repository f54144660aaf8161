/** A soak as tables for people, and its verdict. */
import { aligned } from '../../bench/table.ts';
import type { SoakResult } from './soak.ts';
import { OUTCOMES } from './tally.ts';
import { growthIn, type Life } from './watch.ts';

/** What must hold, and whether it does. */
export interface Criterion {
  readonly what: string;
  readonly found: string;
  readonly holds: boolean;
}

/** Whoever turns away more was not soaked. */
const MOST_TURNED_AWAY = 0.05;
/** Two of the segments that the journal is written in, and one that is begun. */
const MOST_JOURNAL_AT_REST = 3 * 8 * 2 ** 20;

export function criteriaOf({ tally, watch, faults, bytesAtEnd, verified }: SoakResult): Criterion[] {
  const { findings } = tally;
  // The later ones may be killed before they have collected anything.
  const isMeasured = (watch.lives[0]?.samples.length ?? 0) > 0;
  const growing = watch.lives.filter((life) => growthIn(life).isSteady === true);
  const none = (what: string, ...names: Parameters<typeof findings.of>[0][]): Criterion => {
    const count = names.reduce((sum, name) => sum + findings.of(name), 0);
    return { what, found: String(count), holds: count === 0 };
  };
  return [
    none('no complete answer without its charge, no request without a record', 'lost', 'unrecorded'),
    none('nothing charged twice or sent twice', 'double', 'sent twice'),
    none('nothing charged that no provider saw', 'phantom'),
    none('what is charged is what the provider counted, to the key that asked', 'miscounted', 'wrong key'),
    none('no key is charged beyond its limit', 'overspend'),
    none('what is refused is neither sent nor charged', 'sent though refused'),
    none('every answer is the one that was asked for; no revoked key is served', 'wrong'),
    none('no connection is lost but by a kill', 'broken', 'cut'),
    {
      what: 'requests are served, not turned away for want of time (at most 1 in 20)',
      found: String(tally.turnedAway),
      holds: tally.turnedAway <= tally.requests * MOST_TURNED_AWAY,
    },
    {
      what: 'memory does not grow with the requests',
      found: !isMeasured
        ? 'not measured'
        : growing.length === 0
          ? 'none grows'
          : growing.map(({ number }) => `process ${number}`).join(),
      holds: isMeasured && growing.length === 0,
    },
    {
      what: 'the journal is emptied',
      found: mebibytes(bytesAtEnd.journal),
      holds: bytesAtEnd.journal <= MOST_JOURNAL_AT_REST,
    },
    { what: 'ledger verify', found: verified, holds: verified.startsWith('The ledger is right') },
    {
      what: 'at rest nothing is held or open; counters, usage and stops are right',
      found: faults.length === 0 ? '0' : `${faults.length}: ${faults[0]}`,
      holds: faults.length === 0,
    },
  ];
}

export function renderSoak(result: SoakResult): string {
  const { tally, watch, steps, seconds, bytesAtEnd, keyring, options } = result;
  const { findings } = tally;
  const delays = watch.delaysMs.toSorted((a, b) => a - b);
  const delayAt = (share: number) => `${(delays[Math.floor(delays.length * share)] ?? 0).toFixed(1)} ms`;
  const late = keyring.latestServedAfterRevocationMs;
  const figures = [
    ['', ''],
    ['requests', String(tally.requests)],
    ['requests a second', (tally.requests / seconds).toFixed(0)],
    ['minutes', (seconds / 60).toFixed(1)],
    ['keys', String(keyring.all.length)],
    ['readings of the metrics', String(watch.scrapes)],
    ['event loop delay, p99: median, highest', `${delayAt(0.5)}, ${delayAt(0.999)}`],
    ['journal: most, at rest', `${mebibytes(watch.mostJournalBytes)}, ${mebibytes(bytesAtEnd.journal)}`],
    [
      'database; a request',
      `${mebibytes(bytesAtEnd.database)}; ${(bytesAtEnd.database / tally.requests).toFixed(0)} bytes`,
    ],
    ["database's log: most", mebibytes(watch.mostLogBytes)],
    [
      'last served after a revocation was answered',
      late === Number.NEGATIVE_INFINITY ? 'none' : `${late.toFixed(0)} ms`,
    ],
    ...[...steps].map(([name, times]) => [name, String(times)]),
  ];
  const outcomes = OUTCOMES.filter((outcome) => tally.countOf(outcome) > 0);
  const kinds = [
    ['kind', ...outcomes],
    ...[...tally.counts].map(([kind, by]) => [
      kind,
      ...outcomes.map((outcome) => String(by.get(outcome) ?? 0)),
    ]),
  ];
  const statuses = [...tally.statuses].toSorted(([a], [b]) => a - b);
  const criteria = criteriaOf(result);
  return [
    `seed ${options.seed}`,
    aligned(figures),
    aligned(kinds),
    `answers: ${statuses.map(([status, count]) => `${status} ${count}`).join(', ')}`,
    aligned([LIFE_HEAD, ...watch.lives.map(lifeRow)]),
    criteria.map(({ what, found, holds }) => `${holds ? 'holds' : 'FAILS'}  ${what}: ${found}`).join('\n'),
    ...findings.examples,
  ].join('\n\n');
}

const LIFE_HEAD = [
  'process',
  'requests',
  'ended by',
  'MiB at start',
  'most',
  'at end',
  'bytes kept a request',
  'later half',
  'grows',
  'descriptors at start',
  'most',
  'at rest',
];

function lifeRow(life: Life): string[] {
  const { bytesPerRequest, laterBytesPerRequest, isSteady } = growthIn(life);
  const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(0);
  return [
    ...[String(life.number), String(life.lastRequest - life.firstRequest), life.end ?? ''],
    ...[mib(life.residentAtStart), mib(life.residentAtMost), mib(life.residentAtEnd)],
    ...[bytesPerRequest.toFixed(1), laterBytesPerRequest.toFixed(1)],
    isSteady === null ? 'too short to tell' : isSteady ? 'yes' : 'no',
    ...[String(life.descriptorsAtStart), String(life.mostDescriptors), String(life.descriptorsAtRest ?? '')],
  ];
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
