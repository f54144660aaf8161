/**
 * Nodes that spend from shared scopes through a database that is slow, by clocks that differ, and that crash and come back: the
 * real Scope, Hold and admit, on a database and journals that are a few maps. Beside it stands a plain model, which only ever adds
 * and compares.
 */
import type { Random } from '../../prove/random.ts';
import { TurnpikeError } from '../../src/errors.ts';
import { type Admission, admit } from '../../src/limits/admit.ts';
import { Scope } from '../../src/limits/scope.ts';
import { keyLimit } from '../../src/limits/scope-kinds/key-limit.ts';
import type { Spent } from '../../src/limits/store.ts';
import type { AccountState } from '../../src/limits/wallets.ts';
import { endpointOf, pricingOf } from '../../src/routing/__fixtures__/endpoints.ts';
import { type WindowKind, windowId } from '../../src/window.ts';

export const WINDOW_KINDS: readonly WindowKind[] = ['all', 'daily', 'weekly', 'monthly'];
const START_MS = Date.parse('2026-05-30T20:00:00Z');
/** A Sunday, and the last of its month: a day, a week and a month end together, while every clock passes that instant. */
const BEFORE_MIDNIGHT_MS = Date.parse('2026-05-31T23:59:52Z');
const NANO_A_TOKEN = 7n;
const ENDPOINT = endpointOf({ pricing: pricingOf({ completion: NANO_A_TOKEN * 1000n }) });
const MOST_TOKENS = 40;

export interface WorldOptions {
  readonly random: Random;
  readonly nodes: number;
  readonly scopes: number;
}

interface JournalRecord {
  readonly seq: number;
  readonly id: number;
  readonly kind: 'hold' | 'mark' | 'settle';
  readonly costNanoUsd: bigint;
}

interface Work {
  readonly id: number;
  readonly scopeIds: readonly number[];
  readonly heldAtMs: number;
  readonly admission: Admission;
  isSeen: boolean;
}

/** What the model knows of a request: that it was held, and how it ended. */
interface Truth {
  readonly scopeIds: readonly number[];
  readonly heldAtMs: number;
  readonly boundNanoUsd: bigint;
  isSeen: boolean;
  endings: number;
  costNanoUsd: bigint;
}

export class Node {
  readonly name: number;
  scopes: Scope[] = [];
  isUp = false;
  /** How far its clock is ahead. */
  skewMs = 0;
  /** Survives a crash. */
  journal: JournalRecord[] = [];
  running = new Map<number, Work>();
  /** Answers of the database that are on their way; a crash forgets them. */
  inbox: { dueStep: number; deliver: () => void }[] = [];
  flushing = false;
  /** What each scope said at the last look. */
  lastSettled = new Map<number, { window: string; settledNanoUsd: bigint }>();
  nextSeq = 1;

  constructor(name: number) {
    this.name = name;
  }
}

/** The database: counters, leases, how far each journal has come. Every method is one transaction. */
class SimulatedDatabase {
  readonly limits: { limitNanoUsd: bigint; readonly windowKind: WindowKind }[] = [];
  /** The most that each limit ever was: what is spent under it stays spent when it is lowered. */
  readonly mostLimits: bigint[] = [];
  readonly settled = new Map<string, bigint>();
  readonly leases = new Map<string, bigint>();
  readonly positions = new Map<number, number>();
  readonly generations = new Map<number, bigint>();

  settledIn(scopeId: number, window: string): bigint {
    return this.settled.get(`${scopeId} ${window}`) ?? 0n;
  }

  leasedIn(scopeId: number, window: string, node?: number): bigint {
    let sum = 0n;
    for (const [name, amount] of this.leases) {
      const [scope, of, holder] = name.split(' ');
      if (scope === String(scopeId) && of === window && (node === undefined || holder === String(node)))
        sum += amount;
    }
    return sum;
  }

  /** As the lease's SQL says it: never more than is left of the limit. */
  acquire(node: number, scopeId: number, window: string, wantedNanoUsd: bigint): bigint {
    const limit = this.limits[scopeId];
    if (limit === undefined) return 0n;
    const left = limit.limitNanoUsd - this.settledIn(scopeId, window) - this.leasedIn(scopeId, window);
    const granted = left < wantedNanoUsd ? (left < 0n ? 0n : left) : wantedNanoUsd;
    this.#addLease(node, scopeId, window, granted);
    return granted;
  }

