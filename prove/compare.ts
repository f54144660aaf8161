/** Holds the three records against each other. Pure, and knows nothing of the gateway under test. */
import type { Allowance, Charge, Frozen, Seen, Sent } from './records.ts';

export interface Verdict {
  readonly requests: number;
  readonly served: number;
  readonly refused: number;
  /** Refused for want of money though there was some, whatever was in flight. */
  readonly avoidable: number;
  /** Everything else that was no answer: killed, cut, failed upstream. */
  readonly failed: number;
  /** Charged beyond a limit. */
  readonly overspendNanoUsd: bigint;
  /** What the provider's work was worth beyond a limit; not charged to anybody. */
  readonly unchargedOverspendNanoUsd: bigint;
  /** Requests that were charged and that the provider never saw. */
  readonly phantom: number;
  /** Requests whose client got the last byte, without a charge or with another one than it was told. */
  readonly lost: number;
  readonly double: number;
  /** What else must not be. */
  readonly faults: readonly string[];
}

export interface Records {
  readonly sent: readonly Sent[];
  readonly seen: readonly Seen[];
  readonly charges: readonly Charge[];
  readonly allowances: readonly Allowance[];
  readonly frozen?: readonly Frozen[];
}

export const CLEAN: Verdict = {
  requests: 0,
  served: 0,
  refused: 0,
  avoidable: 0,
  failed: 0,
  overspendNanoUsd: 0n,
  unchargedOverspendNanoUsd: 0n,
  phantom: 0,
  lost: 0,
  double: 0,
  faults: [],
};

export function compare(records: Records): Verdict {
  const { sent, seen, charges, allowances } = records;
  const faults: string[] = [];
  const limited = new Set(allowances.flatMap(({ keys }) => keys));
  const seenByTag = Map.groupBy(seen, (request) => request.tag);
  const chargesByTag = Map.groupBy(charges, (charge) => charge.tag);
  const phantoms = charges.filter((charge) => charge.costNanoUsd > 0n && !seenByTag.has(charge.tag));
  const doubles = [...chargesByTag.values()].filter((same) => same.length > 1);
  const lost = sent.filter((request) => isLost(request, chargesByTag.get(request.tag)?.[0]));

  for (const charge of phantoms) {
    const request = sent.find(({ tag }) => tag === charge.tag);
    faults.push(`phantom: ${describe(charge)}, ${request?.ending} in ${ageOf(request)} ms`);
  }
  for (const same of doubles) faults.push(`double: ${same.map(describe).join(' and ')}`);
  for (const request of lost) faults.push(`lost: ${request.tag} was told ${request.costNanoUsd}`);
  for (const request of sent) {
    const charge = chargesByTag.get(request.tag)?.[0];
    faults.push(...miscounted(request, charge, seenByTag.get(request.tag) ?? []));
    const { boundNanoUsd } = request;
    const costNanoUsd = charge?.costNanoUsd ?? 0n;
    if (boundNanoUsd !== null && costNanoUsd > boundNanoUsd && limited.has(request.key))
      faults.push(`${request.tag} was charged ${costNanoUsd}, more than its bound of ${boundNanoUsd}`);
  }
  // In the window of its charge, where there is one: the gateway's clock need not be ours.
  const trueCosts = sent.map(({ tag, key, startedAtMs }) => ({
    key,
    createdAtMs: chargesByTag.get(tag)?.[0]?.createdAtMs ?? startedAtMs,
    costNanoUsd: sum(seenByTag.get(tag) ?? []),
  }));
  return {
    requests: sent.filter(({ ending }) => ending !== 'busy').length,
    served: sent.filter(({ ending }) => ending === 'complete').length,
    refused: sent.filter(({ ending }) => ending === 'refused').length,
    avoidable: avoidable(records),
    failed: sent.filter(({ ending }) => ['unavailable', 'failed', 'cut', 'broken'].includes(ending)).length,
    overspendNanoUsd: overspend(charges, allowances, faults),
    unchargedOverspendNanoUsd: overspend(trueCosts, allowances, []),
    phantom: phantoms.length,
    lost: lost.length,
    double: doubles.length,
    faults,
  };
}

/** Two verdicts over different requests. */
export function together(a: Verdict, b: Verdict): Verdict {
  return {
    requests: a.requests + b.requests,
    served: a.served + b.served,
    refused: a.refused + b.refused,
    avoidable: a.avoidable + b.avoidable,
    failed: a.failed + b.failed,
    overspendNanoUsd: a.overspendNanoUsd + b.overspendNanoUsd,
    unchargedOverspendNanoUsd: a.unchargedOverspendNanoUsd + b.unchargedOverspendNanoUsd,
    phantom: a.phantom + b.phantom,
    lost: a.lost + b.lost,
    double: a.double + b.double,
    faults: [...a.faults, ...b.faults],
  };
}

export function withFaults(verdict: Verdict, faults: readonly string[]): Verdict {
  return { ...verdict, faults: [...verdict.faults, ...faults] };
}

export function isClean(verdict: Verdict): boolean {
  const { overspendNanoUsd, phantom, lost, double, faults } = verdict;
  return overspendNanoUsd === 0n && phantom + lost + double + faults.length === 0;
}

