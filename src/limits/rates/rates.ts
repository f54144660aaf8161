/**
 * How often, and with how many tokens, keys, members, workspaces and models may ask in a minute of UTC. What a request may come to is
 * held before it is sent, and counted as what it was at its end, in the minute in which it began. A process that owns its database counts
 * alone; one of several counts within what it was granted of the minute, so that all of them together keep to the limit.
 */
import type { RateLimit } from '../../allowances/allowances.ts';
import type { Principal } from '../../auth/principal.ts';
import type { Clock } from '../../clock.ts';
import { TurnpikeError } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { Listener } from '../../storage/postgres.ts';
import { MINUTE_MS, RateCounter, type RateUnit, UNITS } from './rate-counter.ts';
import { rateError } from './rate-error.ts';
import { RateHold, type RatePart } from './rate-hold.ts';
import type { RateStore, Recall } from './store.ts';

/** What a request may come to. */
export interface RateAsk {
  /** Those that may come to serve it. */
  readonly modelIds: ReadonlySet<string>;
  /** No prompt has more tokens; it is held where there is room for it. */
  readonly promptTokensBound: number;
  /** What it will be about, held where its bound does not fit. */
  readonly promptTokens: number;
  /** As its caller wishes, for each choice; null: no cap was named. */
  readonly maxTokens: number | null;
  /** What it may write unless it is told less, for each choice. */
  readonly wantedTokens: number;
  readonly choices: number;
}

export interface RatesOptions {
  readonly clock: Clock;
  /** Where other nodes count too; null: nobody else does. */
  readonly store: RateStore | null;
  readonly logger: Logger;
  /** How long a request waits for what other nodes do not use; 250 unless told. */
  readonly recallWaitMs?: number;
}

interface Bound {
  readonly limit: RateLimit;
  readonly counter: RateCounter;
  readonly modelId: string | null;
}

/** An answer that is cut shorter is of no use to anybody. */
const LEAST_TOKENS = 256;
/** Beyond it, counters of minutes that are over are let go of. */
const MAX_COUNTERS = 10_000;
/** Of a minute, a node takes so many parts in advance at most. */
const PARTS = 16;
/** How long a request waits for other nodes to give back what they do not use, and how often it asks them. */
const RECALL_WAIT_MS = 250;
const RECALL_STEP_MS = 25;
const KEEP_MINUTES = 5;

export class Rates {
  readonly #options: RatesOptions;
  readonly #counters = new Map<string, RateCounter>();
  #listener: Listener | null = null;
  #forgotAt = 0;

