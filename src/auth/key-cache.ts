/**
 * Keys in memory, so that no request waits for the database: a bounded set of snapshots which the change feed keeps true.
 * Three rules: an invalidated load never fills the cache, an older version never replaces a newer one, and what is held
 * is served only while the feed is known to work.
 */
import type { Clock } from '../clock.ts';
import { TurnpikeError } from '../errors.ts';
import type { Principal } from './principal.ts';

/** How long keys in memory stay good when the database cannot be asked whether they changed. */
export const STALENESS_LIMIT_MS = 60_000;
/** How long an unknown key is refused without asking again. */
const ABSENT_FOR_MS = 10_000;
/** Reads for one caller that changes keep overtaking; the last one is answered, though not kept. */
const READS_PER_CALL = 4;
const RETRY_AFTER_SECONDS = 1;

export interface KeyCacheOptions {
  /** Reads one key from the database; null when there is none, or it was deleted. */
  readonly read: (hash: string) => Promise<Principal | null>;
  readonly clock: Clock;
  /** When the change feed last read the log of changes with success; null: never yet. */
  readonly feedReadAtMs: () => number | null;
  readonly maxKeys?: number;
  readonly maxAbsent?: number;
}

interface Flight {
  /** False once its key changed: what it reads may be older than that change. */
  valid: boolean;
  promise: Promise<Principal | null>;
}

export class KeyCache {
  readonly #read: (hash: string) => Promise<Principal | null>;
  readonly #clock: Clock;
  readonly #feedReadAtMs: () => number | null;
  readonly #maxRecent: number;
  readonly #maxAbsent: number;
  /** Two generations instead of a strict order of use: a hit in the recent one writes nothing. */
  #recent = new Map<string, Principal>();
  #older = new Map<string, Principal>();
  /** Hash to the time at which it may be asked for again, oldest first. */
  readonly #absentUntilMs = new Map<string, number>();
  readonly #flights = new Map<string, Flight>();

  constructor(options: KeyCacheOptions) {
    this.#read = options.read;
    this.#clock = options.clock;
    this.#feedReadAtMs = options.feedReadAtMs;
    this.#maxRecent = Math.max(1, Math.floor((options.maxKeys ?? 50_000) / 2));
    this.#maxAbsent = options.maxAbsent ?? 10_000;
  }

  /** What is held, at no cost: a key, null when it is known not to exist, undefined when it has to be loaded. */
  get(hash: string): Principal | null | undefined {
    const held = this.#held(hash);
    if (held !== undefined) return this.#isFeedAlive() ? held : undefined;
    const untilMs = this.#absentUntilMs.get(hash);
    if (untilMs === undefined) return undefined;
    if (this.#clock.nowMs() < untilMs) return null;
    this.#absentUntilMs.delete(hash);
    return undefined;
  }

  /** Reads the key from the database; callers at the same time share one read. 503 when the database does not answer. */
  async load(hash: string): Promise<Principal | null> {
    let principal: Principal | null = null;
    for (let reads = 0; reads < READS_PER_CALL; reads += 1) {
      const flight = this.#flights.get(hash) ?? this.#takeOff(hash);
      principal = await flight.promise;
      if (flight.valid) return principal;
      const held = this.get(hash);
      if (held !== undefined) return held;
    }
    // Every change came after this caller did, so the last read is as true for it as a later one.
    return principal;
  }

  /** The key changed: forgets what is held about it, its absence included, and what is being read right now. */
  invalidate(hash: string): void {
    this.#recent.delete(hash);
    this.#older.delete(hash);
    this.#absentUntilMs.delete(hash);
    this.#ground(hash);
  }

  /** Those may have changed, and whatever is being read right now: nobody knows yet whether it is one of them. */
  invalidateWhere(isChanged: (principal: Principal) => boolean): void {
    for (const held of [this.#recent, this.#older])
      for (const [hash, principal] of held) if (isChanged(principal)) held.delete(hash);
    for (const hash of this.#flights.keys()) this.#ground(hash);
  }

  /** Anything may have changed: the feed has lost track. */
  clear(): void {
    this.#recent.clear();
    this.#older.clear();
    this.#absentUntilMs.clear();
    for (const hash of this.#flights.keys()) this.#ground(hash);
  }

  get size(): { keys: number; absent: number; loading: number } {
    const keys = this.#recent.size + this.#older.size;
    return { keys, absent: this.#absentUntilMs.size, loading: this.#flights.size };
  }

  #isFeedAlive(): boolean {
    const readAtMs = this.#feedReadAtMs();
    return readAtMs !== null && this.#clock.nowMs() - readAtMs <= STALENESS_LIMIT_MS;
  }

  #takeOff(hash: string): Flight {
    const flight: Flight = { valid: true, promise: Promise.resolve(null) };
    this.#flights.set(hash, flight);
    flight.promise = this.#fly(hash, flight);
    return flight;
  }

  async #fly(hash: string, flight: Flight): Promise<Principal | null> {
    // What was read before the feed began may have changed unheard.
    const isFeedOn = this.#feedReadAtMs() !== null;
    try {
      const principal = await this.#read(hash);
      if (flight.valid && isFeedOn) this.#keep(hash, principal);
      return principal;
    } catch (cause) {
      throw new TurnpikeError('unavailable', {
        cause,
        detail: 'The key could not be read from the database',
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      });
    } finally {
      if (this.#flights.get(hash) === flight) this.#flights.delete(hash);
    }
  }

  /** Takes a read out of the way: later callers start their own, and what it finds is not kept. */
  #ground(hash: string): void {
    const flight = this.#flights.get(hash);
    if (flight === undefined) return;
    flight.valid = false;
    this.#flights.delete(hash);
  }

  #held(hash: string): Principal | undefined {
    const recent = this.#recent.get(hash);
    if (recent !== undefined) return recent;
    const older = this.#older.get(hash);
    if (older === undefined) return undefined;
    this.#older.delete(hash);
    this.#hold(hash, older);
    return older;
  }

  #keep(hash: string, principal: Principal | null): void {
    if (principal === null) {
      this.#recent.delete(hash);
      this.#older.delete(hash);
      this.#absentUntilMs.delete(hash);
      this.#absentUntilMs.set(hash, this.#clock.nowMs() + ABSENT_FOR_MS);
      if (this.#absentUntilMs.size > this.#maxAbsent) dropOldest(this.#absentUntilMs);
      return;
    }
    const held = this.#held(hash);
    if (held === undefined || principal.version >= held.version) this.#hold(hash, principal);
  }

  #hold(hash: string, principal: Principal): void {
    this.#older.delete(hash);
    if (this.#recent.size >= this.#maxRecent && !this.#recent.has(hash)) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(hash, principal);
  }
}

function dropOldest(entries: Map<string, number>): void {
  for (const oldest of entries.keys()) {
    entries.delete(oldest);
    return;
  }
}
