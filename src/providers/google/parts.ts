/** Parts of Google's answers as typed ones. */
import type { Part, ToolCallPart } from '../../chat/prompt.ts';
import { isJsonObject, type JsonObject, textOrNull } from '../../json.ts';

/** Text may stand beside a call, and a signature beside either, or alone. */
export function typedParts(part: JsonObject): Part[] {
  const signature = textOrNull(part['thoughtSignature']) || null;
  const text = textOrNull(part['text']) ?? '';
  const call = part['functionCall'];
  const signed = signature === null ? {} : { signature };
  if (part['thought'] === true) return [{ type: 'reasoning', text, format: 'google-gemini-v1', ...signed }];
  const parts: Part[] = text === '' ? [] : [{ type: 'text', text }];
  if (isJsonObject(call)) return [...parts, callPart(call, signature)];
  const inline = part['inlineData'];
  if (isJsonObject(inline)) parts.push(inlinePart(inline, part));
  else if (hasMore(part)) parts.push({ type: 'opaque', dialect: 'google-generate', value: part });
  if (signature !== null) parts.push({ type: 'reasoning', text: '', format: 'google-gemini-v1', signature });
  return parts;
}

/** Its signature stands beside it as Google's endpoint in OpenAI's dialect has it. */
function callPart(call: JsonObject, signature: string | null): ToolCallPart {
  return {
    type: 'tool-call',
    id: textOrNull(call['id']) || newCallId(),
    name: textOrNull(call['name']) ?? '',
    argumentsJson: JSON.stringify(call['args'] ?? {}),
    ...(signature === null ? {} : { extra: { extra_content: { google: { thought_signature: signature } } } }),
  };
}

const KNOWN = new Set(['text', 'thought', 'thoughtSignature', 'partMetadata']);

function hasMore(part: JsonObject): boolean {
  return Object.keys(part).some((name) => !KNOWN.has(name));
}

/** Pictures as most dialects show them, which have OpenAI's form for them beside the text. */
function inlinePart(inline: JsonObject, part: JsonObject): Part {
  const mediaType = textOrNull(inline['mimeType']) ?? '';
  if (!mediaType.startsWith('image/')) return { type: 'opaque', dialect: 'google-generate', value: part };
  const url = `data:${mediaType};base64,${textOrNull(inline['data']) ?? ''}`;
  const images = [{ type: 'image_url', image_url: { url }, index: 0 }];
  return { type: 'opaque', dialect: 'openai-chat', value: { images } };
}

/** Until its third generation Gemini's calls had no ids. */
function newCallId(): string {
  return `call_${crypto.randomUUID().replaceAll('-', '')}`;
}

/** The parts of one candidate, texts and thoughts that follow each other joined. */
export function joinedParts(parts: readonly Part[]): readonly Part[] {
  const joined: Part[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (last?.type === 'text' && part.type === 'text')
      joined[joined.length - 1] = { ...last, text: last.text + part.text };
    else if (last?.type === 'reasoning' && part.type === 'reasoning' && last.signature === undefined)
      joined[joined.length - 1] = { ...last, ...part, text: last.text + part.text };
    else joined.push(part);
  }
  return joined;
}

/** UTF-8 bytes of what the model wrote in these parts: text, thoughts, names and arguments of calls. */
export function writtenBytesOf(parts: readonly JsonObject[]): number {
  let bytes = 0;
  for (const { text, functionCall } of parts) {
    if (typeof text === 'string') bytes += Buffer.byteLength(text);
    if (!isJsonObject(functionCall)) continue;
    bytes += Buffer.byteLength(textOrNull(functionCall['name']) ?? '');
    const args = functionCall['args'] ?? functionCall['partialArgs'];
    if (args !== undefined) bytes += Buffer.byteLength(JSON.stringify(args));
  }
  return bytes;
}

/** In the middle they have OpenAI's form. */
export function typedLogprobs(value: unknown): JsonObject | null {
  if (!isJsonObject(value)) return null;
  const chosen = listOf(value['chosenCandidates']);
  const top = listOf(value['topCandidates']);
  if (chosen.length === 0) return null;
  return {
    content: chosen.map((token, at) => ({
      ...tokenOf(token),
      top_logprobs: listOf(top[at]?.['candidates']).map(tokenOf),
    })),
    refusal: null,
  };
}

function tokenOf({ token, logProbability }: JsonObject): JsonObject {
  return {
    token,
    logprob: logProbability,
    bytes: typeof token === 'string' ? [...Buffer.from(token)] : null,
  };
}

export function listOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}