  constructor(options: RatesOptions) {
    this.#options = options;
    const { store, logger } = options;
    if (store === null) return;
    this.#listener = store.listenForRecalls(
      (recall) => this.#giveBack(recall),
      (error) => logger.warn('rate_recall_failed', { error }),
    );
  }

  async stop(): Promise<void> {
    await this.#listener?.stop();
  }

  /** Holds its part of each rate at once, or throws a 429 that names the first that is used up. */
  take({ principal, limits }: TakenFrom, ask: RateAsk): RateHold | Promise<RateHold> {
    const nowMs = this.#options.clock.nowMs();
    const bounds = this.#boundsOf(principal, limits, ask.modelIds, nowMs);
    this.#mustFitAMinute(bounds, ask);
    const taken = this.#taken(bounds, ask, nowMs);
    if (taken instanceof RateHold) return taken;
    if (this.#options.store === null) throw this.#refusal(taken);
    return this.#takeGranted(bounds, ask, this.#options.store);
  }

  /** A request that no minute has room for is refused at once, before it collects what others could use. */
  #mustFitAMinute(bounds: readonly Bound[], ask: RateAsk): void {
    const needed = leastTokensOf(ask);
    for (const { limit, counter } of bounds)
      if (limit.tokensPerMinute !== null && limit.tokensPerMinute < needed)
        throw this.#refusal({ limit, counter, unit: 'tokens', needed });
  }

  /** Those that apply to a key, with their counters. */
  #boundsOf(
    principal: Principal,
    limits: readonly RateLimit[],
    modelIds: ReadonlySet<string>,
    nowMs: number,
  ): Bound[] {
    return limits.flatMap((limit) =>
      subjectsOf(limit, principal, modelIds).map((subject) => ({
        limit,
        counter: this.#counter(`${limit.id} ${subject}`, nowMs),
        modelId: limit.subject === 'model' ? subject : null,
      })),
    );
  }

  #counter(name: string, nowMs: number): RateCounter {
    let counter = this.#counters.get(name);
    if (counter === undefined) {
      if (this.#counters.size >= MAX_COUNTERS) this.#forgetOld(nowMs);
      counter = new RateCounter(name, Math.floor(nowMs / MINUTE_MS));
      this.#counters.set(name, counter);
    }
    counter.advance(nowMs);
    return counter;
  }

  /** What is held of a minute that is over concerns nobody any more. */
  #forgetOld(nowMs: number): void {
    const minute = Math.floor(nowMs / MINUTE_MS);
    for (const [name, counter] of this.#counters) if (counter.minute < minute) this.#counters.delete(name);
  }

  /** The hold, or what is short of it. */
  #taken(bounds: readonly Bound[], ask: RateAsk, nowMs: number): RateHold | Short {
    let tokens = Number.POSITIVE_INFINITY;
    for (const { limit, counter } of bounds) {
      const requests = this.#free(counter, 'requests', limit.requestsPerMinute);
      if (requests < 1) return { limit, counter, unit: 'requests', needed: 1 };
      tokens = Math.min(tokens, this.#free(counter, 'tokens', limit.tokensPerMinute));
    }
    const output = ask.maxTokens ?? ask.wantedTokens;
    const least = leastOutputOf(ask);
    const prompt =
      ask.promptTokensBound + least * ask.choices <= tokens ? ask.promptTokensBound : ask.promptTokens;
    const needed = prompt + least * ask.choices;
    if (needed > tokens) {
      const short = bounds.find(
        ({ limit, counter }) => this.#free(counter, 'tokens', limit.tokensPerMinute) < needed,
      );
      if (short !== undefined) return { ...short, unit: 'tokens', needed };
    }
    const cap = Math.min(output, Math.floor((tokens - prompt) / ask.choices));
    const isCounted = Number.isFinite(tokens);
    const held = isCounted ? prompt + cap * ask.choices : 0;
    const parts = bounds.map(({ limit, counter, modelId }): RatePart => {
      counter.used.requests += 1;
      counter.used.tokens += held;
      return { limit, counter, minute: counter.minute, modelId };
    });
    return new RateHold(parts, held, isCounted ? cap : null, nowMs);
  }

  #free(counter: RateCounter, unit: RateUnit, limit: number | null): number {
    if (limit === null) return Number.POSITIVE_INFINITY;
    const within = this.#options.store === null ? limit : Math.min(limit, counter.granted[unit]);
    return within - counter.used[unit];
  }

  /** Asks for what is short until all of it is there, or nobody has it. */
  async #takeGranted(bounds: readonly Bound[], ask: RateAsk, store: RateStore): Promise<RateHold> {
    const { clock, recallWaitMs = RECALL_WAIT_MS } = this.#options;
    const sinceMs = clock.nowMs();
    let recalledUntilMs: number | null = null;
    for (;;) {
      const nowMs = clock.nowMs();
      for (const { counter } of bounds) counter.advance(nowMs);
      const taken = this.#taken(bounds, ask, nowMs);
      if (taken instanceof RateHold) return taken;
      const { counter, unit } = taken;
      const endWaiting = counter.beginWaiting(unit, sinceMs);
      try {
        if (await this.#grant(store, taken, ask)) continue;
        recalledUntilMs ??= performance.now() + recallWaitMs;
        if (performance.now() >= recalledUntilMs) throw this.#refusal(taken);
        await this.#inStore(() => store.recall(counter.name, sinceMs));
        await Bun.sleep(RECALL_STEP_MS);
      } finally {
        endWaiting();
      }
    }
  }

  /** Whether anything came of it. */
  async #grant(store: RateStore, { limit, counter, unit, needed }: Short, ask: RateAsk): Promise<boolean> {
    const most = unit === 'requests' ? limit.requestsPerMinute : limit.tokensPerMinute;
    if (most === null) return false;
    const { minute, name } = counter;
    const missing = counter.used[unit] + needed - counter.granted[unit];
    const whole =
      unit === 'requests' ? 1 : ask.promptTokensBound + (ask.maxTokens ?? ask.wantedTokens) * ask.choices;
    const wanted = Math.max(missing, Math.min(whole, most), Math.floor(most / PARTS));
    const granted = await this.#inStore(() => store.grant(name, minute, unit, wanted, most));
    this.#forgetStored(store, minute);
    if (counter.minute !== minute) return true;
    counter.granted[unit] += granted;
    return granted > 0;
  }

  /**
   * Another node has a request that is short of this counter. Where one of this node's is short of it too, the one that has waited longer
   * gets what is idle: else both nodes would pass it to and fro until both requests give up.
   */
  #giveBack({ name, sinceMs, isFirstOfEquals }: Recall): void {
    const { store, logger } = this.#options;
    const counter = this.#counters.get(name);
    if (store === null || counter === undefined) return;
    for (const unit of UNITS) {
      const idle = counter.granted[unit] - counter.used[unit];
      if (idle <= 0) continue;
      const ownSinceMs = counter.waitingSinceMs(unit);
      if (ownSinceMs < sinceMs || (ownSinceMs === sinceMs && !isFirstOfEquals)) continue;
      // Here first: what another node may have is held by nobody here.
      counter.granted[unit] -= idle;
      store
        .giveBack(name, counter.minute, unit, idle)
        .catch((error) => logger.warn('rate_not_returned', { error }));
    }
  }

  #forgetStored(store: RateStore, minute: number): void {
    if (minute - this.#forgotAt < KEEP_MINUTES) return;
    this.#forgotAt = minute;
    store
      .forgetBefore(minute - KEEP_MINUTES)
      .catch((error) => this.#options.logger.warn('rates_not_forgotten', { error }));
  }

  async #inStore<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      throw new TurnpikeError('unavailable', {
        cause,
        detail: 'What is left of a rate could not be asked for',
        retryAfterSeconds: 1,
      });
    }
  }

  #refusal({ limit, counter, unit, needed }: Short): TurnpikeError {
    const most = (unit === 'requests' ? limit.requestsPerMinute : limit.tokensPerMinute) ?? 0;
    return rateError({
      subject: limit.subject,
      ...{ unit, needed, limit: most, remaining: Math.max(0, most - this.#usedOf(counter, unit, most)) },
      resetsAtMs: (counter.minute + 1) * MINUTE_MS,
      nowMs: this.#options.clock.nowMs(),
    });
  }

  /** Where others count, as far as this node can tell: all but what it may still use itself. */
  #usedOf(counter: RateCounter, unit: RateUnit, limit: number): number {
    if (this.#options.store === null) return counter.used[unit];
    return limit - Math.max(0, counter.granted[unit] - counter.used[unit]);
  }
}

