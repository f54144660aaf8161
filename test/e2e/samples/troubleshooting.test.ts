/** What the guides say can go wrong, row by row: each mistake gets the status and the word that they name for it. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';
import { type Answer, requestText, sendBytes } from './send.ts';

/** Credits are enforced here, and nobody has bought any. */
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({
    config: { billing: { mode: 'prepaid' }, limits: { free_requests_per_minute: 3 } },
  });
});
afterAll(() => gateway?.stop());

type Headers = Readonly<Record<string, string>>;

async function chat(headers: Headers, model = 'acme/small', query = ''): Promise<Answer> {
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello!' }] });
  const all = { 'Content-Type': 'application/json', ...headers };
  const text = requestText('POST', `${gateway.baseUrl}/chat/completions${query}`, all, body);
  return await sendBytes(gateway.url, text);
}

async function get(path: string, headers: Headers = {}): Promise<Answer> {
  return await sendBytes(gateway.url, requestText('GET', `${gateway.baseUrl}${path}`, headers));
}

const bearer = (key: string): Headers => ({ Authorization: `Bearer ${key}` });

async function expectRefusal(asking: Promise<Answer>, status: number, errorCode: string): Promise<Answer> {
  const answer = await asking;
  const { error } = answer.json as { error: { code: number; metadata: { error_code: string } } };
  expect([answer.status, error.code, error.metadata.error_code]).toEqual([status, status, errorCode]);
  return answer;
}

async function manage(method: string, hash: string, body = ''): Promise<void> {
  const headers = { ...bearer(gateway.managementKey), 'Content-Type': 'application/json' };
  const text = requestText(method, `${gateway.baseUrl}/keys/${hash}`, headers, body);
  expect((await sendBytes(gateway.url, text)).status).toBe(200);
}

describe('401', () => {
  test('no key: missing_api_key, in every form that carries none', async () => {
    const { apiKey } = gateway;
    await expectRefusal(get('/key'), 401, 'missing_api_key');
    await expectRefusal(get(`/key?api_key=${apiKey}`), 401, 'missing_api_key');
    await expectRefusal(chat({}, 'acme/small', `?api_key=${apiKey}`), 401, 'missing_api_key');
    await expectRefusal(chat({ Authorization: '' }), 401, 'missing_api_key');
    await expectRefusal(chat({ Authorization: 'Bearer ' }), 401, 'missing_api_key');
    await expectRefusal(chat({ 'x-api-key': apiKey }), 401, 'missing_api_key');
  });

  test('a key without the word Bearer: invalid_api_key', async () => {
    const { apiKey } = gateway;
    await expectRefusal(get('/key', { Authorization: apiKey }), 401, 'invalid_api_key');
    await expectRefusal(chat({ Authorization: `Basic ${apiKey}` }), 401, 'invalid_api_key');
  });

  test('the word bearer in any case is taken', async () => {
    for (const word of ['bearer', 'BEARER']) {
      expect((await get('/key', { Authorization: `${word} ${gateway.apiKey}` })).status).toBe(200);
    }
  });

  test('a malformed key: invalid_api_key', async () => {
    const { apiKey } = gateway;
    const malformed = [
      'YOUR_OPENROUTER_API_KEY',
      apiKey.slice(0, -1),
      `${apiKey}0`,
      apiKey.toUpperCase(),
      apiKey.replace('sk-or-', ''),
      `"${apiKey}"`,
      `${apiKey.slice(0, 20)} ${apiKey.slice(20)}`,
      `sk-or-v1-${'0'.repeat(64)}`,
    ];
    for (const key of malformed) await expectRefusal(chat(bearer(key)), 401, 'invalid_api_key');
  });

  test('a deleted key: invalid_api_key from the next request on', async () => {
    const { key, hash } = await makeKey(gateway);
    expect((await get('/key', bearer(key))).status).toBe(200);
    await manage('DELETE', hash);
    await expectRefusal(get('/key', bearer(key)), 401, 'invalid_api_key');
    await expectRefusal(chat(bearer(key)), 401, 'invalid_api_key');
  });

  test('the public list of models needs no key and takes none from the address', async () => {
    const open = await get('/models');
    const withKey = await get(`/models?api_key=${gateway.apiKey}`);
    expect([open.status, withKey.status]).toEqual([200, 200]);
    expect(withKey.json).toEqual(open.json);
    await expectRefusal(get(`/models/user?api_key=${gateway.apiKey}`), 401, 'missing_api_key');
  });
});

