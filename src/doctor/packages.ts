/** Whether the packages of the AI SDK that the configuration names can be used: a start without them ends at once. */
import type { Config } from '../config/config.ts';
import { loadSdkProviders } from '../providers/ai-sdk/load.ts';
import { type Finding, fail, ok } from './finding.ts';

export async function packages({
  providers,
  environmentKeys,
}: Pick<Config, 'providers' | 'environmentKeys'>): Promise<Finding[]> {
  const configured = providers.flatMap(({ sdk, baseUrl, apiKey, identity }) =>
    sdk === undefined ? [] : [{ sdk, baseUrl, apiKey, ...(identity === undefined ? {} : { identity }) }],
  );
  const { loaded, problems } = await loadSdkProviders(configured, {
    fetch: () => Promise.reject(new Error('nothing is sent by a look')),
    readVariable: environmentKeys,
  });
  return [
    ...[...loaded].map(([slug, { traits }]) => ok(`provider ${slug}`, `${traits.module} can be loaded`)),
    ...problems.map((problem) => fail('packages', problem, 'a start ends with the same words')),
  ];
}
