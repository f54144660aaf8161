/**
 * What each vendor's API insists on, as its reference has it: a server that takes whatever comes would let a member be lost on the
 * way. Each gives what is wrong with a request; null: nothing.
 */
import type { Json } from './intent.ts';

export interface AskedRequest {
  readonly path: string;
  readonly headers: Headers;
  readonly body: Json;
}

type Check = (request: AskedRequest) => string | null;

const list = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : []);
const object = (value: unknown): Json => (value ?? {}) as Json;
const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** The first thing that is wrong. */
function firstOf(checks: readonly (string | null | false)[]): string | null {
  return checks.find((wrong): wrong is string => typeof wrong === 'string') ?? null;
}

/** A schema that a model can be told: an object with properties, each of a type. */
function wrongSchema(schema: unknown, where: string): string | null {
  const { type, properties } = object(schema);
  if (String(type).toLowerCase() !== 'object') return `${where}: a schema must be of type object`;
  const untyped = Object.entries(object(properties)).find(([, member]) => !isText(object(member)['type']));
  return untyped === undefined ? null : `${where}.${untyped[0]}: has no type`;
}

/** Each result answers a call of the turn before it, and each call is answered. */
function wrongCalls(
  turns: readonly { readonly calls: readonly string[]; readonly results: readonly string[] }[],
): string | null {
  let open: readonly string[] = [];
  for (const { calls, results } of turns) {
    const stray = results.find((id) => !open.includes(id));
    if (stray !== undefined) return `result ${stray} answers no call`;
    const unanswered = open.find((id) => !results.includes(id));
    if (unanswered !== undefined) return `call ${unanswered} has no result`;
    if (new Set(calls).size !== calls.length) return 'two calls have one id';
    open = calls;
  }
  return null;
}

/** Chat completions (platform.openai.com/docs/api-reference/chat). */
function wrongChat({ body }: AskedRequest): string | null {
  const messages = list(body['messages']);
  const turns: { calls: string[]; results: string[] }[] = [];
  for (const message of messages) {
    const isResult = message['role'] === 'tool';
    const last = turns.at(-1);
    if (isResult && last !== undefined && last.calls.length === 0)
      last.results.push(String(message['tool_call_id']));
    else if (isResult) turns.push({ calls: [], results: [String(message['tool_call_id'])] });
    else turns.push({ calls: list(message['tool_calls']).map(({ id }) => String(id)), results: [] });
  }
  return firstOf([
    !isText(body['model']) && 'model is required',
    messages.length === 0 && 'messages is required',
    ...messages.map(wrongChatMessage),
    ...list(body['tools']).map(
      ({ type, function: fn }) =>
        (type !== 'function' && `tools: unknown type ${type}`) ||
        (!/^[\w-]{1,64}$/.test(String(object(fn)['name'])) && 'tools.function.name is invalid') ||
        wrongSchema(object(fn)['parameters'], 'tools.function.parameters'),
    ),
    body['response_format'] !== undefined && wrongFormat(object(body['response_format'])),
    wrongCalls(turns),
  ]);
}

function wrongChatMessage(message: Json): string | null {
  const { role, content } = message;
  if (!['system', 'developer', 'user', 'assistant', 'tool'].includes(String(role)))
    return `unknown role ${role}`;
  if (role === 'tool' && !isText(message['tool_call_id'])) return 'tool_call_id is required';
  if (role !== 'assistant' && (content ?? null) === null) return `content of ${role} is required`;
  for (const call of list(message['tool_calls'])) {
    const fn = object(call['function']);
    if (call['type'] !== 'function' || !isText(fn['name'])) return 'tool_calls: not a function';
    if (typeof fn['arguments'] !== 'string') return 'tool_calls.function.arguments must be a string';
  }
  for (const part of list(content)) {
    const { type } = part;
    if (type === 'text' ? typeof part['text'] !== 'string' : type !== 'image_url')
      return `unknown part ${type}`;
    if (
      type === 'image_url' &&
      !/^data:image\/png;base64,\S+$/.test(String(object(part['image_url'])['url']))
    )
      return 'image_url.url is no picture';
  }
  return null;
}

function wrongFormat({ type, json_schema }: Json): string | null {
  if (type !== 'json_schema') return `unknown response_format ${type}`;
  const { name, schema } = object(json_schema);
  return isText(name)
    ? wrongSchema(schema, 'response_format')
    : 'response_format.json_schema.name is required';
}