function isLost(request: Sent, charge: Charge | undefined): boolean {
  return request.ending === 'complete' && charge?.costNanoUsd !== request.costNanoUsd;
}

/** A whole answer costs what the provider's work was worth; a refused request nothing. */
function miscounted(request: Sent, charge: Charge | undefined, seen: readonly Seen[]): string[] {
  const costNanoUsd = charge?.costNanoUsd ?? 0n;
  const faults: string[] = [];
  if (request.ending === 'complete' && seen.some(({ isComplete }) => isComplete) && costNanoUsd !== sum(seen))
    faults.push(`miscounted: ${request.tag} cost ${sum(seen)} and was charged ${costNanoUsd}`);
  if (
    (request.ending === 'refused' || request.ending === 'busy') &&
    (charge !== undefined || seen.length > 0)
  )
    faults.push(`${request.tag} was refused, and yet ${charge === undefined ? 'sent' : 'charged'}`);
  if (request.ending === 'unavailable' && costNanoUsd > 0n)
    faults.push(`${request.tag} was to be tried again, and yet charged ${costNanoUsd}`);
  return faults;
}

/** What a dead node kept must be free to all nodes so soon after. */
const FREED_WITHIN_MS = 1000;
/** The same for what a client left: its provider may not have begun to answer, and is followed for two seconds. */
const LEFT_WITHIN_MS = 2000 + FREED_WITHIN_MS;

/** Counts only what is beyond doubt: with everything that was ever charged, all that ran then and what a dead node kept, it would have fitted. */
function avoidable(records: Records): number {
  const { sent } = records;
  const taken = sent.filter(({ ending }) => ending !== 'refused' && ending !== 'busy');
  return sent.filter((request) => isAvoidable(request, { ...records, sent: taken })).length;
}

function isAvoidable(request: Sent, { sent, charges, allowances, frozen = [] }: Records): boolean {
  const { boundNanoUsd } = request;
  if (request.ending !== 'refused' || boundNanoUsd === null) return false;
  const own = allowances.filter(({ keys }) => keys.includes(request.key));
  return own.every(({ keys, limitNanoUsd }) => {
    const spentNanoUsd = sum(charges.filter((charge) => keys.includes(charge.key)));
    const running = sent.filter((other) => keys.includes(other.key) && overlaps(other, request));
    const heldNanoUsd = running.reduce((total, other) => total + (other.boundNanoUsd ?? limitNanoUsd), 0n);
    const keptNanoUsd = frozen
      .filter(
        ({ key, fromMs, untilMs }) =>
          keys.includes(key) &&
          fromMs <= request.endedAtMs &&
          untilMs + FREED_WITHIN_MS >= request.startedAtMs,
      )
      .reduce((total, { amountNanoUsd }) => total + amountNanoUsd, 0n);
    return spentNanoUsd + heldNanoUsd + keptNanoUsd + boundNanoUsd <= limitNanoUsd;
  });
}

function overlaps(other: Sent, request: Sent): boolean {
  // Whoever leaves does not learn when the gateway could end the request.
  const endedAtMs = other.endedAtMs + (other.ending === 'cut' ? LEFT_WITHIN_MS : 0);
  return other.startedAtMs <= request.endedAtMs && endedAtMs >= request.startedAtMs;
}

function overspend(
  charges: readonly Pick<Charge, 'key' | 'createdAtMs' | 'costNanoUsd'>[],
  allowances: readonly Allowance[],
  faults: string[],
): bigint {
  let totalNanoUsd = 0n;
  for (const { keys, windowKind, limitNanoUsd } of allowances) {
    const own = new Set(keys);
    const windows = Map.groupBy(
      charges.filter((charge) => own.has(charge.key)),
      (charge) => windowOf(windowKind, charge.createdAtMs),
    );
    for (const [window, within] of windows) {
      const beyondNanoUsd = sum(within) - limitNanoUsd;
      if (beyondNanoUsd <= 0n) continue;
      totalNanoUsd += beyondNanoUsd;
      faults.push(
        `overspend: ${beyondNanoUsd} nano-USD beyond ${limitNanoUsd} in ${window} of ${keys.join()}`,
      );
    }
  }
  return totalNanoUsd;
}

const DAY_MS = 86_400_000;

/** A name for the window: the day, the day of its Monday, the month. */
export function windowOf(kind: Allowance['windowKind'], atMs: number): string {
  const day = new Date(atMs).toISOString().slice(0, 10);
  if (kind === 'all') return 'all time';
  if (kind === 'daily') return day;
  if (kind === 'monthly') return day.slice(0, 7);
  const sinceMonday = (new Date(atMs).getUTCDay() + 6) % 7;
  return `week of ${new Date(atMs - sinceMonday * DAY_MS).toISOString().slice(0, 10)}`;
}

function sum(costs: readonly { readonly costNanoUsd: bigint }[]): bigint {
  return costs.reduce((total, { costNanoUsd }) => total + costNanoUsd, 0n);
}

function ageOf(request: Sent | undefined): number | undefined {
  return request && request.endedAtMs - request.startedAtMs;
}

function describe({ tag, id, costNanoUsd }: Charge): string {
  return `${tag} as ${id} for ${costNanoUsd}`;
}
