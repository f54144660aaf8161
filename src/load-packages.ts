/** The packages of the AI SDK that the configuration names. */
import type { Catalogue } from './catalogue/catalogue.ts';
import type { Config } from './config/config.ts';
import { ConfigError } from './config/config-error.ts';
import type { Logger } from './log.ts';
import type { ProviderCredentials } from './provider-identity/provider-credentials.ts';
import { loadSdkProviders } from './providers/ai-sdk/load.ts';
import { packageFetch } from './providers/ai-sdk/package-fetch.ts';
import type { SdkServices } from './providers/registry.ts';
import type { UpstreamClient } from './upstream/upstream.ts';

/** Throws ConfigError, with a remedy, for a package of the AI SDK that is configured and cannot be used. */
export async function loadPackages(
  { providers }: Catalogue,
  {
    config,
    upstream,
    logger,
    credentials,
    isRunning = false,
  }: {
    config: Config;
    upstream: UpstreamClient;
    logger: Logger;
    credentials: ProviderCredentials;
    /** Whether others use the client already. */
    isRunning?: boolean;
  },
): Promise<SdkServices> {
  const { loaded, problems } = await loadSdkProviders(
    providers.flatMap(({ sdk, baseUrl, apiKey, identity }) =>
      sdk === undefined ? [] : [{ sdk, baseUrl, apiKey, ...(identity === undefined ? {} : { identity }) }],
    ),
    {
      fetch: packageFetch(upstream),
      readVariable: config.environmentKeys,
      credentialOf: (slug) => credentials.current(slug),
    },
  );
  if (problems.length > 0) {
    if (!isRunning) upstream.close();
    throw new ConfigError(problems);
  }
  return {
    loaded,
    onIgnored: (provider, model, what) => logger.warn('provider_ignores', { provider, model, what }),
  };
}
