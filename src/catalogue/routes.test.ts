import { beforeAll, expect, test } from 'bun:test';
import { HTTPClient, OpenRouter } from '@openrouter/sdk';
import { ManualClock } from '../clock.ts';
import { createReader } from '../config/environment.ts';
import { parseConfigFile } from '../config/file.ts';
import { TurnpikeError } from '../errors.ts';
import type { FormCall, KeyCall, Route, SessionCall } from '../http/route.ts';
import { googleListing } from '../inference/google/model-list.ts';
import { buildCatalogue } from './build.ts';
import { catalogueRoutes } from './routes.ts';

const NOW_MS = Date.UTC(2026, 10, 20, 12);
const ORIGIN = 'http://turnpike.test';
let routes: Route[];

/** A model of the operator's own, of which nothing is told but where it is. */
const OPERATORS = JSON.stringify({
  providers: [{ slug: 'acme', base_url: 'http://127.0.0.1:9100/v1' }],
  models: [
    {
      id: 'acme/own',
      endpoints: [{ provider: 'acme', pricing: { prompt: '0.000001', completion: '0.000002' } }],
    },
  ],
});

const PERCENTILES = { p50: 40, p75: 30, p90: 20, p99: 10 };
const FIGURES = {
  ...{ uptime_last_5m: 100, uptime_last_30m: 99.5, uptime_last_1d: null },
  ...{ latency_last_30m: PERCENTILES, throughput_last_30m: PERCENTILES },
};

beforeAll(async () => {
  const clock = new ManualClock(NOW_MS);
  const file = { name: 'turnpike.yaml', text: OPERATORS };
  const config = { ...parseConfigFile(file, createReader({}, '/')), environmentKeys: () => 'key' };
  const catalogue = await buildCatalogue(config, NOW_MS);
  routes = catalogueRoutes({
    catalogue: () => catalogue,
    clock,
    figuresOf: () => FIGURES,
    google: googleListing(() => catalogue),
    ...{ allowedFor: () => null, principalOf: async () => null },
    isKnown: async (request) => request.headers.has('authorization'),
  });
});

async function get(pathAndQuery: string, headers: Record<string, string> = {}): Promise<Response> {
  const url = new URL(pathAndQuery, ORIGIN);
  for (const route of routes) {
    const pattern = new RegExp(`^${route.path.replace(/:([a-z]+)/g, '(?<$1>[^/]+)')}$`);
    const match = pattern.exec(url.pathname);
    if (match === null) continue;
    const entries = Object.entries(match.groups ?? {});
    const params = Object.fromEntries(entries.map(([name, value]) => [name, decodeURIComponent(value)]));
    const call = {
      request: new Request(url.href, { headers }),
      url,
      params,
      requestId: 'r',
      keepOpen: () => () => {},
    };
    try {
      return await route.handle(call as unknown as FormCall & KeyCall & SessionCall);
    } catch (error) {
      if (!(error instanceof TurnpikeError)) throw error;
      return Response.json({ error: { message: error.message } }, { status: error.status });
    }
  }
  return new Response(null, { status: 404 });
}

const client = new OpenRouter({
  apiKey: 'sk-or-v1-x',
  serverURL: `${ORIGIN}/api/v1`,
  httpClient: new HTTPClient({ fetcher: (input) => get(new Request(input).url) }),
});

// biome-ignore lint/suspicious/noExplicitAny: answers are read as a client without types would.
async function body(pathAndQuery: string): Promise<any> {
  const response = await get(pathAndQuery);
  expect(response.status).toBe(200);
  return response.json();
}

const ROUTERS = /^openrouter\/(?:auto|auto-beta|free)$/;

test('the official client parses the whole list, a model, and every model’s endpoints', async () => {
  const { result } = await client.models.list({ limit: 1000 });
  expect(result.data.length).toBeGreaterThan(200);
  expect(result.totalCount).toBe(result.data.length);
  const count = await client.models.count();
  expect(count.data.count).toBe(result.data.length);
  const model = await client.models.get({ author: 'deepseek', slug: 'deepseek-chat' });
  expect(model.data.id).toBe('deepseek/deepseek-chat');
  expect(model.data.pricing.overrides?.length).toBeGreaterThan(1);
  for (const { id } of result.data) {
    if (id.startsWith('~')) continue;
    const [author = '', slug = ''] = id.split('/');
    const { data } = await client.endpoints.list({ author, slug });
    expect(data.id).toBe(id);
    // A router has none of its own.
    if (ROUTERS.test(id)) expect(data.endpoints).toEqual([]);
    else expect(data.endpoints.length).toBeGreaterThan(0);
  }
});

