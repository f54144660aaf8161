/**
 * What another vendor wants back and Messages has no place for (its signature of a thought, its sealed thought, what it put beside a
 * call), as one text where Anthropic has a signature or sealed data: clients send such texts back unchanged.
 */
import { isJsonObject, type JsonObject } from '../../json.ts';

/** No signature and no sealed data of Anthropic's has a colon: they are Base64. */
const MARK = 'turnpike:';

export function sealed(value: JsonObject): string {
  return MARK + Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** Null: it is not one of ours. What a client made of it by hand is read as far as it can be. */
export function unsealed(text: unknown): JsonObject | null {
  if (typeof text !== 'string' || !text.startsWith(MARK)) return null;
  try {
    const value: unknown = JSON.parse(Buffer.from(text.slice(MARK.length), 'base64url').toString());
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}

/** A block that Anthropic did not write, and whose signature or seal it would refuse. */
export function isForeign(block: JsonObject): boolean {
  const { type } = block;
  if (type === 'thinking') return unsealed(block['signature']) !== null;
  return type === 'redacted_thinking' && unsealed(block['data']) !== null;
}
