/** One node's share of a gateway, as far as leases go: its wallets, its keeper and its flushes, on a PostgreSQL that can be cut off. */
import type { Principal } from '../src/auth/principal.ts';
import type { Clock } from '../src/clock.ts';
import type { Config } from '../src/config/config.ts';
import { readCreditTotals } from '../src/credits/store.ts';
import { newId } from '../src/ids.ts';
import { principalReader } from '../src/keys/principal-reader.ts';
import { type AdmissionRequest, admit } from '../src/limits/admit.ts';
import type { Hold } from '../src/limits/hold.ts';
import { LeaseKeeper } from '../src/limits/leases/keeper.ts';
import { consumeLeases, postgresLeases } from '../src/limits/leases/store.ts';
import type { ScopeKind } from '../src/limits/scope-kind.ts';
import { scopeKinds } from '../src/limits/scope-kinds/all.ts';
import { counterReader } from '../src/limits/store.ts';
import { Wallets } from '../src/limits/wallets.ts';
import type { Logger } from '../src/log.ts';
import type { ScopeRef } from '../src/metering/generation.ts';
import { addUsage } from '../src/metering/store.ts';
import { type Spent, usageOf } from '../src/metering/usage-sums.ts';
import { endpointOf, pricingOf } from '../src/routing/__fixtures__/endpoints.ts';
import { type Database, openDatabase } from '../src/storage/database.ts';
import {
  type JournalTurn,
  lockJournalPosition,
  setJournalPosition,
  takeOverJournal,
} from '../src/storage/journal-position.ts';
import { engines, type TestDatabase } from './databases.ts';

/** What one output token costs, and nothing else does. */
export const UNIT = 10_000n;
const ENDPOINT = endpointOf({ pricing: pricingOf({ completion: UNIT * 1000n }) });

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

export interface Held {
  readonly hold: Hold;
  readonly scopes: readonly ScopeRef[];
  readonly maxTokens: number | null;
  readonly atMs: number;
}

export class LeaseNode {
  readonly id: string;
  readonly wallets: Wallets;
  readonly keeper: LeaseKeeper;
  /** Until it resolves, what was settled could still be lost. */
  recorded: Promise<void> = Promise.resolve();
  /** Transactions and queries sent so far. */
  statements = 0;
  /** Called before each of them. */
  beforeStatement: () => void = () => {};
  isCut = false;
  /** The next transaction commits, and its answer is lost. */
  losesAnswer = false;
  /** What transactions wait for before they answer. */
  answering: Promise<void> = Promise.resolve();
  readonly #database: Database;
  readonly #real: Database;
  readonly #clock: Clock;
  readonly #hash: string;
  #settled: Spent[] = [];
  readonly #turn: JournalTurn;
  #seq: number;
  #lastFlush: Promise<void> = Promise.resolve();

  private constructor(real: Database, turn: JournalTurn, options: NodeOptions) {
    this.#real = real;
    this.#turn = turn;
    this.#seq = turn.flushedSeq;
    this.#clock = options.clock;
    this.#hash = options.hash;
    this.id = turn.nodeId;
    const refuseWhenCut = () => {
      this.statements += 1;
      this.beforeStatement();
      if (this.isCut) throw new Error('the database is cut off');
    };
    this.#database = {
      ...real,
      get db() {
        refuseWhenCut();
        return real.db;
      },
      transaction: async (fn) => {
        refuseWhenCut();
        const answer = await real.transaction(fn);
        await this.answering;
        if (!this.losesAnswer) return answer;
        this.losesAnswer = false;
        throw new Error('the connection was lost');
      },
    };
    const { clock, billing = 'off' } = options;
    this.wallets = new Wallets({
      readCounters: counterReader(this.#database),
      clock,
      limits: {} as Config['limits'],
      kinds: [...scopeKinds({ mode: billing }), ...(options.kinds ?? [])],
      isShared: true,
      readCredits: (accountId) => readCreditTotals(real.db, accountId),
      flushed: () => this.flush(),
      ...options.wallets,
    });
    this.keeper = new LeaseKeeper({
      ...{ store: postgresLeases(this.#database, turn), wallets: this.wallets },
      ...{ clock, logger: silent, nodeId: this.id },
      recorded: () => this.recorded,
      ...options.keeper,
    });
  }

  static async start(opened: TestDatabase, options: NodeOptions): Promise<LeaseNode> {
    const real = await openDatabase(opened);
    const turn = await takeOverJournal(real.db, options.id ?? newId());
    const node = new LeaseNode(real, turn, options);
    await node.keeper.start();
    return node;
  }

  async principal(): Promise<Principal> {
    const principal = await principalReader(this.#real.db)(this.#hash);
    if (principal === null) throw new Error('the key is gone');
    return principal;
  }

  /** As a request does: leases what is short, then holds, or throws the refusal. `tokens` null: the client named no cap. */
  async hold(tokens: number | null, principal: Principal): Promise<Held> {
    const wallet = await this.wallets.walletOf(principal);
    const nowMs = this.#clock.nowMs();
    const asked: AdmissionRequest = {
      wallet,
      size: { promptTokensBound: 0, imageCount: 0, choices: 1, maxTokens: tokens },
      endpoints: [ENDPOINT],
      unpriced: [],
      promptOverheadTokens: () => 0,
      defaultMaxTokens: 1000,
      maxHoldNanoUsd: null,
      nowMs,
    };
    const leasing = this.keeper.ensure(asked);
    if (leasing !== undefined) await leasing;
    const { hold, maxTokens } = admit(asked);
    const scopes = wallet.scopes.map(({ kind, id }): ScopeRef => [kind, id]);
    return { hold, scopes, maxTokens, atMs: nowMs };
  }

  settle({ hold, scopes, atMs }: Held, principal: Principal, costNanoUsd = hold.amountNanoUsd): void {
    hold.post(costNanoUsd);
    this.#settled.push({
      ...{ accountId: principal.accountId, atMs, costNanoUsd, byokNanoUsd: 0n, requests: 1 },
      scopes,
    });
  }

  /** One at a time, as the flusher does. */
  flush(): Promise<void> {
    const flushed = this.#lastFlush.catch(() => undefined).then(() => this.#flush());
    this.#lastFlush = flushed;
    return flushed;
  }

  async #flush(): Promise<void> {
    const count = this.#settled.length;
    if (count === 0) return;
    const batch = this.#settled.slice(0, count);
    const usage = usageOf(batch);
    const seq = this.#seq + count;
    await this.#database.transaction(async (trx) => {
      await lockJournalPosition(trx, this.#turn);
      await addUsage(trx, usage);
      await consumeLeases(trx, this.id, usage);
      await setJournalPosition(trx, this.id, seq);
    });
    this.#settled = this.#settled.slice(count);
    this.#seq = seq;
    this.keeper.flushed(usage, seq);
  }

  async stop(): Promise<void> {
    await this.flush();
    await this.keeper.stop();
    await this.#real.close();
  }
}

export interface NodeOptions {
  readonly clock: Clock;
  /** Of a process before; default: a new node. */
  readonly id?: string;
  /** Of the key that requests are made with. */
  readonly hash: string;
  readonly billing?: 'off' | 'prepaid';
  /** Beside the product's own. */
  readonly kinds?: readonly ScopeKind[];
  readonly wallets?: { maxWallets: number };
  readonly keeper?: { ttlMs?: number; renewEveryMs?: number; idleMs?: number };
}

export function postgresEngine() {
  const engine = engines.find(({ name }) => name === 'postgres');
  if (engine === undefined) throw new Error('there is no PostgreSQL');
  return engine;
}