  giveBack(node: number, scopeId: number, window: string, amount: bigint): void {
    this.#addLease(node, scopeId, window, -amount);
  }

  dropLeases(node: number): void {
    for (const name of this.leases.keys()) if (name.endsWith(` ${node}`)) this.leases.delete(name);
  }

  /** Adds the costs of one node's records behind its position, and takes them out of its leases. */
  flush(
    node: number,
    records: readonly JournalRecord[],
    truths: ReadonlyMap<number, Truth>,
  ): JournalRecord[] {
    const position = this.positions.get(node) ?? 0;
    const fresh = records.filter((record) => record.seq > position);
    for (const { id, costNanoUsd } of fresh) {
      const truth = truths.get(id);
      if (truth === undefined || this.generations.has(id)) throw new Error(`request ${id} is stored twice`);
      this.generations.set(id, costNanoUsd);
      for (const scopeId of truth.scopeIds) {
        for (const kind of WINDOW_KINDS) {
          const window = windowId(kind, truth.heldAtMs);
          const name = `${scopeId} ${window}`;
          this.settled.set(name, (this.settled.get(name) ?? 0n) + costNanoUsd);
          const leased = this.leasedIn(scopeId, window, node);
          this.#addLease(node, scopeId, window, costNanoUsd < leased ? -costNanoUsd : -leased);
        }
      }
    }
    const last = fresh.at(-1);
    if (last !== undefined) this.positions.set(node, last.seq);
    return fresh;
  }

  #addLease(node: number, scopeId: number, window: string, amount: bigint): void {
    if (amount === 0n) return;
    const name = `${scopeId} ${window} ${node}`;
    const sum = (this.leases.get(name) ?? 0n) + amount;
    if (sum < 0n) throw new Error(`lease ${name} is ${sum}`);
    if (sum === 0n) this.leases.delete(name);
    else this.leases.set(name, sum);
  }
}

export class World {
  readonly database = new SimulatedDatabase();
  readonly nodes: Node[];
  readonly truths = new Map<number, Truth>();
  /** What each request that ended was charged, by scope and window, as the model adds it up. */
  readonly spent = new Map<string, bigint>();
  /** The same of what is held and has not ended, be its node alive or dead. */
  readonly open = new Map<string, bigint>();
  readonly events: string[] = [];
  readonly #random: Random;
  #step = 0;
  #nowMs: number;
  readonly #isSlow: boolean;
  readonly #jumpChance: number;
  #isDatabaseUp = true;
  #requests = 0;
  served = 0;
  refused = 0;
  crashes = 0;

  constructor({ random, nodes, scopes }: WorldOptions) {
    this.#random = random;
    this.#isSlow = random.chance(0.4);
    this.#nowMs = this.#isSlow ? BEFORE_MIDNIGHT_MS : START_MS;
    this.#jumpChance = this.#isSlow ? 0 : random.pick([0.002, 0.002, 0.05]);
    for (let n = 0; n < scopes; n += 1) {
      const limitNanoUsd = BigInt(random.whole(500, 60_000));
      this.database.limits.push({ limitNanoUsd, windowKind: random.pick(WINDOW_KINDS) });
      this.database.mostLimits.push(limitNanoUsd);
    }
    this.nodes = Array.from({ length: nodes }, (_, name) => new Node(name));
    for (const node of this.nodes) {
      this.#setClock(node);
      this.#start(node);
    }
  }

  /** As a node sees it. */
  nowMs(node: Node): number {
    return this.#nowMs + node.skewMs;
  }

