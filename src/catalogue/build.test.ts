import { describe, expect, test } from 'bun:test';
import type { EndpointConfig, ModelConfig, ProviderConfig } from '../config/config.ts';
import { ConfigError } from '../config/config-error.ts';
import { buildCatalogue, type CatalogueConfig } from './build.ts';

const NOW_MS = Date.UTC(2026, 10, 20);

function configWith(
  variables: readonly string[],
  parts: Partial<Pick<CatalogueConfig, 'providers' | 'models'>> = {},
): CatalogueConfig {
  return {
    providers: [],
    models: [],
    environmentKeys: (name) => (variables.includes(name) ? `key-of-${name}` : null),
    ...parts,
  };
}

function providerNamed(slug: string): ProviderConfig {
  return {
    slug,
    name: slug.toUpperCase(),
    format: 'openai',
    baseUrl: 'http://127.0.0.1:9100/v1',
    apiKey: 'secret',
    training: false,
    retainsPrompts: false,
    stopsWhenCancelled: true,
  };
}

function endpointAt(provider: string, parts: Partial<EndpointConfig> = {}): EndpointConfig {
  return {
    provider,
    model: null,
    tag: null,
    pricing: { prompt: '0.00000015', completion: '0.0000006' },
    pricingOverrides: [],
    contextLength: null,
    maxCompletionTokens: null,
    quantization: null,
    supportedParameters: null,
    ...parts,
  };
}

function modelNamed(id: string, endpoints: EndpointConfig[], parts: Partial<ModelConfig> = {}): ModelConfig {
  return {
    id,
    name: null,
    description: null,
    created: null,
    contextLength: null,
    maxCompletionTokens: null,
    inputModalities: null,
    outputModalities: null,
    supportedParameters: null,
    distillableText: null,
    endpoints,
    ...parts,
  };
}

async function problemsOf(config: CatalogueConfig): Promise<readonly string[]> {
  const thrown = await buildCatalogue(config, NOW_MS).catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(ConfigError);
  return (thrown as ConfigError).problems;
}

test('with nothing configured, the built-in model is there alone', async () => {
  const catalogue = await buildCatalogue(configWith([]), NOW_MS);
  expect(catalogue.models.map((model) => model.id)).toEqual(['turnpike/echo']);
  expect(catalogue.providers.map((provider) => provider.slug)).toEqual(['turnpike']);
});

describe('a provider whose variable is set', () => {
  test('brings its models with exact prices and its key', async () => {
    const catalogue = await buildCatalogue(configWith(['OPENAI_API_KEY']), NOW_MS);
    const endpoint = catalogue.find('openai/gpt-4o')?.model.endpoints[0];
    expect(endpoint?.provider.apiKey).toBe('key-of-OPENAI_API_KEY');
    expect(endpoint?.pricing.base).toMatchObject({ prompt: 2_500_000n, completion: 10_000_000n });
    expect(catalogue.find('anthropic/claude-sonnet-4')).toBeNull();
  });

  test('brings long-context rates and models newer than the list of facts', async () => {
    const catalogue = await buildCatalogue(configWith(['GOOGLE_API_KEY', 'ANTHROPIC_API_KEY']), NOW_MS);
    const gemini = catalogue.find('google/gemini-2.5-pro')?.model.endpoints[0];
    expect(gemini?.pricing.overrides[0]).toMatchObject({
      minPromptTokens: 200_000,
      prices: { prompt: 2_500_000n, completion: 15_000_000n },
    });
    const sonnet = catalogue.find('anthropic/claude-sonnet-4.5')?.model;
    expect(sonnet?.endpoints[0]?.upstreamModel).toBe('claude-sonnet-4-5');
    expect(sonnet?.endpoints[0]?.supportedParameters).toContain('tools');
  });

  test('brings its embedding models, with nothing to pay or to set for an output', async () => {
    const catalogue = await buildCatalogue(configWith(['OPENAI_API_KEY', 'GEMINI_API_KEY']), NOW_MS);
    for (const [id, prompt, contextLength] of [
      ['openai/text-embedding-3-small', 20_000n, 8192],
      ['google/gemini-embedding-001', 150_000n, 2048],
    ] as const) {
      expect(catalogue.find(id)?.model).toMatchObject({
        outputModalities: ['embeddings'],
        contextLength,
        endpoints: [{ pricing: { base: { prompt, completion: 0n } }, supportedParameters: [] }],
      });
    }
  });

  test('shares a model with the others that offer it, the cheapest first', async () => {
    const catalogue = await buildCatalogue(configWith(['GROQ_API_KEY', 'TOGETHER_API_KEY']), NOW_MS);
    const model = catalogue.find('openai/gpt-oss-120b')?.model;
    expect(model?.endpoints.map((endpoint) => endpoint.tag).sort()).toEqual(['groq', 'together']);
    const prices = model?.endpoints.map(({ pricing }) => pricing.base.prompt + pricing.base.completion);
    expect(prices?.[0]).toBeLessThanOrEqual(Number(prices?.[1]));
  });
});

