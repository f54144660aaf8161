/** Whatever arrives over HTTP: the right refusal, in the envelope where ours, and a gateway that is as well afterwards as before. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { newKeySecret } from '../../../src/auth/key-secret.ts';
import { type Bench, chat, chatBody, getJson, readText, startBench, until } from '../faults/bench.ts';
import { type RawOptions, sendRaw } from './raw.ts';

const BODY_LIMIT = 100_000;
const QUIET: RawOptions = { quietMs: 150 };

let bench: Bench;
let auth: string;
let post: string;

beforeAll(async () => {
  bench = await startBench({ config: { limits: { request_body_bytes: BODY_LIMIT } } });
  auth = `Host: localhost\r\nAuthorization: Bearer ${bench.apiKey}\r\n`;
  post = `POST /api/v1/chat/completions HTTP/1.1\r\n${auth}Content-Type: application/json\r\n`;
});
afterEach(async () => {
  const { data } = await getJson(bench, '/key');
  expect(data.name).toBe('First key');
});
afterAll(() => bench.stop());

const raw = (text: string | Buffer, options: RawOptions = QUIET) => sendRaw(bench.url, [text], options);

async function send(body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) {
  const response = await fetch(`${bench.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bench.apiKey}`, 'content-type': 'application/json', ...headers },
    body,
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, json: JSON.parse(text) };
}

describe('the size of a body', () => {
  test('a Content-Length over the limit is 413 before the body is there, and the connection is closed', async () => {
    for (const length of [BODY_LIMIT + 1, 2 * BODY_LIMIT]) {
      const answer = await raw(`${post}Content-Length: ${length}\r\n\r\n{"a"`);
      expect(answer.status).toBe(413);
      expect(JSON.parse(answer.body).error.metadata.error_code).toBe('payload_too_large');
      expect(answer.closed).toBe(true);
    }
    for (const length of [BODY_LIMIT + 2 * 1024 * 1024, 99_999_999_999]) {
      const answer = await raw(`${post}Content-Length: ${length}\r\n\r\n{`);
      expect(answer.status).toBe(413);
      expect(answer.headers.get('access-control-allow-origin')).toBe('*');
      expect(JSON.parse(answer.body).error.metadata.error_code).toBe('payload_too_large');
    }
  });

  test('a chunked body over the limit is 413, and the connection is closed', async () => {
    const chunk = `3e8\r\n${'x'.repeat(1000)}\r\n`;
    const answer = await raw(`${post}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(150)}`);
    expect(answer.status).toBe(413);
    expect(answer.closed).toBe(true);
  });

  test('a body of just the limit is read, chunked or not', async () => {
    const padding = BODY_LIMIT - chatBody({ body: { pad: '' } }).length;
    const body = chatBody({ body: { pad: 'x'.repeat(padding) } });
    expect(body.length).toBe(BODY_LIMIT);
    expect((await send(body)).status).toBe(200);
    const chunked = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    expect((await raw(`${post}Transfer-Encoding: chunked\r\n\r\n${chunked}`)).status).toBe(200);
  });

  test('a Content-Length that is no number, or twice, or beside chunks, is 400', async () => {
    for (const headers of [
      'Content-Length: abc\r\n',
      'Content-Length: -5\r\n',
      'Content-Length: 2\r\nContent-Length: 3\r\n',
      'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n',
    ]) {
      expect((await raw(`${post}${headers}\r\n{}`)).status).toBe(400);
    }
  });

  test('an upload that breaks off half-way leaves nothing running or held', async () => {
    const seen = bench.one.requests.length;
    const rows = (await bench.generations()).length;
    for (let n = 0; n < 20; n += 1) {
      await sendRaw(bench.url, [`${post}Content-Length: 50000\r\n\r\n${'x'.repeat(25_000)}`], {
        deadlineMs: 20,
      });
    }
    expect(bench.one.requests.length).toBe(seen);
    expect((await bench.generations()).length).toBe(rows);
    expect(bench.logLines.some((line) => line.includes('"status":500'))).toBe(false);
  });

  test('an empty body, an array and a bare word are 400', async () => {
    for (const body of ['', '[]', 'null', '"x"', '{', '{}']) expect((await send(body)).status).toBe(400);
  });
});

describe('JSON from strangers', () => {
  test('brackets as deep as a body is long are refused for their depth', async () => {
    const { status, json } = await send('['.repeat(BODY_LIMIT - 10));
    expect(status).toBe(400);
    expect(json.error.message).toContain('nested deeper');
  });

  test.each([
    ['a member named twice', '{"model":"test/single","model":"test/pair","messages":[]}'],
    ['a member named twice, once with escapes', '{"model":"a","\\u006dodel":"b","messages":[]}'],
    ['a number beyond range', '{"model":"test/single","messages":[],"seed":1e400}'],
    ['an integer of 400 digits', `{"model":"test/single","messages":[],"x":{"y":[1${'0'.repeat(399)}]}}`],
    ['a trailing comma', '{"model":"test/single",}'],
  ])('%s is 400', async (_, body) => {
    expect((await send(body)).status).toBe(400);
  });

  test('lone surrogates and __proto__ pass through as they are, and change nothing here', async () => {
    const body =
      '{"model":"test/single","messages":[{"role":"user","content":"a\\ud800b"}],' +
      '"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';
    const { status } = await send(body);
    expect(status).toBe(200);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    const seen = JSON.stringify(bench.one.requests.at(-1)?.body);
    expect(seen).toContain('a\\ud800b');
  });

  test('9,000 members of its own are read, more than 10,000 are 400', async () => {
    const members = (count: number) => Array.from({ length: count }, (_, n) => `"${n}":1`).join(',');
    const head = '"model":"test/single","messages":[{"role":"user","content":"hi"}]';
    expect((await send(`{${head},${members(9000)}}`)).status).toBe(200);
    const { status, json } = await send(`{${head},${members(10_001)}}`);
    expect([status, json.error.code]).toEqual([400, 400]);
  });
});

describe('the encoding of a body', () => {
  const body = chatBody({ text: 'naïve' });

  test('a byte-order mark is dropped; UTF-16 and broken UTF-8 are 400', async () => {
    expect((await send(`\ufeff${body}`)).status).toBe(200);
    expect((await send(Buffer.from(body, 'utf16le'))).status).toBe(400);
    expect((await send(Buffer.from(body, 'latin1'))).status).toBe(400);
  });

  test('only JSON is taken, and nothing compressed', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      '',
    ]) {
      expect((await send(body, { 'content-type': type })).status).toBe(415);
    }
    for (const type of ['application/json; charset=utf-8', 'application/JSON', 'application/vnd.api+json']) {
      expect((await send(body, { 'content-type': type })).status).toBe(200);
    }
    for (const encoding of ['gzip', 'br', 'deflate']) {
      const packed = Bun.gzipSync(Buffer.from(body));
      expect((await send(packed, { 'content-encoding': encoding })).status).toBe(415);
    }
    expect((await send(body, { 'content-encoding': 'identity' })).status).toBe(200);
  });
});

describe('the framing of a request', () => {
  const body = chatBody({});
  const request = (headers: string) => `${post}${headers}Content-Length: ${body.length}\r\n\r\n${body}`;
  const chunked = (trailers: string) =>
    `${post}Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n${trailers}\r\n`;

  test('folded headers, NUL, and a space before the colon are 400', async () => {
    for (const headers of ['X-A: 1\r\n 2\r\n', 'X-A: a\0b\r\n', 'X-A : 1\r\n']) {
      const answer = await raw(request(headers));
      expect(answer.status).toBe(400);
      expect(answer.closed).toBe(true);
    }
  });

  test('a key with a blank before it is a 401; blanks behind it are no part of the header', async () => {
    const statusOf = async (value: string) =>
      (await raw(`GET /api/v1/key HTTP/1.1\r\nHost: x\r\nAuthorization: ${value}\r\n\r\n`)).status;
    const { apiKey } = bench;
    expect(await statusOf(`Bearer  ${apiKey}`)).toBe(401);
    expect(await statusOf(`Bearer \t${apiKey}`)).toBe(401);
    expect(await statusOf(`Bearer ${apiKey} \t`)).toBe(200);
  });

  test('bare line feeds are no request', async () => {
    const answer = await raw(request('').replaceAll('\r\n', '\n'));
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.closed).toBe(true);
  });

  test('headers over 16 KiB, a thousand and one of them, and a bearer of a megabyte are 431', async () => {
    expect((await raw(request(`X-A: ${'a'.repeat(17 * 1024)}\r\n`))).status).toBe(431);
    const many = Array.from({ length: 1001 }, (_, n) => `a${n}: 1\r\n`).join('');
    const late = `GET /api/v1/key HTTP/1.1\r\n${many}${auth}\r\n`;
    expect((await raw(late)).status).toBe(431);
    const long = `GET /api/v1/key HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${'a'.repeat(1_000_000)}\r\n\r\n`;
    expect((await raw(long)).status).toBe(431);
  });

  test('Expect: 100-continue is answered before the body is sent', async () => {
    const head = `${post}Expect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`;
    const answer = await sendRaw(bench.url, [head, body], { pauseMs: 100, quietMs: 200 });
    expect(answer.all).toStartWith('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK');
  });

  test('a wish to upgrade is ignored', async () => {
    expect((await raw(request('Connection: Upgrade\r\nUpgrade: websocket\r\n'))).status).toBe(200);
  });

  test('HTTP/1.0 is served, also without a Host header, and its streams are not chunked', async () => {
    const live = await raw('GET /health/live HTTP/1.0\r\n\r\n', {});
    expect(live.status).toBe(200);
    expect(live.closed).toBe(true);
    const asked = chatBody({ stream: true });
    const head = post.replace('HTTP/1.1', 'HTTP/1.0').replace('Host: localhost\r\n', '');
    const streamed = await raw(`${head}Content-Length: ${asked.length}\r\n\r\n${asked}`, {});
    expect(streamed.status).toBe(200);
    expect(streamed.headers.has('transfer-encoding')).toBe(false);
    expect(streamed.body).toEndWith('data: [DONE]\n\n');
  });

  test.each([
    ['a request sent before the answer to the one before', () => request('') + request(''), false, null],
    ['a line break behind a body', () => `${request('')}\r\n`, false, 400],
    ['trailers', () => chunked('X-Sum: 1\r\n'), false, 400],
    ['the end of what its sender sends', () => request(''), true, null],
  ] as const)(
    '%s ends the connection, and the log says that nobody was answered',
    async (_, text, halfClose, status) => {
      const { promise: isSent, resolve } = Promise.withResolvers<void>();
      bench.one.script({ behaviour: { holdUntil: isSent } });
      const told = () => bench.logLines.filter((line) => line.includes('answered_nobody')).length;
      const before = told();
      const answer = await raw(text(), { halfClose, deadlineMs: 20_000 });
      // The runtime's own words, if any.
      expect([answer.closed, answer.status, answer.body]).toEqual([true, status, '']);
      resolve();
      expect(await until(() => told() === before + 1)).toBe(true);
    },
  );

  test('a method in lower case ends the connection, and no provider hears of it', async () => {
    const before = bench.one.requests.length;
    const answer = await raw(request('').replace('POST', 'post'), { deadlineMs: 20_000 });
    expect([answer.closed, answer.all]).toEqual([true, '']);
    expect(bench.one.requests.length).toBe(before);
  });

  test('HTTP/2 and unknown methods end the connection and nothing else', async () => {
    expect((await raw('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')).closed).toBe(true);
    expect((await raw(`BREW /api/v1/models HTTP/1.1\r\n${auth}\r\n`)).closed).toBe(true);
  });

  test('a client that half-closes leaves nothing running', async () => {
    const asked = chatBody({ stream: true, fake: { chunks: 10_000, chunkDelayMs: 50 } });
    await raw(`${post}Content-Length: ${asked.length}\r\n\r\n${asked}`, { halfClose: true, deadlineMs: 300 });
    expect(await until(() => bench.one.stats.activeStreams === 0)).toBe(true);
  });
});

describe('paths and methods', () => {
  const status = async (line: string, headers = auth) =>
    (await raw(`${line} HTTP/1.1\r\n${headers}\r\n`)).status;

  test('every spelling of a path is refused or has the policy of the one it means', async () => {
    for (const path of [
      '/api/v1/keys',
      '/api/v1/keys/',
      '/api/v1/%6beys',
      '/api/v1/x/../keys',
      '/api/v1/keys/%zz',
    ]) {
      expect(await status(`GET ${path}`)).toBe(403);
    }
    for (const path of [
      '//api/v1/keys',
      '/API/v1/keys',
      '/api/v1/keys;x',
      '/api/v1%2fkeys',
      '/api/v1/keys%00',
    ]) {
      expect(await status(`GET ${path}`)).toBe(404);
    }
    expect(await status('GET http://elsewhere.example/api/v1/keys')).toBe(403);
    for (const host of ['localhost:4000/#@x', 'localhost/api/v1/models?#@x']) {
      const found = await status('GET /api/v1/keys', auth.replace('localhost', host));
      expect([400, 403, 404]).toContain(found ?? 0);
    }
  });

  test('an unknown path is 404 and a wrong method 405 with Allow, both in the envelope', async () => {
    const missing = await raw(`GET /api/v1/nope HTTP/1.1\r\n${auth}\r\n`);
    expect(missing.status).toBe(404);
    expect(JSON.parse(missing.body).error.code).toBe(404);
    for (const method of ['DELETE', 'TRACE', 'PUT']) {
      const wrong = await raw(`${method} /api/v1/models HTTP/1.1\r\n${auth}\r\n`);
      expect(wrong.status).toBe(405);
      expect(wrong.headers.get('allow')).toBe('GET, HEAD, OPTIONS');
      expect(JSON.parse(wrong.body).error.code).toBe(405);
    }
  });

  test('what is no longer offered is 410 with or without a key, whatever it is sent', async () => {
    const gone = await raw('POST /api/v1/credits/coinbase HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n{');
    expect(gone.status).toBe(410);
    expect(JSON.parse(gone.body).error.code).toBe(410);
    expect(await status('POST /api/v1/credits/coinbase')).toBe(410);
  });

  test('an operator’s model without a date has one for clients that take 0 for a missing member', async () => {
    const response = await fetch(`${bench.baseUrl}/models/test/single`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      id: 'test/single',
      object: 'model',
      created: 1_735_689_600,
    });
  });

  test('a member of a query that is given twice is a 400 that names it, wherever it is read', async () => {
    for (const [path, key] of [
      ['generation?id=a&id=b', bench.apiKey],
      ['keys?offset=0&offset=0', bench.managementKey],
      ['models?category=&category=roleplay', bench.apiKey],
      ['models/user?limit=1&limit=2', bench.apiKey],
      ['models/count?output_modalities=all&output_modalities=text', bench.apiKey],
      ['embeddings/models?offset=0&offset=1', bench.apiKey],
    ] as const) {
      const answer = await fetch(`${bench.baseUrl}/${path}`, { headers: { authorization: `Bearer ${key}` } });
      expect([path, answer.status]).toEqual([path, 400]);
      expect(await answer.text()).toContain(`${/\?(\w+)/.exec(path)?.[1]}: is given more than once`);
    }
  });

  test('HEAD and OPTIONS need no key', async () => {
    expect(await status('HEAD /api/v1/models', 'Host: x\r\n')).toBe(200);
    expect(await status('HEAD /api/v1/key', 'Host: x\r\n')).toBe(200);
    expect(await status('OPTIONS /api/v1/chat/completions', 'Host: x\r\n')).toBe(204);
  });

  test('browsers of every origin may call, without credentials', async () => {
    const preflight = await raw(
      'OPTIONS /api/v1/chat/completions HTTP/1.1\r\nHost: x\r\nOrigin: https://a.example\r\n' +
        'Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization,x-title\r\n\r\n',
    );
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
    expect(preflight.headers.get('access-control-allow-methods')).toContain('POST');
    expect(preflight.headers.get('access-control-allow-headers')).toContain('authorization');
    expect(preflight.headers.has('access-control-allow-credentials')).toBe(false);
    const refused = await send('{}', { authorization: 'Bearer x' });
    expect(refused.status).toBe(401);
    expect(refused.headers.get('access-control-allow-origin')).toBe('*');
    expect(refused.headers.get('access-control-expose-headers')).toContain('Retry-After');
  });
});

describe('credentials', () => {
  const statusWith = async (line: string) =>
    (await raw(`GET /api/v1/key HTTP/1.1\r\nHost: x\r\n${line}\r\n`)).status;

  test('without a key the answer is 401 with a challenge, before the body is there', async () => {
    const answer = await raw(
      'POST /api/v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n' +
        'Content-Length: 90000\r\n\r\n{',
    );
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toStartWith('Bearer');
    expect(JSON.parse(answer.body).error.message).toBe('Missing Authentication header');
  });

  test('the scheme is read in any case, and nothing else passes for a key', async () => {
    const key = bench.apiKey;
    expect(await statusWith(`Authorization: bearer ${key}\r\n`)).toBe(200);
    for (const value of [
      'Bearer',
      'Bearer ',
      `Basic ${key}`,
      key,
      `Bearer "${key}"`,
      `Bearer ${key.toUpperCase()}`,
      `Bearer ${key}0`,
      `Bearer ${key.slice(0, -1)}`,
      `Bearer ${key}\u00a0`,
      "Bearer ' OR '1'='1",
      'Bearer eyJhbGciOiJub25lIn0.e30.',
      `Bearer ${new Bun.CryptoHasher('sha256').update(key).digest('hex')}`,
    ]) {
      expect([value, await statusWith(`Authorization: ${value}\r\n`)]).toEqual([value, 401]);
    }
  });

  test('a key in the query, a cookie or the body is none, and stands in no log', async () => {
    const key = bench.apiKey;
    expect(await statusWith(`Cookie: authorization=${key}\r\n`)).toBe(401);
    expect((await fetch(`${bench.baseUrl}/key?api_key=${key}&key=${key}`)).status).toBe(401);
    const inBody = await fetch(`${bench.baseUrl}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: chatBody({ body: { api_key: key, key, authorization: `Bearer ${key}` } }),
    });
    expect(inBody.status).toBe(401);
    expect(bench.logLines.join('\n')).not.toContain(key);
  });

  test('a key with a NUL or a bare CR in it is a request that the parser refuses', async () => {
    for (const odd of ['\0', '\r']) {
      const answer = await raw(
        `GET /api/v1/key HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${bench.apiKey}${odd}x\r\n\r\n`,
      );
      expect(answer.status).toBe(400);
      expect(answer.closed).toBe(true);
    }
  });

  test('beside a key in Authorization, x-api-key says nothing, whatever is in it', async () => {
    const good = `Authorization: Bearer ${bench.apiKey}\r\n`;
    for (const other of [bench.apiKey, newKeySecret().key, 'sk-ant-nonsense', '']) {
      expect([other, await statusWith(`${good}x-api-key: ${other}\r\n`)]).toEqual([other, 200]);
      expect([other, await statusWith(`x-api-key: ${other}\r\n${good}`)]).toEqual([other, 200]);
    }
    expect(
      await statusWith(`Authorization: Bearer ${newKeySecret().key}\r\nx-api-key: ${bench.apiKey}\r\n`),
    ).toBe(401);
  });

  test('two Authorization headers are 400 in either order', async () => {
    const good = `Authorization: Bearer ${bench.apiKey}\r\n`;
    const bad = 'Authorization: Bearer x\r\n';
    expect(await statusWith(good + bad)).toBe(400);
    expect(await statusWith(bad + good)).toBe(400);
  });
});

describe('headers that name the app', () => {
  test('are stored decoded and cut, and never sent on', async () => {
    const response = await fetch(`${bench.baseUrl}/chat/completions`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${bench.apiKey}`,
        'content-type': 'application/json',
        'http-referer': 'https://app.example/%0d%0aX-Evil:1?secret=1',
        'x-title': Buffer.from(`Zürich <b>${'x'.repeat(5000)}`).toString('latin1'),
      },
      body: chatBody({}),
    });
    await response.text();
    const { data } = await getJson(bench, `/generation?id=${response.headers.get('x-generation-id')}`);
    expect(data.app_title).toStartWith('Zürich <b>xxx');
    expect(data.app_title.length).toBe(256);
    expect(data.http_referer).not.toContain('secret');
    const upstream = bench.one.requests.at(-1);
    expect(upstream?.identifyingHeaders).toEqual({ 'user-agent': 'turnpike' });
  });
});

describe('senders that dawdle', () => {
  test('a header that comes byte by byte is cut off by the idle timeout, and others notice nothing', async () => {
    const { gateway } = bench;
    // Bun looks at idle connections every four seconds or so, and closes at the second look.
    const impatient = Bun.serve({ hostname: '127.0.0.1', port: 0, idleTimeout: 1, fetch: gateway.fetch });
    const url = `http://127.0.0.1:${impatient.port}`;
    const slow = Array.from({ length: 50 }, () =>
      sendRaw(url, ['GET /health/live HTTP/1.1\r\nHost: x\r\nX-'], { deadlineMs: 90_000 }),
    );
    for (let n = 0; n < 20; n += 1) expect((await fetch(`${url}/health/live`)).status).toBe(200);
    expect((await Promise.all(slow)).every((answer) => answer.closed)).toBe(true);
    await impatient.stop(true);
  });

  test('a body that comes byte by byte is 408 and closed, without a provider, a hold or anybody else hearing of it', async () => {
    await using patient = await startBench({ config: { limits: { slow_sender_timeout_ms: 1000 } } });
    const head =
      `POST /api/v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${patient.apiKey}\r\n` +
      'Content-Type: application/json\r\nContent-Length: 50000\r\n\r\n';
    const bytes = Array.from({ length: 600 }, () => ' ');
    const slow = Array.from({ length: 10 }, () => sendRaw(patient.url, [head, ...bytes], { pauseMs: 50 }));
    for (let n = 0; n < 5; n += 1) expect((await chat(patient, { text: 'meanwhile' })).status).toBe(200);
    for (const answer of await Promise.all(slow)) {
      expect([answer.status, answer.closed]).toEqual([408, true]);
    }
    expect(patient.one.requests.length).toBe(5);
  });
});

describe('a stream whose provider is slow to begin', () => {
  const commentsIn = (text: string) => text.match(/: OPENROUTER PROCESSING\n\n/g)?.length ?? 0;

  test('is kept alive by comments before its first token', async () => {
    await using slow = await startBench({ holdBackMs: 100, keepAliveMs: 150 });
    const { promise: isKeptAlive, resolve } = Promise.withResolvers<void>();
    slow.one.script({ behaviour: { holdUntil: isKeptAlive } });
    const fine = await chat(slow, { stream: true });
    const text = await readText(fine, (soFar) => {
      if (commentsIn(soFar) >= 2) resolve();
    });
    expect(text).toEndWith('data: [DONE]\n\n');
  });

  test('ends with an error event when it fails after the status is out', async () => {
    await using slow = await startBench({
      holdBackMs: 100,
      config: { limits: { first_byte_timeout_ms: 1500 } },
    });
    const late = await chat(slow, { stream: true, fake: { hang: 'before-headers' } });
    expect(late.status).toBe(200);
    const ending = await late.text();
    const id = late.headers.get('x-generation-id');
    expect(ending).toContain(`"id":"${id}"`);
    expect(ending).toContain('"error":{"code":504');
    expect(ending).toContain('"finish_reason":"error"');
    expect(ending).toEndWith('data: [DONE]\n\n');
    const { data } = await getJson(slow, `/generation?id=${id}`);
    expect(data).toMatchObject({ total_cost: 0, finish_reason: 'error' });
  });

  test('sends comments in a pause in the middle, and the provider is not asked twice', async () => {
    await using slow = await startBench({ keepAliveMs: 100 });
    const { promise: isKeptAlive, resolve } = Promise.withResolvers<void>();
    slow.one.script({ behaviour: { chunks: 3, holdAfterChunks: 1, holdUntil: isKeptAlive } });
    const text = await readText(await chat(slow, { stream: true }), (soFar) => {
      if (commentsIn(soFar) >= 2) resolve();
    });
    expect(text).toEndWith('data: [DONE]\n\n');
    expect(slow.one.requests.length).toBe(1);
  });
});
