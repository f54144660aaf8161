/** A typed prompt as the AI SDK's, for one package: what that package cannot send on is refused here, before anything is sent. */
import type {
  LanguageModelV4FilePart,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
} from '@ai-sdk/provider';
import type {
  ChatMessage,
  ChatPrompt,
  MediaPart,
  Part,
  ReasoningPart,
  ToolCallPart,
} from '../../chat/prompt.ts';
import { invalidRequest } from '../../errors.ts';
import { isJsonObject, type JsonObject, textOrNull } from '../../json.ts';
import type { Quirks } from '../quirks.ts';
import { fileDataOf, mediaTypeOf } from './media.ts';
import type { SdkPackage } from './packages.ts';

type Options = { [key: string]: { [key: string]: never } };
type UserPart = Extract<LanguageModelV4Message, { role: 'user' }>['content'][number];
type AssistantPart = Extract<LanguageModelV4Message, { role: 'assistant' }>['content'][number];
type ToolPart = Extract<LanguageModelV4Message, { role: 'tool' }>['content'][number];
type ToolOutput = Extract<ToolPart, { type: 'tool-result' }>['output'];

/** Whom a prompt is for: the package, and the vendor's own name of the model. */
export interface Addressee {
  readonly traits: SdkPackage;
  readonly upstreamModel: string;
  readonly quirks: Quirks;
  /** `ProviderTarget.origin`. */
  readonly origin?: string | undefined;
}

/** Throws a 400 for content that the package has no words for. */
export function sdkPrompt(prompt: ChatPrompt, to: Addressee): LanguageModelV4Prompt {
  const names = new Map<string, string>();
  const messages = prompt.messages.flatMap((message) => messagesOf(message, to, names));
  markEnd(messages, prompt.parameters['cache_control'], to);
  if (!to.traits.leadingSystemOnly) return messages;
  // Vendors that know one instruction alone refuse a later one: as a part of it, it is at least heard.
  return [
    ...messages.filter(({ role }) => role === 'system'),
    ...messages.filter(({ role }) => role !== 'system'),
  ];
}

/** A mark on the whole request keeps all of its prompt, up to the last words of its caller. */
function markEnd(messages: readonly LanguageModelV4Message[], control: unknown, to: Addressee): void {
  if (!isJsonObject(control)) return;
  const last = messages.findLast(({ role }) => role === 'user' || role === 'tool');
  const options = cacheOptions(control['ttl'] === '1h' ? '1h' : '5m', to);
  if (last !== undefined && options !== undefined) last.providerOptions = options;
}

/** `names`: of the functions that were called so far, by the id of the call. */
function messagesOf(
  message: ChatMessage,
  to: Addressee,
  names: Map<string, string>,
): LanguageModelV4Message[] {
  switch (message.role) {
    case 'system':
    case 'developer':
      return systemOf(message, to);
    case 'assistant':
      return [
        { role: 'assistant', content: message.parts.flatMap((part) => assistantPart(part, to, names)) },
      ];
    case 'user':
    case 'tool':
      return [...resultsOf(message, to, names), ...userOf(message, to)];
  }
}

function systemOf({ parts }: ChatMessage, to: Addressee): LanguageModelV4Message[] {
  const texts = parts.map((part) => {
    if (part.type !== 'text')
      throw invalidRequest('a system message can only be text for this model’s provider');
    return { text: part.text, options: cacheOptions(part.cache, to) };
  });
  if (texts.every(({ options }) => options === undefined)) {
    return [{ role: 'system', content: texts.map(({ text }) => text).join('\n') }];
  }
  return texts.map(({ text, options }) => ({
    role: 'system',
    content: text,
    ...(options === undefined ? {} : { providerOptions: options }),
  }));
}

/** What tools gave back, also where a dialect has it inside of a user's message. */
function resultsOf(
  message: ChatMessage,
  to: Addressee,
  names: ReadonlyMap<string, string>,
): LanguageModelV4Message[] {
  const content = message.parts.flatMap((part): ToolPart[] => {
    if (part.type !== 'tool-result') return [];
    const marked = part.content.findLast((inner) => inner.type === 'text' || inner.type === 'media');
    const options = cacheOptions(marked?.cache, to);
    return [
      {
        type: 'tool-result',
        toolCallId: part.callId,
        toolName: names.get(part.callId) ?? message.name ?? part.callId,
        output: outputOf(part.content, part.isError, to),
        ...(options === undefined ? {} : { providerOptions: options }),
      },
    ];
  });
  return content.length === 0 ? [] : [{ role: 'tool', content }];
}

function outputOf(content: readonly Part[], isError: boolean, to: Addressee): ToolOutput {
  if (content.every((part) => part.type === 'text')) {
    const value = content.map(({ text }) => text).join('\n');
    return { type: isError ? 'error-text' : 'text', value };
  }
  if (!to.traits.media.inToolResults)
    throw invalidRequest('a tool’s result can only be text for this model’s provider');
  return {
    type: 'content',
    value: content.map((part) => {
      if (part.type === 'text') return { type: 'text', text: part.text };
      if (part.type === 'media' && part.source.kind === 'base64') return filePart(part, to);
      throw cannotSend(part);
    }),
  };
}

function userOf({ name, parts }: ChatMessage, to: Addressee): LanguageModelV4Message[] {
  const content = parts.flatMap((part): UserPart[] => {
    switch (part.type) {
      case 'tool-result':
        return [];
      case 'text':
        return [withOptions({ type: 'text', text: part.text }, part.cache, to)];
      case 'media':
        return [withOptions(filePart(part, to), part.cache, to)];
      default:
        throw cannotSend(part);
    }
  });
  if (content.length === 0 && parts.length > 0) return [];
  const first = content.find((part) => part.type === 'text');
  // The AI SDK knows no names: a model that is not told of one still reads who speaks.
  if (name !== null && first !== undefined) first.text = `${name}: ${first.text}`;
  return [{ role: 'user', content }];
}

