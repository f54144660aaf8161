/**
 * Where requests queue for the lease of one scope in one window. One statement to the database at a time: those who wait are
 * served together by the next, in the order in which they came.
 */
import type { Timing } from '../../clock.ts';
import { newId } from '../../ids.ts';
import type { NanoUsd } from '../../money.ts';
import { ALL_TIME, kindOfWindow } from '../../window.ts';
import type { HoldRange } from '../admit.ts';
import type { Scope } from '../scope.ts';
import type { ScopeKind } from '../scope-kind.ts';
import type { Lease } from './lease.ts';
import type { Granted, LeaseKey, LeaseStore, Room } from './store.ts';

/** How long a request waits for what other nodes do not use, and how often it looks. */
const RECALL_WAIT_MS = 250;
const RECALL_STEP_MS = 25;
/** After what was asked for could not be had, it is not asked for again so soon. */
const DENIED_FOR_MS = 100;
/** A lease is worth so many requests; more while it keeps running out, so that a busy node seldom asks. */
const LEAST_APPETITE = 8;
const MOST_APPETITE = 1024;
const SHORT_MS = 1000;
/** Of what is left a node takes no more in advance than half of its share, were there at least so many nodes. */
const LEAST_NODES = 4n;

export interface LeaseLineOptions {
  readonly scope: Scope;
  readonly kind: ScopeKind;
  readonly windowId: string;
  readonly nodeId: string;
  readonly store: LeaseStore;
  readonly timing: Timing;
  readonly ttlMs: number;
  readonly nowMs: () => number;
  /** How far this node's journal is in the database, as far as its scopes have been told. */
  readonly flushedSeq: () => number;
  /** Resolves when nothing that was settled so far can be lost any more. */
  readonly recorded: () => Promise<void>;
}

interface Waiting extends HoldRange {
  readonly settle: PromiseWithResolvers<boolean>;
  /** Null: others have not been asked yet. */
  recallUntilMs: number | null;
}

export class LeaseQueue {
  readonly scope: Scope;
  readonly windowId: string;
  readonly #options: LeaseLineOptions;
  readonly #key: LeaseKey;
  #waiting: Waiting[] = [];
  #last: Promise<unknown> = Promise.resolve();
  #pending = 0;
  #isServing = false;
  #appetite = LEAST_APPETITE;
  #grantedAtMs = Number.NEGATIVE_INFINITY;
  #denied: { readonly amountNanoUsd: NanoUsd; readonly untilMs: number } | null = null;

  constructor(options: LeaseLineOptions) {
    const { scope, windowId, nodeId } = options;
    this.#options = options;
    this.scope = scope;
    this.windowId = windowId;
    this.#key = { scopeKind: scope.kind, scopeId: scope.id, windowId, nodeId };
  }

  /** Something is asked of the database, or about to be. */
  get isBusy(): boolean {
    return this.#pending > 0;
  }

  get lease(): Lease | undefined {
    return this.scope.leases.get(this.windowId);
  }

  /** The database said a moment ago that this much is not there. */
  hasJustDenied({ wantedNanoUsd }: HoldRange): boolean {
    const denied = this.#denied;
    return (
      denied !== null &&
      wantedNanoUsd >= denied.amountNanoUsd &&
      this.#options.timing.monotonicMs() < denied.untilMs
    );
  }

  forgetDenials(): void {
    this.#denied = null;
  }

  /** True when the lease, or the limit, may have changed in favour of the request; false when it is to be refused. */
  ask(range: HoldRange): Promise<boolean> {
    const settle = Promise.withResolvers<boolean>();
    this.#waiting.push({ ...range, settle, recallUntilMs: null });
    if (!this.#isServing) {
      this.#isServing = true;
      void this.#exclusive(() => this.#serve());
    }
    return settle.promise;
  }

  /** Gives back what nothing is held against, the whole lease where nothing is owed. */
  giveBack(): Promise<void> {
    return this.#exclusive(() => this.#giveBack());
  }

