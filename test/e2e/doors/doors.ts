/** The four doors of inference: one intent as a client of each would write it, and what such a client reads of the answer. */
export type Json = Record<string, unknown>;

export interface Call {
  readonly id: string;
  readonly name: string;
  readonly args: Json;
}

/** What a client wants, in no door's words. */
export interface Intent {
  readonly model: string;
  readonly system?: string;
  readonly text: string;
  /** PNG, base64. */
  readonly image?: string;
  /** Called by the model in one turn, and answered by `results` in the same order. */
  readonly calls?: readonly Call[];
  readonly results?: readonly string[];
  readonly schema?: Json;
  readonly cap?: number;
  readonly stream?: boolean;
}

export interface Heard {
  readonly status: number;
  readonly id: string | null;
  readonly body: Json;
  /** All data events of a stream, in order. */
  readonly events: readonly Json[];
  readonly raw: string;
}

export interface Read {
  readonly text: string;
  readonly calls: readonly { readonly name: string; readonly args: unknown }[];
  readonly finish: 'stop' | 'tool_calls' | 'length' | 'other';
  readonly usage: { readonly input: number; readonly output: number; readonly cost: number };
}

export interface DoorUnderTest {
  readonly name: string;
  path(intent: Intent): string;
  body(intent: Intent): Json;
  whole(body: Json): Read;
  streamed(events: readonly Json[]): Read;
  /** Frames that end an answer in this door's form, of those a stream had. */
  endings(heard: Heard): number;
  /** The words of an error in this door's envelope; undefined where it is not one. */
  error(body: Json): unknown;
}

const WEATHER = { type: 'object', properties: { location: { type: 'string' } }, required: ['location'] };
const TOOL = 'weather';
const list = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : []);
const object = (value: unknown): Json => (value ?? {}) as Json;
const parsed = (text: unknown): unknown =>
  text === '' || text === undefined ? {} : JSON.parse(String(text));
const num = (value: unknown): number => Number(value ?? Number.NaN);
const dataUrl = (image: string) => `data:image/png;base64,${image}`;
const isWithTools = (intent: Intent) => intent.calls !== undefined;

function finishOf(word: unknown, names: Readonly<Record<string, Read['finish']>>): Read['finish'] {
  return names[String(word)] ?? 'other';
}

const chat: DoorUnderTest = {
  name: 'chat',
  path: () => '/api/v1/chat/completions',
  body: (intent) => ({
    model: intent.model,
    ...(intent.stream === true ? { stream: true } : {}),
    messages: [
      ...(intent.system === undefined ? [] : [{ role: 'system', content: intent.system }]),
      {
        role: 'user',
        content: [
          { type: 'text', text: intent.text },
          ...(intent.image === undefined
            ? []
            : [{ type: 'image_url', image_url: { url: dataUrl(intent.image) } }]),
        ],
      },
      ...(intent.calls === undefined
        ? []
        : [
            {
              role: 'assistant',
              content: null,
              tool_calls: intent.calls.map(({ id, name, args }) => ({
                ...{ id, type: 'function' },
                function: { name, arguments: JSON.stringify(args) },
              })),
            },
            ...intent.calls.map(({ id }, index) => ({
              ...{ role: 'tool', tool_call_id: id, content: intent.results?.[index] },
            })),
          ]),
    ],
    ...(isWithTools(intent)
      ? { tools: [{ type: 'function', function: { name: TOOL, parameters: WEATHER } }] }
      : {}),
    ...(intent.schema === undefined
      ? {}
      : {
          response_format: {
            type: 'json_schema',
            json_schema: { name: 'answer', schema: intent.schema, strict: true },
          },
        }),
    ...(intent.cap === undefined ? {} : { max_tokens: intent.cap }),
  }),
  whole(body) {
    const choice = object(list(body['choices'])[0]);
    const message = object(choice['message']);
    return {
      text: String(message['content'] ?? ''),
      calls: list(message['tool_calls']).map((call) => ({
        name: String(object(call['function'])['name']),
        args: parsed(object(call['function'])['arguments']),
      })),
      finish: finishOf(choice['finish_reason'], { stop: 'stop', tool_calls: 'tool_calls', length: 'length' }),
      usage: usageOf(body['usage'], 'prompt_tokens', 'completion_tokens'),
    };
  },
  streamed(events) {
    let text = '';
    let finish: unknown;
    let usage: unknown;
    const calls: { name: string; args: string }[] = [];
    for (const event of events) {
      usage = event['usage'] ?? usage;
      const choice = object(list(event['choices'])[0]);
      finish = choice['finish_reason'] ?? finish;
      const delta = object(choice['delta']);
      text += String(delta['content'] ?? '');
      for (const call of list(delta['tool_calls'])) {
        const at = Number(call['index']);
        const of = object(call['function']);
        calls[at] ??= { name: '', args: '' };
        calls[at].name += String(of['name'] ?? '');
        calls[at].args += String(of['arguments'] ?? '');
      }
    }
    return {
      text,
      calls: calls.map(({ name, args }) => ({ name, args: parsed(args) })),
      finish: finishOf(finish, { stop: 'stop', tool_calls: 'tool_calls', length: 'length' }),
      usage: usageOf(usage, 'prompt_tokens', 'completion_tokens'),
    };
  },
  endings: ({ raw }) => raw.split('data: [DONE]').length - 1,
  error: (body) => object(body['error'])['message'],
};

