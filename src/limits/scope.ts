/**
 * A scope: something with a limit that a request counts against. It knows what is settled and what is held in each window,
 * and never lets their sum pass the limit. Memory only, and synchronous: between a check and a hold nothing else runs.
 */
import type { NanoUsd } from '../money.ts';
import {
  ALL_TIME,
  WINDOW_KINDS,
  type WindowIds,
  type WindowKind,
  windowId,
  windowIds,
  windowIdsNear,
} from '../window.ts';
import { Lease } from './leases/lease.ts';
import type { Refusal, ScopeLimit } from './scope-kind.ts';
import type { Spent } from './store.ts';

/** The two kinds of what is settled are kept apart, because the owner may change which of them the limit counts. */
interface Counters {
  costNanoUsd: NanoUsd;
  byokNanoUsd: NanoUsd;
  heldNanoUsd: NanoUsd;
  /** Settled here and not in the database yet; counted only where other nodes spend too. */
  unflushedCostNanoUsd: NanoUsd;
  unflushedByokNanoUsd: NanoUsd;
}

export interface ScopeOptions {
  readonly kind: string;
  readonly id: string;
  readonly refusal: Refusal;
  readonly limit: ScopeLimit;
  /** Settled so far, by window id. */
  readonly settled: ReadonlyMap<string, Spent>;
  /** Several nodes spend from it: this one may hold only against what it has leased. */
  readonly isShared: boolean;
  /** Its limit never counts own keys, so nothing that they pay leaves a lease. Absent: it may. */
  readonly ignoresByok?: boolean;
  /** The only kind of window that it counts in; absent: in all common ones. */
  readonly onlyWindow?: WindowKind | undefined;
}

export class Scope {
  readonly kind: string;
  readonly id: string;
  readonly refusal: Refusal;
  readonly isShared: boolean;
  readonly #ignoresByok: boolean;
  limit: ScopeLimit;
  /** Another stands for it by now, or will: what is held here would be counted nowhere. */
  isForgotten = false;
  /** It may apply to somebody whose spend it does not know: the database has to be asked before it admits them. */
  mustReopen = false;
  /** Of a key, how many that are in memory count against it: its own, and its children. With the last it is forgotten. */
  keysInMemory = 0;
  /** Told when a hold has ended here, while somebody waits for that. */
  onHoldEnded: (() => void) | null = null;
  readonly #windows = new Map<string, Counters>();
  /** Those of the day that was last asked for, looked up once. */
  #day: { readonly ids: WindowIds; readonly counters: readonly Counters[] } | undefined;
  readonly #windowKinds: readonly WindowKind[];
  readonly #leases = new Map<string, Lease>();
  #openHolds = 0;
  /** By the clock when it was furthest: what is spent then still counts after the clock was wrong for a while. */
  #latestMs = Number.NEGATIVE_INFINITY;

  constructor(options: ScopeOptions) {
    this.kind = options.kind;
    this.id = options.id;
    this.refusal = options.refusal;
    this.limit = options.limit;
    this.isShared = options.isShared;
    this.#ignoresByok = options.ignoresByok === true;
    this.#windowKinds = options.onlyWindow === undefined ? WINDOW_KINDS : [options.onlyWindow];
    for (const [id, { costNanoUsd, byokNanoUsd }] of options.settled)
      this.#windows.set(id, { ...NOTHING, costNanoUsd, byokNanoUsd });
  }

  /** Takes the limit over, unless it is known to be older than the one it has. */
  adoptLimit(limit: ScopeLimit): void {
    const { version } = this.limit;
    if (version !== undefined && limit.version !== undefined && limit.version < version) return;
    this.limit = limit;
  }

