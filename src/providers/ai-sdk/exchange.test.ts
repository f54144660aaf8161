import { afterEach, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Ended,
  eventStream,
  KEY,
  Loopback,
  packageOf,
  promptOf,
  type Reply,
  recorded,
  recordedBytes,
} from './__fixtures__/loopback.ts';

let open: Loopback | null = null;
afterEach(async () => {
  await open?.close();
  open = null;
});

async function answering(vendor: string, reply: Reply): Promise<Loopback> {
  open = await Loopback.open({ packageName: packageOf(vendor), reply });
  return open;
}

const json = (body: unknown, status: number, headers: Readonly<Record<string, string>> = {}) =>
  Response.json(body, { status, headers });

describe('an answer', () => {
  test('that was streamed tells its call, its reason and its tokens', async () => {
    const told = await (await answering('bedrock-', () => recorded('bedrock-tools.jsonl'))).tell();
    expect(told.answered).toBe(1);
    expect(told.finishes).toEqual([{ type: 'finish', choice: 0, reason: 'tool_calls', native: 'tool_use' }]);
    expect(told.usage).toMatchObject({ inputTokens: 125, outputTokens: 45 });
  });

  test('has its sealed thought in a block of its own, with whose it is', async () => {
    const sealed = eventStream(
      [
        '{"messageStart":{"role":"assistant"}}',
        '{"contentBlockDelta":{"contentBlockIndex":0,"delta":{"reasoningContent":{"redactedContent":"c2VhbGVk"}}}}',
        '{"contentBlockStop":{"contentBlockIndex":0}}',
        '{"messageStop":{"stopReason":"end_turn"}}',
      ].join('\n'),
    );
    const type = { headers: { 'content-type': 'application/vnd.amazon.eventstream' } };
    const loopback = await answering('bedrock-', () => new Response(sealed, type));
    const told = await loopback.tell({ model: 'anthropic.claude-x' });
    expect(told.events.filter(({ type }) => type === 'block-start')).toMatchObject([
      { part: { type: 'reasoning', format: 'anthropic-claude-v1', redacted: 'c2VhbGVk' } },
    ]);
  });

  test('that was asked for whole has parts and facts', async () => {
    const loopback = await answering('bedrock-', () =>
      recorded('bedrock-reasoning.json', 200, { 'x-amzn-requestid': 'req-amazon' }),
    );
    const { whole } = await loopback.tell({ stream: false, model: 'anthropic.claude-x' });
    expect(whole).toMatchObject({
      form: 'typed',
      finishReason: 'stop',
      nativeFinishReason: 'end_turn',
      upstreamId: 'req-amazon',
      usage: { inputTokens: 51, outputTokens: 78 },
    });
    expect(whole?.form === 'typed' && whole.choices[0]?.parts).toMatchObject([
      { type: 'reasoning', format: 'anthropic-claude-v1' },
      { type: 'text' },
    ]);
  });

  test('counts what Cohere bills, which is less than what it counts', async () => {
    const told = await (await answering('cohere-', () => recorded('cohere-tools.sse'))).tell();
    expect(told.usage).toMatchObject({ inputTokens: 119, outputTokens: 44, cacheReadTokens: 0 });
  });

  test('counts what was thought beside what was written', async () => {
    const told = await (await answering('vertex-', () => recorded('vertex-tools.sse'))).tell();
    expect(told.usage).toMatchObject({ inputTokens: 29, outputTokens: 15, reasoningTokens: 45 });
  });

  test('counts each token that Bedrock kept once', async () => {
    const usage = {
      inputTokens: 18,
      outputTokens: 386,
      totalTokens: 8006,
      cacheReadInputTokens: 100,
      cacheWriteInputTokens: 7502,
      cacheDetails: [
        { inputTokens: 7000, ttl: '1h' },
        { inputTokens: 502, ttl: '5m' },
      ],
    };
    const body = {
      output: { message: { role: 'assistant', content: [{ text: 'a' }] } },
      stopReason: 'end_turn',
      usage,
    };
    const { whole } = await (await answering('bedrock-', () => json(body, 200))).tell({ stream: false });
    expect(whole?.usage).toMatchObject({
      inputTokens: 18,
      cacheReadTokens: 100,
      cacheWriteTokens: 502,
      cacheWrite1hTokens: 7000,
      outputTokens: 386,
    });
  });
});

