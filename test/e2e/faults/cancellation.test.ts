/** A client may leave a stream at any point: the provider is stopped, one row is written, and nothing stays held. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { type MadeKey, makeKey } from '../../harness.ts';
import {
  type Ask,
  type Bench,
  COMPLETION_NANO_USD,
  chat,
  chatBody,
  eventsOf,
  getJson,
  type Json,
  PROMPT_NANO_USD,
  readText,
  startBench,
  until,
} from './bench.ts';

const CHUNKS = 12;
const PACE_MS = 20;
/** What lets a provider go that was held until then. */
type Release = () => void;
const LIMIT_USD = 10;

let bench: Bench;

beforeAll(async () => {
  bench = await startBench();
});
afterEach(() => {
  bench.one.clearScripts();
  bench.one.clearRequests();
});
afterAll(() => bench.stop());

interface Cut {
  seen: string;
  generation: Json;
  key: MadeKey;
  body: string;
}

/**
 * Reads until `isEnough` of the text is there, leaves, lets the provider go on once the gateway knows, and gives the one row
 * that was written.
 */
async function cutWhen(
  ask: Ask,
  isEnough: (text: string) => boolean,
  release: Release = () => {},
): Promise<Cut> {
  const key = await makeKey(bench, { limit: LIMIT_USD });
  const abort = new AbortController();
  const asked = { stream: true, key: key.key, ...ask, signal: abort.signal };
  let seen = '';
  const response = await chat(bench, asked);
  const goneBefore = bench.clientsGone();
  if (isEnough(seen)) abort.abort();
  await readText(response, (text) => {
    seen = text;
    if (isEnough(text)) abort.abort();
  }).catch(() => undefined);
  await until(() => bench.clientsGone() > goneBefore || bench.one.requests[0]?.ended === 'complete');
  release();
  return { seen, key, body: chatBody(asked), generation: await onlyRowOf(key) };
}

async function onlyRowOf(key: MadeKey): Promise<Json> {
  const { db } = bench.database;
  const rows = () => db.selectFrom('generations').selectAll().where('key_hash', '=', key.hash).execute();
  expect(await until(async () => (await rows()).length > 0)).toBe(true);
  // A second row would come at once, if at all.
  await Bun.sleep(30);
  const found = await rows();
  expect(found.length).toBe(1);
  const cost = Number(found[0]?.cost_nano_usd);
  const { data } = await getJson(bench, '/key', key.key);
  expect(data.usage).toBe(cost / 1e9);
  expect(data.limit_remaining).toBeCloseTo(LIMIT_USD - cost / 1e9, 9);
  await nothingIsHeld(key, cost);
  return found[0];
}

/** What is left is exactly what the limit says: a request of just that size is admitted only if nothing is held. */
async function nothingIsHeld(key: MadeKey, costNanoUsd: number): Promise<void> {
  const body = (maxTokens: number) => ({ max_tokens: maxTokens });
  const overhead = chatBody({ body: body(1_000_000_000) }).length * PROMPT_NANO_USD;
  const maxTokens = Math.floor((LIMIT_USD * 1e9 - costNanoUsd - overhead) / COMPLETION_NANO_USD);
  const probe = await chat(bench, { key: key.key, body: body(maxTokens) });
  expect(probe.status).toBe(200);
  await probe.body?.cancel();
}

