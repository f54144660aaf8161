/**
 * What known callers tried to change and may not. Whoever tries the same thing again and again is told of once in a while, with how
 * often it was meanwhile: a program that loops must not fill the table, nor somebody who wants to bury one attempt under many.
 */
import type { Clock } from '../clock.ts';
import type { Db } from '../storage/database.ts';
import { type Actor, actingAs } from './actor.ts';
import { recordAudit } from './record.ts';
import type { AuditEvent } from './store.ts';

export interface RefusedAttempt {
  readonly actor: Actor;
  /** Null: of nobody's account. */
  readonly accountId: string | null;
  /** As the route says it: `DELETE /api/v1/keys/:hash`. */
  readonly what: string;
  /** Of the path as it was sent. */
  readonly path: string;
  readonly code: string;
  readonly status: number;
}

export const QUIET_MS = 10 * 60_000;
const MOST_REMEMBERED = 10_000;
const MAX_PATH_CHARS = 256;

interface RefusedOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly onEvent: (event: AuditEvent) => void;
  readonly onError: (error: unknown) => void;
}

export class RefusedAttempts {
  readonly #options: RefusedOptions;
  /** Oldest first. */
  readonly #told = new Map<string, { readonly untilMs: number; repeats: number }>();

  constructor(options: RefusedOptions) {
    this.#options = options;
  }

  /** Nobody waits for it, and the answer is the same without it. */
  add(attempt: RefusedAttempt): void {
    const { clock, onError } = this.#options;
    const nowMs = clock.nowMs();
    const { actor, what, code } = attempt;
    const name = `${actor.kind} ${actor.id} ${what} ${code}`;
    const told = this.#told.get(name);
    if (told !== undefined && nowMs < told.untilMs) {
      told.repeats += 1;
      return;
    }
    this.#told.delete(name);
    this.#told.set(name, { untilMs: nowMs + QUIET_MS, repeats: 0 });
    const [oldest] = this.#told.keys();
    if (this.#told.size > MOST_REMEMBERED && oldest !== undefined) this.#told.delete(oldest);
    this.#write(attempt, told?.repeats ?? 0, nowMs).catch(onError);
  }

  async #write(attempt: RefusedAttempt, repeats: number, nowMs: number): Promise<void> {
    const { db, onEvent } = this.#options;
    const { actor, accountId, what, path, code, status } = attempt;
    const write = () =>
      recordAudit(db, {
        ...{ action: 'access.refused', target: ['route', what], accountId, outcome: 'refused', nowMs },
        after: { code, status, path: path.slice(0, MAX_PATH_CHARS), earlier_repeats: repeats },
      });
    await actingAs(actor, write, onEvent);
  }
}
