import { afterEach, expect, test } from 'bun:test';
import type { Provider } from '../catalogue/model.ts';
import { createLogger } from '../log.ts';
import { createUpstreamClient } from '../upstream/client.ts';
import { endpointOf, modelOf, providerOf } from './__fixtures__/endpoints.ts';
import { NO_AFFINITY } from './keys.ts';
import { Probes } from './probes.ts';
import { Ways } from './ways.ts';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const EVERY_MS = 10_000;

type Answers = Readonly<Record<string, () => Response>>;

function world(first: Answers, upstreamModel = 'llama3.1:8b') {
  let answers = first;
  const asked: string[] = [];
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: ({ url, method, headers }) => {
      const { pathname } = new URL(url);
      asked.push(`${method} ${pathname} ${headers.get('authorization')}`);
      return answers[pathname]?.() ?? new Response('404 page not found', { status: 404 });
    },
  });
  stops.push(() => server.stop(true));
  const client = createUpstreamClient({ environment: {} });
  stops.push(() => client.close());
  const provider: Provider = providerOf({
    ...{ slug: 'local', format: 'openai', apiKey: 'of-the-backend', probeEveryMs: EVERY_MS },
    baseUrl: `http://127.0.0.1:${server.port}/v1`,
  });
  const endpoint = endpointOf({ provider, upstreamModel });
  const model = modelOf({ endpoints: [endpoint] });
  const ways = new Ways();
  const lines: string[] = [];
  let nowMs = 1_000_000;
  const clock = { nowMs: () => nowMs };
  const probes = new Probes({
    ...{ client, ways, clock },
    catalogue: () => ({ providers: [provider], models: [model] }),
    logger: createLogger({ level: 'debug', write: (line) => void lines.push(line), clock }),
  });
  return {
    ...{ asked, lines, probes, provider },
    events: () => lines.map((line) => (JSON.parse(line) as { event: string }).event),
    probe: async (next: Answers = answers) => {
      answers = next;
      nowMs += EVERY_MS;
      await probes.probe(provider, EVERY_MS);
      return probes.of(provider);
    },
    mayBeAsked: () => ways.enter({ model, endpoint }, false, () => NO_AFFINITY, nowMs) !== null,
    lastResort: () => ways.enterAnyway({ model, endpoint }, false, nowMs) !== null,
    stopServer: () => server.stop(true),
  };
}

const list = (...ids: string[]) => Response.json({ object: 'list', data: ids.map((id) => ({ id })) });
/** Ollama: no health page, and the list of what it has pulled. */
const OLLAMA: Answers = { '/v1/models': () => list('llama3.1:8b', 'qwen3:latest') };
/** llama.cpp while it loads: the list is there, and /health says that nothing else is (its server's README). */
const LOADING: Answers = {
  '/health': () =>
    Response.json(
      { error: { code: 503, message: 'Loading model', type: 'unavailable_error' } },
      { status: 503 },
    ),
  '/v1/models': () => list('llama3.1:8b'),
};
/** vLLM: an empty 200. */
const VLLM: Answers = { '/health': () => new Response(''), '/v1/models': () => list('llama3.1:8b') };

test.each([
  ['Ollama', OLLAMA, 2],
  ['vLLM', VLLM, 1],
  ['one without either page', {}, null],
] as const)('%s is up, with as many models as it lists, asked with its key', async (_, answers, count) => {
  const { probe, mayBeAsked, asked, events } = world(answers);
  expect(await probe()).toMatchObject({ isUp: true, models: count === null ? null : expect.anything() });
  expect([mayBeAsked(), events()]).toEqual([true, []]);
  expect(asked).toEqual(['GET /health Bearer of-the-backend', 'GET /v1/models Bearer of-the-backend']);
});

test('one that still loads its model is not up, whatever it lists, and is as soon as it says so', async () => {
  const { probe, mayBeAsked, lastResort, events } = world(LOADING);
  expect(await probe()).toMatchObject({ isUp: false, says: '/health answers 503' });
  // A request that nobody else can serve still gets its try.
  expect([mayBeAsked(), lastResort()]).toEqual([false, true]);
  expect(await probe(VLLM)).toMatchObject({ isUp: true });
  expect([mayBeAsked(), events()]).toEqual([true, ['backend_down', 'backend_up']]);
});

test('one that is gone is said to be down once, and nobody asks it between two probes', async () => {
  const { probe, mayBeAsked, events, stopServer } = world(VLLM);
  await probe();
  await stopServer();
  expect(await probe()).toMatchObject({ isUp: false, models: null });
  expect(mayBeAsked()).toBe(false);
  await probe();
  expect([mayBeAsked(), events()]).toEqual([false, ['backend_down']]);
});

test('a model that is configured and not there is told once, and Ollama’s latest is one without a tag', async () => {
  const { probe, lines, events } = world(OLLAMA, 'mixtral');
  expect(await probe()).toMatchObject({ isUp: true, missing: ['mixtral'] });
  await probe();
  expect(events()).toEqual(['backend_lacks_models']);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ provider: 'local', missing: ['mixtral'] });
  expect(await world(OLLAMA, 'qwen3').probe()).toMatchObject({ missing: [] });
});