interface Short extends Pick<Bound, 'limit' | 'counter'> {
  readonly unit: RateUnit;
  readonly needed: number;
}

/** Output tokens that each choice needs room for. */
function leastOutputOf({ maxTokens, wantedTokens }: RateAsk): number {
  return maxTokens ?? Math.min(LEAST_TOKENS, wantedTokens);
}

function leastTokensOf(ask: RateAsk): number {
  return ask.promptTokens + leastOutputOf(ask) * ask.choices;
}

/** Whom the request counts against, and by which limits. */
export interface TakenFrom {
  readonly principal: Principal;
  readonly limits: readonly RateLimit[];
}

/** Null: nothing limits how often this caller may ask. */
export function ratesOver(principal: Principal): TakenFrom | null {
  const limits = principal.allowances?.rateLimits;
  return limits === undefined || limits.length === 0 ? null : { principal, limits };
}

/** The ids under which a limit counts this request: each model that may serve it, the key and those that it is a child of, the member, or the workspace. */
function subjectsOf(
  { subject, target }: RateLimit,
  principal: Principal,
  modelIds: ReadonlySet<string>,
): readonly string[] {
  const ids = idsOf(subject, principal, modelIds);
  return target === null ? ids : ids.includes(target) ? [target] : [];
}

function idsOf(
  subject: RateLimit['subject'],
  { keyHash, parentLimits, creatorUserId, workspaceId }: Principal,
  modelIds: ReadonlySet<string>,
): readonly string[] {
  switch (subject) {
    case 'model':
      return [...modelIds];
    case 'api_key':
      return parentLimits === undefined ? [keyHash] : [keyHash, ...parentLimits.map(({ id }) => id)];
    case 'member':
      return creatorUserId === null ? [] : [creatorUserId];
    case 'workspace':
      return workspaceId === null ? [] : [workspaceId];
  }
}
