/** An endpoint's target with somebody's own key in it, and its place where the key has one. No I/O. */
import type { ProviderTarget } from '../providers/adapter.ts';
import { withKey } from '../providers/with-key.ts';
import type { NamedModel } from '../routing/credential.ts';
import { type AzureEntry, azureEntryFor } from './azure.ts';
import type { OwnSecret } from './secret.ts';

/** `baseUrl`: where its owner wants it to go; empty: the provider's own address. Null: the key is for other models. */
export function applied(
  secret: OwnSecret,
  baseUrl: string,
  target: ProviderTarget,
  model: NamedModel,
): ProviderTarget | null {
  const { bearer: _, sdk, ...plain } = target;
  const place = baseUrl === '' ? {} : ({ baseUrl, mustBePublic: true } as const);
  switch (secret.kind) {
    case 'plain':
    case 'regional': {
      const { apiKey } = secret;
      const regional = secret.kind === 'regional' ? { baseUrl: inRegion(target.baseUrl, secret.region) } : {};
      return { ...withKey(target, apiKey), ...(sdk === undefined ? regional : {}), ...place };
    }
    case 'azure':
      return azure(secret.entries, target, model);
    default: {
      if (sdk === undefined) {
        // Bedrock speaks OpenAI's dialect too, to whoever has an API key of it.
        const key = secret.kind === 'amazon-bedrock' ? secret.sdk.api_key : undefined;
        return key === undefined ? null : { ...withKey(target, key), ...place };
      }
      const { location, region } = sdk.settings;
      const operators = {
        ...(location === undefined ? {} : { location }),
        ...(region === undefined ? {} : { region }),
      };
      const settings = { ...operators, ...secret.sdk };
      // A base URL of the operator's may be of another region than the key.
      return { ...plain, baseUrl: '', ...place, apiKey: null, sdk: { ...sdk, settings, isOwn: true } };
    }
  }
}

type Settings = NonNullable<ProviderTarget['sdk']>['settings'];

/** OpenAI's own hosts for keys of projects that keep their data in a region (its guide on data controls). */
function inRegion(baseUrl: string, region: 'global' | 'europe' | 'us' | null): string {
  if (region === null || region === 'global' || !baseUrl.startsWith('https://api.openai.com/'))
    return baseUrl;
  return baseUrl.replace('https://api.', region === 'europe' ? 'https://eu.api.' : 'https://us.api.');
}

function azure(
  entries: readonly AzureEntry[],
  target: ProviderTarget,
  model: NamedModel,
): ProviderTarget | null {
  const entry = azureEntryFor(entries, model);
  if (entry === null) return null;
  const { bearer: _, sdk, ...plain } = target;
  const { apiKey } = entry;
  if (entry.of === 'resource') {
    const baseUrl = `https://${entry.host}/openai`;
    return sdk === undefined
      ? { ...plain, apiKey, baseUrl: `${baseUrl}/v1` }
      : { ...plain, apiKey, baseUrl, sdk: { ...sdk, settings: versionOf(sdk.settings), isOwn: true } };
  }
  const url = new URL(entry.endpointUrl);
  const deployment = /^(.*)\/deployments\/([^/]+)\/chat\/completions$/.exec(url.pathname);
  if (sdk !== undefined && deployment !== null) {
    const [, prefix = '', name = ''] = deployment;
    const version = url.searchParams.get('api-version');
    const settings = { deployment_urls: true, ...(version === null ? {} : { api_version: version }) };
    return {
      ...plain,
      ...{ apiKey, baseUrl: `${url.origin}${prefix}`, mustBePublic: true as const },
      upstreamModel: decodeURIComponent(name),
      sdk: { ...sdk, settings, isOwn: true },
    };
  }
  const baseUrl = `${url.origin}${url.pathname.slice(0, -'/chat/completions'.length)}`;
  const deploymentUrl = entry.endpointUrl;
  return { ...plain, apiKey, baseUrl, deploymentUrl, upstreamModel: entry.modelId, mustBePublic: true };
}

function versionOf({ api_version }: Settings): Settings {
  return api_version === undefined ? {} : { api_version };
}
