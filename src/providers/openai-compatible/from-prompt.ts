/** The typed prompt as a chat request of OpenAI's dialect, for callers who speak another. */
import type {
  ChatMessage,
  ChatPrompt,
  FunctionTool,
  MediaPart,
  Part,
  ReasoningPart,
  ToolCallPart,
  ToolChoice,
  ToolResultPart,
} from '../../chat/prompt.ts';
import { TurnpikeError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';

/** Throws a 400 for what this dialect has no words for: nothing is dropped in silence. */
export function bodyOfPrompt(prompt: ChatPrompt): JsonObject {
  const { tools, toolChoice, parallelToolCalls, format, stop } = prompt;
  return {
    ...prompt.parameters,
    messages: prompt.messages.flatMap(messagesOf),
    ...(tools.length === 0 ? {} : { tools: tools.map(toolJson) }),
    ...(toolChoice === null ? {} : { tool_choice: toolChoiceJson(toolChoice) }),
    ...(parallelToolCalls === null ? {} : { parallel_tool_calls: parallelToolCalls }),
    ...(format === null ? {} : { response_format: formatJson(format) }),
    ...(stop.length === 0 ? {} : { stop }),
  };
}

/** The result of each tool is a message of its own here. */
function messagesOf({ role, name, parts }: ChatMessage): JsonObject[] {
  const results = parts.filter((part) => part.type === 'tool-result').map(resultJson);
  const rest = parts.filter((part) => part.type !== 'tool-result');
  if (rest.length === 0 && results.length > 0) return results;
  const named = name === null ? {} : { name };
  const message = role === 'assistant' ? assistantJson(rest) : { role, content: contentJson(rest) };
  return [...results, { ...message, ...named }];
}

function assistantJson(parts: readonly Part[]): JsonObject {
  const thoughts = parts.filter((part) => part.type === 'reasoning');
  const refusals = parts.filter((part) => part.type === 'refusal');
  const calls = parts.filter((part) => part.type === 'tool-call');
  const opaque = parts.filter((part) => part.type === 'opaque');
  const spoken = parts.filter((part) => part.type === 'text' || part.type === 'media');
  const message: JsonObject = {
    role: 'assistant',
    content: spoken.length === 0 ? null : contentJson(spoken),
  };
  if (refusals.length > 0) message['refusal'] = refusals.map(({ text }) => text).join('');
  if (calls.length > 0) message['tool_calls'] = calls.map(callJson);
  if (thoughts.length > 0) {
    message['reasoning'] = thoughts.map(({ text }) => text).join('');
    message['reasoning_details'] = thoughts.map(detailJson);
  }
  for (const part of opaque) Object.assign(message, opaqueJson(part));
  return message;
}

/** Plain text as plain text, which every vendor takes. */
function contentJson(parts: readonly Part[]): string | JsonObject[] {
  const isPlain = parts.every((part) => part.type === 'text' && part.cache === undefined);
  if (isPlain && parts.length <= 1) return parts.map((part) => ('text' in part ? part.text : '')).join('');
  return parts.map(partJson);
}

function partJson(part: Part): JsonObject {
  switch (part.type) {
    case 'text':
      return { type: 'text', text: part.text, ...cacheJson(part.cache) };
    case 'media':
      return { ...mediaJson(part), ...cacheJson(part.cache) };
    case 'opaque':
      return opaqueJson(part);
    default:
      throw unsayable(part.type);
  }
}

function cacheJson(cache: '5m' | '1h' | undefined): JsonObject {
  return cache === undefined ? {} : { cache_control: { type: 'ephemeral', ttl: cache } };
}

function mediaJson({ kind, source, fileName, detail }: MediaPart): JsonObject {
  switch (kind) {
    case 'image':
      return {
        type: 'image_url',
        image_url: { url: urlOf(source), ...(detail === undefined ? {} : { detail }) },
      };
    case 'video':
      return { type: 'video_url', video_url: { url: urlOf(source) } };
    case 'audio':
      if (source.kind !== 'base64') throw unsayable('audio by address');
      return {
        type: 'input_audio',
        input_audio: { data: source.data, format: source.mediaType.replace(/^audio\//, '') },
      };
    case 'file': {
      const named = fileName === undefined ? {} : { filename: fileName };
      const file = source.kind === 'id' ? { file_id: source.id } : { file_data: urlOf(source) };
      return { type: 'file', file: { ...named, ...file } };
    }
  }
}

function urlOf(source: MediaPart['source']): string {
  if (source.kind === 'id') throw unsayable('media by id');
  return source.kind === 'url' ? source.url : `data:${source.mediaType};base64,${source.data}`;
}

function resultJson({ callId, content }: ToolResultPart): JsonObject {
  return { role: 'tool', tool_call_id: callId, content: contentJson(content) };
}

function callJson({ id, name, argumentsJson, extra }: ToolCallPart): JsonObject {
  return { id, type: 'function', function: { name, arguments: argumentsJson }, ...extra };
}

function detailJson({ text, signature, redacted }: ReasoningPart): JsonObject {
  if (redacted !== undefined) return { type: 'reasoning.encrypted', data: redacted };
  return { type: 'reasoning.text', text, ...(signature === undefined ? {} : { signature }) };
}

function opaqueJson(part: Part & { type: 'opaque' }): JsonObject {
  if (part.dialect !== 'openai-chat') throw unsayable(String(part.value['type'] ?? part.dialect));
  return part.value;
}

function toolJson({ name, description, parameters, strict }: FunctionTool): JsonObject {
  return {
    type: 'function',
    function: {
      name,
      ...(description === null ? {} : { description }),
      ...(parameters === null ? {} : { parameters }),
      ...(strict === null ? {} : { strict }),
    },
  };
}

function toolChoiceJson(choice: ToolChoice): string | JsonObject {
  return typeof choice === 'string' ? choice : { type: 'function', function: { name: choice.name } };
}

function formatJson(format: NonNullable<ChatPrompt['format']>): JsonObject {
  if (format.type !== 'schema') return { type: format.type === 'text' ? 'text' : 'json_object' };
  const { name, schema, strict } = format;
  return { type: 'json_schema', json_schema: { name, schema, strict } };
}

function unsayable(what: string): TurnpikeError {
  return new TurnpikeError('invalid_request', {
    message: `This model's provider cannot be sent ${what}`,
  });
}
