/** Keys that accounts bring for providers, built, and told of every change of theirs. */
import type { Principal } from '../auth/principal.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { findKnownProvider } from '../catalogue/known-providers.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Logger } from '../log.ts';
import { usdFromNanoUsd } from '../money.ts';
import type { ProviderAdapter } from '../providers/adapter.ts';
import type { WireFormat } from '../providers/wire-format.ts';
import type { OwnCredentials } from '../routing/credential.ts';
import type { ChangeFeed } from '../storage/changes.ts';
import type { Database } from '../storage/database.ts';
import type { OwnKeyServices } from './change-own-key.ts';
import { LastUse } from './last-use.ts';
import { OwnKeys } from './own-keys.ts';
import { OPENROUTER_PROVIDERS } from './providers.ts';
import { secretKindOf } from './secret.ts';
import { createTestOwnKey, type TestOwnKey } from './test-own-key.ts';

export interface Byok {
  /** Null: none may serve this caller. Throws a 503 where it is not known which there are. */
  readonly ownKeysOf: (principal: Principal) => OwnCredentials | null;
  /** Call when the feed has started. */
  readonly start: () => Promise<void>;
  /** One that a key may be for: the gateway's own, and those that OpenRouter knows. */
  readonly isProvider: (slug: string) => boolean;
  readonly services: (services: ByokRouteServices) => ByokServices;
  readonly stop: () => Promise<void>;
}

/** What the routes work with. */
export interface ByokServices extends OwnKeyServices {
  readonly readJson: (request: Request) => Promise<unknown>;
  readonly test: TestOwnKey;
  /** The gateway's providers, and what keys of theirs look like: for the page on which one is added. */
  readonly providers: () => readonly ProviderFacts[];
  /** For the same page; null: none is taken. */
  readonly fee: FeeFacts | null;
}

export interface FeeFacts {
  /** Of the list price. */
  readonly percent: number;
  /** In each month, before any is due: by the list price, or so many requests. Null: not so. */
  readonly free_usd_per_month: number | null;
  readonly free_requests_per_month: number | null;
}

export interface ProviderFacts {
  readonly slug: string;
  readonly name: string;
  /** The shape of its keys. */
  readonly kind: string;
  readonly models: number;
  /** Nobody but those who brought a key may use it. */
  readonly own_keys_only: boolean;
}

interface ByokRouteServices {
  readonly adapters: Readonly<Record<WireFormat, ProviderAdapter>>;
  readonly isMember: (accountId: string, userId: string) => Promise<boolean>;
  readonly readJson: (request: Request) => Promise<unknown>;
}

/** Call before the feed starts. */
export function buildByok(options: {
  readonly config: Pick<Config, 'masterKey' | 'egress' | 'ownKeyFee'>;
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly changes: ChangeFeed;
  readonly catalogue: () => Catalogue;
}): Byok {
  const { config, database, clock, logger, changes, catalogue } = options;
  const { masterKey } = config;
  const providerOf = (slug: string) => catalogue().providers.find((provider) => provider.slug === slug);
  const kindOf = (slug: string) => secretKindOf(slug, providerOf(slug)?.sdk?.packageName ?? null);
  const isProvider = (slug: string) =>
    OPENROUTER_PROVIDERS.has(slug) || findKnownProvider(slug) !== null || providerOf(slug) !== undefined;
  const uses = new LastUse(database.db, logger);
  const keys = new OwnKeys({
    ...{ db: database.db, masterKey, logger, kindOf },
    onUse: (id) => uses.note(id, clock.nowMs()),
  });
  changes.subscribe('byok', (accountId) => void keys.reload(accountId));
  changes.onGap(() => void keys.reload(null));
  return {
    ownKeysOf: (principal) => keys.of(principal),
    start: () => keys.reload(null),
    isProvider,
    services: ({ adapters, isMember, readJson }) => ({
      ...{ database, clock, masterKey, kindOf, isMember, readJson },
      privateHosts: config.egress.privateHosts,
      isProvider,
      changed: async (accountId) => {
        await keys.reload(accountId);
        await changes.poll();
      },
      test: createTestOwnKey({
        ...{ catalogue, clock, adapters },
        credentialOf: (accountId, id) => keys.credentialOf(accountId, id),
      }),
      providers: () => providerFacts(catalogue(), kindOf),
      fee: feeFacts(config.ownKeyFee),
    }),
    stop: async () => {
      keys.stop();
      await uses.write();
    },
  };
}

function feeFacts(fee: Config['ownKeyFee']): FeeFacts | null {
  if (fee === null) return null;
  return {
    percent: Number(fee.millionths) / 10_000,
    free_usd_per_month: fee.freeNanoUsd === null ? null : usdFromNanoUsd(fee.freeNanoUsd),
    free_requests_per_month: fee.freeRequests,
  };
}

function providerFacts({ providers, models }: Catalogue, kindOf: (slug: string) => string) {
  const served = new Map<string, number>();
  for (const { endpoints } of models)
    for (const slug of new Set(endpoints.map(({ provider }) => provider.slug)))
      served.set(slug, (served.get(slug) ?? 0) + 1);
  return providers
    .filter(({ format }) => format !== 'echo')
    .map(({ slug, name, ownKeysOnly }) => ({
      ...{ slug, name, kind: kindOf(slug), models: served.get(slug) ?? 0 },
      own_keys_only: ownKeysOnly === true,
    }));
}
