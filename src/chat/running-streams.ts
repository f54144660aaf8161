/** The streams that run now, by key: so that they can end with a key whose owner asked for that. */
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
  readonly #readKey: (hash: string) => Promise<Principal | null>;

  constructor(readKey: (hash: string) => Promise<Principal | null>) {
    this.#readKey = readKey;
  }

  /** Returns what to call when the stream has ended. */
  add(stream: Interruptible, principal: Principal): () => void {
    const running = { stream, principal };
    const streams = this.#byKey.get(principal.keyHash) ?? new Set();
    streams.add(running);
    this.#byKey.set(principal.keyHash, streams);
    return () => {
      streams.delete(running);
      if (streams.size === 0 && this.#byKey.get(principal.keyHash) === streams)
        this.#byKey.delete(principal.keyHash);
    };
  }

  /** Call when a key changed. A deleted key has only its streams to say what its owner wanted. */
  async keyChanged(hash: string): Promise<void> {
    const streams = this.#byKey.get(hash);
    if (streams === undefined) return;
    const now = await this.#readKey(hash);
    if (now !== null && !now.disabled) return;
    for (const { stream, principal } of streams) {
      if ((now ?? principal).cutStreamsWhenRevoked) stream.interrupt(revoked(now));
    }
  }

  /** Changes may have been missed: every key with a stream is looked at. */
  async recheck(): Promise<void> {
    for (const hash of [...this.#byKey.keys()]) await this.keyChanged(hash);
  }
}

function revoked(principal: Principal | null): TurnpikeError {
  const error = principal === null ? 'invalid_api_key' : 'key_disabled';
  return new TurnpikeError(error, { message: 'The API key of this stream was revoked' });
}