function assistantPart(part: Part, to: Addressee, names: Map<string, string>): AssistantPart[] {
  switch (part.type) {
    case 'text':
      return [withOptions({ type: 'text', text: part.text }, part.cache, to)];
    case 'refusal':
      return [{ type: 'text', text: part.text }];
    case 'reasoning':
      return thoughtOf(part, to);
    case 'tool-call':
      names.set(part.id, part.name);
      return [callOf(part, to)];
    default:
      throw cannotSend(part);
  }
}

function callOf(part: ToolCallPart, to: Addressee): AssistantPart {
  const signature = googleSignature(part.extra);
  const options =
    signature === null || to.traits.optionsKey !== 'googleVertex' ? null : { thoughtSignature: signature };
  return {
    type: 'tool-call',
    toolCallId: part.id,
    toolName: part.name,
    input: parsed(part.argumentsJson),
    ...(options === null ? {} : { providerOptions: { googleVertex: options } }),
  };
}

/** As Google's own endpoint for OpenAI's dialect has it: `extra_content.google.thought_signature`. */
function googleSignature(extra: JsonObject | undefined): string | null {
  const content = extra?.['extra_content'];
  const google = isJsonObject(content) ? content['google'] : null;
  return isJsonObject(google) ? textOrNull(google['thought_signature']) : null;
}

/** A vendor gets its own thoughts back with their signatures, and none of another's. */
function thoughtOf(part: ReasoningPart, { traits, upstreamModel }: Addressee): AssistantPart[] {
  const { text, signature, redacted, format } = part;
  const signs = signerOf(traits, upstreamModel);
  const isOwn = signs !== null && format === signs.format;
  if (isOwn && redacted !== undefined && signs.sealed !== null) {
    return [
      { type: 'reasoning', text: '', providerOptions: { [traits.optionsKey]: { [signs.sealed]: redacted } } },
    ];
  }
  if (isOwn && signature !== undefined) {
    return [
      { type: 'reasoning', text, providerOptions: { [traits.optionsKey]: { [signs.signed]: signature } } },
    ];
  }
  return traits.takesPlainThoughts && text !== '' ? [{ type: 'reasoning', text }] : [];
}

/** Whose signatures a model's thoughts carry, and where its package has them. */
export function signerOf({ optionsKey }: SdkPackage, upstreamModel: string) {
  switch (optionsKey) {
    case 'anthropic':
      return { format: 'anthropic-claude-v1', signed: 'signature', sealed: 'redactedData' } as const;
    case 'amazonBedrock':
      // Other models there sign nothing.
      return isClaude(upstreamModel)
        ? ({ format: 'anthropic-claude-v1', signed: 'signature', sealed: 'redactedContent' } as const)
        : null;
    case 'googleVertex':
      return { format: 'google-gemini-v1', signed: 'thoughtSignature', sealed: null } as const;
    default:
      return null;
  }
}

export function isClaude(upstreamModel: string): boolean {
  return /claude|anthropic/.test(upstreamModel);
}

/** Undefined: there is no mark, or the vendor caches by itself. */
function cacheOptions(
  cache: '5m' | '1h' | undefined,
  { traits, upstreamModel }: Addressee,
): Options | undefined {
  if (cache === undefined) return undefined;
  const ttl = cache === '1h' ? { ttl: '1h' } : {};
  if (traits.optionsKey === 'anthropic') {
    return { anthropic: { cacheControl: { type: 'ephemeral', ...ttl } as never } };
  }
  // Bedrock refuses cache points for every other family.
  if (traits.optionsKey === 'amazonBedrock' && (isClaude(upstreamModel) || /nova/.test(upstreamModel))) {
    return { amazonBedrock: { cachePoint: { type: 'default', ...ttl } as never } };
  }
  return undefined;
}

function withOptions<P extends UserPart>(part: P, cache: '5m' | '1h' | undefined, to: Addressee): P {
  const options = cacheOptions(cache, to);
  return options === undefined ? part : { ...part, providerOptions: options };
}

function filePart(part: MediaPart, { traits }: Addressee): LanguageModelV4FilePart {
  const { media } = traits;
  const { kind, source, fileName, detail } = part;
  const known = source.kind === 'base64' ? media.inline : source.kind === 'url' ? media.byUrl : [];
  if (!known.includes(kind)) {
    const otherwise = source.kind === 'url' && media.inline.includes(kind) ? '; send it as a data: URL' : '';
    throw invalidRequest(
      `this model’s provider cannot be sent ${kind} content by ${source.kind}${otherwise}`,
    );
  }
  const options = detailOptions(detail, traits);
  return {
    type: 'file',
    mediaType: mediaTypeOf(part, traits.optionsKey),
    data: fileDataOf(source),
    ...(fileName === undefined ? {} : { filename: fileName }),
    ...(options === null ? {} : { providerOptions: options }),
  };
}

function detailOptions(detail: string | undefined, { optionsKey }: SdkPackage) {
  if (detail === undefined) return null;
  if (optionsKey === 'openai') return { openai: { imageDetail: detail } };
  return optionsKey === 'cohere' ? { cohere: { detail } } : null;
}

/** What a model wrote may be no JSON at all; then it goes back as the text that it is. */
function parsed(argumentsJson: string): unknown {
  if (argumentsJson.trim() === '') return {};
  try {
    return JSON.parse(argumentsJson);
  } catch {
    return argumentsJson;
  }
}

function cannotSend(part: Part) {
  return invalidRequest(`this model’s provider cannot be sent content of the type "${part.type}" here`);
}