const messages: DoorUnderTest = {
  name: 'messages',
  path: () => '/api/v1/messages',
  body: (intent) => ({
    model: intent.model,
    max_tokens: intent.cap ?? 4096,
    ...(intent.stream === true ? { stream: true } : {}),
    ...(intent.system === undefined ? {} : { system: intent.system }),
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: intent.text },
          ...(intent.image === undefined
            ? []
            : [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: intent.image } }]),
        ],
      },
      ...(intent.calls === undefined
        ? []
        : [
            {
              role: 'assistant',
              content: intent.calls.map(({ id, name, args }) => ({
                ...{ type: 'tool_use', id, name, input: args },
              })),
            },
            {
              role: 'user',
              content: intent.calls.map(({ id }, index) => ({
                ...{ type: 'tool_result', tool_use_id: id, content: intent.results?.[index] },
              })),
            },
          ]),
    ],
    ...(isWithTools(intent) ? { tools: [{ name: TOOL, input_schema: WEATHER }] } : {}),
    ...(intent.schema === undefined
      ? {}
      : { output_config: { format: { type: 'json_schema', schema: intent.schema } } }),
  }),
  whole(body) {
    const content = list(body['content']);
    return {
      text: content
        .filter(({ type }) => type === 'text')
        .map(({ text }) => text)
        .join(''),
      calls: content
        .filter(({ type }) => type === 'tool_use')
        .map(({ name, input }) => ({ name: String(name), args: input })),
      finish: finishOf(body['stop_reason'], ANTHROPIC_FINISH),
      usage: anthropicUsage(body['usage']),
    };
  },
  streamed(events) {
    const blocks: { type: string; name: string; text: string }[] = [];
    let finish: unknown;
    let usage: Json = {};
    for (const event of events) {
      const at = Number(event['index']);
      if (event['type'] === 'message_start') usage = object(object(event['message'])['usage']);
      if (event['type'] === 'content_block_start') {
        const block = object(event['content_block']);
        blocks[at] = { type: String(block['type']), name: String(block['name']), text: '' };
      }
      const block = blocks[at];
      if (event['type'] === 'content_block_delta' && block !== undefined) {
        const delta = object(event['delta']);
        block.text += String(delta['text'] ?? delta['partial_json'] ?? '');
      }
      if (event['type'] === 'message_delta') {
        finish = object(event['delta'])['stop_reason'];
        usage = { ...usage, ...object(event['usage']) };
      }
    }
    const of = (type: string) => blocks.filter((block) => block.type === type);
    return {
      text: of('text')
        .map(({ text }) => text)
        .join(''),
      calls: of('tool_use').map(({ name, text }) => ({ name, args: parsed(text) })),
      finish: finishOf(finish, ANTHROPIC_FINISH),
      usage: anthropicUsage(usage),
    };
  },
  endings: ({ events }) => events.filter(({ type }) => type === 'message_stop' || type === 'error').length,
  error: (body) => (body['type'] === 'error' ? object(body['error'])['message'] : undefined),
};

