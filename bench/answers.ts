/** What the stand-in for a provider answers, in each format that Turnpike speaks with one: the same words, as bytes that are ready. */
import { eventStream } from '../src/providers/ai-sdk/__fixtures__/loopback.ts';

export type Format = 'openai' | 'responses' | 'anthropic' | 'google' | 'bedrock' | 'embeddings';

export interface Answers {
  readonly json: Buffer;
  /** Of a stream: head, and what comes before its first words. */
  readonly begin: Buffer;
  /** One word more, with its own chunk of HTTP around it. */
  readonly chunk: Buffer;
}

const TEXT =
  'A turnpike is a road whose users pay for the stretch they travel. The name comes from the spiked barrier ' +
  'that was turned aside once the toll was paid.';
const WORD = ' turnpike';
const ID = 'chatcmpl-Bq1YwTgR2sXyPzA7mQ0nLkJh';

const chat = {
  id: ID,
  created: 1760000000,
  system_fingerprint: 'fp_44709d6fcb',
};
const chatUsage = {
  prompt_tokens: 61,
  completion_tokens: 34,
  total_tokens: 95,
  prompt_tokens_details: { cached_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 0 },
};
const openai = answers(
  {
    ...chat,
    object: 'chat.completion',
    model: 'bench-json-2026',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: TEXT, refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: chatUsage,
  },
  [],
  {
    ...chat,
    object: 'chat.completion.chunk',
    model: 'bench-paced-2026',
    choices: [{ index: 0, delta: { content: WORD }, logprobs: null, finish_reason: null }],
    usage: null,
  },
);

const response = {
  id: 'resp_68af40337d98819',
  object: 'response',
  created_at: 1760000000,
  model: 'bench-2026',
};
const message = { id: 'msg_68af4033c0e4819', type: 'message', role: 'assistant' };
const place = { item_id: message.id, output_index: 0, content_index: 0 };
const responses = answers(
  {
    ...response,
    status: 'completed',
    output: [
      {
        ...message,
        status: 'completed',
        content: [{ type: 'output_text', text: TEXT, annotations: [], logprobs: [] }],
      },
    ],
    usage: {
      ...{ input_tokens: 61, output_tokens: 34, total_tokens: 95 },
      ...{ input_tokens_details: { cached_tokens: 0 }, output_tokens_details: { reasoning_tokens: 0 } },
    },
  },
  [
    { type: 'response.created', response: { ...response, status: 'in_progress', output: [], usage: null } },
    {
      type: 'response.output_item.added',
      output_index: 0,
      item: { ...message, status: 'in_progress', content: [] },
    },
    {
      type: 'response.content_part.added',
      ...place,
      part: { type: 'output_text', text: '', annotations: [], logprobs: [] },
    },
  ],
  {
    type: 'response.output_text.delta',
    sequence_number: 7,
    ...place,
    delta: WORD,
    logprobs: [],
    obfuscation: 'x1',
  },
);

const anthropicMessage = {
  id: 'msg_01XFDUDYJgAACzvnptvVoYEL',
  type: 'message',
  role: 'assistant',
  model: 'bench',
};
const anthropicUsage = {
  input_tokens: 61,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  output_tokens: 34,
};
const anthropic = answers(
  {
    ...anthropicMessage,
    content: [{ type: 'text', text: TEXT }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: anthropicUsage,
  },
  [
    {
      type: 'message_start',
      message: {
        ...anthropicMessage,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: anthropicUsage,
      },
    },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  ],
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: WORD } },
);

const googleUsage = { promptTokenCount: 61, candidatesTokenCount: 34, totalTokenCount: 95 };
const google = answers(
  {
    candidates: [{ content: { parts: [{ text: TEXT }], role: 'model' }, finishReason: 'STOP', index: 0 }],
    usageMetadata: googleUsage,
    modelVersion: 'bench',
    responseId: 'mCkAaaXcN4',
  },
  [],
  {
    candidates: [{ content: { parts: [{ text: WORD }], role: 'model' }, index: 0 }],
    usageMetadata: googleUsage,
    modelVersion: 'bench',
    responseId: 'mCkAaaXcN4',
  },
);

const bedrock: Answers = {
  json: whole({
    output: { message: { role: 'assistant', content: [{ text: TEXT }] } },
    stopReason: 'end_turn',
    usage: { inputTokens: 61, outputTokens: 34, totalTokens: 95 },
    metrics: { latencyMs: 200 },
  }),
  begin: streamHead('application/vnd.amazon.eventstream', [
    Buffer.from(eventStream(JSON.stringify({ messageStart: { role: 'assistant' } }))),
  ]),
  chunk: httpChunk(
    Buffer.from(
      eventStream(JSON.stringify({ contentBlockDelta: { contentBlockIndex: 0, delta: { text: WORD } } })),
    ),
  ),
};

/** 256 numbers, as small models give. */
const vector = Array.from({ length: 256 }, (_, at) => Math.sin(at) / 16);
const embeddings = answers(
  {
    object: 'list',
    data: [{ object: 'embedding', index: 0, embedding: vector }],
    model: 'bench',
    usage: { prompt_tokens: 61, total_tokens: 61 },
  },
  [],
  {},
);

export const ANSWERS: Readonly<Record<Format, Answers>> = {
  openai,
  responses,
  anthropic,
  google,
  bedrock,
  embeddings,
};

/** By the path that is asked for. */
export function formatOf(path: string): Format {
  if (path.includes('/responses')) return 'responses';
  if (path.includes('/messages')) return 'anthropic';
  if (path.includes('/embeddings')) return 'embeddings';
  if (path.includes('/converse')) return 'bedrock';
  return /:(?:stream)?generateContent/i.test(path) ? 'google' : 'openai';
}

function answers(body: object, beginning: readonly object[], delta: object): Answers {
  return {
    json: whole(body),
    begin: streamHead('text/event-stream', beginning.map(sseEvent)),
    chunk: httpChunk(sseEvent(delta)),
  };
}

function sseEvent(event: object): Buffer {
  const name = 'type' in event ? `event: ${event.type}\n` : '';
  return Buffer.from(`${name}data: ${JSON.stringify(event)}\n\n`);
}

function whole(body: object): Buffer {
  const json = JSON.stringify(body);
  return Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(json)}\r\n\r\n${json}`,
  );
}

function streamHead(type: string, events: readonly Buffer[]): Buffer {
  const head = `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ntransfer-encoding: chunked\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), ...events.map(httpChunk)]);
}

function httpChunk(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
}
