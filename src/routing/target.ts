/** Where the calls to an endpoint go, made once for each. */
import type { Endpoint } from '../catalogue/model.ts';
import type { ProviderTarget } from '../providers/adapter.ts';

const targets = new WeakMap<Endpoint, ProviderTarget>();

export function targetOf(endpoint: Endpoint): ProviderTarget {
  const known = targets.get(endpoint);
  if (known !== undefined) return known;
  const { provider, upstreamModel } = endpoint;
  const { baseUrl, apiKey, quirks } = provider;
  const target = { baseUrl, apiKey, upstreamModel, quirks };
  targets.set(endpoint, target);
  return target;
}