test('every model of every known provider has endpoints with distinct tags and a context length', async () => {
  const all: CatalogueConfig = { providers: [], models: [], environmentKeys: () => 'k' };
  const catalogue = await buildCatalogue(all, NOW_MS);
  for (const model of catalogue.models) {
    expect(model.endpoints.length).toBeGreaterThan(0);
    expect(new Set(model.endpoints.map((endpoint) => endpoint.tag)).size).toBe(model.endpoints.length);
    expect(model.contextLength).toBeGreaterThan(0);
    expect(model.id).toMatch(/^[a-z0-9.-]+\/[a-z0-9._-]+(:free|:thinking)?$/);
    expect(Object.isFrozen(model.endpoints)).toBe(true);
  }
});

describe('turnpike.yaml', () => {
  test('adds a model of the operator’s own', async () => {
    const models = [modelNamed('acme/small', [endpointAt('acme', { model: 'small-2026' })])];
    const catalogue = await buildCatalogue(
      configWith([], { providers: [providerNamed('acme')], models }),
      NOW_MS,
    );
    const endpoint = catalogue.find('acme/small')?.model.endpoints[0];
    expect(endpoint).toMatchObject({
      tag: 'acme',
      upstreamModel: 'small-2026',
      pricing: { base: { prompt: 150_000n, completion: 600_000n } },
    });
  });

  test('of embeddings assumes none of the parameters that chat models take', async () => {
    const embeddings = { outputModalities: ['embeddings'] };
    const models = [modelNamed('acme/vectors', [endpointAt('acme')], embeddings)];
    const config = configWith([], { providers: [providerNamed('acme')], models });
    const model = (await buildCatalogue(config, NOW_MS)).find('acme/vectors')?.model;
    expect(model?.endpoints[0]?.supportedParameters).toEqual([]);
  });

  test('replaces the endpoint of the same provider and keeps the facts it does not state', async () => {
    const models = [modelNamed('openai/gpt-4o', [endpointAt('openai')], { name: 'Ours' })];
    const catalogue = await buildCatalogue(configWith(['OPENAI_API_KEY'], { models }), NOW_MS);
    const model = catalogue.find('openai/gpt-4o')?.model;
    expect(model).toMatchObject({ name: 'Ours', contextLength: 128_000, tokenizer: 'GPT' });
    expect(model?.endpoints).toHaveLength(1);
    expect(model?.endpoints[0]?.pricing.base.prompt).toBe(150_000n);
    expect(model?.endpoints[0]?.upstreamModel).toBe('gpt-4o');
  });

  test('overrides a known provider’s address and takes its key from the usual variable', async () => {
    const providers = [{ ...providerNamed('openai'), apiKey: null }];
    const catalogue = await buildCatalogue(configWith(['OPENAI_API_KEY'], { providers }), NOW_MS);
    const provider = catalogue.find('openai/gpt-4o')?.model.endpoints[0]?.provider;
    expect(provider).toMatchObject({ baseUrl: 'http://127.0.0.1:9100/v1', apiKey: 'key-of-OPENAI_API_KEY' });
  });

  test('that names an unknown provider, a wrong price or no price is refused, each mistake on its line', async () => {
    const models = [
      modelNamed('acme/a', [endpointAt('nobody')]),
      modelNamed('acme/b', [endpointAt('acme', { pricing: { prompt: '-1', completoin: '1' } })]),
      modelNamed('acme/c', []),
      modelNamed('acme/d', [endpointAt('acme'), endpointAt('acme')]),
    ];
    const problems = await problemsOf(configWith([], { providers: [providerNamed('acme')], models }));
    expect(problems.map((problem) => problem.split(':')[0])).toEqual([
      'models[0].endpoints[0].provider',
      'models[1].endpoints[0].pricing.prompt',
      'models[1].endpoints[0].pricing.completoin',
      'models[1].endpoints[0].pricing.completion',
      'models[2].endpoints',
      'models[3].endpoints[1].tag',
    ]);
  });
});

