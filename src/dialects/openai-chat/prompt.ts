/** A chat request of OpenAI's dialect as the typed prompt in the middle. The request was checked before. */
import type {
  AnswerFormat,
  ChatMessage,
  ChatPrompt,
  FunctionTool,
  MediaPart,
  MediaSource,
  Part,
  ReasoningFormat,
  ReasoningPart,
  Role,
  ToolChoice,
} from '../../chat/prompt.ts';
import { isJsonObject, type JsonObject, textOrNull } from '../../json.ts';
import { listOf, sourceOf } from '../content.ts';

/** What the prompt has a place of its own for. */
const TYPED_MEMBERS = new Set([
  'messages',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'response_format',
  'stop',
  'max_tokens',
  'max_completion_tokens',
  'reasoning',
  'reasoning_effort',
]);

/** `body` is the request without the members that only the gateway reads. */
export function promptOf(body: JsonObject): ChatPrompt {
  const parameters: JsonObject = {};
  for (const name in body) if (!TYPED_MEMBERS.has(name)) parameters[name] = body[name];
  const toolChoice = toolChoiceOf(body['tool_choice']);
  const format = formatOf(body['response_format']);
  // What has no typed form stays under its name, so that whoever cannot be told it can say so.
  const others = listOf(body['tools']).filter((tool) => functionToolOf(tool).length === 0);
  if (others.length > 0) parameters['tools'] = others;
  if (toolChoice === null && isTold(body['tool_choice'])) parameters['tool_choice'] = body['tool_choice'];
  if (format === null && isTold(body['response_format']))
    parameters['response_format'] = body['response_format'];
  return {
    messages: listOf(body['messages']).map(messageOf),
    tools: listOf(body['tools']).flatMap(functionToolOf),
    toolChoice,
    parallelToolCalls: typeof body['parallel_tool_calls'] === 'boolean' ? body['parallel_tool_calls'] : null,
    format,
    stop: stopOf(body['stop']),
    parameters,
  };
}