/** Messages (docs.claude.com/en/api/messages). */
function wrongMessages({ body, headers }: AskedRequest): string | null {
  const messages = list(body['messages']);
  const blocks = (message: Json) => list(message['content']);
  const ids = (message: Json, type: string, member: string) =>
    blocks(message)
      .filter((block) => block['type'] === type)
      .map((block) => String(block[member]));
  const isThinking = object(body['thinking'])['type'] === 'enabled';
  return firstOf([
    headers.get('anthropic-version') !== '2023-06-01' && 'anthropic-version: header is required',
    !isText(headers.get('x-api-key')) && 'x-api-key header is required',
    !isText(body['model']) && 'model: Field required',
    !(Number(body['max_tokens']) >= 1) && 'max_tokens: Field required',
    messages.length === 0 && 'messages: at least one message is required',
    messages[0]?.['role'] !== 'user' && 'messages: first message must use the user role',
    ...messages.map(
      ({ role }) => role !== 'user' && role !== 'assistant' && `messages: unexpected role ${role}`,
    ),
    ...messages.flatMap(blocks).map(wrongBlock),
    isThinking &&
      !(Number(object(body['thinking'])['budget_tokens']) < Number(body['max_tokens'])) &&
      'max_tokens must be greater than thinking.budget_tokens',
    isThinking &&
      lastTurnOfCalls(messages)?.[0]?.['type'] === 'tool_use' &&
      'Expected `thinking` or `redacted_thinking`, but found `tool_use`',
    ...list(body['tools']).map(
      (tool) =>
        (!/^[\w-]{1,128}$/.test(String(tool['name'])) && 'tools.name is invalid') ||
        wrongSchema(tool['input_schema'], 'tools.input_schema'),
    ),
    wrongCalls(
      messages.map((message) => ({
        calls: ids(message, 'tool_use', 'id'),
        results: ids(message, 'tool_result', 'tool_use_id'),
      })),
    ),
  ]);
}

/** What thinking stands before, where results come back now. */
function lastTurnOfCalls(messages: readonly Json[]): Json[] | undefined {
  const isResult = list(messages.at(-1)?.['content']).some(({ type }) => type === 'tool_result');
  return isResult ? list(messages.at(-2)?.['content']) : undefined;
}

function wrongBlock(block: Json): string | null {
  switch (block['type']) {
    case 'text':
      return isText(block['text']) ? null : 'text content blocks must be non-empty';
    case 'image': {
      const { type, media_type, data } = object(block['source']);
      return type === 'base64' && media_type === 'image/png' && isText(data)
        ? null
        : 'image.source is no picture';
    }
    case 'thinking':
      return isText(block['signature']) ? null : 'thinking.signature: Field required';
    case 'redacted_thinking':
      return isText(block['data']) ? null : 'redacted_thinking.data: Field required';
    case 'tool_use':
      if (!/^[\w-]+$/.test(String(block['id']))) return 'tool_use.id is invalid';
      return typeof block['input'] === 'object' && isText(block['name'])
        ? null
        : 'tool_use.input is required';
    case 'tool_result':
      return isText(block['tool_use_id']) ? null : 'tool_result.tool_use_id is required';
    default:
      return `unknown block ${block['type']}`;
  }
}

/** generateContent (ai.google.dev/api/generate-content). */
function wrongGemini({ body, path, headers }: AskedRequest): string | null {
  const contents = list(body['contents']);
  const parts = (content: Json) => list(content['parts']);
  const named = (content: Json, member: string) =>
    parts(content)
      .filter((part) => part[member] !== undefined)
      .map((part) => String(object(part[member])['name']));
  const counts = contents.map((content) => [
    named(content, 'functionCall'),
    named(content, 'functionResponse'),
  ]);
  const config = object(body['generationConfig']);
  return firstOf([
    !isText(headers.get('x-goog-api-key')) && 'Method doesn’t allow unregistered callers',
    !/\/models\/[^/]+:(generateContent|streamGenerateContent)(\?|$)/.test(path) && `no such method: ${path}`,
    contents.length === 0 && 'contents is not specified',
    /\/gemini-3/.test(path) &&
      unsignedCall(contents.map(parts)) &&
      'Function call is missing a thought_signature in functionCall parts.',
    ...contents.map(
      ({ role }) => role !== 'user' && role !== 'model' && `Please use a valid role, not ${role}`,
    ),
    ...contents.flatMap(parts).map(wrongPart),
    ...counts.map(([, results = []], at) => {
      const calls = counts[at - 1]?.[0] ?? [];
      const isAnswered = results.length === 0 || results.join() === calls.join();
      return isAnswered
        ? null
        : 'the number of function response parts is not equal to that of the function calls';
    }),
    ...list(body['tools']).flatMap((tool) =>
      list(tool['functionDeclarations']).map((fn) =>
        wrongSchema(fn['parameters'] ?? fn['parametersJsonSchema'], `functionDeclarations.${fn['name']}`),
      ),
    ),
    (config['responseSchema'] ?? config['responseJsonSchema']) !== undefined &&
      (config['responseMimeType'] !== 'application/json'
        ? 'responseSchema needs responseMimeType application/json'
        : wrongSchema(config['responseSchema'] ?? config['responseJsonSchema'], 'responseSchema')),
  ]);
}

/**
 * Of the turn that goes on, the first call of each step needs its signature (ai.google.dev/gemini-api/docs/thought-signatures); a
 * turn begins with what a user says.
 */
function unsignedCall(contents: readonly Json[][]): boolean {
  const begins = contents.findLastIndex(
    (parts) =>
      parts.some(({ text, inlineData }) => text !== undefined || inlineData !== undefined) &&
      parts.every(
        ({ functionResponse, functionCall }) => functionResponse === undefined && functionCall === undefined,
      ),
  );
  return contents.slice(begins + 1).some((parts) => {
    const first = parts.find(({ functionCall }) => functionCall !== undefined);
    return first !== undefined && !isText(first['thoughtSignature']);
  });
}

