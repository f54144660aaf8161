/** OpenAI’s Responses, as a client of them writes and reads. */
import {
  type DoorUnderTest,
  dataUrl,
  isWithTools,
  list,
  object,
  parsed,
  TOOL,
  usageOf,
  WEATHER,
} from './intent.ts';

export const responses: DoorUnderTest = {
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
    ...(intent.thinks === true ? { reasoning: { effort: 'low' } } : {}),
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
