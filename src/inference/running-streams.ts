/** The streams that run now, by key: so that they can end with a key whose owner asked for that. */
import type { KeyCache } from '../auth/key-cache.ts';
import type { Principal } from '../auth/principal.ts';
import { TurnpikeError } from '../errors.ts';

export interface Interruptible {
  interrupt(error: TurnpikeError): void;
}

interface Running {
  readonly stream: Interruptible;
  readonly principal: Principal;
}

export class RunningStreams {
  readonly #byKey = new Map<string, Set<Running>>();
  readonly #keys: Pick<KeyCache, 'get' | 'load'>;
  readonly #onError: (error: unknown) => void;

  constructor(options: { keys: Pick<KeyCache, 'get' | 'load'>; onError: (error: unknown) => void }) {
    this.#keys = options.keys;
    this.#onError = options.onError;
  }

  /** Returns what to call when the stream has ended. */
  add(stream: Interruptible, principal: Principal): () => void {
    const running = { stream, principal };
    const streams = this.#byKey.get(principal.keyHash) ?? new Set();
    streams.add(running);
    this.#byKey.set(principal.keyHash, streams);
    // What changed while its provider was silent found no stream to end. A key that did not change is in memory still.
    // In a turn of its own, since whoever adds a stream does not expect it to end meanwhile.
    if (this.#keys.get(principal.keyHash) !== principal)
      queueMicrotask(() => this.keyChanged(principal.keyHash));
    return () => {
      streams.delete(running);
      if (streams.size === 0 && this.#byKey.get(principal.keyHash) === streams)
        this.#byKey.delete(principal.keyHash);
    };
  }

  /** Call when a key changed. A deleted key has only its streams to say what its owner wanted. */
  keyChanged(hash: string): void {
    const streams = this.#byKey.get(hash);
    if (streams !== undefined) this.#check(hash, streams).catch(this.#onError);
  }

  /** Changes may have been missed: every key with a stream is looked at. */
  recheck(): void {
    for (const hash of this.#byKey.keys()) this.keyChanged(hash);
  }

  async #check(hash: string, streams: ReadonlySet<Running>): Promise<void> {
    const held = this.#keys.get(hash);
    const now = held === undefined ? await this.#keys.load(hash) : held;
    if (now !== null && !now.disabled) return;
    for (const { stream, principal } of streams) {
      if ((now ?? principal).cutStreamsWhenRevoked) stream.interrupt(revoked(now));
    }
  }
}

function revoked(principal: Principal | null): TurnpikeError {
  const error = principal === null ? 'invalid_api_key' : 'key_disabled';
  return new TurnpikeError(error, { message: 'The API key of this stream was revoked' });
}
