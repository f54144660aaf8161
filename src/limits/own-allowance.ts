/**
 * What an account's own provider keys may do in a UTC month before a fee is due, and the fee beyond. Exact on one node: what runs has its
 * part of the allowance reserved. Of several, each knows what the others had settled some seconds ago, so that at the edge of an
 * allowance requests that end at the same time may each be free.
 */
import type { OwnKeyFee } from '../config/own-key-fee.ts';
import { type NanoUsd, partOfNanoUsd } from '../money.ts';
import { windowId } from '../window.ts';
import type { StoredCounter } from './store.ts';

/** What counts an account's requests through own keys since there is a fee: a scope without a limit, beside those of its generations. */
export const OWN_COUNTER = { kind: 'byok' } as const;

/** How often what other nodes served is read again, while it is used. */
const READ_EVERY_MS = 2000;

/** The months around now, and the one that a wrong clock may name. */
const MAX_MONTHS = 4;

interface Used {
  listNanoUsd: NanoUsd;
  requests: number;
}

interface Month {
  /** By all nodes, as of the last reading. */
  stored: Used;
  /** By this process, and not among the stored. */
  unflushed: Used;
  /** By requests that run. */
  reserved: Used;
}

export interface OwnAllowanceOptions {
  readonly fee: OwnKeyFee;
  readonly stored: readonly StoredCounter[];
  /** Where other nodes count too. */
  readonly readAgain?: (() => Promise<readonly StoredCounter[]>) | undefined;
  readonly nowMs: number;
}

export class OwnAllowance {
  readonly fee: OwnKeyFee;
  readonly #readAgain: OwnAllowanceOptions['readAgain'];
  #readAtMs: number;
  /** By their ids; more than one, because a clock may be set back over the first of a month. */
  readonly #months = new Map<string, Month>();

  constructor({ fee, stored, readAgain, nowMs }: OwnAllowanceOptions) {
    this.fee = fee;
    this.#readAgain = readAgain;
    this.#readAtMs = nowMs;
    this.#learn(stored);
  }

  /** Whether a request that costs at most this by the list would be free now. */
  covers(listNanoUsd: NanoUsd, nowMs: number): boolean {
    this.#readAgainSometimes(nowMs);
    return this.#covers(this.#monthOf(windowId('monthly', nowMs)), listNanoUsd);
  }

  /** The claim of a request that may cost this much by the list: free where the allowance covers all of it, whatever comes meanwhile. */
  claim(listNanoUsd: NanoUsd, nowMs: number): FeeClaim {
    const month = this.#monthOf(windowId('monthly', nowMs));
    if (!this.#covers(month, listNanoUsd)) return new FeeClaim(this, month, null);
    month.reserved.listNanoUsd += listNanoUsd;
    month.reserved.requests += 1;
    return new FeeClaim(this, month, listNanoUsd);
  }

  /** What a request that has nothing reserved owes once its list price is known: nothing for what the allowance still has. */
  owedNanoUsd(month: Month, listNanoUsd: NanoUsd): NanoUsd {
    const { freeRequests, millionths } = this.fee;
    if (freeRequests !== null && requestsOf(month) < freeRequests) return 0n;
    const free = this.#leftNanoUsd(month);
    return free >= listNanoUsd ? 0n : partOfNanoUsd(listNanoUsd - free, millionths);
  }

  /** The flusher has brought this into the database. */
  flushed(id: string, listNanoUsd: NanoUsd, requests: number): void {
    const month = this.#months.get(id);
    if (month === undefined) return;
    move(month.unflushed, -listNanoUsd, -requests);
    move(month.stored, listNanoUsd, requests);
  }

  #covers(month: Month, listNanoUsd: NanoUsd): boolean {
    const { freeRequests } = this.fee;
    if (freeRequests !== null) return requestsOf(month) < freeRequests;
    return this.#leftNanoUsd(month) >= listNanoUsd;
  }

  #leftNanoUsd({ stored, unflushed, reserved }: Month): NanoUsd {
    const { freeNanoUsd } = this.fee;
    if (freeNanoUsd === null) return 0n;
    const left = freeNanoUsd - stored.listNanoUsd - unflushed.listNanoUsd - reserved.listNanoUsd;
    return left > 0n ? left : 0n;
  }

  /** Behind the back of whoever asks: it goes by what is known while the database is gone. */
  #readAgainSometimes(nowMs: number): void {
    if (this.#readAgain === undefined || Math.abs(nowMs - this.#readAtMs) < READ_EVERY_MS) return;
    this.#readAtMs = nowMs;
    this.#readAgain().then(
      (stored) => this.#learn(stored),
      () => undefined,
    );
  }

  #learn(stored: readonly StoredCounter[]): void {
    for (const { windowId, byokNanoUsd, requests } of stored)
      this.#monthOf(windowId).stored = { listNanoUsd: byokNanoUsd, requests };
  }

  #monthOf(id: string): Month {
    let month = this.#months.get(id);
    if (month === undefined) {
      const oldest = [...this.#months.keys()].sort()[0];
      if (this.#months.size >= MAX_MONTHS && oldest !== undefined) this.#months.delete(oldest);
      month = { stored: nothing(), unflushed: nothing(), reserved: nothing() };
      this.#months.set(id, month);
    }
    return month;
  }
}

/** Of one request, until it ends. */
export class FeeClaim {
  readonly #allowance: OwnAllowance;
  readonly #month: Month;
  /** Null: nothing is reserved. */
  readonly #reservedNanoUsd: NanoUsd | null;

  constructor(allowance: OwnAllowance, month: Month, reservedNanoUsd: NanoUsd | null) {
    this.#allowance = allowance;
    this.#month = month;
    this.#reservedNanoUsd = reservedNanoUsd;
  }

  /** What is charged for a request that came to this by the list, were it to end now. */
  feeNanoUsd(listNanoUsd: NanoUsd): NanoUsd {
    return this.#reservedNanoUsd === null ? this.#allowance.owedNanoUsd(this.#month, listNanoUsd) : 0n;
  }

  /** Once. Null: the caller's own key did not pay. */
  end(listNanoUsd: NanoUsd | null): void {
    if (this.#reservedNanoUsd !== null) move(this.#month.reserved, -this.#reservedNanoUsd, -1);
    if (listNanoUsd !== null) move(this.#month.unflushed, listNanoUsd, 1);
  }
}

function requestsOf({ stored, unflushed, reserved }: Month): number {
  return stored.requests + unflushed.requests + reserved.requests;
}

function move(used: Used, listNanoUsd: NanoUsd, requests: number): void {
  used.listNanoUsd += listNanoUsd;
  used.requests += requests;
}

function nothing(): Used {
  return { listNanoUsd: 0n, requests: 0 };
}
