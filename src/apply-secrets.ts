/** Puts other secrets in the place of those that a running gateway has: of providers, of sign-ins, of the mail server, of the metrics. */
import type { Accounts } from './accounts/build.ts';
import { hashOf } from './auth/key-secret.ts';
import type { LiveCatalogue } from './catalogue/live-catalogue.ts';
import { withoutOwnKeys } from './catalogue/own-keys.ts';
import type { Config } from './config/config.ts';
import { loadPackages } from './load-packages.ts';
import type { Logger } from './log.ts';
import type { ProviderCredentials } from './provider-identity/provider-credentials.ts';
import type { SdkServices } from './providers/registry.ts';
import type { Routing } from './routing/build.ts';
import type { UpstreamClient } from './upstream/upstream.ts';

/** The configuration as it is now, for what is built from it again. */
export interface LiveConfig {
  current: Config;
  /** Without the keys of this gateway that it may hold. Throws ConfigError. */
  readonly cleaned: (config: Config) => Promise<Config>;
}

export async function openLiveConfig(
  config: Config,
  readPrincipal: (hash: string) => Promise<unknown>,
  logger: Logger,
): Promise<LiveConfig> {
  const cleaned = (given: Config) =>
    withoutOwnKeys(given, {
      isOwnKey: async (key) => (await readPrincipal(hashOf(key))) !== null,
      onIgnored: (variable, remedy) => logger.warn('own_key_ignored', { variable, remedy }),
    });
  return { current: await cleaned(config), cleaned };
}

export interface SecretPlaces {
  readonly live: LiveConfig;
  readonly catalogue: LiveCatalogue;
  readonly accounts: Accounts;
  readonly routing: Pick<Routing, 'ways'>;
  readonly sdk: SdkServices;
  readonly upstream: UpstreamClient;
  readonly credentials: ProviderCredentials;
  readonly logger: Logger;
}

/** Rejects, and has changed nothing, where the new ones cannot be used. Requests that run keep what they began with. */
export function secretsApplier(places: SecretPlaces): (config: Config) => Promise<void> {
  const { live, catalogue, accounts, routing, sdk, upstream, credentials, logger } = places;
  return async (given) => {
    const config = await live.cleaned(given);
    const before = live.current;
    live.current = config;
    try {
      const made = await catalogue.make();
      const { loaded } = await loadPackages(made, { config, upstream, logger, credentials, isRunning: true });
      for (const [slug, provider] of loaded) sdk.loaded.set(slug, provider);
      const changed = changedProviders(catalogue.current.providers, made.providers);
      catalogue.replace(made);
      for (const slug of changed) routing.ways.forgive(slug);
    } catch (thrown) {
      live.current = before;
      throw thrown;
    }
    accounts.applySecrets(config);
  };
}

type WithKeys = Pick<LiveCatalogue['current']['providers'][number], 'slug' | 'apiKey' | 'keys'>;

function changedProviders(before: readonly WithKeys[], after: readonly WithKeys[]): string[] {
  const keysOf = ({ apiKey, keys = [] }: WithKeys) => JSON.stringify([apiKey, keys]);
  const known = new Map(before.map((provider) => [provider.slug, keysOf(provider)]));
  return after.filter((one) => known.get(one.slug) !== keysOf(one)).map(({ slug }) => slug);
}
