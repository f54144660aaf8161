/**
 * One node's leases, where several spend from one PostgreSQL: takes them before requests need them, keeps them alive by the
 * database's clock, and gives back what is not used. When it cannot, limited requests are told to come back; none overspends.
 */
import { type Clock, systemTiming, type Timing } from '../../clock.ts';
import { TurnpikeError } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { NanoUsd } from '../../money.ts';
import type { Trx } from '../../storage/database.ts';
import type { Listener } from '../../storage/postgres.ts';
import type { UsageWindowTable } from '../../storage/schema.ts';
import { kindOfWindow, windowId } from '../../window.ts';
import { type AdmissionRequest, type HoldRange, holdRangeOf, leastHoldRangeOf } from '../admit.ts';
import { countedNanoUsd, type OwnShare, shareIn } from '../own-share.ts';
import type { Scope } from '../scope.ts';
import { IGNORE_BYOK } from '../scope-kinds/all.ts';
import type { Wallets } from '../wallets.ts';
import { LeaseQueue } from './queue.ts';
import { consumeLeases, type LeaseStore, type OwnLease } from './store.ts';

export interface LeaseKeeperOptions {
  readonly store: LeaseStore;
  readonly wallets: Wallets;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly nodeId: string;
  /** Resolves when nothing that was settled so far can be lost any more: only then is money given back that it freed. */
  readonly recorded: () => Promise<void>;
  readonly timing?: Timing;
  readonly ttlMs?: number;
  readonly renewEveryMs?: number;
  readonly idleMs?: number;
}

const TTL_MS = 30_000;
const RENEW_EVERY_MS = 10_000;
const IDLE_MS = 10_000;
/** How much earlier than the database this node takes its leases for expired, as a part of their time. */
const MARGIN = 0.1;
/** How long a request waits for the database. */
const WAIT_MS = 3000;
/** Requests that find the database gone do not ask for it more often. */
const RETRY_MS = 200;
/** Others may take what one has waited for; it asks again so often, and is then refused. */
const ROUNDS = 5;

/** What is settled leaves the leases, in the transaction that adds it to the counters: but for what own keys paid where no limit counts it. */
export async function spendLeases(
  trx: Trx,
  nodeId: string,
  usage: readonly UsageWindowTable[],
): Promise<void> {
  await consumeLeases(
    trx,
    nodeId,
    usage.map((row) => (IGNORE_BYOK.has(row.scope_kind) ? { ...row, byok_nano_usd: 0n } : row)),
  );
}

