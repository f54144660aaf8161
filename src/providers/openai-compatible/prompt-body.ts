/** A typed prompt as a body of OpenAI's dialect, for callers who speak another one. */
import type {
  AnswerFormat,
  ChatMessage,
  ChatPrompt,
  MediaPart,
  Part,
  ReasoningPart,
  ToolChoice,
  ToolResultPart,
} from '../../chat/prompt.ts';
import { invalidRequest } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';

/** Throws a 400 for content that OpenAI's dialect has no words for. */
export function bodyOfPrompt(prompt: ChatPrompt): JsonObject {
  return {
    messages: messagesOf(prompt.messages),
    ...(prompt.tools.length === 0 ? {} : { tools: prompt.tools.map(toolOf) }),
    ...(prompt.toolChoice === null ? {} : { tool_choice: choiceOf(prompt.toolChoice) }),
    ...(prompt.parallelToolCalls === null ? {} : { parallel_tool_calls: prompt.parallelToolCalls }),
    ...(prompt.format === null ? {} : { response_format: formatOf(prompt.format) }),
    ...(prompt.stop.length === 0 ? {} : { stop: prompt.stop }),
    ...prompt.parameters,
  };
}

/** Images and files of results go to the user's message behind them: nothing may stand between a call and its results. */
function messagesOf(messages: readonly ChatMessage[]): JsonObject[] {
  const all: JsonObject[] = [];
  let media: JsonObject[] = [];
  for (const message of messages) {
    const { results, said, media: own } = saidOf(message);
    all.push(...results);
    media.push(...own);
    if (said === null) continue;
    if (media.length > 0) all.push({ role: 'user', content: media });
    media = [];
    all.push(said);
  }
  if (media.length > 0) all.push({ role: 'user', content: media });
  return all;
}

interface Said {
  /** What tools gave back: messages of their own there, before what else was said with them. */
  readonly results: readonly JsonObject[];
  readonly media: readonly JsonObject[];
  /** Null: the message held nothing but results. */
  readonly said: JsonObject | null;
}

function saidOf(message: ChatMessage): Said {
  const results: JsonObject[] = [];
  const media: JsonObject[] = [];
  const content: JsonObject[] = [];
  const calls: JsonObject[] = [];
  const details: JsonObject[] = [];
  let refusal = '';
  for (const part of message.parts) {
    switch (part.type) {
      case 'tool-result':
        results.push({ role: 'tool', tool_call_id: part.callId, content: resultText(part) });
        media.push(...resultMedia(part));
        break;
      case 'tool-call':
        calls.push({
          id: part.id,
          type: 'function',
          ...part.extra,
          function: { name: part.name, arguments: part.argumentsJson },
        });
        break;
      case 'reasoning':
        details.push(...detailsOf(part));
        break;
      case 'refusal':
        refusal += part.text;
        break;
      default:
        content.push(contentPart(part));
    }
  }
  const isOnlyResults = content.length + calls.length + details.length === 0 && refusal === '';
  if (isOnlyResults && (results.length > 0 || message.role === 'tool')) return { results, media, said: null };
  // Only an assistant may say nothing but calls.
  const nothing = message.role === 'assistant' ? null : '';
  const said: JsonObject = { role: message.role, content: contentOf(content) ?? nothing };
  if (message.name !== null) said['name'] = message.name;
  if (details.length > 0) said['reasoning_details'] = details;
  if (refusal !== '') said['refusal'] = refusal;
  if (calls.length > 0) said['tool_calls'] = calls;
  return { results, media, said };
}

/** A tool answers in text alone there, and nothing but its text says that it failed. */
function resultText({ content, isError }: ToolResultPart): string | readonly JsonObject[] {
  const parts = content.filter(({ type }) => type !== 'media').map(contentPart);
  if (parts.length < content.length) parts.push({ type: 'text', text: MEDIA_FOLLOW });
  if (isError) parts.unshift({ type: 'text', text: 'The tool failed:' });
  return contentOf(parts) ?? '';
}

const MEDIA_FOLLOW = 'The rest of this result is in the next message.';