describe('a failure', () => {
  test('of the caller’s is quoted, with what kind it is', async () => {
    const loopback = await answering('bedrock-', () =>
      recorded('bedrock-error-400.json', 400, { 'x-amzn-errortype': 'ValidationException:http://a.example' }),
    );
    const { error } = await loopback.tell();
    expect(error).toMatchObject({ fault: 'caller', status: 400, providerCode: 'ValidationException' });
    expect(error?.message).toContain("doesn't support the image field");
  });

  test.each([
    ['cohere-', { message: 'too many tokens: the maximum context length is 128000 tokens' }],
    ['bedrock-', { message: 'Input is too long for requested model.' }],
    [
      'mistral-',
      {
        object: 'error',
        message: 'Prompt contains 40000 tokens, too large for model with 32768 maximum context length',
      },
    ],
  ])('of %s because the prompt is too long is known as that', async (vendor, body) => {
    const { error } = await (await answering(vendor, () => json(body, 400))).tell();
    expect(error).toMatchObject({ fault: 'caller', isContextLength: true });
  });

  test.each([401, 403])(
    'of the account (%d) is not told to the caller, and no key to the log',
    async (status) => {
      const loopback = await answering('cohere-', ({ headers }) =>
        json({ message: `invalid api token ${headers.get('authorization')}` }, status),
      );
      const { error } = await loopback.tell();
      expect(error).toMatchObject({ fault: 'account', status });
      expect(error?.message).not.toContain('token');
      expect(`${error?.detail}${error?.raw}`).not.toContain(KEY.slice(0, 12));
    },
  );

  test('of the rate says when a repeat can help', async () => {
    const { error } = await (
      await answering('mistral-', () =>
        json({ message: 'Requests rate limit exceeded' }, 429, { 'retry-after': '7' }),
      )
    ).tell({ stream: false });
    expect(error).toMatchObject({ fault: 'rate', status: 429, retryAfterSeconds: 7 });
  });

  test('of the vendor’s is not quoted', async () => {
    const page = () => new Response('<html>the backend acme-17 is down</html>', { status: 503 });
    const { error } = await (await answering('azure-', page)).tell();
    expect(error).toMatchObject({ fault: 'provider', status: 503 });
    expect(error?.message).not.toContain('acme-17');
  });

  test('in mid-stream ends what had begun', async () => {
    const begun = recordedBytes('bedrock-reasoning.jsonl').subarray(0, 700);
    const whole = Buffer.concat([begunFrames(begun), recordedBytes('bedrock-error.base64')]);
    const type = { headers: { 'content-type': 'application/vnd.amazon.eventstream' } };
    const told = await (await answering('bedrock-', () => new Response(whole, type))).tell();
    expect(told.events.length).toBeGreaterThan(0);
    expect(told.error).toMatchObject({ fault: 'provider', hasAnswered: true });
    expect(told.ended).toBe(0);
  });

  test('in mid-stream because of the rate is one of the rate', async () => {
    const throttled = eventStream(
      '{"throttlingException":{"message":"Too many requests, wait before trying again."}}',
    );
    const type = { headers: { 'content-type': 'application/vnd.amazon.eventstream' } };
    const { error } = await (await answering('bedrock-', () => new Response(throttled, type))).tell();
    expect(error).toMatchObject({ fault: 'rate', status: 429 });
  });

  test('is a stream that stops before its vendor has said why', async () => {
    const cut = recordedBytes('cohere-tools.sse').subarray(0, 1200);
    const type = { headers: { 'content-type': 'text/event-stream' } };
    const told = await (await answering('cohere-', () => new Response(cut, type))).tell();
    expect(told.error).toMatchObject({ failure: 'unreachable', hasAnswered: true });
  });

  test('is an event that the package cannot read', async () => {
    const type = { headers: { 'content-type': 'text/event-stream' } };
    const told = await (
      await answering('mistral-', () => new Response('data: {"no": "chunk"}\n\n', type))
    ).tell();
    expect(told.error).toMatchObject({ failure: 'garbage', fault: 'provider' });
  });

  test('is a whole answer that the package cannot read', async () => {
    const told = await (await answering('cohere-', () => json({ no: 'answer' }, 200))).tell({
      stream: false,
    });
    expect(told.error).toMatchObject({ failure: 'garbage', fault: 'provider' });
  });

  test('is a vendor that nobody can reach, and was sent nothing', async () => {
    const loopback = await answering('cohere-', () => json({}, 200));
    await loopback.stopAnswering();
    const { error } = await loopback.tell();
    expect(error).toMatchObject({ failure: 'unreachable', fault: 'provider', neverSent: true });
  });

  test('is silence before the answer, and silence within it', async () => {
    const never = await answering('cohere-', () => new Promise<Response>(() => undefined));
    const before = new Ended();
    const call = never.call();
    never.adapter.chat({ ...call, timeouts: { firstByteMs: 40, answerMs: 5000, idleMs: 5000 } }, before);
    await before.over;
    expect(before.error).toMatchObject({ failure: 'timeout', hasAnswered: false });
    await never.close();

    const within = new Ended();
    const stuck = await answering('cohere-', () =>
      endless(recordedBytes('cohere-tools.sse').subarray(0, 600)),
    );
    stuck.adapter.chat(
      { ...stuck.call(), timeouts: { firstByteMs: 5000, answerMs: 5000, idleMs: 40 } },
      within,
    );
    await within.over;
    expect(within.error).toMatchObject({ failure: 'timeout', hasAnswered: true });
  });

  test('is a package that waits for its token for ever, and its vendor was sent nothing', async () => {
    const google = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: () => new Promise<Response>(() => undefined),
    });
    const waiting = JSON.stringify({
      ...JSON.parse(NOWHERE),
      token_url: `http://127.0.0.1:${google.port}/v1/token`,
      credential_source: { url: `http://127.0.0.1:${google.port}/subject` },
    });
    try {
      open = await Loopback.open({
        packageName: '@ai-sdk/google-vertex',
        apiKey: null,
        settings: { project: 'acme', location: 'global', credentials: waiting },
        reply: () => json({}, 200),
      });
      const told = new Ended();
      const call = open.call();
      open.adapter.chat({ ...call, timeouts: { firstByteMs: 60, answerMs: 5000, idleMs: 5000 } }, told);
      await told.over;
      expect(told.error).toMatchObject({ failure: 'timeout', neverSent: true });
      expect(open.sent).toEqual([]);
    } finally {
      await google.stop(true);
    }
  });

  test('is a package that finds no credentials, and the caller is not told which', async () => {
    open = await Loopback.open({
      packageName: '@ai-sdk/google-vertex',
      apiKey: null,
      settings: { project: 'acme', location: 'global', credentials: NOWHERE },
      reply: () => json({}, 200),
    });
    const { error } = await open.tell();
    expect(error).toMatchObject({ fault: 'account', neverSent: true });
    expect(error?.message).not.toContain('key.json');
    expect(error?.detail).toContain('key.json');
  });
});