test('the official client parses providers, zero-retention endpoints, embedding and user models', async () => {
  expect((await client.providers.list()).data.map((provider) => provider.slug)).toContain('turnpike');
  const zdr = await client.endpoints.listZdrEndpoints();
  expect(zdr.data.map((endpoint) => endpoint.modelId)).toEqual(['turnpike/echo']);
  const embeddings = await client.embeddings.listModels();
  expect(embeddings.result.data.map((model) => model.id)).toContain('openai/text-embedding-3-small');
  const user = await client.models.listForUser({ bearer: 'sk-or-v1-x' });
  expect(user.result.data.length).toBeGreaterThan(200);
});

test('a row carries every required key, and prices are plain decimals', async () => {
  const row = await body('/api/v1/models/openai%2Fgpt-4o');
  expect(row).toMatchObject({
    id: 'openai/gpt-4o',
    per_request_limits: null,
    default_parameters: null,
    supported_voices: null,
    links: { details: '/api/v1/models/openai/gpt-4o/endpoints' },
    pricing: { prompt: '0.0000025', completion: '0.00001' },
  });
  const { data } = await body('/api/v1/models?output_modalities=all');
  for (const model of data) {
    for (const price of Object.values(model.pricing).filter((value) => typeof value === 'string')) {
      expect(price).toMatch(ROUTERS.test(model.id) ? /^(?:-1|0)$/ : /^\d+(\.\d+)?$/);
    }
  }
});

test('an alias row shows its target, and the id resolves to it', async () => {
  const { data } = await body('/api/v1/models?q=~openai/gpt-latest');
  expect(data[0].alias_target.slug).toMatch(/^openai\/gpt-/);
  const target = await body('/api/v1/model/~openai/gpt-latest');
  expect(target.data.id).toBe(data[0].alias_target.slug);
  expect(target.data.pricing).toEqual(data[0].pricing);
});

test('an unknown model is a 404', async () => {
  for (const path of ['/model/no/body', '/models/no/body/endpoints', '/models/no%2Fbody']) {
    expect((await get(`/api/v1${path}`)).status).toBe(404);
  }
});

test('a catalogue variant that a model does not have is no model, and has no endpoints', async () => {
  for (const suffix of ['free', 'batch', 'thinking', 'extended']) {
    for (const id of ['acme/own', 'deepseek/deepseek-chat']) {
      expect((await get(`/api/v1/model/${id}:${suffix}`)).status).toBe(404);
      const { data } = await body(`/api/v1/models/${id}:${suffix}/endpoints`);
      expect([data.id, data.endpoints]).toEqual([`${id}:${suffix}`, []]);
    }
    expect((await get(`/api/v1/models/no/body:${suffix}/endpoints`)).status).toBe(404);
  }
});

test('a routing variant is dropped by both look-ups', async () => {
  for (const suffix of ['nitro', 'floor', 'exacto', 'online', 'nitro:floor']) {
    expect((await body(`/api/v1/model/acme/own:${suffix}`)).data.id).toBe('acme/own');
    const { data } = await body(`/api/v1/models/acme/own:${suffix}/endpoints`);
    expect([data.id, data.endpoints.length]).toEqual(['acme/own', 1]);
  }
});

test('pages keep the other parameters and end with null', async () => {
  const first = await body('/api/v1/models?q=gpt&limit=2');
  expect(first.data).toHaveLength(2);
  expect(first.links.next).toBe('/api/v1/models?q=gpt&limit=2&offset=2');
  const past = await body('/api/v1/models?q=gpt&offset=100000');
  expect(past).toEqual({ object: 'list', data: [], total_count: first.total_count, links: { next: null } });
  expect((await body('/api/v1/models')).links.next).toBeNull();
});