/** Images and files of a result, for the message behind all results. */
function resultMedia({ callId, content }: ToolResultPart): JsonObject[] {
  const media = content.filter(({ type }) => type === 'media').map(contentPart);
  return media.length === 0 ? [] : [{ type: 'text', text: `From the result of ${callId}:` }, ...media];
}

/** A thought that was shown and sealed too is two of them, as OpenRouter has it. */
function detailsOf({ text, signature, redacted, format, id }: ReasoningPart): JsonObject[] {
  const names = { ...(format === undefined ? {} : { format }), ...(id === undefined ? {} : { id }) };
  const signed = signature === undefined ? {} : { signature };
  if (redacted === undefined) return [{ type: 'reasoning.text', text, ...signed, ...names }];
  const sealed = { type: 'reasoning.encrypted', data: redacted, ...names };
  return text === '' ? [sealed] : [{ type: 'reasoning.summary', summary: text, ...names }, sealed];
}

/** Plain text where nothing but text was said: some vendors take no list. */
function contentOf(parts: readonly JsonObject[]): string | readonly JsonObject[] | null {
  if (parts.length === 0) return null;
  const isPlain = parts.every((part) => part['type'] === 'text' && part['cache_control'] === undefined);
  return isPlain ? parts.map((part) => String(part['text'])).join('\n') : parts;
}

function contentPart(part: Part): JsonObject {
  if (part.type === 'text') return { type: 'text', text: part.text, ...cacheMark(part.cache) };
  if (part.type === 'media') return { ...mediaOf(part), ...cacheMark(part.cache) };
  if (part.type === 'opaque' && part.dialect === 'openai-chat') return part.value;
  const type = part.type === 'opaque' ? String(part.value['type']) : part.type;
  throw invalidRequest(`this model's provider cannot be sent content of the type "${type}" here`);
}

function cacheMark(cache: '5m' | '1h' | undefined): JsonObject {
  if (cache === undefined) return {};
  return { cache_control: cache === '1h' ? { type: 'ephemeral', ttl: '1h' } : { type: 'ephemeral' } };
}

function mediaOf({ kind, source, fileName, detail }: MediaPart): JsonObject {
  const url =
    source.kind === 'url'
      ? source.url
      : source.kind === 'base64'
        ? `data:${source.mediaType};base64,${source.data}`
        : null;
  switch (kind) {
    case 'image':
      if (url === null) break;
      return { type: 'image_url', image_url: { url, ...(detail === undefined ? {} : { detail }) } };
    case 'video':
      if (url === null) break;
      return { type: 'video_url', video_url: { url } };
    case 'audio':
      if (source.kind !== 'base64') break;
      return {
        type: 'input_audio',
        input_audio: { data: source.data, format: audioFormat(source.mediaType) },
      };
    case 'file': {
      const name = fileName === undefined ? {} : { filename: fileName };
      const data = source.kind === 'id' ? { file_id: source.id } : { file_data: url };
      return { type: 'file', file: { ...name, ...data } };
    }
  }
  throw invalidRequest(`this model's provider cannot be sent ${kind} content by ${source.kind}`);
}

function audioFormat(mediaType: string): string {
  const subtype = mediaType.split('/')[1]?.split(';')[0] ?? mediaType;
  return { mpeg: 'mp3', 'x-wav': 'wav', wave: 'wav' }[subtype] ?? subtype;
}

function toolOf(tool: ChatPrompt['tools'][number]): JsonObject {
  return {
    type: 'function',
    function: {
      name: tool.name,
      ...(tool.description === null ? {} : { description: tool.description }),
      ...(tool.parameters === null ? {} : { parameters: tool.parameters }),
      ...(tool.strict === null ? {} : { strict: tool.strict }),
    },
  };
}

function choiceOf(choice: ToolChoice): unknown {
  return typeof choice === 'string' ? choice : { type: 'function', function: { name: choice.name } };
}

function formatOf(format: AnswerFormat): JsonObject {
  if (format.type !== 'schema') return { type: format.type === 'json' ? 'json_object' : 'text' };
  const { name, schema, strict } = format;
  return { type: 'json_schema', json_schema: { name, schema, strict } };
}
