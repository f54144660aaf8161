/**
 * The database of a simulated world: limits, counters, leases, how far each journal has come. Each transaction happens at one
 * instant between its question and its answer; either may be lost or late, also beyond the death of who asked.
 */

import type { Random } from '../../prove/random.ts';
import type {
  Granted,
  LeaseKey,
  LeaseOrder,
  LeaseStore,
  OwnLease,
  Restatement,
} from '../../src/limits/leases/store.ts';
import type { ScopeLimit } from '../../src/limits/scope-kind.ts';
import type { CounterReader } from '../../src/limits/store.ts';
import type { Db } from '../../src/storage/database.ts';
import type { UsageWindowTable } from '../../src/storage/schema.ts';
import type { Budgets } from '../budgets.ts';
import type { Events } from './events.ts';

/** The simulated kinds read their limits without it. */
const NO_DB = {} as Db;

interface StoredLease {
  readonly key: LeaseKey;
  amountNanoUsd: bigint;
  grantId: string;
  expiresAtMs: number;
}

/** A life of a node: what it asked for is not answered once it has died. */
export interface Asker {
  readonly nodeId: string;
  readonly epoch: number;
  isAlive: boolean;
}

export class SimulatedDatabase {
  isUp = true;
  /** Nothing is lost or late any more. */
  isCalm = false;
  readonly limits: Budgets = new Map();
  /** The most that each limit ever was: what is spent under it stays spent when it is lowered. */
  readonly mostLimits = new Map<string, bigint>();
  readonly settled = new Map<string, bigint>();
  readonly leases = new Map<string, StoredLease>();
  readonly positions = new Map<string, { epoch: number; seq: number }>();
  readonly generations = new Map<number, bigint>();
  #version = 0;
  readonly #listeners = new Set<{ asker: Asker; hear: (payload?: string) => void }>();
  readonly #events: Events;
  readonly #random: Random;

  constructor(events: Events, random: Random) {
    this.#events = events;
    this.#random = random;
  }