function wrongPart(part: Json): string | null {
  const { inlineData, functionCall, functionResponse } = part;
  const kinds = ['text', 'inlineData', 'functionCall', 'functionResponse'].filter((kind) => kind in part);
  if (kinds.length !== 1) return `a part must have one kind of data, not ${kinds.join(', ') || 'none'}`;
  const { mimeType, data } = object(inlineData);
  if (inlineData !== undefined && (mimeType !== 'image/png' || !isText(data)))
    return 'inlineData is no picture';
  if (functionCall !== undefined && !isText(object(functionCall)['name']))
    return 'functionCall.name is required';
  if (functionResponse !== undefined && typeof object(functionResponse)['response'] !== 'object')
    return 'functionResponse.response must be a struct';
  return null;
}

/** Converse (docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html). */
function wrongConverse({ body, path, headers }: AskedRequest): string | null {
  const messages = list(body['messages']);
  const ids = (message: Json, member: string) =>
    list(message['content'])
      .filter((block) => block[member] !== undefined)
      .map((block) => String(object(block[member])['toolUseId']));
  return firstOf([
    !/^Bearer |^AWS4-HMAC-SHA256 /.test(headers.get('authorization') ?? '') && 'Missing Authentication Token',
    !/\/model\/[^/]+\/converse(-stream)?$/.test(path) && `no such operation: ${path}`,
    messages[0]?.['role'] !== 'user' && 'A conversation must start with a user message',
    ...messages.map(
      ({ role }, at) => role === messages[at + 1]?.['role'] && `two messages of ${role} in a row`,
    ),
    ...messages.flatMap((message) => list(message['content'])).map(wrongConverseBlock),
    ...list(object(body['toolConfig'])['tools']).map(({ toolSpec }) =>
      wrongSchema(object(object(toolSpec)['inputSchema'])['json'], 'toolSpec.inputSchema'),
    ),
    messages.some((message) => ids(message, 'toolUse').length > 0) &&
      list(object(body['toolConfig'])['tools']).length === 0 &&
      'The toolConfig field must be defined when using toolUse and toolResult content blocks.',
    wrongCalls(
      messages.map((message) => ({ calls: ids(message, 'toolUse'), results: ids(message, 'toolResult') })),
    ),
  ]);
}

function wrongConverseBlock(block: Json): string | null {
  const image = object(block['image']);
  if ('image' in block && (image['format'] !== 'png' || !isText(object(image['source'])['bytes'])))
    return 'image is no picture';
  if ('text' in block && !isText(block['text'])) return 'The text field in the ContentBlock object is blank';
  if ('toolUse' in block && typeof object(block['toolUse'])['input'] !== 'object')
    return 'toolUse.input is no object';
  if ('reasoningContent' in block && !isSealed(object(block['reasoningContent'])))
    return 'reasoningContent has no signature';
  return ['text', 'image', 'toolUse', 'toolResult', 'reasoningContent'].some((kind) => kind in block)
    ? null
    : `unknown block ${Object.keys(block)}`;
}

function isSealed({ reasoningText, redactedContent }: Json): boolean {
  return isText(redactedContent) || isText(object(reasoningText)['signature']);
}

function wrongCohereFormat({ type, json_schema }: Json): string | null {
  if (type !== 'json_object') return `unknown response_format ${type}`;
  return json_schema === undefined ? null : wrongSchema(json_schema, 'response_format.json_schema');
}

export const CHECKS: Readonly<Record<string, Check>> = {
  openai: (request) =>
    /^Bearer ./.test(request.headers.get('authorization') ?? '') ? wrongChat(request) : 'no API key provided',
  // api-docs.deepseek.com/guides/thinking_mode: a turn of calls goes on with what was thought before them.
  deepseek: (request) =>
    firstOf([
      wrongChat(request),
      list(request.body['messages']).some(
        (message) => list(message['tool_calls']).length > 0 && !isText(message['reasoning_content']),
      ) && 'Missing `reasoning_content` field in the assistant message',
    ]),
  azure: (request) =>
    firstOf([
      !isText(request.headers.get('api-key')) && 'Access denied due to missing subscription key',
      !/\/deployments\/[^/]+\/chat\/completions\?api-version=2024-10-21$/.test(request.path) &&
        `Resource not found: ${request.path}`,
      wrongChat(request),
    ]),
  anthropic: wrongMessages,
  google: wrongGemini,
  bedrock: wrongConverse,
  // Cohere's second version takes OpenAI's messages, and names a form its own way (docs.cohere.com/reference/chat).
  cohere: (request) =>
    /^Bearer ./.test(request.headers.get('authorization') ?? '')
      ? firstOf([
          wrongChat({ ...request, body: { ...request.body, response_format: undefined } }),
          request.body['response_format'] !== undefined &&
            wrongCohereFormat(object(request.body['response_format'])),
        ])
      : 'no api key supplied',
};