  /** What may still be held now; below zero after a limit was lowered. Null: no limit. */
  availableNanoUsd(nowMs: number): NanoUsd | null {
    const { limitNanoUsd } = this.limit;
    if (limitNanoUsd === null) return null;
    const withinLimit = limitNanoUsd - this.settledNanoUsd(nowMs) - this.heldNanoUsd(nowMs);
    if (!this.isShared) return withinLimit;
    const withinLease = this.freeOfLeaseNanoUsd(this.windowIdAt(nowMs));
    return withinLease < withinLimit ? withinLease : withinLimit;
  }

  /** The window that the limit counts in now. */
  windowIdAt(nowMs: number): string {
    return windowId(this.limit.windowKind, nowMs);
  }

  /** What the limit counts, of this node's knowledge; on several nodes as of when it last heard from the database. */
  settledNanoUsd(nowMs: number): NanoUsd {
    const { costNanoUsd, byokNanoUsd } = this.#current(nowMs);
    return this.limit.countsByok ? costNanoUsd + byokNanoUsd : costNanoUsd;
  }

  heldNanoUsd(nowMs: number): NanoUsd {
    return this.#current(nowMs).heldNanoUsd;
  }

  /** What may still be held against this window's lease; below zero when more is owed than is leased. */
  freeOfLeaseNanoUsd(windowId: string): NanoUsd {
    return (this.#leases.get(windowId)?.grantedNanoUsd ?? 0n) - this.owedNanoUsd(windowId);
  }

  /** What this node's requests may still take out of a window's lease: held, or settled and not flushed. */
  owedNanoUsd(windowId: string): NanoUsd {
    return this.#owed(this.#windows.get(windowId) ?? NOTHING);
  }

  /** What this node's requests may still take out of any window, beyond all that is leased for it. */
  unbackedNanoUsd(): NanoUsd {
    let unbacked = 0n;
    if (this.countsInAll) unbacked = this.owedNanoUsd(ALL_TIME);
    else for (const counters of this.#windows.values()) unbacked += this.#owed(counters);
    for (const { grantedNanoUsd } of this.#leases.values()) unbacked -= grantedNanoUsd;
    return unbacked;
  }

  /**
   * What all nodes have settled, as the database says: `knowsNoLaterFlush` when it has no flush of this node's that this
   * node was not told of, so that what is unflushed here is not in it. Never more than the truth.
   */
  learnSettled(windowId: string, stored: Spent, { knowsNoLaterFlush }: { knowsNoLaterFlush: boolean }): void {
    const counters = this.#counters(windowId);
    const { unflushedCostNanoUsd, unflushedByokNanoUsd } = knowsNoLaterFlush ? counters : NOTHING;
    const costNanoUsd = stored.costNanoUsd + unflushedCostNanoUsd;
    const byokNanoUsd = stored.byokNanoUsd + unflushedByokNanoUsd;
    if (costNanoUsd > counters.costNanoUsd) counters.costNanoUsd = costNanoUsd;
    if (byokNanoUsd > counters.byokNanoUsd) counters.byokNanoUsd = byokNanoUsd;
  }

  /** The database has found that so much more was spent before it counted here. */
  opened(windowId: string, { costNanoUsd, byokNanoUsd }: Spent): void {
    const counters = this.#counters(windowId);
    counters.costNanoUsd += costNanoUsd;
    counters.byokNanoUsd += byokNanoUsd;
  }

  /** The database has added this to its counter, and taken it out of the lease, whether or not the limit counts it now. */
  flushed(windowId: string, { costNanoUsd, byokNanoUsd }: Spent): void {
    const counters = this.#windows.get(windowId);
    if (!this.isShared || counters === undefined) return;
    counters.unflushedCostNanoUsd -= costNanoUsd;
    counters.unflushedByokNanoUsd -= byokNanoUsd;
    const lease = this.#leases.get(windowId);
    if (lease !== undefined) lease.grantedNanoUsd -= costNanoUsd + (this.#ignoresByok ? 0n : byokNanoUsd);
  }

  /** Whether all time is among its windows, so that what is held in any of them is held there too. */
  get countsInAll(): boolean {
    return this.#windowKinds.includes(ALL_TIME);
  }

  get leases(): ReadonlyMap<string, Lease> {
    return this.#leases;
  }

  leaseFor(windowId: string, nowMs: number): Lease {
    let lease = this.#leases.get(windowId);
    if (lease === undefined) {
      lease = new Lease(nowMs);
      this.#leases.set(windowId, lease);
    }
    return lease;
  }

  dropLease(windowId: string): void {
    this.#leases.delete(windowId);
  }

  get openHolds(): number {
    return this.#openHolds;
  }

  hasHolds(): boolean {
    for (const counters of this.#windows.values()) if (counters.heldNanoUsd > 0n) return true;
    return false;
  }

  /** Counts a hold in the windows of this instant: it ends in the same ones, whenever that is. */
  hold(amountNanoUsd: NanoUsd, nowMs: number): void {
    this.#openHolds += 1;
    if (nowMs > this.#latestMs) this.#latestMs = nowMs;
    for (const counters of this.#countersAt(nowMs)) counters.heldNanoUsd += amountNanoUsd;
    if (this.#windows.size > MAX_WINDOWS) this.#forgetPastWindows(nowMs);
  }

  /** Ends a hold that was taken at `heldAtMs`, and settles what was spent there. */
  post(heldNanoUsd: NanoUsd, { costNanoUsd, byokNanoUsd }: Spent, heldAtMs: number): void {
    this.#openHolds -= 1;
    for (const counters of this.#countersAt(heldAtMs)) {
      counters.heldNanoUsd -= heldNanoUsd;
      counters.costNanoUsd += costNanoUsd;
      counters.byokNanoUsd += byokNanoUsd;
      if (!this.isShared) continue;
      counters.unflushedCostNanoUsd += costNanoUsd;
      counters.unflushedByokNanoUsd += byokNanoUsd;
    }
    this.onHoldEnded?.();
  }

  #owed({ heldNanoUsd, unflushedCostNanoUsd, unflushedByokNanoUsd }: Counters): NanoUsd {
    return heldNanoUsd + unflushedCostNanoUsd + (this.#ignoresByok ? 0n : unflushedByokNanoUsd);
  }

  #current(nowMs: number): Readonly<Counters> {
    return this.#windows.get(this.windowIdAt(nowMs)) ?? NOTHING;
  }

  /** Every kind of window is counted that the limit may come to use, because the owner may change that. */
  #countersAt(nowMs: number): readonly Counters[] {
    const ids = windowIds(nowMs);
    if (this.#day?.ids !== ids)
      this.#day = { ids, counters: this.#windowKinds.map((kind) => this.#counters(windowId(kind, nowMs))) };
    return this.#day.counters;
  }

  #counters(id: string): Counters {
    let counters = this.#windows.get(id);
    if (counters === undefined) {
      counters = { ...NOTHING };
      this.#windows.set(id, counters);
    }
    return counters;
  }

  /** What counts now, or may once the clock is set right, stays, however long ago it began; so does what this node still owes in. */
  #forgetPastWindows(nowMs: number): void {
    const kinds = this.#windowKinds;
    const near = windowIdsNear(nowMs, kinds).union(windowIdsNear(this.#latestMs, kinds));
    for (const [id, counters] of this.#windows) {
      if (!near.has(id) && this.#owed(counters) === 0n) this.#windows.delete(id);
      if (this.#windows.size <= MAX_WINDOWS) return;
    }
  }
}

const NOTHING: Readonly<Counters> = {
  costNanoUsd: 0n,
  byokNanoUsd: 0n,
  heldNanoUsd: 0n,
  unflushedCostNanoUsd: 0n,
  unflushedByokNanoUsd: 0n,
};

/** No more are near an instant: the four current ones, and those of the days before and after. */
const MAX_WINDOWS = 8;