  setLimit(id: string, limit: Omit<ScopeLimit, 'version'> | null): void {
    this.#version += 1;
    if (limit === null) {
      this.limits.delete(id);
      return;
    }
    this.limits.set(id, { ...limit, version: this.#version });
    const most = this.mostLimits.get(id) ?? 0n;
    if ((limit.limitNanoUsd ?? 0n) > most) this.mostLimits.set(id, limit.limitNanoUsd ?? 0n);
  }

  get version(): number {
    return this.#version;
  }

  settledIn(kind: string, id: string, windowId: string): bigint {
    return this.settled.get(`${kind} ${id} ${windowId}`) ?? 0n;
  }

  leasedIn(kind: string, id: string, windowId: string): bigint {
    let sum = 0n;
    for (const { key, amountNanoUsd } of this.leases.values())
      if (key.scopeKind === kind && key.scopeId === id && key.windowId === windowId) sum += amountNanoUsd;
    return sum;
  }

  /** One transaction: the question travels, happens whole or not at all, and the answer travels back, if anybody is left to hear it. */
  transaction<T>(asker: Asker, work: () => T | Promise<T>): Promise<T> {
    const answer = Promise.withResolvers<T>();
    const events = this.#events;
    // A slow statement is given up by whoever waits for it, and happens all the same.
    const travelMs = () =>
      !this.isCalm && this.#random.chance(0.02) ? this.#random.whole(1000, 5000) : this.#random.whole(0, 40);
    const fail = () => {
      if (asker.isAlive) answer.reject(new Error('the database is gone'));
    };
    const happen = async () => {
      if (!this.isUp || this.#isLost()) return fail();
      let outcome: { value: T } | { thrown: unknown };
      try {
        outcome = { value: await work() };
      } catch (thrown) {
        outcome = { thrown };
      }
      events.after(travelMs(), () => {
        if (!this.isUp || this.#isLost()) return fail();
        if (!asker.isAlive) return;
        if ('value' in outcome) answer.resolve(outcome.value);
        else answer.reject(outcome.thrown);
      });
    };
    events.after(travelMs(), () => void happen());
    return answer.promise;
  }

  #isLost(): boolean {
    return !this.isCalm && this.#random.chance(0.01);
  }

  counterReader(asker: Asker): CounterReader {
    return (kind, id, windowIds) =>
      this.transaction(asker, () =>
        windowIds.map((windowId) => ({
          ...{ windowId, costNanoUsd: this.settledIn(kind, id, windowId), byokNanoUsd: 0n, requests: 0 },
        })),
      );
  }

  /** The questions of `LeaseStore`, answered as its SQL does. */
  leaseStore(asker: Asker): LeaseStore {
    const ask = <T>(work: () => T | Promise<T>) => this.transaction(asker, work);
    return {
      acquire: (order) => ask(() => this.#acquire(asker, order)),
      drop: (key, grantId) =>
        ask(() => {
          if (this.leases.get(nameOf(key))?.grantId === grantId) this.leases.delete(nameOf(key));
        }),
      shrink: (key, grantId, byNanoUsd) =>
        ask(() => {
          const lease = this.leases.get(nameOf(key));
          if (lease?.grantId === grantId) lease.amountNanoUsd = atLeastZero(lease.amountNanoUsd - byNanoUsd);
        }),
      restate: (order) => ask(() => this.#restate(asker, order)),
      renew: (nodeId, ttlMs) => ask(() => this.#renew(nodeId, ttlMs)),
      deleteAllOf: async (nodeId) => {
        const grants = await ask(() => this.#leasesOf(nodeId).map(({ grantId }) => grantId));
        await ask(() => {
          for (const [name, { key, grantId }] of this.leases)
            if (key.nodeId === nodeId && grants.includes(grantId)) this.leases.delete(name);
        });
      },
      journalSeq: () => ask(() => this.#journalSeq(asker)),
      limitOf: (kind, id) => ask(() => kind.readLimit(NO_DB, id)),
      recall: (payload) =>
        ask(() => {
          for (const listener of this.#listeners)
            this.#events.after(this.#random.whole(0, 40), () => {
              if (listener.asker.isAlive && this.isUp) listener.hear(payload);
            });
        }),
      listenForRecalls: (hear) => {
        const listener = { asker, hear };
        this.#listeners.add(listener);
        return {
          stop: async () => {
            this.#listeners.delete(listener);
          },
        };
      },
    };
  }

  forget(asker: Asker): void {
    for (const listener of this.#listeners) if (listener.asker === asker) this.#listeners.delete(listener);
  }

  /** Adds what is behind the journal's position, and takes it out of its node's leases. */
  flush(
    nodeId: string,
    epoch: number,
    batch: readonly { readonly seq: number; readonly id: number; readonly costNanoUsd: bigint }[],
    usageOf: (ids: readonly number[]) => readonly UsageWindowTable[],
  ): void {
    const position = this.#positionOf({ nodeId, epoch });
    const fresh = batch.filter(({ seq }) => seq > position.seq);
    for (const { id, costNanoUsd } of fresh) {
      if (this.generations.has(id)) throw new Error(`request ${id} is stored twice`);
      this.generations.set(id, costNanoUsd);
    }
    for (const row of usageOf(fresh.map(({ id }) => id))) {
      const name = `${row.scope_kind} ${row.scope_id} ${row.window_id}`;
      this.settled.set(name, (this.settled.get(name) ?? 0n) + row.cost_nano_usd);
      const lease = this.leases.get(`${name} ${nodeId}`);
      if (lease !== undefined) lease.amountNanoUsd = atLeastZero(lease.amountNanoUsd - row.cost_nano_usd);
    }
    position.seq = fresh.at(-1)?.seq ?? position.seq;
  }

  #journalSeq(asker: Asker): number {
    return this.#positionOf(asker).seq;
  }

  #positionOf({ nodeId, epoch }: Pick<Asker, 'nodeId' | 'epoch'>) {
    const position = this.positions.get(nodeId);
    if (position?.epoch !== epoch) throw new Error('another process has taken the journal over');
    return position;
  }

  async #acquire(asker: Asker, order: LeaseOrder): Promise<Granted> {
    const { key, grantId, ttlMs } = order;
    const limit = await order.readLimit(NO_DB);
    const journalSeq = this.#journalSeq(asker);
    const leased = { ownNanoUsd: 0n, othersNanoUsd: 0n, others: 0 };
    for (const { key: of, amountNanoUsd } of this.leases.values()) {
      if (of.scopeKind !== key.scopeKind || of.scopeId !== key.scopeId) continue;
      if (of.nodeId === key.nodeId) {
        if (of.windowId === key.windowId) leased.ownNanoUsd = amountNanoUsd;
      } else if (amountNanoUsd > 0n && order.countsLeasesOf(of.windowId)) {
        leased.othersNanoUsd += amountNanoUsd;
        leased.others += 1;
      }
    }
    const settledNanoUsd = this.settledIn(key.scopeKind, key.scopeId, key.windowId);
    const settled = { costNanoUsd: settledNanoUsd, byokNanoUsd: 0n };
    const room = { limit, settled, settledNanoUsd, ...leased };
    const grantedNanoUsd = order.sizeOf(room);
    const isNamed = grantedNanoUsd + room.ownNanoUsd > 0n;
    if (isNamed) this.#add(key, grantedNanoUsd, grantId, ttlMs);
    const amountNanoUsd = isNamed ? room.ownNanoUsd + grantedNanoUsd : 0n;
    return { ...room, grantedNanoUsd, amountNanoUsd, journalSeq };
  }

  #add(key: LeaseKey, amountNanoUsd: bigint, grantId: string, ttlMs: number): void {
    const lease = this.leases.get(nameOf(key));
    const expiresAtMs = this.#events.nowMs + ttlMs;
    if (lease === undefined) this.leases.set(nameOf(key), { key, amountNanoUsd, grantId, expiresAtMs });
    else Object.assign(lease, { amountNanoUsd: lease.amountNanoUsd + amountNanoUsd, grantId, expiresAtMs });
  }

  #restate(asker: Asker, { key, grantId, ttlMs, idleNanoUsd, owedNanoUsd }: Restatement): void {
    this.#journalSeq(asker);
    const lease = this.leases.get(nameOf(key));
    if (lease === undefined) {
      if (owedNanoUsd > 0n) this.#add(key, owedNanoUsd, grantId, ttlMs);
      return;
    }
    lease.amountNanoUsd = atLeastZero(lease.amountNanoUsd - idleNanoUsd);
    lease.grantId = grantId;
    lease.expiresAtMs = this.#events.nowMs + ttlMs;
  }

  #renew(nodeId: string, ttlMs: number): OwnLease[] {
    return this.#leasesOf(nodeId).map((lease) => {
      const is_alive = lease.expiresAtMs > this.#events.nowMs;
      if (is_alive) lease.expiresAtMs = this.#events.nowMs + ttlMs;
      const { scopeKind, scopeId, windowId } = lease.key;
      return {
        ...{ scope_kind: scopeKind, scope_id: scopeId, window_id: windowId },
        ...{ grant_id: lease.grantId, is_alive },
      };
    });
  }

  #leasesOf(nodeId: string): StoredLease[] {
    return [...this.leases.values()].filter(({ key }) => key.nodeId === nodeId);
  }
}

function nameOf({ scopeKind, scopeId, windowId, nodeId }: LeaseKey): string {
  return `${scopeKind} ${scopeId} ${windowId} ${nodeId}`;
}

function atLeastZero(amount: bigint): bigint {
  return amount > 0n ? amount : 0n;
}
