/**
 * What became of every request, in a byte and a key each, and the judgement over it: what clients got, what the provider did and
 * what the ledger says, held against each other. Pure, and knows nothing of the gateway.
 */
import { boundNanoUsd, type Kind, type Orders } from './orders.ts';
import { COMPLETE, SEEN_TIMES } from './seen.ts';

/** What a client can say of its request. */
export const OUTCOMES = [
  'not sent',
  /** All of it came, and told the right cost. */
  'complete',
  /** For its key, its money or its body. */
  'refused',
  /** The provider failed, and the client was told. */
  'failed',
  /** The client left. */
  'left',
  /** The connection was lost. */
  'broken',
  /** 503: the gateway is stopping, starting or has too much to do. */
  'unavailable',
  /** Anything else: a fault by itself. */
  'wrong',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Requests that ran while a process was stopped; the last one is `to`. */
export interface Restart {
  readonly how: 'kill -9' | 'SIGTERM';
  readonly from: number;
  readonly to: number;
}

/** One row of the ledger. */
export interface Row {
  readonly number: number;
  readonly key: number;
  readonly costNanoUsd: number;
}

const FAULTS = {
  wrong: 'an answer that must not be, or another one than was asked for',
  broken: 'a connection lost without a restart',
  cut: 'an answer cut off by a graceful stop',
  lost: 'a complete answer without its charge',
  double: 'charged twice',
  phantom: 'charged, and never seen by the provider',
  unrecorded: 'seen by the provider, without a record',
  miscounted: 'charged otherwise than the provider counted',
  'sent twice': 'one request, sent to the provider twice',
  'sent though refused': 'refused, and yet sent or charged',
  'wrong key': 'charged to another key than asked',
  overspend: 'charged to a key beyond the highest limit that it had',
} as const;
export type Fault = keyof typeof FAULTS;

const EXAMPLES = 5;

/** Counts each kind of fault, and remembers the first few of each. */
export class Findings {
  readonly counts = new Map<Fault, number>();
  readonly examples: string[] = [];

  add(fault: Fault, what: string): void {
    const count = (this.counts.get(fault) ?? 0) + 1;
    this.counts.set(fault, count);
    if (count <= EXAMPLES) this.examples.push(`${fault}: ${what} (${FAULTS[fault]})`);
  }

  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  of(fault: Fault): number {
    return this.counts.get(fault) ?? 0;
  }
}

const ROWS = 0b11;
const WRONG_KEY = 0b100;
const COST_SHIFT = 3;
const COSTS = ['nothing', 'a part', 'all', 'more'] as const;
type CostClass = (typeof COSTS)[number];

export class Tally {
  readonly findings = new Findings();
  readonly restarts: Restart[] = [];
  /** How often each outcome came, by kind. */
  readonly counts = new Map<Kind, Map<Outcome, number>>();
  readonly statuses = new Map<number, number>();
  /** Answered with 503 though no process was being stopped: there was too much to do. Known once it was judged. */
  turnedAway = 0;
  readonly #orders: Orders;
  readonly #outcomes: Uint8Array;
  readonly #keys: Uint32Array;
  /** Of the ledger: how many rows, of which the key and the cost. */
  readonly #charges: Uint8Array;
  readonly #chargedNanoUsd: number[] = [];

  constructor(orders: Orders, requests: number) {
    this.#orders = orders;
    this.#outcomes = new Uint8Array(requests);
    this.#keys = new Uint32Array(requests);
    this.#charges = new Uint8Array(requests);
  }

  get requests(): number {
    return this.#outcomes.length;
  }

  sent(number: number, key: number): void {
    this.#keys[number] = key;
  }

  ended(number: number, outcome: Outcome): void {
    this.#outcomes[number] = OUTCOMES.indexOf(outcome);
    const kind = this.#orders.kindOf(number);
    let byOutcome = this.counts.get(kind);
    if (byOutcome === undefined) {
      byOutcome = new Map();
      this.counts.set(kind, byOutcome);
    }
    byOutcome.set(outcome, (byOutcome.get(outcome) ?? 0) + 1);
  }

  status(status: number): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
  }

  wrong(number: number, what: string): void {
    this.findings.add('wrong', `${this.#orders.kindOf(number)} ${number}: ${what}`);
  }

  countOf(outcome: Outcome): number {
    let sum = 0;
    for (const byOutcome of this.counts.values()) sum += byOutcome.get(outcome) ?? 0;
    return sum;
  }

  charged({ number, key, costNanoUsd }: Row): void {
    this.chargedBeside(key, costNanoUsd);
    if (number >= this.requests) return;
    const before = this.#charges[number] ?? 0;
    const rows = Math.min(ROWS, (before & ROWS) + 1);
    const wrongKey = key === this.#keys[number] ? 0 : WRONG_KEY;
    this.#charges[number] =
      rows | wrongKey | (COSTS.indexOf(this.#classOf(number, costNanoUsd)) << COST_SHIFT);
  }

  /** Charged to a key for a request that has no number. */
  chargedBeside(key: number, costNanoUsd: number): void {
    this.#chargedNanoUsd[key] = (this.#chargedNanoUsd[key] ?? 0) + costNanoUsd;
  }

  chargedTo(key: number): number {
    return this.#chargedNanoUsd[key] ?? 0;
  }

  /** Once every row was told. `mostNanoUsd`: by key, the highest limit that it had; null: at some time none. */
  judge(seen: Uint8Array, mostNanoUsd: readonly (number | null)[]): void {
    for (let number = 0; number < this.requests; number += 1) {
      if (this.#outcomeOf(number) === 'unavailable' && this.#restartAround(number) === undefined)
        this.turnedAway += 1;
      const fault = this.#faultOf(number, seen[number] ?? 0);
      if (fault !== null) this.findings.add(fault, this.#describe(number, seen[number] ?? 0));
    }
    for (const [key, most] of mostNanoUsd.entries()) {
      const beyond = this.chargedTo(key) - (most ?? Number.POSITIVE_INFINITY);
      if (beyond > 0) this.findings.add('overspend', `key ${key} by ${beyond} nano-USD`);
    }
  }

  #outcomeOf(number: number): Outcome {
    return OUTCOMES[this.#outcomes[number] ?? 0] ?? 'not sent';
  }

  #restartAround(number: number): Restart | undefined {
    return this.restarts.find(({ from, to }) => number >= from && number <= to);
  }

  #faultOf(number: number, seenByte: number): Fault | null {
    const outcome = this.#outcomeOf(number);
    const charge = this.#charges[number] ?? 0;
    const rows = charge & ROWS;
    const cost = rows === 0 ? undefined : COSTS[charge >> COST_SHIFT];
    const times = seenByte & SEEN_TIMES;
    const restart = this.#restartAround(number);
    if (rows > 1) return 'double';
    if ((charge & WRONG_KEY) !== 0) return 'wrong key';
    if (times > 1) return 'sent twice';
    if (rows === 0 && outcome === 'complete') return 'lost';
    if (rows === 0 && times > 0) return 'unrecorded';
    if (rows > 0 && times === 0 && cost !== 'nothing') return 'phantom';
    if (outcome === 'refused' || outcome === 'unavailable' || outcome === 'not sent')
      return times > 0 || (rows > 0 && outcome !== 'unavailable') ? 'sent though refused' : null;
    // Its provider is left alone for a while after each of these.
    const isLeftAlone = outcome === 'failed' && this.#orders.kindOf(number) === 'error429';
    if (isLeftAlone && times === 0 && rows === 0) return null;
    if (outcome === 'broken' && restart === undefined) return 'broken';
    if (outcome === 'broken' && restart?.how === 'SIGTERM' && times > 0) return 'cut';
    return this.#isRightCost(number, outcome, cost, (seenByte & COMPLETE) !== 0, restart)
      ? null
      : 'miscounted';
  }

  #isRightCost(
    number: number,
    outcome: Outcome,
    cost: CostClass | undefined,
    isComplete: boolean,
    restart: Restart | undefined,
  ): boolean {
    if (outcome === 'complete') return cost === 'all' && isComplete;
    // What a provider fails at is not charged.
    if (outcome === 'failed') return cost === 'nothing';
    // A whole answer that was asked for runs to its end, also when its client has left.
    if (
      outcome === 'left' &&
      cost !== undefined &&
      restart === undefined &&
      this.#orders.kindOf(number) === 'leftWhole'
    )
      return cost === 'all' && isComplete;
    return cost !== 'more';
  }

  #classOf(number: number, costNanoUsd: number): CostClass {
    const allNanoUsd = this.#orders.costNanoUsdOf(number);
    if (costNanoUsd === 0) return 'nothing';
    if (costNanoUsd === allNanoUsd) return 'all';
    if (costNanoUsd < 0 || costNanoUsd > boundNanoUsd(LONGEST_BODY_BYTES)) return 'more';
    // What is estimated may be more than a provider would have counted, up to what was held.
    return 'a part';
  }

  #describe(number: number, seenByte: number): string {
    const charge = this.#charges[number] ?? 0;
    const outcome = this.#outcomeOf(number);
    return (
      `${this.#orders.kindOf(number)} ${number}: its client says ${outcome}, it came ${seenByte & SEEN_TIMES} times to the provider` +
      `${(seenByte & COMPLETE) === 0 ? '' : ', which answered to the end'}, and ${charge & ROWS} rows charge ${COSTS[charge >> COST_SHIFT]}`
    );
  }
}

/** Of those that may be estimated. */
const LONGEST_BODY_BYTES = 400;