  step(): void {
    const random = this.#random;
    this.#step += 1;
    this.#advance();
    for (const node of this.nodes) this.#deliver(node);
    const node = random.pick(this.nodes);
    if (!node.isUp) {
      if (random.chance(0.2) && this.#isDatabaseUp) this.#start(node);
      return;
    }
    const dice = random.next();
    if (dice < 0.36) this.#request(node);
    else if (dice < 0.62) this.#end(node);
    else if (dice < 0.72) this.#see(node);
    else if (dice < 0.86) this.#flush(node);
    else if (dice < 0.95) this.#lease(node);
    else if (dice < 0.985) this.#return(node);
    else if (dice < 0.991) this.#crash(node);
    else if (dice < 0.996) this.#changeLimit();
    else this.#isDatabaseUp = !this.#isDatabaseUp || random.chance(0.7);
  }

  /** Ends everything, so that nothing is left held or leased. */
  comeToRest(): void {
    this.#isDatabaseUp = true;
    for (const node of this.nodes) {
      if (!node.isUp) this.#start(node);
      for (const { deliver } of node.inbox.splice(0)) deliver();
      while (node.running.size > 0) this.#end(node);
      while (unflushedOf(node, this.database).length > 0) {
        this.#flush(node);
        for (const { deliver } of node.inbox.splice(0)) deliver();
      }
      for (const [scopeId, scope] of node.scopes.entries())
        for (const window of [...scope.leases.keys()]) this.#returnLease(node, scopeId, window);
    }
  }

  #advance(): void {
    const dice = this.#random.next();
    if (dice < this.#jumpChance) this.#nowMs += this.#random.whole(1, 30) * 3_600_000;
    else if (dice < this.#jumpChance + 0.001) this.#nowMs -= 5000;
    else if (dice < this.#jumpChance + 0.003) this.#setClock(this.#random.pick(this.nodes));
    else this.#nowMs += this.#random.whole(0, this.#isSlow ? 8 : 60_000);
  }

  /** Forwards or back, also by seconds. */
  #setClock(node: Node): void {
    node.skewMs = this.#random.pick([0, this.#random.whole(-5000, 3000)]);
    this.#tell(`the clock of node ${node.name} is ${node.skewMs} ms ahead`);
  }

  #deliver(node: Node): void {
    const due = node.inbox.filter(({ dueStep }) => dueStep <= this.#step);
    node.inbox = node.inbox.filter(({ dueStep }) => dueStep > this.#step);
    for (const { deliver } of due) deliver();
  }

  #later(node: Node, deliver: () => void): void {
    node.inbox.push({ dueStep: this.#step + this.#random.whole(0, 12), deliver });
  }

  #request(node: Node): void {
    const random = this.#random;
    const wanted = random.whole(1, 3);
    const scopeIds = [
      ...new Set(Array.from({ length: wanted }, () => random.whole(0, node.scopes.length - 1))),
    ];
    const scopes = scopeIds.map((id) => scopeAt(node, id));
    const tokens = random.whole(1, MOST_TOKENS);
    const heldAtMs = this.nowMs(node);
    try {
      const admission = admit({
        wallet: { scopes, account: NO_ACCOUNT },
        size: { promptTokensBound: 0, imageCount: 0, choices: 1, maxTokens: tokens },
        endpoints: [ENDPOINT],
        unpriced: [],
        defaultMaxTokens: MOST_TOKENS,
        maxHoldNanoUsd: null,
        nowMs: heldAtMs,
      });
      const id = ++this.#requests;
      node.running.set(id, { id, scopeIds, heldAtMs, admission, isSeen: false });
      const boundNanoUsd = admission.hold.amountNanoUsd;
      this.truths.set(id, { scopeIds, heldAtMs, boundNanoUsd, isSeen: false, endings: 0, costNanoUsd: 0n });
      this.#add(this.open, { scopeIds, heldAtMs }, boundNanoUsd);
      write(node, id, 'hold', 0n);
      this.#tell(`node ${node.name} holds ${boundNanoUsd} of ${scopeIds} for ${id}`);
      this.served += 1;
    } catch (thrown) {
      if (!(thrown instanceof TurnpikeError)) throw thrown;
      this.refused += 1;
    }
  }

  /** The provider begins to answer. */
  #see(node: Node): void {
    const work = firstOf(node.running.values(), this.#random);
    const truth = work === undefined ? undefined : this.truths.get(work.id);
    if (work === undefined || truth === undefined) return;
    work.isSeen = true;
    truth.isSeen = true;
    write(node, work.id, 'mark', work.admission.hold.amountNanoUsd / 4n);
  }

  #end(node: Node): void {
    const work = firstOf(node.running.values(), this.#random);
    if (work === undefined) return;
    node.running.delete(work.id);
    const { hold } = work.admission;
    const isFailed = this.#random.chance(0.15);
    const costNanoUsd = isFailed ? 0n : BigInt(this.#random.whole(0, Number(hold.amountNanoUsd)));
    if (costNanoUsd > 0n) work.isSeen = true;
    write(node, work.id, 'settle', costNanoUsd);
    hold.post(costNanoUsd);
    this.#settled(work.id, costNanoUsd, work.isSeen);
    this.#tell(`node ${node.name} posts ${costNanoUsd} for ${work.id}`);
  }

  #settled(id: number, costNanoUsd: bigint, isSeen: boolean): void {
    const truth = this.truths.get(id);
    if (truth === undefined) throw new Error(`request ${id} was never held`);
    truth.endings += 1;
    truth.costNanoUsd = costNanoUsd;
    truth.isSeen ||= isSeen;
    if (truth.endings !== 1) throw new Error(`I3: request ${id} ended twice`);
    if (costNanoUsd > truth.boundNanoUsd) throw new Error(`request ${id} cost more than its hold`);
    if (costNanoUsd > 0n && !truth.isSeen) throw new Error(`request ${id} is a phantom`);
    this.#add(this.spent, truth, costNanoUsd);
    this.#add(this.open, truth, -truth.boundNanoUsd);
  }

  #add(
    sums: Map<string, bigint>,
    { scopeIds, heldAtMs }: Pick<Truth, 'scopeIds' | 'heldAtMs'>,
    amount: bigint,
  ) {
    for (const scopeId of scopeIds) {
      for (const kind of WINDOW_KINDS) {
        const name = `${scopeId} ${windowId(kind, heldAtMs)}`;
        sums.set(name, (sums.get(name) ?? 0n) + amount);
      }
    }
  }

  /** The nodes hear of it when they next lease. */
  #changeLimit(): void {
    const scopeId = this.#random.whole(0, this.database.limits.length - 1);
    const limit = this.database.limits[scopeId];
    if (limit === undefined) return;
    limit.limitNanoUsd = BigInt(this.#random.whole(0, 60_000));
    const most = this.database.mostLimits[scopeId] ?? 0n;
    if (limit.limitNanoUsd > most) this.database.mostLimits[scopeId] = limit.limitNanoUsd;
    this.#tell(`limit ${scopeId} is ${limit.limitNanoUsd}`);
  }

  /** The commit and its answer are two things: a node may die in between, or the answer be late. */
  #flush(node: Node): void {
    if (!this.#isDatabaseUp || node.flushing) return;
    const waiting = unflushedOf(node, this.database);
    const batch = waiting.slice(0, this.#random.whole(1, 8));
    if (batch.length === 0) return;
    node.flushing = true;
    const fresh = this.database.flush(node.name, batch, this.truths);
    this.#tell(`node ${node.name} flushes ${fresh.map(({ id }) => id)}`);
    this.#later(node, () => {
      node.flushing = false;
      for (const { id, costNanoUsd } of fresh) {
        const truth = this.truths.get(id);
        for (const scopeId of truth?.scopeIds ?? [])
          for (const kind of WINDOW_KINDS)
            scopeAt(node, scopeId).flushed(windowId(kind, truth?.heldAtMs ?? 0), chargedOnly(costNanoUsd));
      }
      node.journal = node.journal.filter(({ id }) => !this.database.generations.has(id));
    });
  }

  #lease(node: Node): void {
    if (!this.#isDatabaseUp) return;
    const scopeId = this.#random.whole(0, node.scopes.length - 1);
    const scope = scopeAt(node, scopeId);
    const window = scope.windowIdAt(this.nowMs(node));
    const wanted = BigInt(this.#random.whole(1, 20 * MOST_TOKENS)) * NANO_A_TOKEN;
    const granted = this.database.acquire(node.name, scopeId, window, wanted);
    const stored = this.database.settledIn(scopeId, window);
    const limitNanoUsd = this.database.limits[scopeId]?.limitNanoUsd ?? 0n;
    this.#tell(`node ${node.name} leases ${granted} of ${scopeId} in ${window}`);
    this.#later(node, () => {
      scope.leaseFor(window, this.nowMs(node)).grantedNanoUsd += granted;
      scope.limit = { ...scope.limit, limitNanoUsd };
      scope.learnSettled(window, chargedOnly(stored), { knowsNoLaterFlush: false });
    });
  }

