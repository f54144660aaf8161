/** What was said on one connection, so that its next request need not say it again. */

/** Bounds what all connections together keep. */
export interface Room {
  /** Throws when so much more would be too much. */
  enter(bytes: number): void;
  leave(bytes: number): void;
}

export interface Said {
  readonly items: readonly unknown[];
  /** Of their JSON, at least. */
  readonly bytes: number;
}

const NOTHING: Said = { items: [], bytes: 0 };

export class SocketMemory {
  readonly #room: Room;
  readonly #maxBytes: number;
  #id: string | null = null;
  #said: Said = NOTHING;

  constructor(room: Room, maxBytes: number) {
    this.#room = room;
    this.#maxBytes = maxBytes;
  }

  /** What the response with this id had been told, and its answer; null: it is not known here, or no longer. */
  recall(id: unknown): Said | null {
    if (id === null) return NOTHING;
    return id === this.#id ? this.#said : null;
  }

  /** Where there is no room for it, its client has to say it again. */
  keep(id: string, { items, bytes }: Said, output: readonly unknown[]): void {
    this.forget();
    const said = { items: [...items, ...output], bytes: bytes + Buffer.byteLength(JSON.stringify(output)) };
    if (said.bytes > this.#maxBytes) return;
    try {
      this.#room.enter(said.bytes);
    } catch {
      return;
    }
    this.#id = id;
    this.#said = said;
  }

  forget(): void {
    this.#room.leave(this.#said.bytes);
    this.#id = null;
    this.#said = NOTHING;
  }
}
