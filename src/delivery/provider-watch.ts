/**
 * Tells of providers that are out of use and of those that are back, and of keys that somebody brought and their provider refuses. Every
 * outage that is told has its end told, by whichever node hears an answer; of each provider, key and model one begins an hour at most.
 */
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import { tellNews } from '../notifications/tell.ts';
import type { BackNews, BenchNews } from '../routing/ways.ts';
import type { Database } from '../storage/database.ts';
import { lastOutage, openOutages, outageKey } from './outages.ts';
import { findOwnKeyPlace } from './store.ts';

const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;
/** While somebody is out of use, how often the database is asked whether that was told, or may be told now. */
const ASK_EVERY_MS = 60_000;
/** A rate limit is no outage: providers answer with it all day, and serve again within seconds. */
const PASSES = 'rate';

const REASONS: Readonly<Record<Exclude<BenchNews['reason'], typeof PASSES>, string>> = {
  refused: 'it refuses the key, or its balance is spent',
  forbidden: 'it forbids what is asked of it',
  hanging: 'requests get no answer there',
  unreachable: 'it cannot be reached',
};

export class ProviderWatch {
  readonly #services: {
    readonly database: Database;
    readonly clock: Clock;
    readonly logger: Logger;
    /** The operator's own, whose providers they are. */
    readonly accountId: string;
  };
  /** Those that are out of use as far as is known here, and when the database was asked of each last. */
  readonly #out = new Map<string, number>();
  /** One after the other, so that no end is told before its beginning. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(services: {
    readonly database: Database;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly accountId: string;
  }) {
    this.#services = services;
    this.adopt();
  }

  /** Whether an answer of anybody may be news. */
  get hasOutages(): boolean {
    return this.#out.size > 0;
  }

  /** Takes over what was told by nodes that may be gone, so that its end is told too. */
  adopt(): void {
    this.#inTurn(async () => {
      const { database, accountId } = this.#services;
      for (const name of await openOutages(database.db, accountId))
        if (!this.#out.has(name)) this.#out.set(name, Number.NEGATIVE_INFINITY);
    });
  }

  /** Comes back at once: it is called while requests run, and again and again while somebody is out of use. */
  benched({ reason, ownKeyId, error, ...of }: BenchNews): void {
    if (reason === PASSES) return;
    if (ownKeyId !== null) {
      if (reason === 'refused') this.#inTurn(() => this.#tellOfOwnKey(ownKeyId, error?.status ?? null));
      return;
    }
    if (of.credential === null) return;
    const name = nameOf(of);
    const nowMs = this.#services.clock.nowMs();
    const askedAtMs = this.#out.get(name) ?? Number.NEGATIVE_INFINITY;
    if (nowMs >= askedAtMs && nowMs - askedAtMs < ASK_EVERY_MS) return;
    this.#out.set(name, nowMs);
    this.#inTurn(() => this.#tellOut(of, REASONS[reason], nowMs));
  }

  /** Called for every answer of somebody who may have been out of use. */
  back(of: BackNews): void {
    if (of.credential === null || !this.#out.delete(nameOf(of))) return;
    const nowMs = this.#services.clock.nowMs();
    this.#inTurn(() => this.#tellBack(of, nowMs));
  }

  /** Outages are numbered, so that of two nodes that see the same one is told alone. */
  async #tellOut(of: BackNews, reason: string, nowMs: number): Promise<void> {
    const { database, accountId } = this.#services;
    const last = await lastOutage(database.db, accountId, nameOf(of));
    if (last !== null && (!last.isOver || nowMs - last.sinceMs < HOUR_MS)) return;
    await tellNews(database.db, {
      ...{ kind: 'provider.benched', accountId, nowMs, once: outageKey(nameOf(of), (last?.number ?? 0) + 1) },
      data: { ...factsOf(of), reason },
    });
  }

  async #tellBack(of: BackNews, nowMs: number): Promise<void> {
    const { database, accountId } = this.#services;
    const last = await lastOutage(database.db, accountId, nameOf(of));
    if (last === null || last.isOver) return;
    await tellNews(database.db, {
      ...{ kind: 'provider.back', accountId, nowMs, once: outageKey(nameOf(of), last.number) },
      data: factsOf(of),
    });
  }

  async #tellOfOwnKey(id: string, status: number | null): Promise<void> {
    const { database, clock } = this.#services;
    const nowMs = clock.nowMs();
    const key = await findOwnKeyPlace(database.db, id);
    if (key === undefined) return;
    const { account_id: accountId, workspace_id: workspaceId, name, provider, updated_at_ms } = key;
    await tellNews(database.db, {
      ...{ kind: 'own_key.refused', accountId, workspaceId, nowMs },
      once: `${id} ${updated_at_ms} ${Math.floor(nowMs / DAY_MS)}`,
      data: { own_key_id: id, name, provider, status },
    });
  }

  /** What is being told may end. */
  async stop(): Promise<void> {
    await this.#last;
  }

  #inTurn(work: () => Promise<unknown>): void {
    this.#last = this.#last
      .then(work)
      .catch((error: unknown) => this.#services.logger.warn('provider_news_not_told', { error }));
  }
}

const factsOf = ({ provider, credential, model }: BackNews) => ({
  ...{ provider, model, credential: credential === 'default' ? null : credential },
});

const nameOf = ({ provider, credential, model }: BackNews): string =>
  `${provider} ${credential} ${model ?? '*'}`;
