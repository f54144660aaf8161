/** Bills by the usage APIs of providers: each asked as its reference says, to the last page. */
import { afterAll, expect, test } from 'bun:test';
import { createUpstreamClient } from '../upstream/client.ts';
import { Bill } from './bill.ts';
import { readUsageApi } from './usage-api.ts';

const asked: { url: URL; headers: Headers }[] = [];
let answer: (url: URL) => Response = () => new Response('', { status: 500 });
const server = Bun.serve({
  ...{ hostname: '127.0.0.1', port: 0 },
  fetch: (request) => {
    const url = new URL(request.url);
    asked.push({ url, headers: request.headers });
    return answer(url);
  },
});
const client = createUpstreamClient();
afterAll(async () => {
  client.close();
  await server.stop(true);
});

const KEY = 'sk-admin-very-secret';
async function read(slug: string) {
  asked.splice(0);
  const bill = new Bill();
  const baseUrl = `http://127.0.0.1:${server.port}/v1`;
  await readUsageApi(bill, client, { slug, baseUrl, key: KEY, first: '2026-11-01', last: '2026-11-02' });
  return bill;
}

test('OpenAI’s usage, of completions and of embeddings, and its costs, by pages', async () => {
  answer = ({ pathname, searchParams }) => {
    const page = searchParams.get('page');
    if (pathname !== '/v1/organization/usage/completions')
      return Response.json({ object: 'page', data: [], has_more: false, next_page: null });
    const results = [
      {
        ...{ object: 'organization.usage.completions.result', model: 'gpt-5.2', input_tokens: 10 },
        ...{ output_tokens: 5, input_cached_tokens: 0, num_model_requests: 1 },
      },
    ];
    const start = page === null ? 1_793_491_200 : 1_793_577_600;
    return Response.json({
      data: [{ object: 'bucket', start_time: start, end_time: start + 86_400, results }],
      ...(page === null ? { has_more: true, next_page: 'page_2=' } : { has_more: false, next_page: null }),
    });
  };
  const bill = await read('openai');
  expect(asked.map(({ url }) => url.pathname)).toEqual([
    ...['/v1/organization/usage/completions', '/v1/organization/usage/completions'],
    ...['/v1/organization/usage/embeddings', '/v1/organization/costs'],
  ]);
  const [first, second] = asked;
  expect(Object.fromEntries(first?.url.searchParams ?? [])).toEqual({
    ...{
      start_time: '1793491200',
      end_time: '1793664000',
      bucket_width: '1d',
      group_by: 'model',
      limit: '7',
    },
  });
  expect(second?.url.searchParams.get('page')).toBe('page_2=');
  expect(first?.headers.get('authorization')).toBe(`Bearer ${KEY}`);
  expect(bill.days).toEqual(['2026-11-01', '2026-11-02']);
  expect([bill.cells('2026-11-02').get('gpt-5.2')?.amounts.prompt, bill.isCutOff]).toEqual([10n, false]);
});

test('Anthropic’s usage and costs, with its own headers', async () => {
  answer = () => Response.json({ data: [], has_more: false, next_page: null });
  await read('anthropic');
  expect(asked.map(({ url }) => url.pathname)).toEqual([
    '/v1/organizations/usage_report/messages',
    '/v1/organizations/cost_report',
  ]);
  const [first] = asked;
  expect(Object.fromEntries(first?.url.searchParams ?? [])).toMatchObject({
    ...{ starting_at: '2026-11-01T00:00:00Z', ending_at: '2026-11-03T00:00:00Z', 'group_by[]': 'model' },
  });
  expect([first?.headers.get('x-api-key'), first?.headers.get('anthropic-version')]).toEqual([
    KEY,
    '2023-06-01',
  ]);
});

test.each([
  [() => new Response('{"error":"sk-admin-very-secret"}', { status: 401 }), 'refuses the key (401)'],
  [() => new Response('', { status: 500 }), 'answers 500'],
  [() => new Response('<html>'), 'answers something else than JSON'],
  [
    () => Response.json({ data: [], has_more: true, next_page: 'same' }),
    'has no end: the same page comes again',
  ],
])('what goes wrong is told without the key: case %#', async (reply, message) => {
  answer = reply;
  const error = await read('anthropic').then(String, (thrown: Error) => thrown.message);
  expect(error).toContain(message);
  expect(error).not.toContain(KEY);
});

test('a provider whose usage API is not known wants a file', async () => {
  expect(read('groq')).rejects.toThrow('groq has no usage API that is known here');
});
