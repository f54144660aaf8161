/** Anthropic’s Messages, as a client of them writes and reads. */
import {
  type DoorUnderTest,
  finishOf,
  isWithTools,
  type Json,
  list,
  num,
  object,
  parsed,
  type Read,
  TOOL,
  WEATHER,
} from './intent.ts';

export const messages: DoorUnderTest = {
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
    ...(intent.thinks === true ? { thinking: { type: 'enabled', budget_tokens: 1024 } } : {}),
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
