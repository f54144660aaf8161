/** One node of a simulated world: the real Wallets, LeaseKeeper and admit, on a journal that is a list and survives a crash. */
import type { Principal } from '../../src/auth/principal.ts';
import type { Config } from '../../src/config/config.ts';
import { type Admission, admit } from '../../src/limits/admit.ts';
import { LeaseKeeper } from '../../src/limits/leases/keeper.ts';
import type { Scope } from '../../src/limits/scope.ts';
import { type ScopeKind, scopeName } from '../../src/limits/scope-kind.ts';
import { accountCredits } from '../../src/limits/scope-kinds/account-credits.ts';
import { Wallets } from '../../src/limits/wallets.ts';
import type { Logger } from '../../src/log.ts';
import type { ScopeRef } from '../../src/metering/generation.ts';
import { type Spent, usageOf } from '../../src/metering/usage-sums.ts';
import { endpointOf, pricingOf } from '../../src/routing/__fixtures__/endpoints.ts';
import { type Budgets, guardrails, workspaceBudgets } from '../budgets.ts';
import type { Asker, SimulatedDatabase } from './database.ts';
import type { Events } from './events.ts';

const NANO_A_TOKEN = 7n;
const ENDPOINT = endpointOf({ pricing: pricingOf({ completion: NANO_A_TOKEN * 1000n }) });
export const MOST_TOKENS = 40;
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

interface JournalRecord {
  readonly seq: number;
  readonly id: number;
  readonly kind: 'hold' | 'mark' | 'settle';
  readonly costNanoUsd: bigint;
}

export interface Settled {
  readonly seq: number;
  readonly id: number;
  readonly costNanoUsd: bigint;
}

/** What of a journal a process reads back, and what is lost with the process. */
export class SimulatedJournal {
  #records: JournalRecord[] = [];
  /** How many of them the operating system has. */
  #written = 0;
  #nextSeq = 1;
  #waiting: { readonly upTo: number; readonly resolve: () => void }[] = [];

  append(id: number, kind: JournalRecord['kind'], costNanoUsd: bigint): number {
    this.#records.push({ seq: this.#nextSeq, id, kind, costNanoUsd });
    this.#nextSeq += 1;
    return this.#nextSeq - 1;
  }

  /** All that was appended, at once and in its order. */
  write(): void {
    this.#written = this.#records.length;
    const upTo = this.#records.at(-1)?.seq ?? 0;
    const done = this.#waiting.filter((waiting) => waiting.upTo <= upTo);
    this.#waiting = this.#waiting.filter((waiting) => waiting.upTo > upTo);
    for (const { resolve } of done) resolve();
  }

  /** Resolves when what was appended so far cannot be lost any more. */
  durable(): Promise<void> {
    const last = this.#records.at(-1);
    if (last === undefined || this.#written === this.#records.length) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ upTo: last.seq, resolve }));
  }

  /** The process has died: returns what nobody can read back. */
  lose(): JournalRecord[] {
    this.#waiting = [];
    return this.#records.splice(this.#written);
  }

  get records(): readonly JournalRecord[] {
    return this.#records;
  }

  forget(ids: ReadonlySet<number>): void {
    const unwritten = this.#records.slice(this.#written);
    const kept = this.#records.slice(0, this.#written).filter(({ id }) => !ids.has(id));
    this.#records = [...kept, ...unwritten];
    this.#written = kept.length;
  }
}

export interface Work {
  readonly id: number;
  readonly admission: Admission;
  /** Its record is written: it may be sent. */
  isSent: boolean;
  markNanoUsd: bigint;
}

/** What the model knows of a request. */
export interface Truth {
  readonly scopes: readonly ScopeRef[];
  readonly heldAtMs: number;
}

export interface LifeOptions {
  readonly nodeId: string;
  readonly epoch: number;
  readonly database: SimulatedDatabase;
  readonly events: Events;
  readonly journal: SimulatedJournal;
  readonly truths: ReadonlyMap<number, Truth>;
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
}

/** From a start to a crash. */
export class Life implements Asker {
  readonly nodeId: string;
  readonly epoch: number;
  isAlive = true;
  isReady = false;
  /** The limits as the change feed has told them. */
  readonly limits: Budgets = new Map();
  version = 0;
  readonly running = new Map<number, Work>();
  readonly wallets: Wallets;
  readonly keeper: LeaseKeeper;
  /** What each scope said at the last look. */
  readonly lastSettled = new Map<string, { scope: Scope; settledNanoUsd: bigint }>();
  readonly #options: LifeOptions;
  readonly #kinds: readonly ScopeKind[];
  #unflushed: Settled[] = [];
  #flushing: Promise<void> | null = null;

