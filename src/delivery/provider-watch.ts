/**
 * Tells of providers that are out of use and of those that are back, and of keys that somebody brought and their provider refuses. What
 * every node sees for itself is told once an hour.
 */
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import { tellNews } from '../notifications/tell.ts';
import type { BackNews, BenchNews } from '../routing/ways.ts';
import type { Database } from '../storage/database.ts';
import { findOwnKeyPlace } from './store.ts';

const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;
/** Those who have too much to do say so all day, and are back within seconds. */
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
  readonly #out = new Set<string>();

  constructor(services: {
    readonly database: Database;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly accountId: string;
  }) {
    this.#services = services;
  }

  /** Comes back at once: it is called while requests run. */
  benched({ reason, ownKeyId, error, ...of }: BenchNews): void {
    if (reason === PASSES) return;
    if (ownKeyId !== null) {
      if (reason === 'refused') this.#inBackground(() => this.#tellOfOwnKey(ownKeyId, error?.status ?? null));
      return;
    }
    if (of.credential === null || this.#out.has(nameOf(of))) return;
    this.#out.add(nameOf(of));
    this.#tell('provider.benched', of, { reason: REASONS[reason] });
  }

  back(of: BackNews): void {
    if (of.credential !== null && this.#out.delete(nameOf(of))) this.#tell('provider.back', of, {});
  }

  #tell(kind: 'provider.benched', of: BackNews, more: { readonly reason: string }): void;
  #tell(kind: 'provider.back', of: BackNews, more: Record<never, never>): void;
  #tell(kind: 'provider.benched' | 'provider.back', of: BackNews, more: object): void {
    const { database, clock, accountId } = this.#services;
    const nowMs = clock.nowMs();
    const { provider, credential, model } = of;
    const data = {
      ...{ provider, model, credential: credential === 'default' ? null : credential },
      ...(more as { readonly reason: string }),
    };
    const once = `${nameOf(of)} ${Math.floor(nowMs / HOUR_MS)}`;
    this.#inBackground(() => tellNews(database.db, { kind, accountId, once, data, nowMs }));
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

  #inBackground(work: () => Promise<unknown>): void {
    work().catch((error: unknown) => this.#services.logger.warn('provider_news_not_told', { error }));
  }
}

const nameOf = ({ provider, credential, model }: BackNews): string =>
  `${provider} ${credential} ${model ?? '*'}`;
