/**
 * Requests that only other requests stand in the way of: the money is there, and held. They wait a while for it, in the order in
 * which they came to a scope: coding agents name output caps a hundred times what they use, and take a refusal for the end.
 */
import type { Admission } from './admit.ts';
import { HeldByOthers } from './refusal.ts';
import type { Scope } from './scope.ts';

/** The end of the gateway, for whoever waits. */
interface Stop {
  readonly hasBegun: boolean;
  add(end: () => void): void;
  delete(end: () => void): void;
}

export interface HoldQueueOptions {
  /** 0: nobody waits. */
  readonly waitMs: number;
  readonly stopping: Stop;
}

/** Beyond it a request is refused at once: each that waits keeps its body in memory. */
const MOST_WAITING_A_SCOPE = 100;
/** Holds of other nodes end, and their leases come back, without a word here. */
const LOOK_AGAIN_MS = 250;

interface Place {
  /** Ends its waiting for now. */
  wake: () => void;
}

export class HoldQueue {
  readonly #options: HoldQueueOptions;
  /** In the order of arrival; the first place of a scope is the only one that tries. */
  readonly #places = new Map<Scope, Set<Place>>();

  constructor(options: HoldQueueOptions) {
    this.#options = options;
  }

  /**
   * What `retry` admits, as soon as it does. Throws `refusal`, or the latest one, when the time is over, the client has left or the
   * gateway stops, and whatever else `retry` throws at once.
   */
  async admitted(
    refusal: HeldByOthers,
    retry: () => Promise<Admission>,
    leaving: AbortSignal | null,
  ): Promise<Admission> {
    const { waitMs, stopping } = this.#options;
    const { scope } = refusal;
    const places = this.#places.get(scope) ?? new Set();
    if (waitMs === 0 || places.size >= MOST_WAITING_A_SCOPE) throw refusal;
    const place: Place = { wake: NOTHING };
    this.#enter(scope, places, place);
    const endsAt = performance.now() + waitMs;
    let latest = refusal;
    try {
      for (;;) {
        const leftMs = endsAt - performance.now();
        if (leftMs <= 0 || leaving?.aborted === true || stopping.hasBegun) throw latest;
        const isFirst = firstOf(places) === place;
        await this.#wait(place, isFirst ? Math.min(LOOK_AGAIN_MS, leftMs) : leftMs, leaving);
        if (firstOf(places) !== place) continue;
        try {
          return await retry();
        } catch (thrown) {
          if (!(thrown instanceof HeldByOthers)) throw thrown;
          latest = thrown;
        }
      }
    } finally {
      this.#leave(scope, places, place);
    }
  }

  #enter(scope: Scope, places: Set<Place>, place: Place): void {
    places.add(place);
    if (places.size > 1) return;
    this.#places.set(scope, places);
    // In a turn of its own: the hold has to end in its other scopes first.
    scope.onHoldEnded = () => queueMicrotask(() => firstOf(places)?.wake());
  }

  #leave(scope: Scope, places: Set<Place>, place: Place): void {
    places.delete(place);
    if (places.size > 0) firstOf(places)?.wake();
    else {
      this.#places.delete(scope);
      scope.onHoldEnded = null;
    }
  }

  async #wait(place: Place, ms: number, leaving: AbortSignal | null): Promise<void> {
    const { stopping } = this.#options;
    const { promise, resolve } = Promise.withResolvers<void>();
    place.wake = resolve;
    const timer = setTimeout(resolve, ms);
    leaving?.addEventListener('abort', place.wake);
    stopping.add(place.wake);
    await promise;
    clearTimeout(timer);
    leaving?.removeEventListener('abort', place.wake);
    stopping.delete(place.wake);
  }
}

const NOTHING = (): void => {};

function firstOf(places: ReadonlySet<Place>): Place | undefined {
  return places.values().next().value;
}