const tokensSeen = (text: string) => (text.match(/"content":"word/g) ?? []).length;
const paced = { chunks: CHUNKS, chunkDelayMs: PACE_MS };
/** Never ends by itself. */
const hangingAfter = (chunks: number) => ({ ...paced, hang: 'mid-stream', hangAfterChunks: chunks }) as const;
/** Ends only when it is let go. */
function heldAfter(chunks: number) {
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    behaviour: { ...paced, holdAfterChunks: chunks, holdUntil: promise },
    release: resolve as Release,
  };
}

async function upstreamEnded(): Promise<Json> {
  await until(() => bench.one.requests[0]?.ended !== undefined);
  return bench.one.requests[0];
}

describe('a client that leaves', () => {
  test.each(Array.from({ length: CHUNKS - 1 }, (_, n) => n + 1))(
    'after %i of 12 chunks stops the provider, and pays for the prompt and what was relayed',
    async (count) => {
      bench.one.script({ behaviour: hangingAfter(count + 1) });
      const { generation, body } = await cutWhen({}, (text) => tokensSeen(text) >= count);
      const upstream = await upstreamEnded();
      expect(upstream.ended).toBe('client-left');
      expect(generation).toMatchObject({ cancelled: 1, estimated: 1, finish_reason: null });
      const prompt = Math.ceil(Buffer.byteLength(body) / 4);
      const relayed = generation.completion_tokens;
      // 'wordN ' is six bytes; one more chunk may have been on its way when the client left.
      expect(relayed).toBeGreaterThanOrEqual(Math.ceil((count * 6) / 4));
      expect(relayed).toBeLessThanOrEqual(Math.ceil(((count + 1) * 7) / 4));
      expect(generation.prompt_tokens).toBe(prompt);
      expect(Number(generation.cost_nano_usd)).toBe(prompt * PROMPT_NANO_USD + relayed * COMPLETION_NANO_USD);
    },
  );

  test('as soon as it has the headers is recorded once', async () => {
    bench.one.script({ behaviour: hangingAfter(CHUNKS / 2) });
    const { generation } = await cutWhen({}, () => true);
    expect((await upstreamEnded()).ended).toBe('client-left');
    expect(generation).toMatchObject({ cancelled: 1, estimated: 1 });
  });

  test('between the last token and the usage is recorded as cancelled, or with the real usage', async () => {
    bench.one.script({ behaviour: hangingAfter(CHUNKS) });
    const { generation } = await cutWhen({}, (text) => tokensSeen(text) >= CHUNKS);
    expect((await upstreamEnded()).ended).toBe('client-left');
    expect(generation).toMatchObject({ cancelled: 1, estimated: 1 });
  });

  test('after the last byte changes nothing: the row is whole', async () => {
    bench.one.script({ behaviour: paced });
    const { generation, seen } = await cutWhen({}, (text) => text.includes('[DONE]'));
    expect(generation).toMatchObject({ cancelled: 0, estimated: 0, finish_reason: 'stop' });
    expect(generation.completion_tokens).toBe(CHUNKS);
    expect(eventsOf(seen).at(-1).usage.cost).toBe(Number(generation.cost_nano_usd) / 1e9);
  });

  /** Leaves as soon as the provider has the request; gives the one row, and the tokens that the prompt is counted as. */
  async function leftOnceSent(release: Release = () => {}): Promise<{ row: Json; promptTokens: number }> {
    const key = await makeKey(bench, { limit: LIMIT_USD });
    const abort = new AbortController();
    const asked = { stream: true, key: key.key, signal: abort.signal };
    const asking = chat(bench, asked).catch(() => null);
    expect(await until(() => bench.one.requests.length === 1)).toBe(true);
    const goneBefore = bench.clientsGone();
    abort.abort();
    await asking;
    await until(() => bench.clientsGone() > goneBefore);
    release();
    expect((await upstreamEnded()).ended).toBe('client-left');
    const promptTokens = Math.ceil(Buffer.byteLength(chatBody(asked)) / 4);
    return { row: await onlyRowOf(key), promptTokens };
  }

  const { promise: isLeft, resolve: answerNow } = Promise.withResolvers<void>();
  for (const [name, behaviour, release] of [
    ['sent its first chunk', { hang: 'mid-stream', hangAfterChunks: 0 }],
    [
      'sent its headers, which come in the moment after',
      { hang: 'mid-stream', hangAfterChunks: 0, holdUntil: isLeft },
      answerNow,
    ],
  ] as const) {
    test(`before the provider ${name}, pays for the prompt alone`, async () => {
      bench.one.script({ behaviour });
      const { row, promptTokens } = await leftOnceSent(release);
      expect(row).toMatchObject({
        cancelled: 1,
        estimated: 1,
        completion_tokens: 0,
        prompt_tokens: promptTokens,
      });
      expect(Number(row.cost_nano_usd)).toBe(promptTokens * PROMPT_NANO_USD);
    });
  }

  for (const [name, behaviour] of [
    ['sends its headers', { hang: 'before-headers' }],
    ['answers, in a pause', { delayMs: 60_000 }],
  ] as const) {
    test(`before the provider ${name} stops it and pays nothing: that it had the request is not proven`, async () => {
      bench.one.script({ behaviour });
      const { row } = await leftOnceSent();
      expect(row).toMatchObject({ cancelled: 1, cost_nano_usd: 0n, prompt_tokens: 0, completion_tokens: 0 });
    });
  }

  test('a whole answer runs to its end and is charged in full', async () => {
    bench.one.script({ behaviour: { chunks: 3, delayMs: 100 } });
    const key = await makeKey(bench, { limit: LIMIT_USD });
    const abort = new AbortController();
    const asking = chat(bench, { key: key.key, signal: abort.signal }).catch(() => null);
    await until(() => bench.one.requests.length === 1);
    abort.abort();
    await asking;
    expect((await upstreamEnded()).ended).toBe('complete');
    expect(await onlyRowOf(key)).toMatchObject({ cancelled: 0, estimated: 0, completion_tokens: 3 });
  });
});

describe('a provider that works on when it is left', () => {
  const ask = { model: 'test/stubborn' };

  test.each([1, 2, 5, 11])(
    'is read to its end after %i chunks, and its own usage is charged',
    async (count) => {
      const { behaviour, release } = heldAfter(count);
      bench.one.script({ behaviour });
      const { generation } = await cutWhen(ask, (text) => tokensSeen(text) >= count, release);
      const upstream = await upstreamEnded();
      expect(upstream.ended).toBe('complete');
      expect(generation).toMatchObject({ cancelled: 1, estimated: 0, completion_tokens: CHUNKS });
      expect(generation.prompt_tokens).toBe(upstream.usage.promptTokens);
    },
  );

  test('is charged in full when the client leaves before reading anything', async () => {
    for (const behaviour of [paced, { chunks: CHUNKS }]) {
      bench.one.clearRequests();
      bench.one.script({ behaviour });
      const { generation } = await cutWhen(ask, () => true);
      expect((await upstreamEnded()).ended).toBe('complete');
      expect(generation).toMatchObject({ estimated: 0, completion_tokens: CHUNKS });
    }
  });

  test('is charged in full when the client leaves before the first token', async () => {
    const { behaviour, release } = heldAfter(0);
    bench.one.script({ behaviour: { ...behaviour, delayMs: 150 } });
    const key = await makeKey(bench, { limit: LIMIT_USD });
    const abort = new AbortController();
    const asking = chat(bench, { ...ask, stream: true, key: key.key, signal: abort.signal }).catch(
      () => null,
    );
    await until(() => bench.one.requests.length === 1);
    const goneBefore = bench.clientsGone();
    abort.abort();
    await asking;
    expect(await until(() => bench.clientsGone() > goneBefore)).toBe(true);
    release();
    const row = await onlyRowOf(key);
    expect((await upstreamEnded()).ended).toBe('complete');
    expect(row).toMatchObject({ cancelled: 1, estimated: 0, completion_tokens: CHUNKS });
  });
});

test('the row of a stream can be looked up the moment its last byte is there', async () => {
  for (let n = 0; n < 20; n += 1) {
    const response = await chat(bench, { stream: true });
    const id = response.headers.get('x-generation-id');
    await response.text();
    const { data } = await getJson(bench, `/generation?id=${id}`);
    expect(data.id).toBe(id);
  }
});
