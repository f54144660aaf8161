/** Keys of Azure: a list of resources and of deployments, each with a key of its own. */
import { isJsonObject, type JsonObject } from '../json.ts';
import type { NamedModel } from '../routing/credential.ts';
import { labelOf, onlyMembers, plainKey, textIn, wrong } from './secret-fields.ts';

export type AzureEntry = AzureResource | AzureDeployment;

export interface AzureResource {
  readonly of: 'resource';
  readonly apiKey: string;
  /** Of OpenAI's models `<name>.openai.azure.com`, of all others `<name>.services.ai.azure.com`. */
  readonly host: string;
}

/** An address of its own for one model. */
export interface AzureDeployment {
  readonly of: 'deployment';
  readonly apiKey: string;
  readonly modelSlug: string;
  readonly endpointUrl: string;
  readonly modelId: string;
}

const MAX_ENTRIES = 100;
const RESOURCE_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
const HOSTS: Readonly<Record<string, string>> = {
  openai: 'openai.azure.com',
  ai_foundry: 'services.ai.azure.com',
};

export function parseAzure(key: string): {
  secret: { kind: 'azure'; entries: readonly AzureEntry[] };
  label: string;
} {
  let list: unknown;
  try {
    list = JSON.parse(key);
  } catch {
    throw wrong('must be a JSON list of resources or deployments for this provider');
  }
  if (isJsonObject(list)) list = [list];
  if (!Array.isArray(list) || list.length === 0)
    throw wrong('must be a JSON list of resources or deployments for this provider');
  if (list.length > MAX_ENTRIES) throw wrong(`must have at most ${MAX_ENTRIES} entries`);
  const entries = list.map((entry, index) => {
    if (!isJsonObject(entry)) throw wrong(`entry ${index + 1} must be an object`);
    return entry['resource_name'] === undefined ? deployment(entry) : resource(entry);
  });
  const [first] = entries;
  const host =
    first === undefined ? '' : first.of === 'resource' ? first.host : new URL(first.endpointUrl).hostname;
  return {
    secret: { kind: 'azure', entries },
    label: `${host.split('.')[0]} ${labelOf(first?.apiKey ?? '')}`,
  };
}

function resource(entry: JsonObject): AzureResource {
  onlyMembers(entry, ['api_key', 'resource_name', 'resource_type']);
  const name = textIn(entry, 'resource_name');
  // It becomes part of the host that is called.
  if (!RESOURCE_NAME.test(name)) throw wrong('resource_name must be letters, digits and hyphens');
  const domain = HOSTS[String(entry['resource_type'] ?? 'openai')];
  if (domain === undefined) throw wrong('resource_type must be "openai" or "ai_foundry"');
  return {
    of: 'resource',
    apiKey: plainKey(textIn(entry, 'api_key'), 'api_key'),
    host: `${name.toLowerCase()}.${domain}`,
  };
}

function deployment(entry: JsonObject): AzureDeployment {
  onlyMembers(entry, ['model_slug', 'endpoint_url', 'api_key', 'model_id']);
  const endpointUrl = textIn(entry, 'endpoint_url');
  const url = URL.parse(endpointUrl);
  if (url === null || !url.pathname.endsWith('/chat/completions'))
    throw wrong('endpoint_url must be the whole address of a deployment, with /chat/completions');
  // Azure answers 404 without one, as if there were no such deployment.
  if (url.pathname.includes('/deployments/') && (url.searchParams.get('api-version') ?? '') === '')
    throw wrong('endpoint_url must end with the api-version, such as "?api-version=2024-10-21"');
  return {
    of: 'deployment',
    apiKey: plainKey(textIn(entry, 'api_key'), 'api_key'),
    modelSlug: textIn(entry, 'model_slug').toLowerCase(),
    endpointUrl,
    modelId: textIn(entry, 'model_id'),
  };
}

/** The one for a model of these names: its own deployment, else the first resource; null: there is none. */
export function azureEntryFor(
  entries: readonly AzureEntry[],
  { id, canonicalSlug }: NamedModel,
): AzureEntry | null {
  const names = [id.toLowerCase(), canonicalSlug.toLowerCase()];
  const own = entries.find((entry) => entry.of === 'deployment' && names.includes(entry.modelSlug));
  return own ?? entries.find((entry) => entry.of === 'resource') ?? null;
}