  /** A limit has come while requests ran without one: what they may still cost is leased, however much the limit leaves. */
  backOwed(): Promise<void> {
    return this.#exclusive(async () => {
      const unbackedNanoUsd = () => most(0n, this.scope.unbackedNanoUsd());
      if (unbackedNanoUsd() > 0n)
        await this.#acquire((room) => (this.#isLimitedHere(room) ? unbackedNanoUsd() : 0n));
    });
  }

  /** The lease has expired in the database, or is gone there: from then on it is what this node still owes. */
  restate(renewalSentAtMs: number): Promise<void> {
    return this.#exclusive(async () => {
      const { lease, scope, windowId } = this;
      if (lease === undefined || lease.grantId === null || lease.writtenAtMs > renewalSentAtMs) return;
      const { store, ttlMs } = this.#options;
      const idleNanoUsd = most(0n, scope.freeOfLeaseNanoUsd(windowId));
      // Both of this moment: what is freed while the end is written down is free here, so it must be backed there.
      const owedNanoUsd = scope.owedNanoUsd(windowId);
      lease.grantedNanoUsd -= idleNanoUsd;
      await this.#options.recorded();
      const grantId = newId();
      await store.restate({ key: this.#key, grantId, ttlMs, idleNanoUsd, owedNanoUsd });
      lease.grantId = grantId;
      lease.writtenAtMs = this.#options.timing.monotonicMs();
    });
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#pending > 0) await this.#last;
  }

  /** One after the other, whatever becomes of the one before. */
  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    this.#pending += 1;
    const result = this.#last.then(work).finally(() => {
      this.#pending -= 1;
    });
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #giveBack(): Promise<void> {
    const { lease, scope, windowId } = this;
    if (lease === undefined) return;
    const { store } = this.#options;
    const { grantId } = lease;
    const isWhole = scope.owedNanoUsd(windowId) === 0n;
    const idleNanoUsd = scope.freeOfLeaseNanoUsd(windowId);
    // It leaves the memory before it leaves the database: nothing is held against what another node may have.
    if (isWhole) scope.dropLease(windowId);
    else if (idleNanoUsd > 0n) lease.grantedNanoUsd -= idleNanoUsd;
    if (grantId === null) return;
    // A hold that ended below its mark is charged the mark if we die before its end is written: until then the money is owed.
    await this.#options.recorded();
    if (isWhole) await store.drop(this.#key, grantId);
    else if (idleNanoUsd > 0n) await store.shrink(this.#key, grantId, idleNanoUsd);
  }

  async #serve(): Promise<void> {
    let recalledAtMs = Number.NEGATIVE_INFINITY;
    let left: Waiting[] = [];
    for (;;) {
      const asking = [...left, ...this.#waiting.splice(0)];
      if (asking.length === 0) break;
      try {
        left = this.#answer(asking, await this.#acquire((room) => this.#sizeOf(room, asking)));
        if (left.length === 0) continue;
        if (this.#options.timing.monotonicMs() - recalledAtMs > RECALL_WAIT_MS) {
          recalledAtMs = this.#options.timing.monotonicMs();
          await this.#options.store.recall(this.#recallPayload(), this.#options.nowMs());
        }
        await this.#options.timing.sleep(RECALL_STEP_MS);
        // Too little for whoever waits here: nodes that are short at once would else each refuse for what the others keep.
        await this.#giveBack();
      } catch (cause) {
        for (const { settle } of asking) settle.reject(cause);
        left = [];
      }
    }
    this.#isServing = false;
  }

  async #acquire(sizeOf: (room: Room) => NanoUsd): Promise<Granted> {
    const { scope, windowId } = this;
    const { store, kind, ttlMs, nowMs } = this.#options;
    const lease = scope.leaseFor(windowId, nowMs());
    const grantId = newId();
    const limitBefore = scope.limit;
    const granted = await store.acquire({
      key: this.#key,
      grantId,
      ttlMs,
      // What counts in windows of one kind alone shares no other with anybody.
      commonWindowId: scope.countsInAll ? ALL_TIME : windowId,
      countsLeasesOf: (windowId) => this.#countsLeasesOf(windowId),
      readLimit: (db) => kind.readLimit(db, scope.id),
      sizeOf,
    });
    const knowsNoLaterFlush = granted.journalSeq <= this.#options.flushedSeq();
    if (granted.amountNanoUsd > 0n) {
      // The database's own figure mends what an interrupted statement may have left different.
      if (granted.journalSeq === this.#options.flushedSeq()) lease.grantedNanoUsd = granted.amountNanoUsd;
      else lease.grantedNanoUsd += granted.grantedNanoUsd;
      lease.grantId = grantId;
      lease.writtenAtMs = this.#options.timing.monotonicMs();
    }
    lease.usedAtMs = nowMs();
    // What has been heard since this was asked is newer.
    if (granted.limit !== null && scope.limit === limitBefore) scope.adoptLimit(granted.limit);
    scope.learnSettled(windowId, granted.settled, { knowsNoLaterFlush });
    return granted;
  }

  /** Enough for as many of those who wait as it can be, and far from the limit for some that will come. */
  #sizeOf(room: Room, asking: readonly Waiting[]): NanoUsd {
    if (!this.#isLimitedHere(room)) return 0n;
    const availableNanoUsd = availableIn(room);
    if (availableNanoUsd <= 0n) return 0n;
    const freeNanoUsd = this.scope.freeOfLeaseNanoUsd(this.windowId);
    const covered = coveredNanoUsd(asking, availableNanoUsd + freeNanoUsd);
    const needed = covered - freeNanoUsd;
    // Nobody can use it: at most what is owed already is backed.
    if (covered === 0n) return least(availableNanoUsd, most(0n, needed));
    const share = availableNanoUsd / (2n * most(LEAST_NODES, BigInt(room.others) + 1n));
    return least(availableNanoUsd, most(needed, least(share, this.#desired(asking))));
  }

  #desired(asking: readonly Waiting[]): NanoUsd {
    const nowMs = this.#options.timing.monotonicMs();
    const ranOutSoon = nowMs - this.#grantedAtMs < SHORT_MS;
    this.#grantedAtMs = nowMs;
    this.#appetite = ranOutSoon ? Math.min(MOST_APPETITE, this.#appetite * 2) : LEAST_APPETITE;
    return asking.reduce((sum, { wantedNanoUsd }) => most(sum, wantedNanoUsd), 0n) * BigInt(this.#appetite);
  }

  /** Lets go of everybody whose answer is clear, and returns those for whom other nodes may have something. */
  #answer(asking: readonly Waiting[], granted: Granted): Waiting[] {
    if (!this.#isLimitedHere(granted)) {
      for (const { settle } of asking) settle.resolve(granted.limit !== null);
      return [];
    }
    const nowMs = this.#options.timing.monotonicMs();
    const stillAvailableNanoUsd = most(0n, availableIn(granted) - granted.grantedNanoUsd);
    const elsewhereNanoUsd = stillAvailableNanoUsd + granted.othersNanoUsd;
    const left: Waiting[] = [];
    let freeNanoUsd = this.scope.freeOfLeaseNanoUsd(this.windowId);
    for (const one of asking) {
      if (one.leastNanoUsd <= freeNanoUsd) {
        freeNanoUsd -= least(one.wantedNanoUsd, freeNanoUsd);
        one.settle.resolve(true);
        continue;
      }
      one.recallUntilMs ??= nowMs + RECALL_WAIT_MS;
      if (
        granted.others > 0 &&
        freeNanoUsd + elsewhereNanoUsd >= one.leastNanoUsd &&
        nowMs < one.recallUntilMs
      ) {
        left.push(one);
        continue;
      }
      this.#deny(one, nowMs);
      one.settle.resolve(false);
    }
    return left;
  }

  #deny({ wantedNanoUsd }: HoldRange, nowMs: number): void {
    const lowest = this.#denied !== null && nowMs < this.#denied.untilMs ? this.#denied.amountNanoUsd : null;
    const amountNanoUsd = lowest === null ? wantedNanoUsd : least(lowest, wantedNanoUsd);
    this.#denied = { amountNanoUsd, untilMs: nowMs + DENIED_FOR_MS };
  }

  /** What is held against a lease of another kind, from before the limit changed, will be settled in this window too. */
  #countsLeasesOf(windowId: string): boolean {
    return windowId === this.windowId || kindOfWindow(windowId) !== kindOfWindow(this.windowId);
  }

  /** The limit may have gone, or count in windows of another kind, since this node last heard of it. */
  #isLimitedHere({ limit }: Room): boolean {
    if (limit === null || limit.limitNanoUsd === null) return false;
    return limit.windowKind === kindOfWindow(this.windowId);
  }

  #recallPayload(): string {
    const { scopeKind, scopeId, windowId, nodeId } = this.#key;
    return JSON.stringify([scopeKind, scopeId, windowId, nodeId]);
  }
}

function availableIn({ limit, settledNanoUsd, ownNanoUsd, othersNanoUsd }: Room): NanoUsd {
  return (limit?.limitNanoUsd ?? 0n) - settledNanoUsd - ownNanoUsd - othersNanoUsd;
}

/** What those can use who fit into the budget, the first first; one that needs less than it wants takes what is left. */
function coveredNanoUsd(asking: readonly HoldRange[], budgetNanoUsd: NanoUsd): NanoUsd {
  let covered = 0n;
  for (const { wantedNanoUsd, leastNanoUsd } of asking) {
    const left = budgetNanoUsd - covered;
    if (leastNanoUsd <= left) covered += least(wantedNanoUsd, left);
  }
  return covered;
}

function least(a: NanoUsd, b: NanoUsd): NanoUsd {
  return a < b ? a : b;
}

function most(a: NanoUsd, b: NanoUsd): NanoUsd {
  return a > b ? a : b;
}
