/**
 * The README has clients keep their key in OPENROUTER_API_KEY, as they do with OpenRouter. An operator who starts the gateway in
 * the same shell would switch on OpenRouter as a provider with it, and every request would tell a stranger a key of this gateway's.
 */
import { ConfigError } from '../config/config-error.ts';
import type { CatalogueConfig } from './build.ts';
import { knownProviders } from './known-providers.ts';

const REMEDY =
  'it holds a key of this gateway, so no provider is given it; set the provider’s own, or unset it';

/**
 * The configuration without variables that hold a key of this gateway. Throws `ConfigError` where turnpike.yaml gives such a key to a
 * provider.
 */
export async function withoutOwnKeys<C extends CatalogueConfig>(
  config: C,
  {
    isOwnKey,
    onIgnored,
  }: {
    readonly isOwnKey: (key: string) => Promise<boolean>;
    readonly onIgnored: (variable: string, remedy: string) => void;
  },
): Promise<C> {
  for (const [index, { apiKey, keys }] of config.providers.entries()) {
    if (apiKey !== null && (await isOwnKey(apiKey)))
      throw new ConfigError([
        `providers[${index}].api_key: this is a key of this gateway, not the provider's`,
      ]);
    for (const key of keys ?? [])
      if (await isOwnKey(key.apiKey))
        throw new ConfigError([
          `providers[${index}].credentials: "${key.id}" is a key of this gateway, not the provider's`,
        ]);
  }
  const ignored = new Set<string>();
  for (const { apiKeyVariables } of knownProviders) {
    for (const variable of apiKeyVariables) {
      const key = config.environmentKeys(variable);
      if (key === null) continue;
      if (!(await isOwnKey(key))) break;
      ignored.add(variable);
      onIgnored(variable, REMEDY);
    }
  }
  const environmentKeys = (variable: string) =>
    ignored.has(variable) ? null : config.environmentKeys(variable);
  return { ...config, environmentKeys };
}
