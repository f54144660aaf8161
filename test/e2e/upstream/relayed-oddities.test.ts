/** What providers were reported to send in the place of what is documented, and what clients were reported to lose by it. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { connect } from 'node:net';
import { startGateway, type TestGateway } from '../../harness.ts';
import { answer, type RawConnection, type RawProvider, rawProvider } from '../../raw-provider.ts';
import { chat } from '../faults/bench.ts';

const USAGE = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
const HEAD = { id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm' };
const delta = (content: string, finish: string | null = null) => ({
  ...HEAD,
  choices: [{ index: 0, delta: { content }, finish_reason: finish }],
});
const completion = (content: string) => ({
  ...{ id: 'x', object: 'chat.completion', created: 1, model: 'm', usage: USAGE },
  choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
});
const event = (data: unknown) => `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
const STREAM_HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n';
const chunked = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

let provider: RawProvider;
let gateway: TestGateway;
let reply: (connection: RawConnection) => void;
beforeAll(async () => {
  provider = rawProvider({ onRequest: (_request, connection) => reply(connection) });
  const endpoint = { provider: 'raw', model: 'm', pricing: { prompt: '0.000001', completion: '0.000001' } };
  gateway = await startGateway({
    config: {
      providers: [{ slug: 'raw', base_url: `http://127.0.0.1:${provider.port}/v1`, api_key: 'a-key' }],
      models: [{ id: 'raw/small', context_length: 100_000, endpoints: [endpoint] }],
    },
  });
});
afterAll(async () => {
  await gateway.stop();
  provider[Symbol.dispose]();
});

const ask = (stream: boolean) => chat(gateway, { model: 'raw/small', stream });

/** The text, and whether the stream ended as a good one does. */
async function streamed(): Promise<{ status: number; text: string; ended: boolean; error: unknown }> {
  const response = await ask(true);
  const events = (await response.text())
    .split('\n\n')
    .filter((line) => line.startsWith('data: '))
    .map((line) => line.slice(6));
  const parsed = events.filter((line) => line !== '[DONE]').map((line) => JSON.parse(line));
  const text = parsed.map(({ choices }) => choices?.[0]?.delta?.content ?? '').join('');
  const error = parsed.find((each) => each.error !== undefined)?.error ?? null;
  return { status: response.status, text, ended: events.at(-1) === '[DONE]', error };
}

test('a last event without the line that ends it is not lost', async () => {
  reply = (connection) => {
    connection.write(`${STREAM_HEAD}connection: close\r\n\r\n${event(delta('Hel'))}`);
    connection.write(`data: ${JSON.stringify({ ...delta('lo', 'stop'), usage: USAGE })}`);
    connection.end();
  };
  expect(await streamed()).toEqual({ status: 200, text: 'Hello', ended: true, error: null });
});

test('a connection that stays open behind [DONE] keeps nobody waiting', async () => {
  reply = (connection) => {
    connection.write(`${STREAM_HEAD}transfer-encoding: chunked\r\n\r\n`);
    connection.write(chunked(`${event({ ...delta('Hello', 'stop'), usage: USAGE })}${event('[DONE]')}`));
  };
  const startedAt = performance.now();
  expect(await streamed()).toEqual({ status: 200, text: 'Hello', ended: true, error: null });
  expect(performance.now() - startedAt).toBeLessThan(5000);
});

test.each([
  ['a choice that is null', { ...HEAD, choices: [null] }],
  ['a delta that is a text', { ...HEAD, choices: [{ index: 0, delta: 'x', finish_reason: null }] }],
  ['choices that are null', { ...HEAD, choices: null }],
  ['no choices', { ...HEAD }],
])('%s amid a stream takes nothing of the text away', async (_what, odd) => {
  reply = (connection) =>
    connection.write(
      `${STREAM_HEAD}transfer-encoding: chunked\r\n\r\n${chunked(
        `${event(delta('Hel'))}${event(odd)}${event({ ...delta('lo', 'stop'), usage: USAGE })}${event('[DONE]')}`,
      )}0\r\n\r\n`,
    );
  expect(await streamed()).toEqual({ status: 200, text: 'Hello', ended: true, error: null });
});