  constructor(options: LifeOptions) {
    const { nodeId, database, nowMs, monotonicMs, journal } = options;
    this.#options = options;
    this.nodeId = nodeId;
    this.epoch = options.epoch;
    const clock = { nowMs };
    this.#kinds = [accountCredits({ mode: 'off' }), this.#kind(workspaceBudgets), this.#kind(guardrails)];
    this.wallets = new Wallets({
      readCounters: database.counterReader(this),
      clock,
      limits: { freeRequestsPerDay: 0, freeRequestsPerMinute: 0 } as Config['limits'],
      kinds: this.#kinds,
      isShared: true,
      readCredits: async () => ({ creditsNanoUsd: 0n, purchasedNanoUsd: 0n }),
      flushed: () => this.flushed(),
      // Few, so that idle keys are forgotten and loaded again.
      maxWallets: 3,
    });
    this.keeper = new LeaseKeeper({
      ...{ store: database.leaseStore(this), wallets: this.wallets, clock, logger: silent, nodeId },
      recorded: () => journal.durable(),
      timing: {
        monotonicMs,
        sleep: (ms) => new Promise((resolve) => void this.#later(ms, resolve)),
        schedule: (ms, run) => this.#later(ms, run),
      },
    });
  }

  /** Its rules are those that this node has heard of, its limits in a transaction those of the database. */
  #kind(kindOf: (budgets: Budgets) => ScopeKind): ScopeKind {
    const { readLimit } = kindOf(this.#options.database.limits);
    return { ...kindOf(this.limits), readLimit };
  }

  #later(ms: number, run: () => void): () => void {
    return this.#options.events.after(ms, () => {
      if (this.isAlive) run();
    });
  }

  /** As a process starts: the journal is its own, what is open in it is settled, and all of it flushed, before it leases anew. */
  async start(settle: (id: number, costNanoUsd: bigint) => number): Promise<void> {
    const { database, journal, nodeId, epoch } = this.#options;
    const flushedSeq = await database.transaction(this, () => {
      const seq = database.positions.get(nodeId)?.seq ?? 0;
      database.positions.set(nodeId, { epoch, seq });
      return seq;
    });
    const open = new Map<number, bigint>();
    for (const { seq, id, kind, costNanoUsd } of journal.records) {
      if (kind !== 'settle') open.set(id, costNanoUsd);
      else open.delete(id);
      if (kind === 'settle' && seq > flushedSeq) this.#unflushed.push({ seq, id, costNanoUsd });
    }
    for (const [id, costNanoUsd] of open)
      this.#unflushed.push({ seq: settle(id, costNanoUsd), id, costNanoUsd });
    await this.flushed();
    await this.keeper.start();
    this.isReady = true;
  }

  hear(limits: Budgets, version: number): void {
    if (version < this.version) return;
    this.version = version;
    this.limits.clear();
    for (const [id, limit] of limits) this.limits.set(id, limit);
  }

  /** The names of what a request that comes now must count against. */
  rulesFor(principal: Principal): string[] {
    const credits = { creditsNanoUsd: 0n, purchasedNanoUsd: 0n };
    return this.#kinds.flatMap((kind) =>
      kind.rulesFor(principal, credits).map(({ id }) => scopeName(kind.kind, id)),
    );
  }

  /** As `complete` admits: wallet, leases, hold. Throws the refusal. */
  async admit(
    principal: Principal,
    maxTokens: number,
  ): Promise<{ admission: Admission; scopes: ScopeRef[]; heldAtMs: number }> {
    const wallet = await this.wallets.walletOf(principal);
    const heldAtMs = this.#options.nowMs();
    const asked = {
      wallet,
      size: { promptTokensBound: 0, imageCount: 0, choices: 1, maxTokens },
      endpoints: [ENDPOINT],
      unpriced: [],
      promptOverheadTokens: () => 0,
      defaultMaxTokens: MOST_TOKENS,
      maxHoldNanoUsd: null,
      nowMs: heldAtMs,
    };
    const leasing = this.keeper.ensure(asked);
    if (leasing !== undefined) await leasing;
    return {
      admission: admit(asked),
      scopes: wallet.scopes.map(({ kind, id }): ScopeRef => [kind, id]),
      heldAtMs,
    };
  }

  settled(settled: Settled): void {
    this.#unflushed.push(settled);
  }

  /** Resolves when all that is settled so far is in the database. */
  async flushed(): Promise<void> {
    const target = this.#unflushed.at(-1)?.seq;
    if (target === undefined) return;
    while ((this.#unflushed[0]?.seq ?? Number.POSITIVE_INFINITY) <= target) await this.flush();
  }

  flush(): Promise<void> {
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = null;
    });
    return this.#flushing;
  }

  async #flush(): Promise<void> {
    const { database, journal, nodeId, epoch } = this.#options;
    const batch = [...this.#unflushed];
    const last = batch.at(-1);
    if (last === undefined) return;
    await journal.durable();
    const costs = new Map(batch.map(({ id, costNanoUsd }) => [id, costNanoUsd]));
    const usage = (ids: Iterable<number>) =>
      usageOf([...ids].map((id) => this.#spent(id, costs.get(id) ?? 0n)));
    await database.transaction(this, () => database.flush(nodeId, epoch, batch, usage));
    this.keeper.flushed(usage(costs.keys()), last.seq);
    this.#unflushed.splice(0, batch.length);
    journal.forget(new Set(costs.keys()));
  }

  #spent(id: number, costNanoUsd: bigint): Spent {
    const truth = this.#options.truths.get(id);
    if (truth === undefined) throw new Error(`request ${id} was never held`);
    const { heldAtMs, scopes } = truth;
    return { scopes, atMs: heldAtMs, costNanoUsd, byokNanoUsd: 0n, requests: 1 };
  }
}