describe('402', () => {
  test('no credit on a paid model: insufficient_credits, with what is asked and what is left', async () => {
    const { json } = await expectRefusal(chat(bearer(gateway.apiKey)), 402, 'insufficient_credits');
    const { error } = json as { error: { message: string; metadata: Record<string, unknown> } };
    expect(error.message).toStartWith('Insufficient credits');
    expect(error.metadata).toMatchObject({ limit_source: 'openrouter_credits', remaining_usd: 0 });
    expect(gateway.provider.requests).toHaveLength(0);
  });

  test("a key's own limit: key_limit_exceeded", async () => {
    await using unbilled = await startGateway();
    const { key } = await makeKey(unbilled, { limit: 0 });
    const body = JSON.stringify({ model: 'acme/small', messages: [{ role: 'user', content: 'Hello!' }] });
    const headers = { ...bearer(key), 'Content-Type': 'application/json' };
    const text = requestText('POST', `${unbilled.baseUrl}/chat/completions`, headers, body);
    await expectRefusal(sendBytes(unbilled.url, text), 402, 'key_limit_exceeded');
  });
});

describe('403', () => {
  test('a disabled key: key_disabled, until it is enabled again', async () => {
    const { key, hash } = await makeKey(gateway);
    await manage('PATCH', hash, '{"disabled": true}');
    await expectRefusal(get('/key', bearer(key)), 403, 'key_disabled');
    await expectRefusal(chat(bearer(key)), 403, 'key_disabled');
    await manage('PATCH', hash, '{"disabled": false}');
    expect((await get('/key', bearer(key))).status).toBe(200);
  });

  test('a management key cannot chat, and an API key cannot manage', async () => {
    const chatting = chat(bearer(gateway.managementKey));
    await expectRefusal(chatting, 403, 'management_key_not_allowed');
    await expectRefusal(get('/keys', bearer(gateway.apiKey)), 403, 'management_key_required');
  });
});

describe('429', () => {
  test('free models work without credit, up to their limit, which is told in the headers', async () => {
    const free = () => chat(bearer(gateway.apiKey), 'acme/free:free');
    for (let n = 0; n < 3; n++) expect((await free()).status).toBe(200);
    const { headers } = await expectRefusal(free(), 429, 'rate_limit_exceeded');
    expect(headers.get('x-ratelimit-limit')).toBe('3');
    expect(headers.get('x-ratelimit-remaining')).toBe('0');
    expect(Number(headers.get('x-ratelimit-reset'))).toBeGreaterThan(Date.now());
    expect(Number(headers.get('retry-after'))).toBeWithin(1, 61);
  });

  test('beyond that limit a request goes on with the paid models that it names', async () => {
    await using unbilled = await startGateway({ config: { limits: { free_requests_per_minute: 1 } } });
    const headers = { ...bearer(unbilled.apiKey), 'Content-Type': 'application/json' };
    const models = ['acme/free:free', 'acme/small'];
    const body = JSON.stringify({ models, messages: [{ role: 'user', content: 'Hello!' }] });
    const text = requestText('POST', `${unbilled.baseUrl}/chat/completions`, headers, body);
    const answering: unknown[] = [];
    for (let n = 0; n < 2; n++) answering.push((await sendBytes(unbilled.url, text)).json['model']);
    expect(answering).toEqual(models);
  });
});

test('a provider that refuses our own account is never the caller’s 401, 402 or 403', async () => {
  await using unbilled = await startGateway();
  const headers = { ...bearer(unbilled.apiKey), 'Content-Type': 'application/json' };
  const body = JSON.stringify({ model: 'acme/small', messages: [{ role: 'user', content: 'Hello!' }] });
  for (const status of [401, 402, 403, 404]) {
    unbilled.provider.script({ behaviour: { status } });
    const text = requestText('POST', `${unbilled.baseUrl}/chat/completions`, headers, body);
    await expectRefusal(sendBytes(unbilled.url, text), 502, 'provider_unavailable');
  }
});
