/** OpenAI’s chat completions, as a client of them writes and reads. */
import {
  type DoorUnderTest,
  dataUrl,
  finishOf,
  isWithTools,
  list,
  object,
  parsed,
  TOOL,
  usageOf,
  WEATHER,
} from './intent.ts';

export const chat: DoorUnderTest = {
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
    ...(intent.thinks === true ? { reasoning: { effort: 'low' } } : {}),
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
