/**
 * Tells when a key has nearly or wholly used up its limit: once for each limit and window of it, whichever node sees it first and
 * whatever crashes. It goes by what the database has of a counter, behind the flush that brought it there, and looks again at the start.
 */
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import { usdFromNanoUsd } from '../money.ts';
import { limitPercentOf } from '../notifications/limit-percent.ts';
import { tellNews } from '../notifications/tell.ts';
import type { Database } from '../storage/database.ts';
import { kindOfWindow, windowIds } from '../window.ts';
import { findLimitedKeys, type KeyRow, listLimitedKeys, readSpent } from './store.ts';
import { namedKey } from './tell-owner.ts';

/** Long enough to look once for what several flushes brought. */
const LOOK_AFTER_MS = 300;
const AT_ONCE = 500;

export class LimitAlerts {
  readonly #services: { readonly database: Database; readonly clock: Clock; readonly logger: Logger };
  /** By key, the windows that something was counted in. */
  #waiting = new Map<string, Set<string>>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(services: { readonly database: Database; readonly clock: Clock; readonly logger: Logger }) {
    this.#services = services;
  }

  /** A process may have ended between a flush and what was to be told of it. */
  start(): void {
    this.#running = this.#lookAtAll().catch((error: unknown) =>
      this.#services.logger.warn('limits_not_looked_at', { error }),
    );
  }

  /** The flusher has added to these counters. */
  flushed(counters: readonly { scope_kind: string; scope_id: string; window_id: string }[]): void {
    if (this.#stopped) return;
    for (const { scope_kind, scope_id, window_id } of counters) {
      if (scope_kind !== 'key') continue;
      const windows = this.#waiting.get(scope_id);
      if (windows === undefined) this.#waiting.set(scope_id, new Set([window_id]));
      else windows.add(window_id);
    }
    if (this.#waiting.size === 0) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.told();
    }, LOOK_AFTER_MS);
  }

  /** Call after the last flush: what it brought is looked at. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.told();
  }

  /** Looks at everything that waits, now. */
  async told(): Promise<void> {
    this.#running = this.#running.then(() => this.#lookAtWaiting());
    await this.#running;
  }

  async #lookAtAll(): Promise<void> {
    const { database, clock } = this.#services;
    const windows = Object.values(windowIds(clock.nowMs()));
    for (let after = ''; !this.#stopped; ) {
      const keys = await listLimitedKeys(database.db, after, AT_ONCE);
      await this.#look(keys, () => windows);
      after = keys.at(-1)?.hash ?? '';
      if (keys.length < AT_ONCE) return;
    }
  }

  async #lookAtWaiting(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = new Map();
    const hashes = [...waiting.keys()];
    try {
      for (let at = 0; at < hashes.length; at += AT_ONCE) {
        const keys = await findLimitedKeys(this.#services.database.db, hashes.slice(at, at + AT_ONCE));
        await this.#look(keys, ({ hash }) => [...(waiting.get(hash) ?? [])]);
      }
    } catch (error) {
      this.#services.logger.warn('limits_not_looked_at', { error });
      // With whatever comes next.
      for (const [hash, windows] of waiting)
        this.#waiting.set(hash, new Set([...windows, ...(this.#waiting.get(hash) ?? [])]));
    }
  }

  async #look(keys: readonly KeyRow[], windowsOf: (key: KeyRow) => readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    const { db } = this.#services.database;
    const wanted = keys.flatMap((key) =>
      windowsOf(key)
        .filter((id) => kindOfWindow(id) === (key.limit_reset ?? 'all'))
        .map((windowId) => ({ key, windowId })),
    );
    if (wanted.length === 0) return;
    const spent = await readSpent(
      db,
      wanted.map(({ key }) => key.hash),
      [...new Set(wanted.map(({ windowId }) => windowId))],
    );
    for (const { key, windowId } of wanted) {
      const row = spent.find(({ scope_id, window_id }) => scope_id === key.hash && window_id === windowId);
      if (row === undefined) continue;
      const sum = row.cost_nano_usd + (key.include_byok_in_limit === 1 ? row.byok_nano_usd : 0n);
      await this.#tell(key, windowId, sum);
    }
  }

  async #tell(key: KeyRow, windowId: string, spent: bigint): Promise<void> {
    const { database, clock } = this.#services;
    const limit = key.limit_nano_usd;
    if (limit === null || limit <= 0n) return;
    const isReached = spent >= limit;
    if (!isReached && spent * 100n < limit * BigInt(await limitPercentOf(database.db, key.account_id)))
      return;
    await tellNews(database.db, {
      kind: isReached ? 'key.limit_reached' : 'key.limit_near',
      ...{ accountId: key.account_id, workspaceId: key.workspace_id, userId: key.creator_user_id },
      once: `${key.hash} ${windowId} ${limit}`,
      nowMs: clock.nowMs(),
      data: {
        ...namedKey(key),
        percent: Number((spent * 100n) / limit),
        ...{ limit_usd: usdFromNanoUsd(limit), spent_usd: usdFromNanoUsd(spent), window: windowId },
      },
    });
  }
}
