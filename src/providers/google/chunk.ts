/** What one `GenerateContentResponse`, whole or a chunk of a stream, says to money and limits. */
import { isJsonObject, type JsonObject, textOrNull } from '../../json.ts';
import { listOf, writtenBytesOf } from './parts.ts';

export function candidatesOf(chunk: JsonObject): readonly JsonObject[] {
  return listOf(chunk['candidates']);
}

export function indexOf(candidate: JsonObject): number {
  const { index } = candidate;
  return typeof index === 'number' && Number.isInteger(index) && index >= 0 && index < 128 ? index : 0;
}

export function partsOf(candidate: JsonObject): readonly JsonObject[] {
  const { content } = candidate;
  return isJsonObject(content) ? listOf(content['parts']) : [];
}

export function bytesOf(chunk: JsonObject): number {
  return candidatesOf(chunk).reduce((sum, candidate) => sum + writtenBytesOf(partsOf(candidate)), 0);
}

export function hasCalls(candidate: JsonObject): boolean {
  return partsOf(candidate).some(({ functionCall }) => isJsonObject(functionCall));
}

/** The prompt itself was refused: there is no candidate then. */
export function blockReasonOf(chunk: JsonObject): string | null {
  const feedback = chunk['promptFeedback'];
  const reason = isJsonObject(feedback) ? textOrNull(feedback['blockReason']) : null;
  return reason === null || reason === '' || reason === 'BLOCK_REASON_UNSPECIFIED' ? null : reason;
}

/** Where others say `default`, Google says `standard`, and Vertex speaks of traffic. Null: it does not say. */
export function serviceTierOf(chunk: JsonObject): string | null {
  const usage = chunk['usageMetadata'];
  if (!isJsonObject(usage)) return null;
  const tier = (textOrNull(usage['serviceTier']) ?? textOrNull(usage['trafficType']))?.toLowerCase() ?? null;
  const name = tier?.replace(/^(?:on_demand_|service_tier_)/, '') ?? null;
  return name === 'standard' || name === 'on_demand' ? 'default' : name;
}

/** Whether it is part of an answer at all. */
export function isAnswer(chunk: unknown): chunk is JsonObject {
  return (
    isJsonObject(chunk) &&
    ['candidates', 'promptFeedback', 'usageMetadata'].some((name) => (chunk[name] ?? null) !== null)
  );
}
