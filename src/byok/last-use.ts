/** When each own key was used last: noted in memory, written now and then, for nobody needs it to the second. */
import type { Logger } from '../log.ts';
import type { Db } from '../storage/database.ts';
import { noteUse } from './store.ts';

const WRITE_EVERY_MS = 5000;

export class LastUse {
  readonly #db: Db;
  readonly #logger: Logger;
  #noted = new Map<string, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(db: Db, logger: Logger) {
    this.#db = db;
    this.#logger = logger;
  }

  note(id: string, atMs: number): void {
    this.#noted.set(id, atMs);
    this.#timer ??= setTimeout(() => void this.write(), WRITE_EVERY_MS);
  }

  /** Never rejects: what cannot be written is tried again with the next use. */
  async write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const noted = this.#noted;
    this.#noted = new Map();
    try {
      for (const [id, atMs] of noted) await noteUse(this.#db, id, atMs);
    } catch (error) {
      this.#logger.warn('byok_use_not_written', { error });
      for (const [id, atMs] of noted) if (!this.#noted.has(id)) this.#noted.set(id, atMs);
    }
  }
}
