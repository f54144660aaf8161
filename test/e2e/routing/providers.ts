/**
 * Five providers of the same models, dearer from a to e, each with a policy, a precision and a prompt cache of its own; some offer
 * tiers, and one model costs nothing.
 */
import type { JsonObject } from '../../../src/json.ts';
import type { ConfigText } from '../../harness.ts';
import type { CacheCounts, PromptCaches } from './prompt-cache.ts';

export interface RoutedProviders {
  readonly config: ConfigText;
  /** Asked of all of them so far. */
  requests(): number;
  /** The tokens of the next answers' prompts that come out of a cache, by provider. */
  readonly cachedTokens: Map<string, number>;
  /** What a provider says that it served, whatever was asked for; else it serves the tier that was. */
  readonly servedTiers: Map<string, string>;
  /** Of all requests, in order, with the provider that got them. */
  /** Null: each tells `cachedTokens`. */
  caches: PromptCaches | null;
  readonly asked: { readonly provider: string; readonly key: string; readonly body: JsonObject }[];
  stop(): Promise<void>;
}

const TAGS = ['a', 'b', 'c', 'd', 'e'];
const PARAMETERS = ['max_tokens', 'temperature'];

/** OpenAI's documented answer, with other counts. */
const answerOf = ({ promptTokens, cachedTokens, writtenTokens }: CacheCounts, tier: unknown) => ({
  id: 'chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT',
  object: 'chat.completion',
  created: 1741569952,
  model: 'routed',
  service_tier: tier,
  choices: [
    { index: 0, message: { role: 'assistant', content: 'Hello!', refusal: null }, finish_reason: 'stop' },
  ],
  usage: {
    prompt_tokens: promptTokens,
    completion_tokens: 10,
    total_tokens: promptTokens + 10,
    prompt_tokens_details: { cached_tokens: cachedTokens, cache_write_tokens: writtenTokens },
  },
});

export function startRoutedProviders(): RoutedProviders {
  const cachedTokens = new Map<string, number>();
  const servedTiers = new Map<string, string>();
  const asked: RoutedProviders['asked'] = [];
  let requests = 0;
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: async (request) => {
      const body = (await request.json()) as JsonObject;
      const slug = new URL(request.url).pathname.split('/')[1] ?? '';
      requests += 1;
      const key = request.headers.get('authorization')?.slice('Bearer '.length) ?? '';
      asked.push({ provider: slug, key, body });
      const tier = servedTiers.get(slug) ?? body['service_tier'] ?? 'default';
      const counts = providers.caches?.counts(slug, body) ?? {
        ...{ promptTokens: 1000, cachedTokens: cachedTokens.get(slug) ?? 0, writtenTokens: 0 },
      };
      return Response.json(answerOf(counts, tier));
    },
  });
  const provider = (slug: string) => ({
    slug,
    name: slug.toUpperCase(),
    base_url: `http://127.0.0.1:${server.port}/${slug}/v1`,
    api_key: 'of-the-provider',
    data_policy: { training: slug === 'e', retains_prompts: slug >= 'd' },
  });
  const endpoint = (slug: string, at: number) => ({
    provider: slug,
    model: 'routed',
    quantization: at % 2 === 0 ? 'fp8' : 'fp16',
    max_completion_tokens: 1000 * (at + 1),
    supported_parameters: slug === 'b' ? PARAMETERS : [...PARAMETERS, 'tools'],
    pricing: {
      prompt: `0.00000${at + 1}`,
      completion: '0',
      input_cache_read: '0.0000001',
    },
  });
  const tierOf = (slug: string, tier: string, prompt: string) => ({
    ...endpoint(slug, TAGS.indexOf(slug)),
    tag: `${slug}/${tier}`,
    pricing: { prompt, completion: '0' },
  });
  const model = (id: string, tags: readonly string[], more: object = {}) => ({
    id,
    context_length: 128_000,
    endpoints: tags.map((slug) => endpoint(slug, TAGS.indexOf(slug))),
    ...more,
  });
  const providers: RoutedProviders = {
    caches: null,
    config: {
      providers: TAGS.map(provider),
      models: [
        model('routed/one', TAGS),
        model('routed/two', ['c', 'a'], { distillable_text: true }),
        {
          ...model('routed/tiers', ['a', 'b']),
          endpoints: [
            ...['a', 'b'].map((slug) => endpoint(slug, TAGS.indexOf(slug))),
            tierOf('a', 'flex', '0.0000005'),
            tierOf('b', 'priority', '0.000004'),
          ],
        },
        {
          ...model('routed/gift:free', []),
          endpoints: ['a', 'd'].map((slug) => ({
            ...endpoint(slug, TAGS.indexOf(slug)),
            pricing: { prompt: '0', completion: '0' },
          })),
        },
        model('routed/eyes', ['b', 'c'], { input_modalities: ['text', 'image'] }),
      ],
      routers: {
        auto: {
          models: ['routed/two', 'routed/one', 'routed/eyes'],
          rules: [{ when: { tools: true }, models: ['routed/one', 'routed/*'] }],
        },
        free: { models: ['routed/*:free'] },
        pareto_code: { high: ['routed/one'], medium: ['routed/two', 'routed/eyes'], low: ['routed/*'] },
      },
    },
    requests: () => requests,
    cachedTokens,
    servedTiers,
    asked,
    stop: () => server.stop(true),
  };
  return providers;
}