describe('a requested id', () => {
  const built = buildCatalogue(
    configWith(['OPENAI_API_KEY', 'OPENROUTER_API_KEY', 'ANTHROPIC_API_KEY']),
    NOW_MS,
  );

  test('as listed is the same resolution each time', async () => {
    const catalogue = await built;
    expect(catalogue.find('openai/gpt-4o')).toBe(catalogue.find('openai/gpt-4o'));
    expect(catalogue.find('OpenAI/GPT-4o')?.model.id).toBe('openai/gpt-4o');
  });

  test('with dynamic suffixes finds the model under them, static ones in any order', async () => {
    const catalogue = await built;
    expect(catalogue.find('openai/gpt-4o:nitro')).toMatchObject({
      variant: 'nitro',
      requestedId: 'openai/gpt-4o:nitro',
    });
    expect(catalogue.find('openai/gpt-4o:nitro:floor')?.variant).toBe('nitro:floor');
    const free = catalogue.models.find((model) => model.id.endsWith(':free'))?.id ?? '';
    expect(catalogue.find(free)?.variant).toBeNull();
    expect(catalogue.find(`${free}:online`)).toMatchObject({ model: { id: free }, variant: 'online' });
    expect(catalogue.find(free.replace(':free', ':online:free'))?.model.id).toBe(free);
  });

  test('with a catalogue suffix that its model does not have is no model', async () => {
    const catalogue = await built;
    for (const suffix of ['thinking', 'extended', 'batch', 'free'])
      expect(catalogue.find(`openai/gpt-4o:${suffix}`)).toBeNull();
  });

  test('that nobody lists is not found', async () => {
    const catalogue = await built;
    for (const id of [
      'openai/gpt-4o:foo',
      'openai/gpt-4o:free',
      'nobody/x',
      '',
      ':',
      '__proto__',
      'a'.repeat(999),
    ]) {
      expect(catalogue.find(id)).toBeNull();
    }
  });

  test('by its dated upstream name or its family finds the model', async () => {
    const catalogue = await built;
    expect(catalogue.find('anthropic/claude-sonnet-4-20250514')?.model.id).toBe('anthropic/claude-sonnet-4');
    const latest = catalogue.find('~anthropic/claude-opus-latest');
    expect(latest?.router).toBe('~anthropic/claude-opus-latest');
    expect(latest?.model.id).toMatch(/^anthropic\/claude-opus-\d/);
  });

  test('by the name that Anthropic itself gives it, as Claude Code asks, finds the model', async () => {
    const catalogue = await built;
    const id = 'anthropic/claude-sonnet-4.5';
    const names = [
      'claude-sonnet-4-5',
      'claude-sonnet-4-5-20250929',
      'claude-sonnet-4-5-latest',
      'CLAUDE-sonnet-4.5',
    ];
    for (const name of names) expect(catalogue.find(name)?.model.id).toBe(id);
    expect(catalogue.find('claude-sonnet-4-5:nitro')).toMatchObject({ model: { id }, variant: 'nitro' });
    for (const name of ['claude-', 'claude-none-1', 'sonnet-4-5', 'x/claude-sonnet-4-5', 'gpt-4o'])
      expect(catalogue.find(name)).toBeNull();
  });

  test('of a provider that is off is known by the variable that would switch it on', async () => {
    const catalogue = await buildCatalogue(configWith([]), NOW_MS);
    expect(await catalogue.isKnown('openai/gpt-4o:nitro')).toContain('OPENAI_API_KEY');
    expect(await catalogue.isKnown('nobody/x')).toBeNull();
  });
});