  #return(node: Node): void {
    if (!this.#isDatabaseUp) return;
    const scopeId = this.#random.whole(0, node.scopes.length - 1);
    const window = firstOf(scopeAt(node, scopeId).leases.keys(), this.#random);
    if (window !== undefined) this.#returnLease(node, scopeId, window);
  }

  /** It leaves the memory before it leaves the database. */
  #returnLease(node: Node, scopeId: number, window: string): void {
    const scope = scopeAt(node, scopeId);
    const idle = scope.freeOfLeaseNanoUsd(window);
    if (idle <= 0n) return;
    scope.leaseFor(window, this.nowMs(node)).grantedNanoUsd -= idle;
    this.database.giveBack(node.name, scopeId, window, idle);
    this.#tell(`node ${node.name} gives back ${idle} of ${scopeId} in ${window}`);
  }

  /** Memory and answers on their way are gone; the journal and the database are not. */
  #crash(node: Node): void {
    node.isUp = false;
    node.running.clear();
    node.inbox = [];
    node.flushing = false;
    this.crashes += 1;
    this.#tell(`node ${node.name} dies`);
  }

  /** As a process starts: replay, settle what is open, flush it all, and only then take leases anew. */
  #start(node: Node): void {
    const ended = new Set(node.journal.filter(({ kind }) => kind === 'settle').map(({ id }) => id));
    const marks = new Map<number, bigint>();
    for (const { id, kind, costNanoUsd } of node.journal) if (kind !== 'settle') marks.set(id, costNanoUsd);
    for (const [id, costNanoUsd] of marks) {
      if (ended.has(id)) continue;
      write(node, id, 'settle', costNanoUsd);
      this.#settled(id, costNanoUsd, false);
    }
    this.database.flush(node.name, unflushedOf(node, this.database), this.truths);
    this.database.dropLeases(node.name);
    node.scopes = this.database.limits.map((limit, id) => this.#load(node, id, limit));
    node.journal = [];
    node.lastSettled.clear();
    node.isUp = true;
    this.#tell(`node ${node.name} starts`);
  }

  #load(node: Node, id: number, limit: { limitNanoUsd: bigint; windowKind: WindowKind }): Scope {
    const windows = WINDOW_KINDS.map((kind) => windowId(kind, this.nowMs(node)));
    return new Scope({
      kind: 'key',
      id: String(id),
      refusal: keyLimit.refusal,
      limit: { ...limit, countsByok: false },
      settled: new Map(windows.map((window) => [window, chargedOnly(this.database.settledIn(id, window))])),
      isShared: true,
    });
  }

  #tell(event: string): void {
    this.events.push(`${this.#step} ${event}`);
    if (this.events.length > 60) this.events.shift();
  }
}

function unflushedOf(node: Node, database: SimulatedDatabase): JournalRecord[] {
  const position = database.positions.get(node.name) ?? 0;
  return node.journal.filter(({ kind, seq }) => kind === 'settle' && seq > position);
}

function write(node: Node, id: number, kind: JournalRecord['kind'], costNanoUsd: bigint): void {
  node.journal.push({ seq: node.nextSeq++, id, kind, costNanoUsd });
}

function scopeAt(node: Node, id: number): Scope {
  const scope = node.scopes[id];
  if (scope === undefined) throw new Error(`there is no scope ${id}`);
  return scope;
}

function firstOf<T>(items: Iterable<T>, random: Random): T | undefined {
  const all = [...items];
  return all.length === 0 ? undefined : random.pick(all);
}

/** Callers' own provider keys are not simulated. */
function chargedOnly(costNanoUsd: bigint): Spent {
  return { costNanoUsd, byokNanoUsd: 0n };
}

/** Free models are not simulated. */
const NO_ACCOUNT = {} as AccountState;