test('filters hold at once', async () => {
  const query = 'supported_parameters=tools,reasoning&input_modalities=image&max_price=1&context=200000';
  const { data } = await body(`/api/v1/models?${query}&model_authors=openai,google`);
  expect(data.length).toBeGreaterThan(0);
  for (const model of data) {
    expect(model.supported_parameters).toEqual(expect.arrayContaining(['tools', 'reasoning']));
    expect(Number(model.pricing.prompt) * 1e6).toBeLessThanOrEqual(1);
    expect(model.context_length).toBeGreaterThanOrEqual(200_000);
    expect(model.id).toMatch(/^~?(openai|google)\//);
  }
  const cheap = await body('/api/v1/models?sort=pricing-low-to-high&limit=1');
  expect(cheap.data[0].pricing.prompt).toBe('0');
});

test('what no data is known of selects nothing, and never fails', async () => {
  for (const query of ['category=programming', 'min_intelligence_index=1', 'region=eu', 'distillable=true']) {
    expect((await body(`/api/v1/models?${query}`)).data).toEqual([]);
  }
  expect((await body('/api/v1/models?sort=throughput-high-to-low')).data.length).toBeGreaterThan(0);
});

test('a senseless value is a 400 that names its parameter', async () => {
  const wrong = [
    ['limit', '0'],
    ['limit', '1001'],
    ['offset', '-1'],
    ['sort', 'best'],
    ['category', 'x'],
    ['context', '0'],
    ['max_price', '-1'],
    ['min_age_days', '1.5'],
    ['zdr', 'false'],
    ['region', 'mars'],
    ['output_modalities', 'smell'],
    ['max_tool_success_rate', '2'],
  ] as const;
  for (const [name, value] of wrong) {
    const response = await get(`/api/v1/models?${name}=${value}`);
    expect(response.status).toBe(400);
    const answer = (await response.json()) as { error: { message: string } };
    expect(answer.error.message).toStartWith(name);
  }
});

test('the feed is RSS with escaped text', async () => {
  const response = await get('/api/v1/models?use_rss=true&q=gpt');
  expect(response.headers.get('content-type')).toStartWith('application/rss+xml');
  const text = await response.text();
  expect(text).toStartWith('<?xml version="1.0"');
  expect(text.match(/<item>/g)?.length).toBe(text.match(/<\/item>/g)?.length ?? 0);
  expect(text).not.toMatch(/&(?!amp;|lt;|gt;|quot;|apos;)/);
});

test('clients of OpenAI’s API find one model by its two parts or its escaped name, with the members that they look for', async () => {
  const wanted = { id: 'deepseek/deepseek-chat', object: 'model', owned_by: 'deepseek' };
  expect(await body('/api/v1/models/deepseek/deepseek-chat')).toMatchObject(wanted);
  expect(await body('/api/v1/models/deepseek%2Fdeepseek-chat')).toMatchObject(wanted);
  expect((await get('/api/v1/models/deepseek/nothing')).status).toBe(404);
  expect(await body('/api/v1/models/acme/own')).toMatchObject({ id: 'acme/own', owned_by: 'acme' });
  const { data, object } = await body('/api/v1/models');
  expect(data.map(({ id }: { id: string }) => id)).toContain('acme/own');
  expect(object).toBe('list');
  for (const row of data) {
    expect(row.created).toBeGreaterThan(0);
    expect(row.owned_by).not.toBe('');
  }
});

test('Codex finds its own array beside OpenRouter’s rows, with every member that it requires, and without the models of its own', async () => {
  const { data, models } = await body('/api/v1/models?client_version=0.171.0');
  expect(data.length).toBeGreaterThan(200);
  const slugs = models.map(({ slug }: { slug: string }) => slug);
  const kept = (id: string) => !/^openai\/gpt-(?:5$|5\.[5-9]|[6-9]|\S*-codex)/.test(id) && !ROUTERS.test(id);
  expect(slugs).toEqual(data.map(({ id }: { id: string }) => id).filter(kept));
  const own = models.find(({ slug }: { slug: string }) => slug === 'acme/own');
  expect(own).toMatchObject({
    display_name: expect.any(String),
    supported_reasoning_levels: [],
    shell_type: 'shell_command',
    visibility: 'list',
    supported_in_api: true,
    base_instructions: expect.stringContaining('coding agent'),
    supports_reasoning_summaries: false,
    support_verbosity: false,
    truncation_policy: { mode: 'bytes', limit: expect.any(Number) },
    experimental_supported_tools: [],
    input_modalities: ['text'],
  });
  for (const { input_modalities: kinds, supported_reasoning_levels: levels, priority } of models) {
    expect(['text', 'image']).toEqual(expect.arrayContaining(kinds));
    for (const { effort } of levels) expect(effort).toMatch(/^(?:none|minimal|low|medium|high|xhigh)$/);
    expect(priority).toBeInteger();
  }
  expect((await body('/api/v1/models')).models).toBeUndefined();
});

test('a list that its client has already is a 304, until it changes', async () => {
  const first = await get('/api/v1/models?client_version=0.171.0');
  const etag = first.headers.get('etag') ?? '';
  expect(etag).toMatch(/^"[0-9a-z]+"$/);
  for (const known of [etag, `W/${etag}`, `"other", ${etag}`]) {
    const again = await get('/api/v1/models?client_version=0.171.0', { 'if-none-match': known });
    expect(again.status).toBe(304);
    expect(again.headers.get('etag')).toBe(etag);
    expect(await again.text()).toBe('');
  }
  const other = await get('/api/v1/models?client_version=0.171.0', { 'if-none-match': '"other"' });
  expect(other.status).toBe(200);
  expect((await get('/api/v1/models')).headers.get('etag')).not.toBe(etag);
});
