/** Where the calls to an endpoint go, made once for each. */
import type { Endpoint } from '../catalogue/model.ts';
import type { ProviderTarget } from '../providers/adapter.ts';
import type { Quirks } from '../providers/quirks.ts';

const targets = new WeakMap<Endpoint, ProviderTarget>();

export function targetOf(endpoint: Endpoint): ProviderTarget {
  const known = targets.get(endpoint);
  if (known !== undefined) return known;
  const { provider, upstreamModel } = endpoint;
  const { slug: origin, baseUrl, apiKey, quirks, sdk } = provider;
  const target = { origin, baseUrl, apiKey, upstreamModel, quirks: modelQuirks(endpoint, quirks), sdk };
  targets.set(endpoint, target);
  return target;
}

/** Groq and Cerebras take the thoughts of earlier answers for a model that thinks, and refuse the request for any other. */
function modelQuirks({ supportedParameters }: Endpoint, quirks: Quirks): Quirks {
  const { strictMessages, reasoningHistory } = quirks;
  if (!strictMessages || reasoningHistory !== 'reasoning' || supportedParameters.length === 0) return quirks;
  return supportedParameters.includes('reasoning') ? quirks : { ...quirks, reasoningHistory: 'none' };
}
