/**
 * A provider that says what it is told to say, whole or streamed a character at a time, in each wire format: OpenAI's chat completions
 * and Responses, Anthropic's messages and Google's `generateContent`, in the shapes of their references. Bytes leave in pieces that end
 * anywhere.
 */
export interface Speech {
  readonly text: string;
  readonly reasoning?: string;
  /** Arguments of a call of `mail`. */
  readonly argumentsJson?: string;
  readonly outputTokens?: number;
  /** Says no more than that, and stays silent. */
  readonly stopsAfterText?: boolean;
  /** In how many bytes at once it speaks; absent: 61. */
  readonly pieceBytes?: number;
  /** Waits so long before each of its last events, so that they come one by one. */
  readonly endPaceMs?: number;
}

export interface SpokenProvider extends AsyncDisposable {
  readonly url: string;
  /** Paths that were asked, and streams that were left before their end. */
  readonly asked: string[];
  readonly left: string[];
  speech: Speech;
}

export function startSpokenProvider(): SpokenProvider {
  const asked: string[] = [];
  const left: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const { pathname } = new URL(request.url);
      const body = (await request.json()) as { stream?: boolean };
      asked.push(pathname);
      const isStream = body.stream === true || pathname.includes('stream');
      const format = pathname.includes('responses')
        ? RESPONSES
        : pathname.includes('messages')
          ? ANTHROPIC
          : pathname.includes('enerateContent')
            ? GOOGLE
            : CHAT;
      const { speech } = provider;
      if (!isStream) return Response.json(format.whole(speech));
      const headers = { 'content-type': 'text/event-stream' };
      return new Response(
        inPieces(format.events(speech), speech, () => left.push(pathname)),
        { headers },
      );
    },
  });
  const provider: SpokenProvider = {
    url: `http://127.0.0.1:${server.port}`,
    asked,
    left,
    speech: { text: 'Hello.' },
    [Symbol.asyncDispose]: () => server.stop(true),
  };
  return provider;
}

/** Of the end of an item, of the answer, and its usage. */
const LAST_EVENTS = 4;

function inPieces(
  events: readonly object[],
  { stopsAfterText, pieceBytes = 61, endPaceMs }: Speech,
  onLeft: () => void,
): ReadableStream {
  const sse = events.map((event) => {
    const { type } = event as { type?: string };
    return `${type === undefined ? '' : `event: ${type}\n`}data: ${JSON.stringify(event)}\n\n`;
  });
  const last = endPaceMs === undefined ? [] : sse.splice(-LAST_EVENTS);
  const bytes = Buffer.from(sse.join(''));
  let at = 0;
  return new ReadableStream({
    async pull(controller) {
      const next = at < bytes.length ? undefined : last.shift();
      if (next !== undefined) {
        await Bun.sleep(endPaceMs ?? 0);
        controller.enqueue(Buffer.from(next));
        return;
      }
      if (at >= bytes.length) {
        if (stopsAfterText !== true) controller.close();
        return;
      }
      controller.enqueue(bytes.subarray(at, at + pieceBytes));
      at += pieceBytes;
    },
    cancel: onLeft,
  });
}

interface Format {
  whole(speech: Speech): object;
  events(speech: Speech): object[];
}

const chars = (text = ''): string[] => [...text];