export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  readonly #ttlMs: number;
  readonly #lines = new Map<string, LeaseQueue>();
  #flushedSeq = 0;
  /** When the last successful renewal was sent, on both clocks: a suspended machine stops one, a wrong one is set back. */
  #renewedAt: { readonly monotonicMs: number; readonly clockMs: number } | null = null;
  #renewing: Promise<void> | null = null;
  #failedAtMs = Number.NEGATIVE_INFINITY;
  readonly #timing: Timing;
  #cancelTimer = () => {};
  #recalls: Listener | null = null;
  #stopped = false;

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
    this.#ttlMs = options.ttlMs ?? TTL_MS;
    this.#timing = options.timing ?? systemTiming;
  }

  /** Call when the journal is replayed: what an earlier process had leased is then owed to nobody. */
  async start(): Promise<void> {
    const { store, nodeId, logger } = this.#options;
    await store.deleteAllOf(nodeId);
    this.#flushedSeq = Math.max(this.#flushedSeq, await store.journalSeq());
    await this.#renew();
    this.#recalls = store.listenForRecalls(
      (payload) => this.#recalled(payload),
      (error) => logger.warn('lease_recall_failed', { error }),
    );
    this.#schedule();
  }

  /** Call after the last flush. Rows of what is still owed stay, until the next start has replayed the journal. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer();
    await this.#recalls?.stop();
    await this.#renewing?.catch(() => undefined);
    const { store, nodeId, logger } = this.#options;
    try {
      await Promise.all([...this.#lines.values()].map((line) => line.giveBack()));
      if ([...this.#lines.values()].every((line) => line.lease === undefined))
        await store.deleteAllOf(nodeId);
    } catch (error) {
      logger.warn('leases_not_returned', { error });
    }
  }

  get grantedNanoUsd(): NanoUsd {
    let sum = 0n;
    for (const line of this.#lines.values()) sum += line.lease?.grantedNanoUsd ?? 0n;
    return sum;
  }

  get leaseCount(): number {
    return this.#lines.size;
  }

  /**
   * Call right before `admit`: undefined when nothing has to be waited for. It rejects with 503 when a limit cannot be kept
   * without the database; that there is not enough is for `admit` to say.
   */
  ensure(request: AdmissionRequest): Promise<void> | undefined {
    if (!request.wallet.scopes.some((scope) => needsLease(scope, request.own))) return undefined;
    const range = holdRangeOf(request);
    if (range === null) return undefined;
    if (!this.#isFenced() && this.#firstShort(request, range) === undefined) return undefined;
    return this.#fill(request, leastHoldRangeOf(request, range));
  }

  /** The flusher has brought this into the database. */
  flushed(usage: readonly UsageWindowTable[], throughSeq: number): void {
    this.#flushedSeq = Math.max(this.#flushedSeq, throughSeq);
    this.#options.wallets.flushed(usage);
  }

  /** A limit may have changed: what nobody holds is given back, so that the next lease is of the new one. */
  changed(kind: string, id: string): void {
    const scope = this.#options.wallets.scope(kind, id);
    if (scope === undefined) return;
    for (const windowId of scope.leases.keys())
      this.#returnSoon(this.#lines.get(lineName(kind, id, windowId)));
    this.#backSoon(scope);
  }

  /** Any limit may have changed. */
  allChanged(): void {
    for (const line of this.#lines.values()) this.#returnSoon(line);
    for (const scope of this.#options.wallets.scopes) this.#backSoon(scope);
  }

  /** Renews all leases and gives back the idle ones; runs by itself every now and then. */
  async upkeep(): Promise<void> {
    await this.#renewOnce();
    const { clock, idleMs = IDLE_MS } = this.#options;
    const nowMs = clock.nowMs();
    const returning: Promise<void>[] = [];
    for (const [name, line] of this.#lines) {
      if (line.isBusy) continue;
      const { lease } = line;
      if (lease === undefined) this.#lines.delete(name);
      else if (nowMs - lease.usedAtMs >= idleMs || !isCurrent(line, nowMs)) returning.push(line.giveBack());
    }
    await Promise.all(returning);
  }

  #firstShort({ wallet, own, nowMs }: AdmissionRequest, range: HoldRange): Scope | undefined {
    for (const scope of wallet.scopes) {
      if (!needsLease(scope, own)) continue;
      const windowId = scope.windowIdAt(nowMs);
      const lease = scope.leases.get(windowId);
      const counted = rangeIn(scope, own, range);
      if (lease !== undefined && scope.freeOfLeaseNanoUsd(windowId) >= counted.wantedNanoUsd) {
        lease.usedAtMs = nowMs;
        continue;
      }
      const line = this.#lines.get(lineName(scope.kind, scope.id, windowId));
      if (line?.hasJustDenied(counted) !== true) return scope;
    }
    return undefined;
  }

  async #fill(request: AdmissionRequest, range: HoldRange): Promise<void> {
    for (let round = 0; round < ROUNDS; round++) {
      if (this.#isFenced()) await this.#unfence();
      const scope = this.#firstShort(request, range);
      if (scope === undefined) return;
      const windowId = scope.windowIdAt(request.nowMs);
      try {
        if (!(await this.#inTime(this.#lineOf(scope, windowId).ask(rangeIn(scope, request.own, range)))))
          return;
      } catch (cause) {
        if (isCovered(request, range)) return;
        throw unavailable(cause);
      }
    }
  }

  /** Requests may run that were admitted without a limit: where there is one now, other nodes must know what is left of it. */
  #backSoon(scope: Scope): void {
    if (!scope.isShared || scope.unbackedNanoUsd() <= 0n) return;
    this.#back(scope).catch((error) => this.#options.logger.warn('lease_not_taken', { error }));
  }

  async #back(scope: Scope): Promise<void> {
    const { wallets, store, clock } = this.#options;
    const kind = wallets.kind(scope.kind);
    const limit = kind === undefined ? null : await store.limitOf(kind, scope.id);
    if (limit === null || limit.limitNanoUsd === null) return;
    await this.#lineOf(scope, windowId(limit.windowKind, clock.nowMs())).backOwed();
  }

  #lineOf(scope: Scope, windowId: string): LeaseQueue {
    const name = lineName(scope.kind, scope.id, windowId);
    const found = this.#lines.get(name);
    // A scope that was idle may have been forgotten and loaded again.
    if (found?.scope === scope) return found;
    const { wallets, store, nodeId, clock } = this.#options;
    const kind = wallets.kind(scope.kind);
    if (kind === undefined || this.#stopped) throw unavailable(new Error('no lease can be taken'));
    const line = new LeaseQueue({
      ...{ scope, kind, windowId, nodeId, store },
      timing: this.#timing,
      ttlMs: this.#ttlMs,
      nowMs: () => clock.nowMs(),
      flushedSeq: () => this.#flushedSeq,
      recorded: this.#options.recorded,
    });
    this.#lines.set(name, line);
    return line;
  }

  #isFenced(): boolean {
    if (this.#renewedAt === null) return true;
    const { monotonicMs, clockMs } = this.#renewedAt;
    const ageMs = Math.max(this.#timing.monotonicMs() - monotonicMs, this.#options.clock.nowMs() - clockMs);
    return ageMs >= this.#ttlMs * (1 - MARGIN);
  }

  async #unfence(): Promise<void> {
    if (this.#timing.monotonicMs() - this.#failedAtMs < RETRY_MS)
      throw unavailable(new Error('the database is gone'));
    try {
      await this.#inTime(this.#renewOnce());
    } catch (cause) {
      throw unavailable(cause);
    }
  }

  #renewOnce(): Promise<void> {
    this.#renewing ??= this.#renew()
      .catch((error) => {
        this.#failedAtMs = this.#timing.monotonicMs();
        throw error;
      })
      .finally(() => {
        this.#renewing = null;
      });
    return this.#renewing;
  }

  /** What has expired is made good first: until then this node holds against nothing. */
  async #renew(): Promise<void> {
    const { store, nodeId, clock } = this.#options;
    const sentAt = { monotonicMs: this.#timing.monotonicMs(), clockMs: clock.nowMs() };
    const own = await store.renew(nodeId, this.#ttlMs);
    const renewed = own.filter(({ is_alive }) => is_alive);
    const alive = new Set(renewed.map((row) => lineName(row.scope_kind, row.scope_id, row.window_id)));
    const lost = [...this.#lines].filter(([name]) => !alive.has(name));
    await Promise.all(lost.map(([, line]) => line.restate(sentAt.monotonicMs)));
    this.#renewedAt = sentAt;
    await this.#dropStranded(own);
  }

  /**
   * Rows that this node knows nothing of, of a grant whose answer never came: also those that expired before it could say so,
   * which would else stay frozen until its next start.
   */
  async #dropStranded(own: readonly OwnLease[]): Promise<void> {
    const { wallets, store, nodeId } = this.#options;
    for (const { scope_kind, scope_id, window_id, grant_id } of own) {
      const line = this.#lines.get(lineName(scope_kind, scope_id, window_id));
      const isKnown = wallets.scope(scope_kind, scope_id)?.leases.has(window_id) ?? false;
      if (isKnown || line?.isBusy) continue;
      const key = { scopeKind: scope_kind, scopeId: scope_id, windowId: window_id, nodeId };
      await store.drop(key, grant_id);
    }
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#cancelTimer = this.#timing.schedule(this.#options.renewEveryMs ?? RENEW_EVERY_MS, () => {
      this.upkeep()
        .catch((error) => this.#options.logger.warn('lease_renewal_failed', { error }))
        .finally(() => this.#schedule());
    });
  }

  /** Another node is short. No payload: the listening connection was made anew, and whoever asked has given up. */
  #recalled(payload: string | undefined): void {
    if (payload === undefined) return;
    const [kind, id, windowId, nodeId] = JSON.parse(payload);
    if (nodeId === this.#options.nodeId) return;
    const line = this.#lines.get(lineName(kind, id, windowId));
    // A queue that is waiting for a grant returns idle money by itself, after every failed round.
    if (line?.isBusy === false) this.#returnSoon(line);
  }

  async #inTime<T>(promise: Promise<T>): Promise<T> {
    const late = Promise.withResolvers<never>();
    const cancel = this.#timing.schedule(WAIT_MS, () =>
      late.reject(new Error('the database does not answer')),
    );
    try {
      return await Promise.race([promise, late.promise]);
    } finally {
      cancel();
    }
  }

  #returnSoon(line: LeaseQueue | undefined): void {
    if (line === undefined) return;
    line.forgetDenials();
    line.giveBack().catch((error) => this.#options.logger.warn('lease_not_returned', { error }));
  }
}

