/** The shapes of keys, as OpenRouter's guide on bringing one's own has them, and where they lead. */
import { describe, expect, test } from 'bun:test';
import { TurnpikeError } from '../errors.ts';
import type { ProviderTarget } from '../providers/adapter.ts';
import { quirksOf } from '../providers/vendors.ts';
import { applied } from './apply.ts';
import { readSecret, type SecretKind, secretKindOf } from './secret.ts';

const PEM = '-----BEGIN PRIVATE KEY-----\nMIIcanary0123456789\n-----END PRIVATE KEY-----\n';
const SERVICE_ACCOUNT = {
  ...{ type: 'service_account', project_id: 'my-project-1', private_key_id: 'abc', private_key: PEM },
  ...{
    client_email: 'me@my-project-1.iam.gserviceaccount.com',
    client_id: '1',
    universe_domain: 'googleapis.com',
  },
  ...{
    auth_uri: 'https://accounts.google.com/o/oauth2/auth',
    token_uri: 'https://oauth2.googleapis.com/token',
  },
};
const AWS = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/canary',
  region: 'us-east-1',
};
const RESOURCE = { resource_name: 'my-resource', api_key: 'azure-key-0123456789abcdef' };
const DEPLOYMENT = {
  ...{ model_slug: 'openai/gpt-4o', model_id: 'gpt-4o', api_key: 'deployment-key-0123456789' },
  endpoint_url:
    'https://my-resource.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=2024-08-01-preview',
};

const target = (more: Partial<ProviderTarget> = {}): ProviderTarget => ({
  ...{
    origin: 'p',
    baseUrl: 'https://api.openai.com/v1',
    apiKey: 'of-the-operator',
    upstreamModel: 'gpt-4o',
  },
  ...{ quirks: quirksOf('https://api.openai.com/v1') },
  ...more,
});
const sdk = (packageName: string, settings: Record<string, string | boolean>): Partial<ProviderTarget> => ({
  ...{ baseUrl: '', apiKey: null },
  sdk: { slug: 'p', packageName, settings },
});

const faultOf = (kind: SecretKind, key: unknown): string => {
  try {
    readSecret(kind, typeof key === 'string' ? key : JSON.stringify(key));
    return 'none';
  } catch (thrown) {
    if (thrown instanceof TurnpikeError) return thrown.message;
    throw thrown;
  }
};

test('which shape a provider takes follows from its package, and else from its name', () => {
  expect(secretKindOf('my-cloud', '@ai-sdk/azure')).toBe('azure');
  expect(secretKindOf('amazon-bedrock/claude-on-aws', null)).toBe('amazon-bedrock');
  expect(secretKindOf('google-vertex', null)).toBe('google-vertex');
  expect(secretKindOf('openai', null)).toBe('regional');
  expect(secretKindOf('mistral', null)).toBe('plain');
});

test('of a key its owner is shown the last four characters, of a document what is no secret', () => {
  expect(readSecret('plain', ' sk-proj-0123456789abAbCd\n').label).toBe('sk-...AbCd');
  expect(readSecret('plain', 'AIzaSy0123456789abcd').label).toBe('...abcd');
  expect(readSecret('plain', 'short').label).toBe('...');
  expect(readSecret('amazon-bedrock', JSON.stringify(AWS)).label).toBe('...MPLE');
  expect(readSecret('google-vertex', JSON.stringify(SERVICE_ACCOUNT)).label).toBe(
    SERVICE_ACCOUNT.client_email,
  );
  expect(readSecret('azure', JSON.stringify([RESOURCE])).label).toBe('my-resource ...cdef');
});