test('an error as the first event of a stream that began with 200 is told by its status (llama.cpp)', async () => {
  const error = {
    code: 400,
    message: 'the request exceeds the available context size',
    type: 'exceed_context_size_error',
  };
  reply = (connection) =>
    connection.write(
      `${STREAM_HEAD}transfer-encoding: chunked\r\n\r\n${chunked(`error: ${JSON.stringify(error)}\n\n`)}${chunked(
        event({ error }),
      )}0\r\n\r\n`,
    );
  const response = await ask(true);
  expect(response.status).toBe(400);
  expect(await response.text()).toContain('context size');
});

test('an error in the middle of a stream is an error there too, and no good end', async () => {
  reply = (connection) =>
    connection.write(
      `${STREAM_HEAD}transfer-encoding: chunked\r\n\r\n${chunked(
        `${event(delta('Hel'))}${event({ error: { message: 'overloaded', type: 'server_error', code: 503 } })}`,
      )}0\r\n\r\n`,
    );
  const { status, text, error } = await streamed();
  expect({ status, text }).toEqual({ status: 200, text: 'Hel' });
  expect(error).not.toBeNull();
});

test('blank lines before an answer, as a server sends them while it loads a model, are no part of it', async () => {
  reply = (connection) => connection.write(answer(`\n\n  \r\n${JSON.stringify(completion('Hello'))}\n`));
  const response = await ask(false);
  expect(response.status).toBe(200);
  expect(
    ((await response.json()) as { choices: { message: { content: string } }[] }).choices[0]?.message.content,
  ).toBe('Hello');
});

test.each([
  ['nothing', ''],
  ['a list', '[]'],
  ['a page', '<html><title>Sign in</title></html>'],
  ['an object of its own', '{"status":"ok"}'],
  ['an answer without choices', JSON.stringify({ ...completion(''), choices: [] })],
])('%s with status 200 is a 502, and not an empty answer', async (_what, body) => {
  reply = (connection) => connection.write(answer(body));
  const response = await ask(false);
  expect(response.status).toBe(502);
  expect(await response.json()).toMatchObject({ error: { code: 502 } });
});

test('a refusal of a stream that did not begin comes with its status', async () => {
  const body = JSON.stringify({ error: { message: 'prompt is too long: 205351 tokens > 200000 maximum' } });
  reply = (connection) =>
    connection.write(`HTTP/1.1 400 Bad Request\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  const response = await ask(true);
  expect(response.status).toBe(400);
  expect(await response.text()).toContain('prompt is too long');
});

test('ten thousand requests back to back on one connection are all answered', async () => {
  reply = (connection) => connection.write(answer(JSON.stringify(completion('Hello'))));
  const { hostname, port } = new URL(gateway.url);
  const request = [
    'GET /api/v1/key HTTP/1.1',
    `host: ${hostname}:${port}`,
    `authorization: Bearer ${gateway.apiKey}`,
    '',
    '',
  ].join('\r\n');
  const answered = await backToBack(Number(port), request, 10_000);
  expect(answered).toBe(10_000);
});

/** Each request is written the moment the answer before it is whole. */
function backToBack(port: number, request: string, count: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let answered = 0;
    let received = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    socket.setNoDelay(true);
    socket.on('error', reject);
    socket.on('close', () => resolve(answered));
    socket.on('data', (bytes) => {
      received += bytes.toString('latin1');
      const headEnd = received.indexOf('\r\n\r\n');
      if (headEnd === -1) return;
      const length = Number(/content-length: (\d+)/i.exec(received)?.[1] ?? Number.NaN);
      if (received.length < headEnd + 4 + length) return;
      if (!received.startsWith('HTTP/1.1 200')) return reject(new Error(received));
      received = '';
      answered += 1;
      if (answered === count) socket.end();
      else socket.write(request);
    });
  });
}
