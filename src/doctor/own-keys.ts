/** Keys of this gateway where a provider's should stand: a start gives them to nobody, and a look must not either. */
import { hashOf, isWellFormedKey } from '../auth/key-secret.ts';
import { knownProviders } from '../catalogue/known-providers.ts';
import { withoutOwnKeys } from '../catalogue/own-keys.ts';
import type { Config } from '../config/config.ts';
import { ConfigError } from '../config/config-error.ts';
import { type Finding, fail, warn } from './finding.ts';

/** Hashes of those that are formed as this gateway's keys are, among all that providers would be given. */
export function suspectHashes({ providers, environmentKeys }: Config): string[] {
  const stated = providers.flatMap(({ apiKey, keys }) => [apiKey, ...(keys ?? []).map((key) => key.apiKey)]);
  const ofVariables = knownProviders.flatMap(({ apiKeyVariables }) => apiKeyVariables.map(environmentKeys));
  const keys = [...stated, ...ofVariables].filter((key) => key !== null);
  return [...new Set(keys.filter(isWellFormedKey).map(hashOf))];
}

/** Null: a start is refused, so there is nothing behind it to look at. `ownHashes` null: the database cannot tell. */
export async function withoutOwn(
  config: Config,
  ownHashes: ReadonlySet<string> | null,
): Promise<{ readonly config: Config | null; readonly findings: readonly Finding[] }> {
  const findings: Finding[] = [];
  try {
    const cleaned = await withoutOwnKeys(config, {
      isOwnKey: async (key) => ownHashes?.has(hashOf(key)) ?? false,
      onIgnored: (variable, remedy) => findings.push(warn('own key', `${variable} is ignored`, remedy)),
    });
    return { config: cleaned, findings };
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    const problems = thrown.problems.map((text) => fail('configuration', text, 'correct it there'));
    return { config: null, findings: problems };
  }
}
