/**
 * Nodes that spend from shared scopes through a database that is slow and forgetful, by clocks that differ, and that crash and
 * come back: the real wallets, lease keepers and queues, on simulated time. Beside it stands a plain model, which only ever adds
 * and compares.
 */
import type { Random } from '../../prove/random.ts';
import type { Principal } from '../../src/auth/principal.ts';
import { TurnpikeError } from '../../src/errors.ts';
import { WINDOW_KINDS, type WindowKind, windowId } from '../../src/window.ts';
import { SimulatedDatabase } from './database.ts';
import { Events } from './events.ts';
import { Life, MOST_TOKENS, SimulatedJournal, type Truth, type Work } from './node.ts';

const START_MS = Date.parse('2026-05-30T20:00:00Z');
/** A Sunday, and the last of its month: a day, a week and a month end together, while every clock passes that instant. */
const BEFORE_MIDNIGHT_MS = Date.parse('2026-05-31T23:59:40Z');
const MOST_STEP_MS = 30;

export interface WorldOptions {
  readonly random: Random;
  readonly nodes: number;
  readonly keys: number;
}

interface Ending extends Truth {
  readonly boundNanoUsd: bigint;
  endings: number;
  costNanoUsd: bigint;
}

export class Node {
  readonly id: string;
  readonly journal = new SimulatedJournal();
  life: Life | null = null;
  epoch = 0;
  /** How far its clock is ahead, and for how long the machine slept. */
  skewMs = 0;
  asleepMs = 0;

  constructor(id: string) {
    this.id = id;
  }

  get ready(): Life | null {
    return this.life?.isReady === true ? this.life : null;
  }
}

/** A scope that may have a limit, whether or not it has one now. */
export interface Limited {
  readonly kind: string;
  readonly id: string;
  readonly windowKind: WindowKind;
}

export class World {
  readonly events: Events;
  readonly database: SimulatedDatabase;
  readonly nodes: Node[];
  readonly limited: Limited[] = [];
  readonly truths = new Map<number, Ending>();
  /** What requests that ended were charged, by scope and window, as the model adds it up. */
  readonly spent = new Map<string, bigint>();
  /** The same of what is held and has not ended, be its node alive or dead. */
  readonly open = new Map<string, bigint>();
  readonly log: string[] = [];
  readonly #random: Random;
  readonly #principals: Omit<Principal, 'version'>[];
  readonly #isSlow: boolean;
  /** How long a record may be in memory alone. */
  readonly #mostWriteMs: number;
  #steps = 0;
  #requests = 0;
  served = 0;
  refused = 0;
  crashes = 0;

  constructor({ random, nodes, keys }: WorldOptions) {
    this.#random = random;
    this.#isSlow = random.chance(0.4);
    this.#mostWriteMs = random.pick([20, 20, 1500]);
    this.events = new Events(this.#isSlow ? BEFORE_MIDNIGHT_MS : START_MS);
    this.database = new SimulatedDatabase(this.events, random);
    const workspaces = random.whole(1, 2);
    this.#principals = Array.from({ length: keys }, (_, at) =>
      principalOf(`k${at}`, `w${at % workspaces}`, `m${at % 3}`),
    );
    for (const { workspaceId, creatorUserId, keyHash } of this.#principals) {
      for (const id of [`${workspaceId} day`, `${workspaceId} all`, `${workspaceId} member ${creatorUserId}`])
        if (!this.limited.some((one) => one.id === id))
          this.limited.push({ kind: 'budget', id, windowKind: random.pick(WINDOW_KINDS) });
      this.limited.push({ kind: 'guardrail', id: `guard ${keyHash}`, windowKind: random.pick(WINDOW_KINDS) });
    }
    for (const one of this.limited) if (random.chance(0.5)) this.#setLimit(one);
    this.nodes = Array.from({ length: nodes }, (_, at) => new Node(`n${at}`));
    for (const node of this.nodes) {
      this.#setClock(node);
      this.#start(node);
    }
  }