describe('what is missing or wrong is named, and nothing of it is repeated', () => {
  test.each<[SecretKind, unknown, string]>([
    ['azure', 'plain-canary-key', 'JSON list'],
    ['azure', [], 'JSON list'],
    ['azure', [{ resource_name: 'x' }], 'api_key'],
    ['azure', [{ ...RESOURCE, resource_name: 'evil.example.com/canary#' }], 'resource_name'],
    ['azure', [{ ...RESOURCE, resource_type: 'canary' }], 'resource_type'],
    ['azure', [{ ...DEPLOYMENT, endpoint_url: 'https://x.example/canary' }], 'endpoint_url'],
    ['azure', [{ ...DEPLOYMENT, canary: 1 }], 'member'],
    ['amazon-bedrock', { ...AWS, region: 'us-east-1.canary.example/#' }, 'region'],
    ['amazon-bedrock', { ...AWS, secretAccessKey: undefined }, 'secretAccessKey'],
    ['amazon-bedrock', '{"accessKeyId": canary', 'JSON'],
    ['google-vertex', 'canary', 'JSON'],
    ['google-vertex', { ...SERVICE_ACCOUNT, type: 'external_account' }, 'type'],
    ['google-vertex', { ...SERVICE_ACCOUNT, credential_source: { file: '/etc/canary' } }, 'member'],
    ['google-vertex', { ...SERVICE_ACCOUNT, universe_domain: 'canary.example' }, 'universe_domain'],
    ['google-vertex', { ...SERVICE_ACCOUNT, region: 'canary.example/#' }, 'region'],
    ['google-vertex', { ...SERVICE_ACCOUNT, bucket: 'gs://canary/prefix' }, 'bucket'],
    ['google-vertex', { ...SERVICE_ACCOUNT, private_key: 'canary' }, 'private_key'],
    ['regional', { api_key: 'canary-0123456789' }, 'region'],
    ['plain', 'canary key', 'spaces'],
    // topoteretes/cognee#1721, joemccann/radon#184.
    ['plain', '"canary-0123456789"', 'quotation marks'],
    ['regional', "'canary-0123456789'", 'quotation marks'],
    ['google-vertex', `'${JSON.stringify(SERVICE_ACCOUNT)}'`, 'quotation marks'],
    ['azure', [{ ...RESOURCE, api_key: '`canary-0123456789`' }], 'quotation marks'],
    // MicrosoftDocs/azure-docs#114602: without a version Azure answers 404.
    [
      'azure',
      [{ ...DEPLOYMENT, endpoint_url: 'https://x.example/openai/deployments/canary/chat/completions' }],
      'api-version',
    ],
  ])('%s %j', (kind, key, word) => {
    expect(faultOf(kind, key)).toContain(word);
    expect(faultOf(kind, key)).not.toContain('canary');
  });
});

// n8n-io/n8n#10347, beste/laravel-firebase#68.
test.each<[string, string]>([
  ['as Google gives it', JSON.stringify(SERVICE_ACCOUNT)],
  ['with its line ends written out', JSON.stringify(SERVICE_ACCOUNT).replaceAll('\\n', '\n')],
  ['of Windows', JSON.stringify(SERVICE_ACCOUNT).replaceAll('\\n', '\r\n')],
  ['escaped twice', JSON.stringify(SERVICE_ACCOUNT).replaceAll('\\n', '\\\\n')],
  ['with line ends of Windows inside', JSON.stringify(SERVICE_ACCOUNT).replaceAll('\\n', '\\r\\n')],
  ['without its last line end', JSON.stringify({ ...SERVICE_ACCOUNT, private_key: PEM.trim() })],
])('a service account’s file is read %s', (_, text) => {
  const { secret } = readSecret('google-vertex', `${text}\n`);
  expect(secret).toMatchObject({ kind: 'google-vertex', sdk: { private_key: PEM } });
});

