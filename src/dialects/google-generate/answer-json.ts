/** Pieces of an answer as Google's clients read them. */
import type { FinishReason } from '../../chat/event.ts';
import type { OpaquePart, Part, ReasoningPart, ToolCallPart } from '../../chat/prompt.ts';
import { isJsonObject, type JsonObject, parseExact, textOrNull } from '../../json.ts';
import { signatureOf } from './signature.ts';

const FINISH_REASONS: Readonly<Record<FinishReason, string>> = {
  stop: 'STOP',
  length: 'MAX_TOKENS',
  // Google ends an answer that calls functions like any other.
  tool_calls: 'STOP',
  content_filter: 'SAFETY',
  error: 'OTHER',
};

export function finishReasonOf(reason: FinishReason | null): string {
  return reason === null ? 'FINISH_REASON_UNSPECIFIED' : FINISH_REASONS[reason];
}

/** Google's word for a call whose arguments are no JSON object: such a call is never shown, or somebody would run it. */
export const MALFORMED_CALL = 'MALFORMED_FUNCTION_CALL';

/** `hidesThoughts`: the caller did not ask for them. Null for a call that cannot be written. */
export function partsJson(part: Part, hidesThoughts: boolean): readonly JsonObject[] | null {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return part.text === '' ? [] : [{ text: part.text }];
    case 'reasoning':
      return hidesThoughts ? [] : [thoughtJson(part)];
    case 'tool-call': {
      const call = callJson(part);
      return call === null ? null : [call];
    }
    case 'opaque':
      return opaqueJson(part);
    case 'media':
    case 'tool-result':
      // No model's answer has one.
      return [];
  }
}

function thoughtJson(part: ReasoningPart): JsonObject {
  const thoughtSignature = signatureOf(part);
  return { text: part.text, thought: true, ...(thoughtSignature === undefined ? {} : { thoughtSignature }) };
}

/** Null: its arguments are no JSON object. */
export function callJson({ id, name, argumentsJson, extra }: ToolCallPart): JsonObject | null {
  const args = argumentsOf(argumentsJson);
  if (args === null) return null;
  const signature = callSignature(extra);
  return {
    functionCall: { ...(id === '' ? {} : { id }), name, args },
    ...(signature === null ? {} : { thoughtSignature: signature }),
  };
}

function argumentsOf(json: string): JsonObject | null {
  if (json.trim() === '') return {};
  try {
    const args: unknown = parseExact(json);
    return isJsonObject(args) ? args : null;
  } catch {
    return null;
  }
}

/** Where Google's endpoint in OpenAI's dialect has it. */
function callSignature(extra: JsonObject | undefined): string | null {
  const content = extra?.['extra_content'];
  const google = isJsonObject(content) ? content['google'] : null;
  return isJsonObject(google) ? textOrNull(google['thought_signature']) : null;
}

/** Google's own, and pictures, which OpenAI's dialect has beside the text. */
export function opaqueJson({ dialect, value }: Omit<OpaquePart, 'type'>): readonly JsonObject[] {
  if (dialect === 'google-generate') return [value];
  const images = Array.isArray(value['images']) ? value['images'].filter(isJsonObject) : [];
  return images.flatMap(({ image_url: image }) => {
    const url = isJsonObject(image) ? textOrNull(image['url']) : null;
    const match = url === null ? null : /^data:([^;,]+);base64,/.exec(url);
    if (url === null || match === null) return [];
    return [{ inlineData: { mimeType: match[1], data: url.slice(match[0].length) } }];
  });
}

/** From the form that answers have in the middle, which is OpenAI's. */
export function logprobsJson(value: JsonObject): JsonObject {
  const tokens = Array.isArray(value['content']) ? value['content'].filter(isJsonObject) : [];
  return {
    topCandidates: tokens.map((token) => ({
      candidates: (Array.isArray(token['top_logprobs']) ? token['top_logprobs'] : []).map(tokenJson),
    })),
    chosenCandidates: tokens.map(tokenJson),
  };
}

function tokenJson({ token, logprob }: JsonObject): JsonObject {
  return { token, logProbability: logprob };
}
