// The fake provider is a witness for every other test, so its own figures and faults are checked first.
import { afterAll, afterEach, expect, test } from 'bun:test';
import { rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Behaviour } from './faults.ts';
import { asArray, asObject, type JsonObject } from './json.ts';
import type { RequestRecord } from './log.ts';
import { startFakeProvider } from './server.ts';
import { completionTokensOf, promptTokensOf } from './tokens.ts';

const logFile = join(tmpdir(), `fake-provider-${crypto.randomUUID()}.jsonl`);
const provider = startFakeProvider({ logFile });

afterEach(() => {
  provider.clearScripts();
  provider.clearRequests();
});
afterAll(() => {
  provider.stop();
  rmSync(logFile, { force: true });
});

function userMessage(content: unknown) {
  return { role: 'user', content };
}

function send(body: JsonObject, init: RequestInit = {}): Promise<Response> {
  return fetch(`${provider.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: 'Bearer sk-test', 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'fake-small', messages: [userMessage('one two three')], ...body }),
    redirect: 'manual',
    ...init,
  });
}

async function complete(body: JsonObject): Promise<JsonObject> {
  return asObject(await (await send(body)).json());
}

function firstChoice(completion: JsonObject): JsonObject {
  return asObject(asArray(completion.choices)[0]);
}

async function streamText(body: JsonObject, behaviour: Behaviour = {}): Promise<string> {
  provider.script({ behaviour });
  return (await send({ stream: true, ...body })).text();
}

function eventsOf(sse: string): string[] {
  return sse
    .split(/\r\n|\n|\r/u)
    .filter((line) => line.startsWith('data: '))
    .map((line) => line.slice(6));
}

function deltasOf(sse: string): JsonObject[] {
  const events = eventsOf(sse).filter((event) => event !== '[DONE]');
  return events.map((event) => asObject(firstChoice(asObject(JSON.parse(event))).delta));
}

function contentOf(sse: string): string {
  return deltasOf(sse)
    .map((delta) => delta.content ?? '')
    .join('');
}

async function lastRecord(isReady: (record: RequestRecord) => boolean): Promise<RequestRecord> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const record = provider.requests.at(-1);
    if (record !== undefined && isReady(record)) return record;
    if (performance.now() > deadline) throw new Error(`not reached: ${JSON.stringify(record)}`);
    await Bun.sleep(2);
  }
}

/** All bytes up to the end of the connection, and the error it ended with. */
function sendRaw(
  body: JsonObject,
  onText: (textSoFar: string) => void = () => {},
): Promise<{ packets: Buffer[]; errorCode: string | undefined }> {
  const json = JSON.stringify({
    model: 'fake-small',
    stream: true,
    messages: [userMessage('a b c d e f')],
    ...body,
  });
  const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer k\r\nconnection: close\r\n`;
  return new Promise((resolve) => {
    const packets: Buffer[] = [];
    let errorCode: string | undefined;
    const socket = connect(provider.port, '127.0.0.1', () => {
      socket.write(`${head}content-length: ${Buffer.byteLength(json)}\r\n\r\n${json}`);
    });
    socket.on('data', (bytes) => {
      packets.push(Buffer.from(bytes));
      onText(Buffer.concat(packets).toString());
    });
    socket.on('error', (error) => {
      errorCode = 'code' in error ? String(error.code) : error.message;
    });
    socket.on('close', () => resolve({ packets, errorCode }));
  });
}

test('a completion echoes the last user message and bills what the exported functions say', async () => {
  const messages = [{ role: 'system', content: 'be brief' }, userMessage('héllo wörld again')];
  const completion = await complete({ messages });
  const choice = firstChoice(completion);
  expect(completion.id).toStartWith('chatcmpl-');
  expect(choice).toMatchObject({ index: 0, logprobs: null, finish_reason: 'stop' });
  expect(choice.message).toEqual({
    role: 'assistant',
    content: 'héllo wörld again',
    refusal: null,
    annotations: [],
  });
  const prompt_tokens = promptTokensOf(messages);
  const completion_tokens = completionTokensOf('héllo wörld again');
  expect(prompt_tokens).toBe(2 + 3 + 5 + 3);
  expect(completion.usage).toMatchObject({
    prompt_tokens,
    completion_tokens,
    total_tokens: prompt_tokens + completion_tokens,
  });
  const record = await lastRecord(({ ended }) => ended !== undefined);
  expect(record).toMatchObject({
    ended: 'complete',
    status: 200,
    authorization: 'Bearer sk-test',
    isStream: false,
  });
  expect(record.usage).toMatchObject({ promptTokens: prompt_tokens, completionTokens: completion_tokens });
});

test('an image costs 85 tokens', () => {
  const parts = [
    { type: 'text', text: 'abcd' },
    { type: 'image_url', image_url: { url: 'data:,' } },
  ];
  expect(promptTokensOf([userMessage(parts)])).toBe(1 + 3 + 85);
});

test('a request without a key is refused with 401', async () => {
  expect((await send({}, { headers: {} })).status).toBe(401);
});

test('a stream sends usage only when include_usage is asked for', async () => {
  const without = eventsOf(await streamText({}));
  expect(without.at(-1)).toBe('[DONE]');
  expect(without.join('')).not.toContain('usage');
  const withUsage = eventsOf(await streamText({ stream_options: { include_usage: true } }));
  const usageChunk = asObject(JSON.parse(withUsage.at(-2) ?? ''));
  expect(usageChunk.choices).toEqual([]);
  expect(usageChunk.usage).toMatchObject({ completion_tokens: 3 });
  expect(asObject(JSON.parse(withUsage[0] ?? '')).usage).toBeNull();
});

test('max_tokens cuts the answer with finish_reason length, unless told to ignore it', async () => {
  const cut = await complete({ max_tokens: 2 });
  expect(firstChoice(cut)).toMatchObject({ finish_reason: 'length', message: { content: 'one two' } });
  provider.script({ behaviour: { ignoreMaxTokens: true } });
  const whole = await complete({ max_completion_tokens: 2 });
  expect(firstChoice(whole)).toMatchObject({ finish_reason: 'stop', message: { content: 'one two three' } });
  expect(provider.requests.at(-1)?.wasMaxTokensIgnored).toBe(true);
});

test('stop ends the text before the stop sequence, and n multiplies the completion tokens', async () => {
  const completion = await complete({ stop: [' three'], n: 3 });
  expect(asArray(completion.choices)).toHaveLength(3);
  expect(firstChoice(completion)).toMatchObject({ finish_reason: 'stop', message: { content: 'one two' } });
  expect(completion.usage).toMatchObject({ completion_tokens: 6 });
});

test('logprobs come with each token', async () => {
  const { logprobs } = firstChoice(await complete({ logprobs: true }));
  expect(asArray(asObject(logprobs).content)).toHaveLength(3);
});

const weatherTool = {
  type: 'function',
  function: {
    name: 'get_weather',
    parameters: {
      type: 'object',
      properties: {
        city: { type: 'string' },
        days: { type: 'integer', minimum: 2 },
        note: { type: 'string' },
      },
      required: ['city', 'days'],
    },
  },
};

test('a mentioned tool is called with arguments that fit its schema, streamed in fragments', async () => {
  const body = { tools: [weatherTool], messages: [userMessage('use get_weather please')] };
  const whole = firstChoice(await complete(body));
  expect(whole.finish_reason).toBe('tool_calls');
  const calls = asArray(asObject(whole.message).tool_calls);
  const args = String(asObject(asObject(calls[0]).function).arguments);
  expect(JSON.parse(args)).toEqual({ city: 'sample city', days: 2 });

  const deltas = deltasOf(await streamText(body)).flatMap((delta) => asArray(delta.tool_calls));
  expect(deltas.length).toBeGreaterThan(2);
  expect(deltas.map((call) => asObject(asObject(call).function).arguments).join('')).toBe(args);
});

test('a tool is not called when none is chosen, or when it is not mentioned', async () => {
  const messages = [userMessage('get_weather')];
  const none = await complete({ tools: [weatherTool], tool_choice: 'none', messages });
  expect(firstChoice(none).finish_reason).toBe('stop');
  expect(firstChoice(await complete({ tools: [weatherTool] })).finish_reason).toBe('stop');
  const required = await complete({ tools: [weatherTool], tool_choice: 'required' });
  expect(firstChoice(required).finish_reason).toBe('tool_calls');
});

test('a structured answer conforms to its schema', async () => {
  const schema = {
    type: 'object',
    properties: { tags: { type: 'array', items: { $ref: '#/$defs/tag' } }, ok: { type: 'boolean' } },
    required: ['tags', 'ok'],
    $defs: { tag: { enum: ['red', 'blue'] } },
  };
  const response_format = { type: 'json_schema', json_schema: { name: 'x', schema } };
  const choice = firstChoice(await complete({ response_format }));
  expect(JSON.parse(String(asObject(choice.message).content))).toEqual({ tags: ['red'], ok: true });
});

test('a reasoning model thinks first and bills the thoughts', async () => {
  const completion = await complete({ model: 'fake-reason' });
  expect(completion.usage).toMatchObject({
    completion_tokens: 7,
    completion_tokens_details: { reasoning_tokens: 4 },
  });
  expect(await streamText({ model: 'fake-reason' })).toContain('"reasoning_content":"thought0 "');
});

test('text completions and the model list have their own shapes', async () => {
  const response = await fetch(`${provider.baseUrl}/completions`, {
    method: 'POST',
    headers: { authorization: 'Bearer k' },
    body: JSON.stringify({ model: 'fake-small', prompt: 'just text', logprobs: 1 }),
  });
  const completion = asObject(await response.json());
  expect(completion).toMatchObject({
    object: 'text_completion',
    usage: { prompt_tokens: 3, completion_tokens: 2 },
  });
  expect(firstChoice(completion)).toMatchObject({
    text: 'just text',
    logprobs: { tokens: ['just', ' text'] },
  });
  expect(await (await fetch(`${provider.baseUrl}/models`)).json()).toMatchObject({ object: 'list' });
});

test('a scripted status answers once, with its headers, for the matching request only', async () => {
  provider.script({
    match: { model: 'fake-large', contains: 'two' },
    behaviour: { status: 429, headers: { 'retry-after': '7' } },
  });
  expect((await send({})).status).toBe(200);
  const limited = await send({ model: 'fake-large' });
  expect(limited.status).toBe(429);
  expect(limited.headers.get('retry-after')).toBe('7');
  expect(await limited.json()).toMatchObject({ error: { type: 'rate_limit_exceeded' } });
  expect(provider.requests.at(-1)).toMatchObject({ ended: 'fault', usage: { completionTokens: 0 } });
  expect((await send({ model: 'fake-large' })).status).toBe(200);
});

test('a directive in the prompt sets the behaviour and is not echoed', async () => {
  const sse = await streamText({ messages: [userMessage('!fake {"chunks":5,"chunkText":"z"}\nhello')] });
  expect(contentOf(sse)).toBe('zzzzz');
  const broken = await send({ messages: [userMessage('!fake {nope\nhello')] });
  expect(broken.status).toBe(400);
});

test('the control API queues scripts and tells requests and stats', async () => {
  const control = `${provider.origin}/control`;
  const script = { times: 'always', behaviour: { status: 503 } };
  await fetch(`${control}/script`, { method: 'POST', body: JSON.stringify(script) });
  expect((await send({})).status).toBe(503);
  expect((await send({})).status).toBe(503);
  await fetch(`${control}/script`, { method: 'DELETE' });
  expect((await send({})).status).toBe(200);
  expect(asArray(await (await fetch(`${control}/requests`)).json())).toHaveLength(3);
  await fetch(`${control}/requests`, { method: 'DELETE' });
  expect(provider.requests).toHaveLength(0);
  expect(await (await fetch(`${control}/stats`)).json()).toMatchObject({ activeStreams: 0 });
  expect((await fetch(`${control}/script`, { method: 'POST', body: '{}' })).status).toBe(400);
});

test('usage can lie, be negative or be missing while the log keeps the truth', async () => {
  provider.script({
    behaviour: { usage: { completion_tokens: -5, prompt_tokens_details: { cached_tokens: 9e9 } } },
  });
  expect((await complete({})).usage).toMatchObject({
    completion_tokens: -5,
    prompt_tokens_details: { cached_tokens: 9e9, audio_tokens: 0 },
  });
  expect(provider.requests.at(-1)?.usage.completionTokens).toBe(3);
  provider.script({ behaviour: { usage: null } });
  expect(await complete({})).not.toHaveProperty('usage');
  expect(await streamText({ stream_options: { include_usage: true } }, { usage: null })).not.toContain(
    'total_tokens',
  );
});

test('a reset stream delivers its chunks and then ECONNRESET', async () => {
  // A reset makes the kernel drop what was not read yet.
  const { promise: isRead, resolve } = Promise.withResolvers<void>();
  provider.script({ behaviour: { resetAfterChunks: 3, holdAfterChunks: 3, holdUntil: isRead } });
  const { packets, errorCode } = await sendRaw({}, (text) => {
    if (contentOf(text) === 'a b c') resolve();
  });
  expect(errorCode).toBe('ECONNRESET');
  expect(contentOf(Buffer.concat(packets).toString())).toBe('a b c');
  expect(provider.requests.at(-1)).toMatchObject({
    ended: 'fault',
    chunksSent: 3,
    usage: { completionTokens: 3 },
  });
});

test('a reset or truncated JSON answer fails at the client', async () => {
  for (const behaviour of [{ resetAfterChunks: 0 }, { truncateAfterChunks: 0 }]) {
    provider.script({ behaviour });
    const outcome = await send({})
      .then((response) => response.json())
      .then(
        () => 'whole',
        () => 'failed',
      );
    expect(outcome).toBe('failed');
  }
});

test('a truncated stream ends inside a frame, without the last chunk', async () => {
  provider.script({ behaviour: { truncateAfterChunks: 2 } });
  const { packets, errorCode } = await sendRaw({});
  const text = Buffer.concat(packets).toString();
  expect(errorCode).toBeUndefined();
  expect(text).not.toEndWith('\r\n');
  expect(text).not.toContain('[DONE]');
  expect(provider.requests.at(-1)).toMatchObject({ ended: 'fault', chunksSent: 2 });
});

test('a hanging request is logged as left by the client when it leaves', async () => {
  for (const behaviour of [{ hang: 'before-headers' }, { hang: 'mid-stream', hangAfterChunks: 2 }] as const) {
    provider.script({ behaviour });
    const abort = new AbortController();
    const reading = send({ stream: true }, { signal: abort.signal }).then((response) => response.text());
    reading.catch(() => {});
    const chunks = behaviour.hang === 'mid-stream' ? 2 : 0;
    await lastRecord(({ chunksSent, ended }) => chunksSent === chunks && ended === undefined);
    abort.abort();
    const record = await lastRecord(({ ended }) => ended !== undefined);
    expect(record).toMatchObject({ ended: 'client-left', chunksSent: chunks });
    await reading.catch(() => {});
    provider.clearRequests();
  }
  expect(provider.stats.activeStreams).toBe(0);
});

test('a paced stream stops when the client leaves, and bills what was made', async () => {
  provider.script({ behaviour: { chunks: 10_000, chunkDelayMs: 10 } });
  const abort = new AbortController();
  const response = await send({ stream: true }, { signal: abort.signal });
  await lastRecord(({ chunksSent }) => chunksSent >= 5);
  abort.abort();
  const record = await lastRecord(({ ended }) => ended !== undefined);
  expect(record.ended).toBe('client-left');
  expect(record.usage.completionTokens).toBe(record.chunksSent);
  expect(record.chunksSent).toBeLessThan(10_000);
  await response.text().catch(() => {});
});

test('chunks come no sooner than their pace', async () => {
  const startedAt = performance.now();
  await streamText({}, { chunks: 11, chunkDelayMs: 20 });
  expect(performance.now() - startedAt).toBeGreaterThan(190);
});

test('a delayed answer comes after its delay', async () => {
  provider.script({ behaviour: { delayMs: 60 } });
  const startedAt = performance.now();
  await send({});
  expect(performance.now() - startedAt).toBeGreaterThan(55);
});

test('one byte per packet, split characters, CR and CRLF line ends and comments keep the content', async () => {
  const messages = [userMessage('grüße 🚀 ok')];
  for (const behaviour of [
    { onebyte: true },
    { crlf: true },
    { cr: true },
    { comments: true },
    { nullFields: true },
  ]) {
    expect(contentOf(await streamText({ messages }, behaviour))).toBe('grüße 🚀 ok');
  }
  expect(contentOf(await streamText({ messages }, { splitUtf8: true }))).toBe('grüße 🚀 oké🚀');
  expect(await streamText({}, { crlf: true })).toContain('\r\n\r\n');
  expect(await streamText({}, { cr: true })).not.toContain('\n');
  expect(await streamText({}, { comments: true })).toContain(': keep-alive\n\n');
  expect(await streamText({}, { nullFields: true })).toContain('"tool_calls":null,"audio":null');
  provider.script({ behaviour: { onebyte: true } });
  expect(firstChoice(await complete({}))).toMatchObject({ message: { content: 'one two three' } });
});

test('a split character reaches the client in two packets', async () => {
  const { packets } = await sendRaw({ messages: [userMessage('!fake {"splitUtf8":true}\né')] });
  expect(packets.some((packet) => packet.includes(Buffer.of(0xc3, 0x0d, 0x0a)))).toBe(true);
});

test('an error event, a missing [DONE] and a missing finish can be had mid-stream', async () => {
  const failed = eventsOf(await streamText({}, { errorAfterChunks: 1 }));
  expect(failed.at(-1)).toContain('"error"');
  expect(provider.requests.at(-1)).toMatchObject({ ended: 'fault', chunksSent: 1 });
  expect(await streamText({}, { noDone: true })).not.toContain('[DONE]');
  expect(await streamText({}, { noFinish: true })).not.toContain('"finish_reason":"');
  expect(await streamText({}, { finishReason: 'content_filter' })).toContain(
    '"finish_reason":"content_filter"',
  );
});

test('garbage and redirects answer as told', async () => {
  provider.script({ behaviour: { garbage: 'html' } });
  expect((await send({})).headers.get('content-type')).toBe('text/html');
  provider.script({ behaviour: { garbage: 'json' } });
  await expect(complete({})).rejects.toThrow();
  provider.script({ behaviour: { garbage: 'binary' } });
  expect((await (await send({ stream: true })).arrayBuffer()).byteLength).toBe(2048);
  expect(await streamText({}, { garbage: 'line' })).not.toContain('\n');
  provider.script({ behaviour: { redirect: 'http://127.0.0.1:1/' } });
  const moved = await send({});
  expect([moved.status, moved.headers.get('location')]).toEqual([302, 'http://127.0.0.1:1/']);
});

test('one delta of 10 MB arrives whole', async () => {
  const content = contentOf(await streamText({}, { chunks: 1, bigChunkBytes: 10_000_000 }));
  expect(content).toHaveLength(10_000_000);
});

test('a client that does not read holds the stream back', async () => {
  const body = { messages: [userMessage(`!fake {"chunks":50000,"chunkText":"${'y'.repeat(1000)}"}\n`)] };
  const json = JSON.stringify({ model: 'm', stream: true, ...body });
  const socket = connect(provider.port, '127.0.0.1', () => {
    socket.pause();
    socket.write(`POST /v1/chat/completions HTTP/1.1\r\nauthorization: Bearer k\r\n`);
    socket.write(`content-length: ${json.length}\r\n\r\n${json}`);
  });
  socket.on('error', () => {});
  const record = await lastRecord(({ chunksSent }) => chunksSent > 0);
  let before = -1;
  // Until the buffers between the two are full.
  while (record.chunksSent > before) {
    before = record.chunksSent;
    await Bun.sleep(300);
  }
  expect(record.ended).toBeUndefined();
  expect(record.chunksSent).toBeLessThan(50_000);
  socket.destroy();
  expect(await lastRecord(({ ended }) => ended !== undefined)).toMatchObject({ ended: 'client-left' });
});

test('connections are kept alive and a chunked request body is read', async () => {
  const body = JSON.stringify({ model: 'm', messages: [userMessage('hi')] });
  const stream = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(body.slice(0, 9)));
      controller.enqueue(new TextEncoder().encode(body.slice(9)));
      controller.close();
    },
  });
  expect((await send({}, { body: stream })).status).toBe(200);
  const open = provider.stats.openConnections;
  for (let n = 0; n < 5; n += 1) await complete({});
  expect(provider.stats.openConnections).toBeLessThanOrEqual(open + 1);
});

test('each finished request is a line of the log file', async () => {
  await complete({});
  const { nonce } = await lastRecord(({ ended }) => ended !== undefined);
  const lines = (await Bun.file(logFile).text()).trimEnd().split('\n');
  expect(asObject(JSON.parse(lines.at(-1) ?? ''))).toMatchObject({ nonce, ended: 'complete' });
});

test('as a program it listens and serves until it is told to stop', async () => {
  const program = Bun.spawn([process.execPath, join(import.meta.dir, 'main.ts'), '--port', '0'], {
    stdout: 'pipe',
  });
  const { value } = await program.stdout.getReader().read();
  const baseUrl = /http:\S+/u.exec(new TextDecoder().decode(value))?.[0];
  expect((await fetch(`${baseUrl}/models`)).status).toBe(200);
  program.kill();
  expect(await program.exited).toBe(0);
});