function needsLease(scope: Scope, own: OwnShare | undefined): boolean {
  const { limit, isShared, isForgotten } = scope;
  return isShared && !isForgotten && limit.limitNanoUsd !== null && shareIn(scope, own) > 0n;
}

function rangeIn(scope: Scope, own: OwnShare | undefined, range: HoldRange): HoldRange {
  if (own === undefined) return range;
  const share = shareIn(scope, own);
  return {
    wantedNanoUsd: countedNanoUsd(range.wantedNanoUsd, share),
    leastNanoUsd: countedNanoUsd(range.leastNanoUsd, share),
  };
}

function isCurrent({ windowId: id }: LeaseQueue, nowMs: number): boolean {
  return windowId(kindOfWindow(id), nowMs) === id;
}

/** What the leases have free, though less than wanted, is enough. */
function isCovered({ wallet, own, nowMs }: AdmissionRequest, range: HoldRange): boolean {
  return wallet.scopes.every(
    (scope) =>
      !needsLease(scope, own) ||
      scope.freeOfLeaseNanoUsd(scope.windowIdAt(nowMs)) >= rangeIn(scope, own, range).leastNanoUsd,
  );
}

function lineName(kind: string, id: string, windowId: string): string {
  return `${kind} ${id} ${windowId}`;
}

function unavailable(cause: unknown): TurnpikeError {
  return new TurnpikeError('unavailable', {
    cause,
    detail: 'A lease could not be taken or renewed',
    retryAfterSeconds: 1,
  });
}