const ANTHROPIC_FINISH = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  tool_use: 'tool_calls',
  max_tokens: 'length',
} as const;

function anthropicUsage(usage: unknown): Read['usage'] {
  const counts = object(usage);
  const cached =
    Number(counts['cache_read_input_tokens'] ?? 0) + Number(counts['cache_creation_input_tokens'] ?? 0);
  return {
    input: num(counts['input_tokens']) + cached,
    output: num(counts['output_tokens']),
    cost: num(counts['cost']),
  };
}

const responses: DoorUnderTest = {
  name: 'responses',
  path: () => '/api/v1/responses',
  body: (intent) => ({
    model: intent.model,
    store: false,
    ...(intent.stream === true ? { stream: true } : {}),
    ...(intent.system === undefined ? {} : { instructions: intent.system }),
    input: [
      {
        role: 'user',
        content: [
          { type: 'input_text', text: intent.text },
          ...(intent.image === undefined
            ? []
            : [{ type: 'input_image', detail: 'auto', image_url: dataUrl(intent.image) }]),
        ],
      },
      ...(intent.calls ?? []).map(({ id, name, args }) => ({
        ...{ type: 'function_call', call_id: id, name, arguments: JSON.stringify(args) },
      })),
      ...(intent.calls ?? []).map(({ id }, index) => ({
        ...{ type: 'function_call_output', call_id: id, output: intent.results?.[index] },
      })),
    ],
    ...(isWithTools(intent)
      ? { tools: [{ type: 'function', name: TOOL, parameters: WEATHER, strict: false }] }
      : {}),
    ...(intent.schema === undefined
      ? {}
      : { text: { format: { type: 'json_schema', name: 'answer', schema: intent.schema, strict: true } } }),
    ...(intent.cap === undefined ? {} : { max_output_tokens: intent.cap }),
  }),
  whole(body) {
    const output = list(body['output']);
    const calls = output.filter(({ type }) => type === 'function_call');
    const isCut = body['status'] === 'incomplete';
    return {
      text: output
        .filter(({ type }) => type === 'message')
        .flatMap(({ content }) => list(content))
        .map(({ text }) => text ?? '')
        .join(''),
      calls: calls.map((call) => ({ name: String(call['name']), args: parsed(call['arguments']) })),
      finish: isCut ? 'length' : calls.length > 0 ? 'tool_calls' : 'stop',
      usage: usageOf(body['usage'], 'input_tokens', 'output_tokens'),
    };
  },
  streamed(events) {
    const last = events.findLast(({ response }) => response !== undefined);
    return responses.whole(object(last?.['response']));
  },
  endings: ({ events }) =>
    events.filter(({ type }) => /^(?:response\.(?:completed|failed|incomplete)|error)$/.test(String(type)))
      .length,
  error: (body) => object(body['error'])['message'],
};