/** A workload whose token nobody has put where it belongs. */
const NOWHERE = JSON.stringify({
  type: 'external_account',
  audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/a/providers/b',
  subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
  token_url: 'http://127.0.0.1:9/v1/token',
  credential_source: { file: '/nowhere/key.json' },
});

describe('credentials', () => {
  test('of Amazon sign what is sent', async () => {
    open = await Loopback.open({
      packageName: '@ai-sdk/amazon-bedrock',
      apiKey: null,
      settings: { access_key_id: 'AKIDEXAMPLE', secret_access_key: KEY, session_token: 'of-a-session' },
      reply: () => recorded('bedrock-tools.jsonl'),
    });
    expect((await open.tell()).error).toBeNull();
    const headers = open.sent[0]?.headers;
    expect(headers?.get('authorization')).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/bedrock\/aws4_request/,
    );
    expect(headers?.get('x-amz-security-token')).toBe('of-a-session');
  });

  test('of a workload are swapped for a token of Google’s, which Claude is asked with', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'turnpike-ai-sdk-'));
    const google = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: async (request) => {
        const asked = new URLSearchParams(await request.text());
        return Response.json({
          access_token: `for ${asked.get('subject_token')}`,
          issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
          token_type: 'Bearer',
          expires_in: 3600,
        });
      },
    });
    try {
      writeFileSync(join(directory, 'token'), 'the-workload');
      const credentials = JSON.stringify({
        type: 'external_account',
        audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/a/providers/b',
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        token_url: `http://127.0.0.1:${google.port}/v1/token`,
        credential_source: { file: join(directory, 'token') },
      });
      open = await Loopback.open({
        packageName: '@ai-sdk/google-vertex/anthropic',
        apiKey: null,
        settings: { project: 'acme', location: 'global', credentials },
        reply: () => recorded('vertex-claude-text.sse'),
      });
      const told = await open.tell({ model: 'claude-sonnet-4-5@20250929' });
      expect(told.error).toBeNull();
      expect(open.sent[0]?.headers.get('authorization')).toBe('Bearer for the-workload');
      expect(open.sent[0]?.path).toBe('/claude-sonnet-4-5@20250929:streamRawPredict');
      expect(open.sent[0]?.body).toMatchObject({ anthropic_version: 'vertex-2023-10-16', max_tokens: 100 });
      expect(told.usage).toMatchObject({ inputTokens: 12, outputTokens: 30 });
    } finally {
      await google.stop(true);
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

describe('a call', () => {
  test('that is cancelled ends the vendor’s work, and tells nothing more', async () => {
    const gone = Promise.withResolvers<void>();
    const loopback = await answering('cohere-', () =>
      endless(recordedBytes('cohere-tools.sse').subarray(0, 900), () => gone.resolve()),
    );
    const told = new Heard();
    const { exchange } = loopback.start({}, told);
    await told.first;
    exchange.cancel();
    const { length } = told.events;
    await gone.promise;
    expect(told.events.length).toBe(length);
    expect([told.ended, told.error]).toEqual([0, null]);
  });

  test('that is cancelled before anything was sent sends nothing', async () => {
    const loopback = await answering('cohere-', () => recorded('cohere-tools.sse'));
    const { exchange } = loopback.start();
    exchange.cancel();
    await loopback.tell();
    expect(loopback.sent.length).toBe(1);
  });

  test('whose reader pauses is told nothing, and its vendor cannot write on', async () => {
    const delta = `data: ${JSON.stringify({ type: 'content-delta', index: 0, delta: { message: { content: { text: 'x'.repeat(64 * 1024) } } } })}\n\n`;
    let written = 0;
    const begin = `data: ${JSON.stringify({ type: 'content-start', index: 0, delta: { message: { content: { type: 'text', text: '' } } } })}\n\n`;
    const chunks = 400;
    const loopback = await answering('cohere-', () => {
      const stream = new ReadableStream(
        {
          start: (controller) => controller.enqueue(new TextEncoder().encode(begin)),
          pull: (controller) => {
            written += 1;
            if (written > chunks) controller.close();
            else controller.enqueue(new TextEncoder().encode(delta));
          },
        },
        { highWaterMark: 1 },
      );
      return new Response(stream, { headers: { 'content-type': 'text/event-stream' } });
    });
    const told = new Heard();
    const { exchange } = loopback.start({ maxTokens: null }, told);
    await told.first;
    exchange.pause();
    let before = -1;
    while (before !== written) {
      before = written;
      await Bun.sleep(100);
    }
    expect(written).toBeLessThan(chunks);
    const { length } = told.events;
    await Bun.sleep(50);
    expect(told.events.length).toBe(length);
    exchange.resume();
    await told.over;
    expect(told.events.filter(({ type }) => type === 'delta').length).toBe(chunks);
  });
});

/** Says when something was told. */
class Heard extends Ended {
  readonly #first = Promise.withResolvers<void>();
  readonly first = this.#first.promise;

  override onEvents(events: Parameters<Ended['onEvents']>[0]): void {
    super.onEvents(events);
    this.#first.resolve();
  }
}

/** Begins, and never ends. */
function endless(bytes: Uint8Array, onCancel: () => void = () => undefined): Response {
  const stream = new ReadableStream({
    start: (controller) => controller.enqueue(bytes),
    cancel: onCancel,
  });
  return new Response(stream, { headers: { 'content-type': 'text/event-stream' } });
}

/** Whole frames alone. */
function begunFrames(bytes: Uint8Array): Uint8Array {
  const view = Buffer.from(bytes);
  let at = 0;
  while (at + 4 <= view.length && at + view.readUInt32BE(at) <= view.length) at += view.readUInt32BE(at);
  return view.subarray(0, at);
}

test('a prompt without tools has no overhead, one with them or with JSON has', async () => {
  const { adapter, ...loopback } = await answering('cohere-', () => recorded('cohere-tools.sse'));
  void loopback;
  const overhead = (members: Parameters<typeof promptOf>[0]) =>
    adapter.promptOverheadTokens({
      native: { dialect: 'openai-chat', body: {} },
      reasoning: null,
      prompt: () => promptOf(members),
    });
  const tool = { name: 'a', description: null, parameters: null, strict: null };
  expect(overhead({})).toBe(0);
  expect(overhead({ tools: [tool] })).toBeGreaterThan(0);
  expect(overhead({ format: { type: 'json' } })).toBeGreaterThan(0);
});