describe('where a key leads', () => {
  const to = (kind: SecretKind, key: unknown, at: ProviderTarget, model = 'openai/gpt-4o', baseUrl = '') =>
    applied(readSecret(kind, typeof key === 'string' ? key : JSON.stringify(key)).secret, baseUrl, at, {
      id: model,
      canonicalSlug: `${model}-2024-08-06`,
    });

  test('a plain one takes the place of the operator’s, at the same address, or at its owner’s', () => {
    expect(to('plain', 'sk-own-0123456789', target())).toMatchObject({
      ...{ baseUrl: 'https://api.openai.com/v1', apiKey: 'sk-own-0123456789' },
    });
    expect(to('plain', 'sk-own-0123456789', target({ bearer: { of: 'gateway' } }))?.bearer).toBeUndefined();
    expect(to('plain', 'sk-own-0123456789', target(), 'm', 'https://llm.example.com/v1')).toMatchObject({
      ...{ baseUrl: 'https://llm.example.com/v1', mustBePublic: true },
    });
  });

  test('a deployment may name its model with its date', () => {
    const dated = [RESOURCE, { ...DEPLOYMENT, model_slug: 'OpenAI/gpt-4o-2024-08-06' }];
    expect(to('azure', dated, target())?.apiKey).toBe(DEPLOYMENT.api_key);
    expect(to('azure', dated.slice(1), target(), 'openai/o3')).toBeNull();
  });

  test('an address with the API of OpenAI’s version 1 needs no version of its own', () => {
    const endpoint_url = 'https://my-resource.openai.azure.com/openai/v1/chat/completions';
    expect(to('azure', [{ ...DEPLOYMENT, endpoint_url }], target())?.deploymentUrl).toBe(endpoint_url);
  });

  test('an API key of Bedrock, also where the gateway speaks OpenAI’s dialect to it; signatures are not made there', () => {
    const bedrock = target({ baseUrl: 'https://bedrock-runtime.us-west-2.amazonaws.com/openai/v1' });
    expect(to('amazon-bedrock', 'bedrock-api-key-0123', bedrock)).toMatchObject({
      ...{ apiKey: 'bedrock-api-key-0123', baseUrl: bedrock.baseUrl },
    });
    expect(to('amazon-bedrock', AWS, bedrock)).toBeNull();
  });

  test('one of a region, to the vendor’s host there', () => {
    const key = { api_key: 'sk-own-0123456789', region: 'europe' };
    expect(to('regional', key, target())).toMatchObject({ baseUrl: 'https://eu.api.openai.com/v1' });
  });

  test('a deployment of Azure wins for its model, by its whole address; a resource serves the rest', () => {
    const key = [RESOURCE, DEPLOYMENT];
    expect(to('azure', key, target())).toMatchObject({
      ...{
        deploymentUrl: DEPLOYMENT.endpoint_url,
        apiKey: DEPLOYMENT.api_key,
        upstreamModel: 'gpt-4o',
        mustBePublic: true,
      },
    });
    expect(to('azure', key, target(), 'openai/o3')).toMatchObject({
      ...{ baseUrl: 'https://my-resource.openai.azure.com/openai/v1', apiKey: RESOURCE.api_key },
    });
    const foundry = [{ ...RESOURCE, resource_type: 'ai_foundry' }];
    expect(to('azure', foundry, target())?.baseUrl).toBe(
      'https://my-resource.services.ai.azure.com/openai/v1',
    );
    expect(to('azure', [DEPLOYMENT], target(), 'openai/o3')).toBeNull();
  });

  test('through a package of the AI SDK, with nothing of the operator’s but where its provider is', () => {
    const bedrock = target(
      sdk('@ai-sdk/amazon-bedrock', { region: 'eu-west-1', secret_access_key: 'operators' }),
    );
    expect(to('amazon-bedrock', AWS, bedrock)?.sdk).toEqual({
      ...{ slug: 'p', packageName: '@ai-sdk/amazon-bedrock', isOwn: true },
      settings: {
        region: 'us-east-1',
        access_key_id: AWS.accessKeyId,
        secret_access_key: AWS.secretAccessKey,
      },
    });
    expect(to('amazon-bedrock', 'bedrock-api-key-0123', bedrock)?.sdk?.settings).toEqual({
      ...{ region: 'eu-west-1', api_key: 'bedrock-api-key-0123' },
    });
    const vertex = target(sdk('@ai-sdk/google-vertex', { location: 'global', credentials: 'operators' }));
    expect(to('google-vertex', SERVICE_ACCOUNT, vertex)?.sdk?.settings).toEqual({
      ...{
        location: 'global',
        project: 'my-project-1',
        client_email: SERVICE_ACCOUNT.client_email,
        private_key: PEM,
      },
    });
    const azure = target(sdk('@ai-sdk/azure', { resource_name: 'operators' }));
    expect(to('azure', [DEPLOYMENT], azure)).toMatchObject({
      ...{
        baseUrl: 'https://my-resource.openai.azure.com/openai',
        upstreamModel: 'gpt-4o',
        mustBePublic: true,
      },
      sdk: { settings: { deployment_urls: true, api_version: '2024-08-01-preview' }, isOwn: true },
    });
  });
});
