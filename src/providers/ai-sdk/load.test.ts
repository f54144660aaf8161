import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { createUpstreamClient } from '../../upstream/client.ts';
import { KEY } from './__fixtures__/loopback.ts';
import { type LoadOptions, loadSdkProviders, type SdkProviderConfig } from './load.ts';
import { packageFetch } from './package-fetch.ts';
import { SDK_PACKAGES, type SdkTarget } from './packages.ts';

interface Configured {
  readonly packageName: string;
  readonly settings?: SdkTarget['settings'];
  readonly apiKey?: string | null;
  readonly baseUrl?: string;
  readonly variables?: Readonly<Record<string, string>>;
  readonly load?: LoadOptions['load'];
}

async function loaded(given: Configured) {
  const { packageName, settings = {}, apiKey = null, baseUrl = '', variables = {}, load } = given;
  const client = createUpstreamClient({ environment: {} });
  const config: SdkProviderConfig = { sdk: { slug: 'acme', packageName, settings }, baseUrl, apiKey };
  try {
    return await loadSdkProviders([config], {
      fetch: packageFetch(client),
      readVariable: (variable) => variables[variable] ?? null,
      ...(load === undefined ? {} : { load }),
    });
  } finally {
    client.close();
  }
}

const complete: Readonly<Record<string, Partial<Configured>>> = {
  '@ai-sdk/amazon-bedrock': { apiKey: KEY, settings: { region: 'eu-central-1' } },
  '@ai-sdk/google-vertex': { settings: { project: 'acme', location: 'global' } },
  '@ai-sdk/google-vertex/anthropic': { settings: { project: 'acme', location: 'global' } },
  '@ai-sdk/azure': { apiKey: KEY, settings: { resource_name: 'acme' } },
  '@ai-sdk/cohere': { apiKey: KEY },
  '@ai-sdk/mistral': { apiKey: KEY },
};

describe('a package of the list', () => {
  test.each(Object.keys(SDK_PACKAGES))('%s is loaded with all that it needs', async (packageName) => {
    const { loaded: providers, problems } = await loaded({ packageName, ...complete[packageName] });
    expect(problems).toEqual([]);
    expect(providers.get('acme')?.model('model-x').modelId).toBe('model-x');
  });

  test.each(Object.keys(SDK_PACKAGES))(
    '%s is refused with nothing, and what to set is said',
    async (packageName) => {
      const { loaded: providers, problems } = await loaded({ packageName });
      expect(providers.size).toBe(0);
      expect(problems.length).toBeGreaterThan(0);
      for (const problem of problems) expect(problem).toStartWith('provider "acme": set ');
    },
  );

  test('is loaded with credentials of the environment, which count as secrets', async () => {
    const variables = {
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: KEY,
    };
    const { loaded: providers, problems } = await loaded({
      packageName: '@ai-sdk/amazon-bedrock',
      variables,
    });
    expect(problems).toEqual([]);
    expect(providers.get('acme')?.secrets).toEqual(['AKIDEXAMPLE', KEY]);
  });
});

test('what is to be installed is what the tests run with', async () => {
  const { devDependencies } = await Bun.file(join(import.meta.dir, '../../../package.json')).json();
  for (const { install } of Object.values(SDK_PACKAGES)) {
    const at = install.lastIndexOf('@');
    expect(devDependencies[install.slice(0, at)]).toBe(install.slice(at + 1));
  }
});

describe('what a package is made with', () => {
  const options = async (given: Omit<Configured, 'packageName'>) => {
    let options: Record<string, unknown> = {};
    const load = async () => ({
      createAmazonBedrock: (told: Record<string, unknown>) => {
        options = told;
        return { languageModel: () => ({ specificationVersion: 'v4' }) };
      },
    });
    const { problems } = await loaded({ packageName: '@ai-sdk/amazon-bedrock', load, ...given });
    expect(problems).toEqual([]);
    return options;
  };
  const environment = {
    AWS_REGION: 'eu-central-1',
    AWS_BEARER_TOKEN_BEDROCK: 'of the environment',
    AWS_ACCESS_KEY_ID: 'of the environment',
    AWS_SESSION_TOKEN: 'of the environment',
  };

  test('is what the gateway read of the environment, which may be the content of a file', async () => {
    expect(await options({ variables: environment })).toMatchObject({
      region: 'eu-central-1',
      apiKey: 'of the environment',
    });
  });

  test('is nothing of other credentials in the environment, where the file has its own', async () => {
    const settings = { access_key_id: 'AKIDEXAMPLE', secret_access_key: KEY };
    const told = await options({ settings, variables: environment });
    expect(told).toMatchObject({ apiKey: '', accessKeyId: 'AKIDEXAMPLE', secretAccessKey: KEY });
    expect(told['sessionToken']).toBeUndefined();
  });
});

describe('a package that cannot be used', () => {
  const cohere = { packageName: '@ai-sdk/cohere', apiKey: KEY };

  test('is named with the command that installs it when it is missing', async () => {
    const { problems } = await loaded({ ...cohere, load: () => import('@ai-sdk/' + 'not-there') });
    expect(problems).toEqual([
      'provider "acme": the package @ai-sdk/cohere is not installed; run: npm install --no-save --omit=dev --save-prod @ai-sdk/cohere@4.0.52',
    ]);
  });

  test('is named when its factory has another name', async () => {
    const { problems } = await loaded({ ...cohere, load: async () => ({ createOther: () => undefined }) });
    expect(problems.join()).toContain('this version of @ai-sdk/cohere is not known');
  });

  test('is named when it speaks another version of the interface', async () => {
    const load = async () => ({
      createCohere: () => ({ languageModel: () => ({ specificationVersion: 'v3' }) }),
    });
    const { problems } = await loaded({ ...cohere, load });
    expect(problems.join()).toContain('--save-prod @ai-sdk/cohere@4.');
  });

  test('is quoted without a secret when it refuses its settings', async () => {
    const load = async () => ({
      createCohere: ({ apiKey }: { apiKey: string }) => {
        throw new Error(`bad key ${apiKey}`);
      },
    });
    const { problems } = await loaded({ ...cohere, load });
    expect(problems.join()).toContain('bad key');
    expect(problems.join()).not.toContain(KEY.slice(0, 12));
  });

  test('is refused for a location that would be another host', async () => {
    const settings = { project: 'acme', location: 'evil.example/#' };
    const { problems } = await loaded({ packageName: '@ai-sdk/google-vertex', settings });
    expect(problems.join()).toContain('Invalid Google Vertex location');
  });
});