  /** As a node sees it. */
  nowMs(node: Node): number {
    return this.events.nowMs + node.skewMs;
  }

  async step(): Promise<void> {
    const random = this.#random;
    this.#steps += 1;
    await this.#pass();
    const node = random.pick(this.nodes);
    const life = node.ready;
    const dice = random.next();
    if (life === null) {
      if (node.life === null && dice < 0.2) this.#start(node);
    } else if (dice < 0.5) void this.#request(node, life);
    else if (dice < 0.7) this.#end(node, life);
    else if (dice < 0.86) this.#see(node, life);
    else if (dice < 0.95) void life.flush().catch(() => undefined);
    else if (dice < 0.96) this.#crash(node, life);
    else if (dice < 0.985) this.#changeLimit();
    else this.database.isUp = !this.database.isUp || random.chance(0.7);
    await this.events.advance(0);
  }

  /** Ends everything, so that nothing is left held or leased. */
  async comeToRest(): Promise<void> {
    this.database.isUp = true;
    this.database.isCalm = true;
    await this.events.advance(20_000);
    for (const node of this.nodes) {
      while (node.ready === null) {
        if (node.life === null) this.#start(node);
        await this.events.advance(1000);
      }
    }
    for (const node of this.nodes) {
      const { life } = node;
      if (life === null) throw new Error('a node did not start');
      while (life.running.size > 0) {
        this.#end(node, life);
        await this.events.advance(10);
      }
      await this.#during(life.flushed());
      // The first may join a renewal that was asked for before, the second give back what it knows under an older grant.
      for (const _ of [1, 2, 3]) await this.#during(life.keeper.upkeep());
      for (const { key } of this.database.leases.values()) {
        const known = life.wallets.scope(key.scopeKind, key.scopeId)?.leases.has(key.windowId);
        if (key.nodeId === node.id && known !== true)
          throw new Error(`I8: ${node.id} does not know of its lease of ${key.scopeId} in ${key.windowId}`);
      }
      await this.#during(life.keeper.stop());
    }
  }