const CHAT: Format = {
  whole: ({ text, reasoning, argumentsJson, outputTokens = 20 }) => ({
    ...{ id: 'c-1', object: 'chat.completion', model: 'spoken' },
    choices: [
      {
        index: 0,
        finish_reason: argumentsJson === undefined ? 'stop' : 'tool_calls',
        message: {
          ...{ role: 'assistant', content: text },
          ...(reasoning === undefined ? {} : { reasoning }),
          ...(argumentsJson === undefined ? {} : { tool_calls: [call(argumentsJson)] }),
        },
        logprobs: { content: [{ token: text, logprob: -0.1, bytes: [], top_logprobs: [] }], refusal: null },
      },
    ],
    usage: { prompt_tokens: 10, completion_tokens: outputTokens, total_tokens: 10 + outputTokens },
  }),
  events: ({ text, reasoning, argumentsJson, outputTokens = 20, stopsAfterText }) => {
    const chunk = (delta: object, finish: string | null = null, more: object = {}) => ({
      ...{ id: 'c-1', object: 'chat.completion.chunk', model: 'spoken' },
      choices: [{ index: 0, delta, finish_reason: finish, ...more }],
    });
    const logprobs = (token: string) => ({
      logprobs: { content: [{ token, logprob: -0.1, bytes: [], top_logprobs: [] }], refusal: null },
    });
    const said = [
      chunk({ role: 'assistant', content: '' }),
      ...chars(reasoning).map((one) => chunk({ reasoning: one })),
      ...chars(text).map((one) => chunk({ content: one }, null, logprobs(one))),
    ];
    if (stopsAfterText === true) return said;
    return [
      ...said,
      ...(argumentsJson === undefined
        ? []
        : [chunk({ tool_calls: [{ index: 0, ...call('') }] })].concat(
            chars(argumentsJson).map((one) =>
              chunk({ tool_calls: [{ index: 0, function: { arguments: one } }] }),
            ),
          )),
      chunk({}, argumentsJson === undefined ? 'stop' : 'tool_calls'),
      {
        ...{ id: 'c-1', object: 'chat.completion.chunk', model: 'spoken', choices: [] },
        usage: { prompt_tokens: 10, completion_tokens: outputTokens, total_tokens: 10 + outputTokens },
      },
    ];
  },
};

const call = (argumentsJson: string) => ({
  ...{ id: 'call_1', type: 'function', function: { name: 'mail', arguments: argumentsJson } },
});

const ANTHROPIC: Format = {
  whole: ({ text, reasoning, argumentsJson, outputTokens = 20 }) => ({
    ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'spoken', stop_sequence: null },
    content: [
      ...(reasoning === undefined ? [] : [{ type: 'thinking', thinking: reasoning, signature: 'c2lnbmVk' }]),
      { type: 'text', text },
      ...(argumentsJson === undefined
        ? []
        : [{ type: 'tool_use', id: 'toolu_1', name: 'mail', input: JSON.parse(argumentsJson) }]),
    ],
    stop_reason: argumentsJson === undefined ? 'end_turn' : 'tool_use',
    usage: { input_tokens: 10, output_tokens: outputTokens },
  }),
  events: ({ text, reasoning, argumentsJson, outputTokens = 20, stopsAfterText }) => {
    const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'spoken', content: [] };
    let index = -1;
    const block = (begun: object, deltas: readonly object[]) => {
      index += 1;
      return [
        { type: 'content_block_start', index, content_block: begun },
        ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
        { type: 'content_block_stop', index },
      ];
    };
    const said = [
      {
        type: 'message_start',
        message: {
          ...message,
          stop_reason: null,
          stop_sequence: null,
          usage: { input_tokens: 10, output_tokens: 1 },
        },
      },
      ...(reasoning === undefined
        ? []
        : block({ type: 'thinking', thinking: '', signature: '' }, [
            ...chars(reasoning).map((thinking) => ({ type: 'thinking_delta', thinking })),
            { type: 'signature_delta', signature: 'c2lnbmVk' },
          ])),
      ...block(
        { type: 'text', text: '' },
        chars(text).map((one) => ({ type: 'text_delta', text: one })),
      ),
    ];
    if (stopsAfterText === true) return said;
    return [
      ...said,
      ...(argumentsJson === undefined
        ? []
        : block(
            { type: 'tool_use', id: 'toolu_1', name: 'mail', input: {} },
            chars(argumentsJson).map((one) => ({ type: 'input_json_delta', partial_json: one })),
          )),
      {
        type: 'message_delta',
        delta: { stop_reason: argumentsJson === undefined ? 'end_turn' : 'tool_use', stop_sequence: null },
        usage: { output_tokens: outputTokens },
      },
      { type: 'message_stop' },
    ];
  },
};

