/**
 * A backend of the operator's own (vLLM, Ollama, llama.cpp) takes so many requests at once, and the others wait here for their turn:
 * in the order of their urgency, and among equals each key in turn, so that nobody's thousand requests stand before somebody's one.
 */
import { ProviderError } from '../providers/provider-error.ts';
import type { ProviderQueue } from '../providers/provider-key.ts';
import type { Stopping } from './stopping.ts';

/** `low` waits behind everybody else; nobody can push ahead. */
export type Urgency = 'normal' | 'low';

export interface Waiter {
  readonly urgency: Urgency;
  /** Whose turns are shared out: a key's. */
  readonly party: string;
  /** Aborted when the client leaves; null where leaving changes nothing. */
  readonly signal: AbortSignal | null;
  readonly stopping: Stopping;
}

/** The caller left, or the gateway stops, while it waited. */
export class LeftQueue extends Error {}

interface Place {
  readonly party: string;
  go(): void;
}

export class BackendQueue {
  readonly #limits: ProviderQueue;
  #running = 0;
  #waiting = 0;
  /** By party, in whose turn it is next: the first of a map is served and moves to its end. */
  readonly #lines: Readonly<Record<Urgency, Map<string, Place[]>>> = { normal: new Map(), low: new Map() };

  constructor(limits: ProviderQueue) {
    this.#limits = limits;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** Null: there is room, and it is taken. Otherwise resolves when there is; rejects with a ProviderError or LeftQueue. */
  take(waiter: Waiter, providerName: string): Promise<void> | null {
    if (this.#running < this.#limits.maxConcurrent && this.#waiting === 0) {
      this.#running += 1;
      return null;
    }
    if (this.#waiting >= this.#limits.maxWaiting)
      return Promise.reject(
        busy(`${providerName} has no room, and ${this.#waiting} requests wait for it already`),
      );
    return this.#wait(waiter, providerName);
  }

  /** Whoever took room needs it no more. */
  leave(): void {
    const next = this.#next();
    if (next === null) this.#running -= 1;
    else next.go();
  }

  async #wait({ urgency, party, signal, stopping }: Waiter, providerName: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const place: Place = { party, go: resolve };
    const leave = () => reject(new LeftQueue());
    const { maxWaitMs } = this.#limits;
    const late = setTimeout(
      () => reject(busy(`Waited ${maxWaitMs} ms in the queue of ${providerName} without coming to its turn`)),
      maxWaitMs,
    );
    this.#enter(this.#lines[urgency], place);
    signal?.addEventListener('abort', leave);
    stopping.add(leave);
    if (signal?.aborted === true) leave();
    try {
      await promise;
    } catch (thrown) {
      // Its turn may have come in the same moment.
      if (!this.#remove(this.#lines[urgency], place)) this.leave();
      throw thrown;
    } finally {
      clearTimeout(late);
      signal?.removeEventListener('abort', leave);
      stopping.delete(leave);
    }
  }

  #enter(lines: Map<string, Place[]>, place: Place): void {
    this.#waiting += 1;
    const line = lines.get(place.party);
    if (line === undefined) lines.set(place.party, [place]);
    else line.push(place);
  }

  #next(): Place | null {
    for (const lines of [this.#lines.normal, this.#lines.low]) {
      for (const [party, line] of lines) {
        const place = line.shift();
        lines.delete(party);
        if (line.length > 0) lines.set(party, line);
        if (place === undefined) continue;
        this.#waiting -= 1;
        return place;
      }
    }
    return null;
  }

  /** False: it is not there any more. */
  #remove(lines: Map<string, Place[]>, place: Place): boolean {
    const line = lines.get(place.party);
    const at = line?.indexOf(place) ?? -1;
    if (line === undefined || at === -1) return false;
    line.splice(at, 1);
    if (line.length === 0) lines.delete(place.party);
    this.#waiting -= 1;
    return true;
  }
}

function busy(message: string): ProviderError {
  return new ProviderError('status', {
    fault: 'busy',
    message,
    retryAfterSeconds: 1,
    neverSent: true,
  });
}
