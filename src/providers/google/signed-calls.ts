/**
 * From its third generation on, Gemini refuses a step of a turn whose first call has no signature (its guide on thought signatures).
 * Another model may have made that call, or its client may have lost the signature.
 */
import { UNSIGNED } from '../../chat/origin.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import { generationOf } from './model-generation.ts';

/** Such contents with a signature for each first call that has none; the same list where none is missing. */
export function withSignedCalls(contents: readonly unknown[], upstreamModel: string): readonly unknown[] {
  if ((generationOf(upstreamModel) ?? 0) < 3 || !contents.some(isUnsigned)) return contents;
  return contents.map((content) => (isUnsigned(content) ? signed(content) : content));
}

function isUnsigned(content: unknown): content is JsonObject & { parts: readonly unknown[] } {
  if (!isJsonObject(content) || content['role'] !== 'model') return false;
  const { parts } = content;
  if (!Array.isArray(parts)) return false;
  const first = parts.find(isCall);
  return first !== undefined && (first['thoughtSignature'] ?? '') === '';
}

function signed(content: JsonObject & { parts: readonly unknown[] }): JsonObject {
  const at = content.parts.findIndex(isCall);
  const parts = content.parts.map((part, place) =>
    place === at ? { ...(part as JsonObject), thoughtSignature: UNSIGNED } : part,
  );
  return { ...content, parts };
}

function isCall(part: unknown): part is JsonObject {
  return isJsonObject(part) && (part['functionCall'] ?? null) !== null;
}