const GOOGLE: Format = {
  whole: ({ text, reasoning, argumentsJson, outputTokens = 20 }) => ({
    candidates: [
      {
        content: {
          role: 'model',
          parts: [
            ...(reasoning === undefined ? [] : [{ text: reasoning, thought: true }]),
            { text },
            ...(argumentsJson === undefined ? [] : [functionCall(argumentsJson)]),
          ],
        },
        finishReason: 'STOP',
        index: 0,
      },
    ],
    ...googleEnd(outputTokens),
  }),
  events: ({ text, reasoning, argumentsJson, outputTokens = 20, stopsAfterText }) => {
    const chunk = (parts: readonly object[], more: object = {}) => ({
      candidates: [{ content: { role: 'model', parts }, index: 0, ...more }],
    });
    const said = [
      ...chars(reasoning).map((one) => chunk([{ text: one, thought: true }])),
      ...chars(text).map((one) => chunk([{ text: one }])),
    ];
    if (stopsAfterText === true) return said;
    return [
      ...said,
      ...(argumentsJson === undefined ? [] : [chunk([functionCall(argumentsJson)])]),
      { ...chunk([{ text: '' }], { finishReason: 'STOP' }), ...googleEnd(outputTokens) },
    ];
  },
};

const functionCall = (argumentsJson: string) => ({
  functionCall: { name: 'mail', args: JSON.parse(argumentsJson) },
});
const googleEnd = (outputTokens: number) => ({
  usageMetadata: {
    promptTokenCount: 10,
    candidatesTokenCount: outputTokens,
    totalTokenCount: 10 + outputTokens,
  },
  modelVersion: 'spoken',
  responseId: 'g-1',
});

const RESPONSES: Format = {
  whole: (speech) => response(speech, 'completed'),
  events: (speech) => {
    const { text, reasoning, argumentsJson, stopsAfterText } = speech;
    const items = itemsOf(speech);
    const all: object[] = [
      { type: 'response.created', response: { ...response(speech, 'in_progress'), output: [] } },
    ];
    for (const [output_index, item] of items.entries()) {
      const item_id = item.id;
      const place = { item_id, output_index };
      all.push({ type: 'response.output_item.added', output_index, item: emptied(item) });
      if (item.type === 'reasoning')
        for (const delta of chars(reasoning))
          all.push({ type: 'response.reasoning_summary_text.delta', ...place, summary_index: 0, delta });
      if (item.type === 'message') {
        for (const delta of chars(text))
          all.push({ type: 'response.output_text.delta', ...place, content_index: 0, delta, logprobs: [] });
        if (stopsAfterText === true) return all;
        all.push({ type: 'response.output_text.done', ...place, content_index: 0, text, logprobs: [] });
      }
      if (item.type === 'function_call') {
        for (const delta of chars(argumentsJson))
          all.push({ type: 'response.function_call_arguments.delta', ...place, delta });
        all.push({ type: 'response.function_call_arguments.done', ...place, arguments: argumentsJson });
      }
      all.push({ type: 'response.output_item.done', output_index, item });
    }
    all.push({ type: 'response.completed', response: response(speech, 'completed') });
    return all.map((event, sequence_number) => ({ ...event, sequence_number }));
  },
};

interface Item {
  readonly type: string;
  readonly id: string;
  readonly [member: string]: unknown;
}

function itemsOf({ text, reasoning, argumentsJson }: Speech): Item[] {
  return [
    ...(reasoning === undefined
      ? []
      : [
          {
            ...{ type: 'reasoning', id: 'rs_1', encrypted_content: 'c2VhbGVk' },
            summary: [{ type: 'summary_text', text: reasoning }],
          },
        ]),
    {
      ...{ type: 'message', id: 'msg_1', role: 'assistant', status: 'completed' },
      content: [{ type: 'output_text', text, annotations: [], logprobs: [] }],
    },
    ...(argumentsJson === undefined
      ? []
      : [
          {
            ...{ type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'mail', status: 'completed' },
            arguments: argumentsJson,
          },
        ]),
  ];
}

function emptied(item: Item): object {
  if (item.type === 'message') return { ...item, content: [], status: 'in_progress' };
  return item.type === 'reasoning'
    ? { type: item.type, id: item.id, summary: [] }
    : { ...item, arguments: '' };
}

function response(speech: Speech, status: string) {
  const { outputTokens = 20 } = speech;
  return {
    ...{ id: 'resp_1', object: 'response', created_at: 1_790_000_000, model: 'spoken', status, error: null },
    output: itemsOf(speech),
    usage: {
      ...{ input_tokens: 10, input_tokens_details: { cached_tokens: 0 }, output_tokens: outputTokens },
      ...{ output_tokens_details: { reasoning_tokens: 0 }, total_tokens: 10 + outputTokens },
    },
  };
}
