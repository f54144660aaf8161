/**
 * Whose fault each failure is, and what follows from it: the one table that attempts go by. docs/routing.md shows the same one
 * (`faultTable`), and a test compares them.
 */
import type { ProviderError } from '../providers/provider-error.ts';
import { type BenchReason, STEPS_MS } from './benches.ts';

export type FaultName =
  | 'caller'
  | 'content'
  | 'tooLong'
  | 'rate'
  | 'refused'
  | 'forbidden'
  | 'missing'
  | 'login'
  | 'failed'
  | 'silent'
  | 'brokenOff'
  | 'hanging'
  | 'busy'
  | 'gateway';

export interface FaultRow {
  readonly what: string;
  readonly whose: 'the caller’s' | 'the operator’s' | 'the provider’s' | 'nobody’s' | 'ours';
  /** `other model`: another endpoint of the same model would refuse it too; `more room`: one with a longer context may not. */
  readonly next: 'yes' | 'no' | 'other model' | 'more room';
  /** Who sits out: the key for this endpoint, or for all of its provider; and for how long where that is not said. */
  readonly benches: null | { readonly who: 'endpoint' | 'key'; readonly reason: BenchReason };
  /** What else becomes of the endpoint: it is tried last for 30 seconds, or its uptime falls. */
  readonly isOutage: boolean;
  readonly countsAgainstUptime: boolean;
  readonly callerReads: string;
}

const KEPT = { benches: null, isOutage: false, countsAgainstUptime: false } as const;
const OUTAGE = { benches: null, isOutage: true, countsAgainstUptime: true } as const;

export const FAULTS: Readonly<Record<FaultName, FaultRow>> = {
  caller: {
    ...KEPT,
    what: '400, 413, 422',
    whose: 'the caller’s',
    next: 'other model',
    callerReads: '400, 413, 422',
  },
  content: {
    ...KEPT,
    what: '400 and 403 for what the prompt says, by the provider’s own filters',
    whose: 'the caller’s',
    next: 'yes',
    callerReads: '400, 403',
  },
  tooLong: {
    ...KEPT,
    what: 'too long a prompt',
    whose: 'the caller’s',
    next: 'more room',
    callerReads: '400',
  },
  rate: {
    ...KEPT,
    what: '429',
    whose: 'nobody’s',
    next: 'yes',
    benches: { who: 'endpoint', reason: 'rate' },
    callerReads: '429 with the shortest `Retry-After`',
  },
  refused: {
    ...KEPT,
    what: '401, 402, and 429 for want of balance',
    whose: 'the operator’s',
    next: 'yes',
    benches: { who: 'key', reason: 'refused' },
    countsAgainstUptime: true,
    callerReads: '502, without details; 503 while all sit out',
  },
  forbidden: {
    ...KEPT,
    what: '403',
    whose: 'the operator’s',
    next: 'yes',
    benches: { who: 'endpoint', reason: 'forbidden' },
    countsAgainstUptime: true,
    callerReads: '502, without details; 503 while all sit out',
  },
  missing: {
    ...OUTAGE,
    what: '404, also told as a 400: the provider does not know the model',
    whose: 'the operator’s',
    next: 'yes',
    callerReads: '502, without details',
  },
  login: {
    ...KEPT,
    what: '401, 403 of the caller’s own Claude login',
    whose: 'the caller’s',
    next: 'no',
    callerReads: '401, 403 in Anthropic’s words',
  },
  failed: {
    ...OUTAGE,
    what: '5xx, no connection, garbage, an empty stream',
    whose: 'the provider’s',
    next: 'yes',
    callerReads: '502, 503, 504, 524 or 529',
  },
  silent: {
    ...OUTAGE,
    what: 'no first byte in time',
    whose: 'the provider’s',
    next: 'no',
    callerReads: '504',
  },
  brokenOff: {
    ...KEPT,
    what: 'broken off after the first token',
    whose: 'the provider’s',
    next: 'no',
    countsAgainstUptime: true,
    callerReads: 'the stream’s own error',
  },
  hanging: {
    ...KEPT,
    what: 'three or more wait four times as long as it took lately, and nothing is heard',
    whose: 'the provider’s',
    next: 'yes',
    benches: { who: 'endpoint', reason: 'hanging' },
    callerReads: 'nothing; 503 where it is the only one, after 30 seconds of silence',
  },
  busy: {
    ...KEPT,
    what: 'the queue here is full, or the wait in it too long',
    whose: 'nobody’s',
    next: 'yes',
    callerReads: '429 with `Retry-After` and how long it waited',
  },
  gateway: {
    ...KEPT,
    what: 'this machine is short of memory or descriptors',
    whose: 'ours',
    next: 'no',
    callerReads: '503',
  },
};

export function faultOf(error: ProviderError): FaultName {
  switch (error.fault) {
    case 'account':
      return error.status === 403 ? 'forbidden' : 'refused';
    case 'caller':
      return error.isContextLength ? 'tooLong' : 'caller';
    case 'provider':
      // It goes on working and charging, so that a second one would be paid for the same request; what never left it is not.
      if (error.failure === 'timeout' && !error.neverSent) return 'silent';
      return error.status === 404 ? 'missing' : 'failed';
    default:
      return error.fault;
  }
}

/** As docs/routing.md shows it: lines of a table in Markdown. */
export function faultTable(): string[] {
  return [
    '| what happened | whose fault | next endpoint | who sits out, and for how long | the endpoint after it | the caller reads |',
    '|---|---|---|---|---|---|',
    ...Object.values(FAULTS).map(
      (row) =>
        `| ${[row.what, row.whose, NEXT[row.next], sittingOut(row), afterwards(row), row.callerReads].join(' | ')} |`,
    ),
  ];
}

const NEXT: Readonly<Record<FaultRow['next'], string>> = {
  yes: 'yes',
  no: 'no',
  'other model': 'no; the next model, yes',
  'more room': 'one with a longer context; the next model, yes',
};

function sittingOut({ benches }: FaultRow): string {
  if (benches === null) return 'nobody';
  const { first, most } = STEPS_MS[benches.reason];
  const who =
    benches.who === 'key' ? 'the key, at every endpoint of its provider' : 'the key, at this endpoint';
  const said = benches.reason === 'hanging' ? '' : 'as long as the provider says; else ';
  return `${who}: ${said}${spoken(first)}, doubling up to ${spoken(most)}`;
}

function spoken(ms: number): string {
  return ms < 60_000 ? `${ms / 1000} s` : `${ms / 60_000} min`;
}

function afterwards({ isOutage, countsAgainstUptime }: FaultRow): string {
  if (isOutage) return 'last for 30 seconds, counts against its uptime';
  return countsAgainstUptime ? 'counts against its uptime' : 'as before';
}
