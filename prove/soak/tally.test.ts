import { describe, expect, test } from 'bun:test';
import { type Kind, Orders } from './orders.ts';
import { COMPLETE, SEEN_ONCE } from './seen.ts';
import { type Fault, type Outcome, type Restart, Tally } from './tally.ts';

const orders = new Orders(7);
const REQUESTS = 4000;
const KEY = 3;
const ANSWERED = SEEN_ONCE | COMPLETE;

/** The first request of a kind. */
function firstOf(kind: Kind): number {
  for (let number = 0; number < REQUESTS; number += 1) if (orders.kindOf(number) === kind) return number;
  throw new Error(`none of ${REQUESTS} is ${kind}`);
}

/** What is said of one request; everything else was not sent. */
function faultsOf(request: {
  kind?: Kind;
  outcome?: Outcome;
  seen?: number;
  charges?: readonly { nanoUsd: number | 'all'; key?: number }[];
  restart?: Restart['how'];
  most?: number | null;
}): Partial<Record<Fault, number>> {
  const { kind = 'whole', outcome = 'complete', seen = ANSWERED, charges = [{ nanoUsd: 'all' }] } = request;
  const number = firstOf(kind);
  const tally = new Tally(orders, REQUESTS);
  tally.sent(number, KEY);
  tally.ended(number, outcome);
  if (request.restart !== undefined) tally.restarts.push({ how: request.restart, from: number, to: number });
  for (const { nanoUsd, key = KEY } of charges)
    tally.charged({ number, key, costNanoUsd: nanoUsd === 'all' ? orders.costNanoUsdOf(number) : nanoUsd });
  const bytes = new Uint8Array(REQUESTS);
  bytes[number] = seen;
  tally.judge(bytes, [null, null, null, request.most ?? null]);
  return Object.fromEntries(tally.findings.counts);
}

const NOTHING = { charges: [], seen: 0 } as const;

describe('what three records say of one request', () => {
  test.each<[string, Parameters<typeof faultsOf>[0]]>([
    ['a complete answer, charged as its provider counted', {}],
    ['a refused request that went nowhere', { outcome: 'refused', ...NOTHING }],
    ['a request that was turned away', { outcome: 'unavailable', ...NOTHING }],
    [
      "a provider's failure that cost nothing",
      { kind: 'error500', outcome: 'failed', charges: [{ nanoUsd: 0 }] },
    ],
    [
      'one whose provider was left alone, for it had had enough a moment ago',
      { kind: 'error429', outcome: 'failed', ...NOTHING },
    ],
    [
      'a stream that was left, charged for a part',
      { kind: 'leftStream', outcome: 'left', seen: SEEN_ONCE, charges: [{ nanoUsd: 900 }] },
    ],
    ['a whole answer that was left, and ran to its end', { kind: 'leftWhole', outcome: 'left' }],
    ['one that was left before the gateway read it', { kind: 'leftWhole', outcome: 'left', ...NOTHING }],
    ['one that was killed before it was sent', { outcome: 'broken', restart: 'kill -9', ...NOTHING }],
    [
      'one that was killed with its record alone',
      { outcome: 'broken', restart: 'kill -9', seen: 0, charges: [{ nanoUsd: 0 }] },
    ],
    ['one that was killed behind its last byte', { outcome: 'broken', restart: 'kill -9' }],
    [
      'one whose connection a graceful stop closed before it was read',
      { outcome: 'broken', restart: 'SIGTERM', ...NOTHING },
    ],
    ['a charge up to the limit', { most: orders.costNanoUsdOf(firstOf('whole')) }],
  ])('%s is right', (_, request) => {
    expect(faultsOf(request)).toEqual({});
  });

  test.each<[Fault, string, Parameters<typeof faultsOf>[0]]>([
    ['lost', 'a complete answer without a charge', { charges: [] }],
    ['lost', 'a complete answer without a charge after a kill', { charges: [], restart: 'kill -9' }],
    ['double', 'two charges', { charges: [{ nanoUsd: 'all' }, { nanoUsd: 'all' }] }],
    ['phantom', 'a charge for what no provider saw', { outcome: 'broken', restart: 'kill -9', seen: 0 }],
    [
      'unrecorded',
      'what a provider saw, without a record',
      { outcome: 'broken', restart: 'kill -9', charges: [] },
    ],
    ['miscounted', 'a complete answer at another cost', { charges: [{ nanoUsd: 1 }] }],
    ['miscounted', "a provider's failure that cost something", { kind: 'garbage', outcome: 'failed' }],
    [
      'miscounted',
      'a whole answer that was left and stopped',
      { kind: 'leftWhole', outcome: 'left', seen: SEEN_ONCE, charges: [{ nanoUsd: 0 }] },
    ],
    [
      'miscounted',
      'a stream that was left, charged beyond what it can hold',
      { kind: 'leftStream', outcome: 'left', charges: [{ nanoUsd: 5_000_000 }] },
    ],
    ['sent twice', 'one that came to the provider twice', { seen: (2 * SEEN_ONCE) | COMPLETE }],
    ['sent though refused', 'a refused one that was sent', { outcome: 'refused', charges: [{ nanoUsd: 0 }] }],
    [
      'sent though refused',
      'a refused one that has a record',
      { outcome: 'refused', seen: 0, charges: [{ nanoUsd: 0 }] },
    ],
    ['wrong key', 'a charge to another key', { charges: [{ nanoUsd: 'all', key: 1 }] }],
    ['broken', 'a connection that was lost without a restart', { outcome: 'broken' }],
    ['cut', 'an answer that a graceful stop cut off', { outcome: 'broken', restart: 'SIGTERM' }],
    ['overspend', 'a charge beyond the limit', { most: 1 }],
  ])('%s: %s is found', (fault, _, request) => {
    expect(faultsOf(request)).toEqual({ [fault]: 1 });
  });

  test('who is turned away is counted outside of restarts alone', () => {
    const tally = new Tally(orders, 10);
    for (const number of [1, 5]) tally.ended(number, 'unavailable');
    tally.restarts.push({ how: 'SIGTERM', from: 4, to: 6 });
    tally.judge(new Uint8Array(10), []);
    expect([tally.turnedAway, tally.findings.total]).toEqual([1, 0]);
  });
});