const gemini: DoorUnderTest = {
  name: 'gemini',
  path: ({ model, stream }) =>
    `/api/v1beta/models/${model}:${stream === true ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
  body: (intent) => ({
    ...(intent.system === undefined ? {} : { systemInstruction: { parts: [{ text: intent.system }] } }),
    contents: [
      {
        role: 'user',
        parts: [
          { text: intent.text },
          ...(intent.image === undefined
            ? []
            : [{ inlineData: { mimeType: 'image/png', data: intent.image } }]),
        ],
      },
      ...(intent.calls === undefined
        ? []
        : [
            {
              role: 'model',
              parts: intent.calls.map(({ id, name, args }) => ({ functionCall: { id, name, args } })),
            },
            {
              role: 'user',
              parts: intent.calls.map(({ id, name }, index) => ({
                functionResponse: { id, name, response: { output: intent.results?.[index] } },
              })),
            },
          ]),
    ],
    ...(isWithTools(intent)
      ? { tools: [{ functionDeclarations: [{ name: TOOL, parametersJsonSchema: WEATHER }] }] }
      : {}),
    generationConfig: {
      ...(intent.cap === undefined ? {} : { maxOutputTokens: intent.cap }),
      ...(intent.schema === undefined
        ? {}
        : { responseMimeType: 'application/json', responseJsonSchema: intent.schema }),
    },
  }),
  whole: (body) => gemini.streamed([body]),
  streamed(events) {
    let finish: unknown;
    let usage: Json = {};
    const parts: Json[] = [];
    for (const event of events) {
      usage = { ...usage, ...object(event['usageMetadata']) };
      const candidate = object(list(event['candidates'])[0]);
      finish = candidate['finishReason'] ?? finish;
      parts.push(...list(object(candidate['content'])['parts']));
    }
    const calls = parts.flatMap(({ functionCall }) =>
      functionCall === undefined ? [] : [object(functionCall)],
    );
    return {
      text: parts
        .filter(({ thought }) => thought !== true)
        .map(({ text }) => text ?? '')
        .join(''),
      calls: calls.map(({ name, args }) => ({ name: String(name), args: args ?? {} })),
      finish:
        calls.length > 0 && finish === 'STOP'
          ? 'tool_calls'
          : finishOf(finish, { STOP: 'stop', MAX_TOKENS: 'length' }),
      usage: {
        input: num(usage['promptTokenCount']),
        output: Number(usage['candidatesTokenCount'] ?? 0) + Number(usage['thoughtsTokenCount'] ?? 0),
        cost: num(usage['cost']),
      },
    };
  },
  endings: ({ events }) =>
    events.filter(
      (event) => event['error'] !== undefined || list(event['candidates'])[0]?.['finishReason'] !== undefined,
    ).length,
  error: (body) =>
    typeof object(body['error'])['status'] === 'string' ? object(body['error'])['message'] : undefined,
};

function usageOf(usage: unknown, input: string, output: string): Read['usage'] {
  const counts = object(usage);
  return { input: num(counts[input]), output: num(counts[output]), cost: num(counts['cost']) };
}

export const DOORS: readonly DoorUnderTest[] = [chat, messages, responses, gemini];

/** Sends it as it is: `body` may be what is no request at all. */
export async function send(url: string, key: string, body: string): Promise<Heard> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body,
  });
  const raw = await answer.text();
  const isStream = answer.headers.get('content-type')?.startsWith('text/event-stream') === true;
  const events = isStream
    ? raw
        .split('\n')
        .filter((line) => line.startsWith('data: {'))
        .map((line) => JSON.parse(line.slice(6)) as Json)
    : [];
  return {
    status: answer.status,
    id: answer.headers.get('x-generation-id'),
    body: isStream ? {} : (JSON.parse(raw) as Json),
    ...{ events, raw },
  };
}

export async function ask(
  door: DoorUnderTest,
  { url, key }: { readonly url: string; readonly key: string },
  intent: Intent,
  change: (body: Json) => Json = (body) => body,
): Promise<Heard> {
  return await send(url + door.path(intent), key, JSON.stringify(change(door.body(intent))));
}

export function read(door: DoorUnderTest, heard: Heard): Read {
  return heard.events.length > 0 ? door.streamed(heard.events) : door.whole(heard.body);
}