function isTold(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function messageOf(message: JsonObject): ChatMessage {
  return { role: roleOf(message['role']), name: textOrNull(message['name']), parts: partsOf(message) };
}

/** `function` is how tools answered before there were tools. */
function roleOf(role: unknown): Role {
  switch (role) {
    case 'system':
    case 'developer':
    case 'assistant':
    case 'tool':
      return role;
    case 'function':
      return 'tool';
    default:
      return 'user';
  }
}

function partsOf(message: JsonObject): readonly Part[] {
  const role = roleOf(message['role']);
  const content = contentParts(message['content']);
  if (role === 'tool') {
    const callId = textOrNull(message['tool_call_id']) ?? textOrNull(message['name']) ?? '';
    return [{ type: 'tool-result', callId, content, isError: false }];
  }
  if (role !== 'assistant') return content;
  const refusal = textOrNull(message['refusal']);
  return [
    ...reasoningParts(message),
    ...content,
    ...(refusal === null ? [] : [{ type: 'refusal', text: refusal } as const]),
    ...listOf(message['tool_calls']).map(toolCallPart),
    ...mediaOfAnswer(message),
  ];
}

function contentParts(content: unknown): readonly Part[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return listOf(content).map(contentPart);
}

function contentPart(part: JsonObject): Part {
  const cache = cacheOf(part['cache_control']);
  switch (part['type']) {
    case 'text':
    case 'input_text':
    case 'output_text':
      return { type: 'text', text: textOrNull(part['text']) ?? '', ...cache };
    case 'refusal':
      return { type: 'refusal', text: textOrNull(part['refusal']) ?? '' };
    case 'image_url':
      return { ...imagePart(part['image_url']), ...cache };
    case 'input_audio':
      return { ...audioPart(part['input_audio']), ...cache };
    case 'video_url':
    case 'input_video':
      return { ...mediaPart('video', urlOf(part['video_url'] ?? part['input_video'])), ...cache };
    case 'file':
      return { ...filePart(part['file']), ...cache };
    default:
      return { type: 'opaque', dialect: 'openai-chat', value: part };
  }
}

function cacheOf(control: unknown): { cache?: '5m' | '1h' } {
  if (!isJsonObject(control)) return {};
  return { cache: control['ttl'] === '1h' ? '1h' : '5m' };
}

function imagePart(image: unknown): MediaPart {
  const detail = isJsonObject(image) ? textOrNull(image['detail']) : null;
  return { ...mediaPart('image', urlOf(image)), ...(detail === null ? {} : { detail }) };
}

function audioPart(audio: unknown): MediaPart {
  const { data, format } = isJsonObject(audio) ? audio : {};
  return {
    type: 'media',
    kind: 'audio',
    source: {
      kind: 'base64',
      mediaType: `audio/${textOrNull(format) ?? 'wav'}`,
      data: textOrNull(data) ?? '',
    },
  };
}

function filePart(file: unknown): MediaPart {
  const { filename, file_data, file_id } = isJsonObject(file) ? file : {};
  const name = textOrNull(filename);
  const id = textOrNull(file_id);
  const source: MediaSource = id === null ? sourceOf(textOrNull(file_data) ?? '') : { kind: 'id', id };
  return { type: 'media', kind: 'file', source, ...(name === null ? {} : { fileName: name }) };
}

function mediaPart(kind: MediaPart['kind'], url: string): MediaPart {
  return { type: 'media', kind, source: sourceOf(url) };
}

/** Some write the URL itself where an object with a `url` belongs. */
function urlOf(value: unknown): string {
  return textOrNull(value) ?? (isJsonObject(value) ? textOrNull(value['url']) : null) ?? '';
}

/** From the details where there are any, for they carry signatures; else from the text alone, under either name. */
function reasoningParts(message: JsonObject): readonly ReasoningPart[] {
  const details = wholeThoughts(listOf(message['reasoning_details'])).flatMap(reasoningPart);
  if (details.length > 0) return details;
  const text = textOrNull(message['reasoning']) ?? textOrNull(message['reasoning_content']);
  return text === null || text === '' ? [] : [{ type: 'reasoning', text }];
}

/** Clients send back the details of a stream as they came, a piece each: the signature behind them is of all that is before it. */
function wholeThoughts(details: readonly JsonObject[]): JsonObject[] {
  const whole: JsonObject[] = [];
  for (const detail of details) {
    const last = whole.at(-1);
    if (last === undefined || !isSameThought(last, detail)) whole.push({ ...detail });
    else {
      const text = (textOrNull(last['text']) ?? '') + (textOrNull(detail['text']) ?? '');
      Object.assign(last, detail, { text });
    }
  }
  return whole;
}

function isSameThought(before: JsonObject, next: JsonObject): boolean {
  return (
    before['type'] === 'reasoning.text' &&
    next['type'] === 'reasoning.text' &&
    !before['signature'] &&
    before['index'] === next['index'] &&
    before['format'] === next['format']
  );
}

function reasoningPart(detail: JsonObject): ReasoningPart[] {
  const signature = textOrNull(detail['signature']);
  const format = formatOfThought(detail['format']);
  const id = textOrNull(detail['id']);
  const sealed = {
    ...(signature === null ? {} : { signature }),
    ...(format === null ? {} : { format }),
    ...(id === null ? {} : { id }),
  };
  switch (detail['type']) {
    case 'reasoning.text':
      return [{ type: 'reasoning', text: textOrNull(detail['text']) ?? '', ...sealed }];
    case 'reasoning.summary':
      return [{ type: 'reasoning', text: textOrNull(detail['summary']) ?? '', ...sealed }];
    case 'reasoning.encrypted':
      return [{ type: 'reasoning', text: '', redacted: textOrNull(detail['data']) ?? '', ...sealed }];
    default:
      return [];
  }
}

const FORMATS: readonly ReasoningFormat[] = [
  'anthropic-claude-v1',
  'google-gemini-v1',
  'openai-responses-v1',
  'xai-responses-v1',
];

/** Null: it does not say whose it is. */
function formatOfThought(format: unknown): ReasoningFormat | null {
  return FORMATS.find((known) => known === format) ?? null;
}

function toolCallPart(call: JsonObject): Part {
  const { id, type: _, index: __, function: called, ...extra } = call;
  const fn = isJsonObject(called) ? called : {};
  return {
    type: 'tool-call',
    id: textOrNull(id) ?? '',
    name: textOrNull(fn['name']) ?? '',
    argumentsJson: textOrNull(fn['arguments']) ?? '',
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
}

/** Images and audio of an earlier answer stand beside its content. */
function mediaOfAnswer(message: JsonObject): Part[] {
  return ['images', 'audio'].flatMap((name) => {
    const value = message[name] ?? null;
    return value === null
      ? []
      : [{ type: 'opaque' as const, dialect: 'openai-chat' as const, value: { [name]: value } }];
  });
}

function functionToolOf(tool: JsonObject): FunctionTool[] {
  const fn = tool['function'];
  if (tool['type'] !== 'function' || !isJsonObject(fn)) return [];
  return [
    {
      name: textOrNull(fn['name']) ?? '',
      description: textOrNull(fn['description']),
      parameters: isJsonObject(fn['parameters']) ? fn['parameters'] : null,
      strict: typeof fn['strict'] === 'boolean' ? fn['strict'] : null,
    },
  ];
}

function toolChoiceOf(choice: unknown): ToolChoice | null {
  if (choice === 'auto' || choice === 'none' || choice === 'required') return choice;
  const fn = isJsonObject(choice) ? choice['function'] : null;
  const name = isJsonObject(fn) ? textOrNull(fn['name']) : null;
  return name === null ? null : { name };
}

function formatOf(format: unknown): AnswerFormat | null {
  if (!isJsonObject(format)) return null;
  if (format['type'] === 'text') return { type: 'text' };
  if (format['type'] === 'json_object') return { type: 'json' };
  const schema = format['json_schema'];
  if (format['type'] !== 'json_schema' || !isJsonObject(schema)) return null;
  return {
    type: 'schema',
    name: textOrNull(schema['name']) ?? '',
    schema: isJsonObject(schema['schema']) ? schema['schema'] : {},
    strict: schema['strict'] === true,
  };
}

function stopOf(stop: unknown): readonly string[] {
  if (typeof stop === 'string') return [stop];
  return Array.isArray(stop) ? stop.filter((text) => typeof text === 'string') : [];
}