  async #during(work: Promise<void>): Promise<void> {
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    done.catch(() => undefined);
    for (let waited = 0; !isDone && waited < 1000; waited += 1) await this.events.advance(50);
    if (!isDone) throw new Error('it never came to rest');
    await done;
  }

  async #pass(): Promise<void> {
    const random = this.#random;
    const dice = random.next();
    if (dice < 0.001) this.#setClock(random.pick(this.nodes));
    else if (!this.#isSlow && dice < 0.002) await this.#sleep(random.whole(1, 30) * 3_600_000);
    else if (!this.#isSlow && dice < 0.006) await this.#sleep(random.whole(1, 120) * 1000);
    else await this.events.advance(random.whole(0, MOST_STEP_MS));
  }

  /** The nodes' machines sleep, some of them by a clock that does not count it. */
  async #sleep(ms: number): Promise<void> {
    for (const node of this.nodes) if (this.#random.chance(0.5)) node.asleepMs += ms;
    this.#tell(`all sleep for ${ms} ms`);
    await this.events.skip(ms);
  }

  /** Forwards or back, also by seconds. */
  #setClock(node: Node): void {
    node.skewMs = this.#random.pick([0, this.#random.whole(-5000, 3000)]);
    this.#tell(`the clock of ${node.id} is ${node.skewMs} ms ahead`);
  }

  async #request(node: Node, life: Life): Promise<void> {
    const { version } = life;
    const principal = { ...this.#anyCaller(), version: version + 1 };
    const expected = life.rulesFor(principal);
    const tokens = this.#random.whole(1, MOST_TOKENS);
    try {
      const { admission, scopes, heldAtMs } = await life.admit(principal, tokens);
      const missing = expected.find((rule) => !scopes.some(([kind, scope]) => `${kind} ${scope}` === rule));
      if (life.version === version && missing !== undefined) throw new Error(`${missing} is not counted`);
      const id = ++this.#requests;
      const boundNanoUsd = admission.hold.amountNanoUsd;
      const work: Work = { id, admission, isSent: false, markNanoUsd: 0n };
      life.running.set(id, work);
      this.truths.set(id, { scopes, heldAtMs, boundNanoUsd, endings: 0, costNanoUsd: 0n });
      this.#add(this.open, id, boundNanoUsd);
      this.#tell(`${node.id} holds ${boundNanoUsd} for ${id} of ${scopes.map(([, scope]) => scope)}`);
      this.served += 1;
      node.journal.append(id, 'hold', 0n);
      this.#writeSoon(node, life);
      await node.journal.durable();
      work.isSent = true;
    } catch (thrown) {
      if (!(thrown instanceof TurnpikeError)) {
        this.failure ??= thrown;
        return;
      }
      this.refused += 1;
    }
  }

  /** Now and then somebody new, for whom an idle key is forgotten. */
  #anyCaller(): Omit<Principal, 'version'> {
    const known = this.#random.pick(this.#principals);
    return this.#random.chance(0.02)
      ? { ...known, keyHash: `stranger ${this.#random.whole(0, 1e6)}` }
      : known;
  }

  /** Thrown where nobody waits for it. */
  failure: unknown;

  #writeSoon(node: Node, life: Life): void {
    this.events.after(this.#random.whole(0, this.#mostWriteMs), () => {
      if (life.isAlive) node.journal.write();
    });
  }

  /** The provider has answered so much. */
  #see(node: Node, life: Life): void {
    const work = this.#anySent(life);
    if (work === undefined) return;
    work.markNanoUsd = (work.admission.hold.amountNanoUsd * 3n) / 4n;
    node.journal.append(work.id, 'mark', work.markNanoUsd);
    node.journal.write();
  }

  #end(node: Node, life: Life): void {
    const work = this.#anySent(life);
    if (work === undefined) return;
    life.running.delete(work.id);
    const { hold } = work.admission;
    const isFailed = this.#random.chance(0.15);
    const costNanoUsd = isFailed ? 0n : BigInt(this.#random.whole(0, Number(hold.amountNanoUsd)));
    const seq = node.journal.append(work.id, 'settle', costNanoUsd);
    this.#writeSoon(node, life);
    hold.post(costNanoUsd);
    life.settled({ seq, id: work.id, costNanoUsd });
    this.#ended(work.id, costNanoUsd);
    this.#tell(`${node.id} posts ${costNanoUsd} for ${work.id}`);
  }

  #anySent(life: Life): Work | undefined {
    const sent = [...life.running.values()].filter(({ isSent }) => isSent);
    return sent.length === 0 ? undefined : this.#random.pick(sent);
  }

  #ended(id: number, costNanoUsd: bigint): void {
    const truth = this.#truthOf(id);
    truth.endings += 1;
    truth.costNanoUsd = costNanoUsd;
    if (truth.endings !== 1) throw new Error(`I3: request ${id} ended twice`);
    if (costNanoUsd > truth.boundNanoUsd) throw new Error(`request ${id} cost more than its hold`);
    this.#add(this.spent, id, costNanoUsd);
    this.#add(this.open, id, -truth.boundNanoUsd);
  }

  /** Its end was never written: it is open again, and will be charged what its last mark says. */
  #reopen(id: number): void {
    const truth = this.#truthOf(id);
    truth.endings -= 1;
    this.#add(this.spent, id, -truth.costNanoUsd);
    const { costNanoUsd } = truth;
    truth.costNanoUsd = 0n;
    const mark = this.#markOf(id);
    this.#tell(`the end of ${id} at ${costNanoUsd} is lost, its mark says ${mark}`);
    this.#add(this.open, id, mark);
    this.#reopened.set(id, mark);
  }

  readonly #reopened = new Map<number, bigint>();

  #markOf(id: number): bigint {
    for (const { journal } of this.nodes)
      for (const record of journal.records.toReversed())
        if (record.id === id && record.kind !== 'settle') return record.costNanoUsd;
    return 0n;
  }

  #truthOf(id: number): Ending {
    const truth = this.truths.get(id);
    if (truth === undefined) throw new Error(`request ${id} was never held`);
    return truth;
  }

  #add(sums: Map<string, bigint>, id: number, amount: bigint): void {
    const { scopes, heldAtMs } = this.#truthOf(id);
    for (const [kind, scopeId] of scopes) {
      for (const windowKind of WINDOW_KINDS) {
        const name = `${kind} ${scopeId} ${windowId(windowKind, heldAtMs)}`;
        sums.set(name, (sums.get(name) ?? 0n) + amount);
      }
    }
  }

  #changeLimit(): void {
    const one = this.#random.pick(this.limited);
    if (this.database.limits.has(one.id) && this.#random.chance(0.3)) this.database.setLimit(one.id, null);
    else this.#setLimit(one);
    this.#tell(`the limit of ${one.id} is ${this.database.limits.get(one.id)?.limitNanoUsd}`);
    const limits = new Map(this.database.limits);
    const { version } = this.database;
    for (const { life } of this.nodes) {
      this.events.after(this.#random.whole(0, 400), () => {
        if (life?.isAlive !== true) return;
        life.hear(limits, version);
        if (life.isReady) life.keeper.changed(one.kind, one.id);
      });
    }
  }

  #setLimit({ id, windowKind }: Limited): void {
    const limitNanoUsd = BigInt(this.#random.whole(200, this.#random.chance(0.5) ? 3000 : 60_000));
    this.database.setLimit(id, { limitNanoUsd, windowKind, countsByok: false });
  }

  /** Memory is gone, and answers on their way find nobody; what is written is not. */
  #crash(node: Node, life: Life): void {
    life.isAlive = false;
    node.life = null;
    this.database.forget(life);
    this.crashes += 1;
    this.#tell(`${node.id} dies`);
    for (const { id, kind } of node.journal.lose()) {
      if (kind === 'settle') this.#reopen(id);
      // It was not sent.
      if (kind === 'hold') this.#ended(id, 0n);
      if (kind === 'hold') this.unsent.add(id);
    }
  }

  /** Held, and forgotten before anybody could be charged for it. */
  readonly unsent = new Set<number>();

  #start(node: Node): void {
    const life = new Life({
      ...{ nodeId: node.id, epoch: ++node.epoch, journal: node.journal },
      ...{ database: this.database, events: this.events, truths: this.truths },
      nowMs: () => this.nowMs(node),
      monotonicMs: () => this.events.nowMs - node.asleepMs,
    });
    node.life = life;
    life.hear(this.database.limits, this.database.version);
    const settle = (id: number, costNanoUsd: bigint) => {
      const seq = node.journal.append(id, 'settle', costNanoUsd);
      node.journal.write();
      const mark = this.#reopened.get(id);
      if (mark !== undefined) {
        this.#add(this.open, id, this.#truthOf(id).boundNanoUsd - mark);
        this.#reopened.delete(id);
      }
      this.#ended(id, costNanoUsd);
      return seq;
    };
    life.start(settle).then(
      () => this.#tell(`${node.id} has started`),
      (thrown) => {
        if (!String(thrown).includes('the database')) this.failure ??= thrown;
        life.isAlive = false;
        this.database.forget(life);
        node.life = null;
      },
    );
  }

  #tell(event: string): void {
    this.log.push(`${this.#steps} ${event}`);
    if (this.log.length > 60) this.log.shift();
  }
}

function principalOf(
  keyHash: string,
  workspaceId: string,
  creatorUserId: string,
): Omit<Principal, 'version'> {
  return {
    ...{ keyHash, kind: 'api', accountId: 'account', workspaceId, name: '', label: '', creatorUserId },
    ...{ externalUser: null, limitNanoUsd: null, limitReset: null, includeByokInLimit: false },
    ...{ disabled: false, expiresAtMs: null, cutStreamsWhenRevoked: false },
  };
}
