/** Gemini’s generateContent, as a client of it writes and reads. */
import {
  type DoorUnderTest,
  finishOf,
  isWithTools,
  type Json,
  list,
  num,
  object,
  TOOL,
  WEATHER,
} from './intent.ts';

export const gemini: DoorUnderTest = {
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
      ...(intent.thinks === true ? { thinkingConfig: { includeThoughts: true, thinkingBudget: 1024 } } : {}),
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
