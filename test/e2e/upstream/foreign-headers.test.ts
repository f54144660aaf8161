/** What a provider puts into the headers of its answer: nothing of it reaches the caller, and too much of it is no answer. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { startGateway } from '../../harness.ts';
import { answer, rawProvider } from '../../raw-provider.ts';
import { type Bench, chat, startBench } from '../faults/bench.ts';

const FOREIGN = {
  'set-cookie': 'session=theirs; Path=/',
  server: 'their-proxy/1.2',
  via: '1.1 their-edge',
  'x-request-id': 'req_theirs',
  'openai-organization': 'their-organisation',
  'x-ratelimit-remaining-requests': '3',
  'access-control-allow-origin': 'https://theirs.example',
  'access-control-allow-credentials': 'true',
  'www-authenticate': 'Basic realm="theirs"',
  'strict-transport-security': 'max-age=1',
  'content-security-policy': 'sandbox',
  location: 'https://theirs.example/elsewhere',
  refresh: '0; url=https://theirs.example',
  'x-generation-id': 'gen-theirs',
  'cache-control': 'public, max-age=3600',
};

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
afterAll(() => bench.stop());

/** But for what differs from one request to the next. */
async function headersOf(status: number, stream: boolean, headers: Record<string, string>) {
  bench.one.script({ behaviour: { ...(status === 200 ? {} : { status }), headers } });
  bench.anHourLater();
  const response = await chat(bench, { stream });
  await response.text();
  const ours = ['date', 'x-request-id', 'x-generation-id', 'content-length'];
  expect(response.headers.get('x-request-id')).toMatch(/^req-[0-9a-f]{20}$/);
  expect(response.headers.get('x-generation-id')).toMatch(/^gen-\d+-[0-9a-f]{20}$/);
  return [...response.headers].filter(([name]) => !ours.includes(name)).sort();
}

test.each([
  ['a whole answer', 200, false],
  ['a stream', 200, true],
  ['a refusal for too many requests', 429, false],
  ['a failure', 500, true],
  ['a mistake of the caller', 400, false],
])('%s has the same headers whatever its provider sends', async (_what, status, stream) => {
  const plain = await headersOf(status, stream, {});
  expect(await headersOf(status, stream, FOREIGN)).toEqual(plain);
  expect(JSON.stringify(plain)).not.toContain('theirs');
});

test('an answer with ten thousand headers is a 502, and the next one is read', async () => {
  const completion = JSON.stringify({
    ...{ id: 'x', object: 'chat.completion', created: 1, model: 'm' },
    choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  });
  const many = Array.from({ length: 10_000 }, (_, n) => `x-${n}: 1\r\n`).join('');
  let fields = many;
  using provider = rawProvider({
    onRequest: (_request, connection) => connection.write(answer(completion, fields)),
  });
  const endpoint = { provider: 'raw', model: 'm', pricing: { prompt: '0', completion: '0' } };
  await using gateway = await startGateway({
    config: {
      providers: [{ slug: 'raw', base_url: `http://127.0.0.1:${provider.port}/v1`, api_key: 'a-key' }],
      models: [{ id: 'raw/small', context_length: 100_000, endpoints: [endpoint] }],
    },
  });
  const statusOf = async () => (await chat(gateway, { model: 'raw/small' })).status;
  expect(await statusOf()).toBe(502);
  fields = '';
  expect(await statusOf()).toBe(200);
});
