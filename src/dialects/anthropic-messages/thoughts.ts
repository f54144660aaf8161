/** What a model thought, as blocks: Anthropic's own as they are, and those of others so that their signatures find the way back. */
import type { ReasoningFormat, ReasoningPart } from '../../chat/prompt.ts';
import type { JsonObject } from '../../json.ts';
import { sealed } from './sealed.ts';

interface Vendors {
  readonly format?: ReasoningFormat | undefined;
  readonly id?: string | undefined;
}

/**
 * For the `signature` of a `thinking` block. One of nobody's is ours, so that Anthropic is not sent what it would refuse. `hidden`: what
 * was thought, where the caller is not to read it: Anthropic's own signatures hold it too, and its vendor may want it back.
 */
export function signatureOf(vendors: Vendors, signature: string | undefined, hidden = ''): string {
  if (isAnthropics(vendors) && signature !== undefined) return signature;
  return sealed({
    ...vendors,
    ...(signature === undefined ? {} : { signature }),
    ...(hidden === '' ? {} : { text: hidden }),
  });
}

/** A thought that nobody but its vendor can read. */
export function redactedBlock(vendors: Vendors, redacted: string, signature?: string): JsonObject {
  const data = isAnthropics(vendors)
    ? redacted
    : sealed({ ...vendors, redacted, ...(signature === undefined ? {} : { signature }) });
  return { type: 'redacted_thinking', data };
}

/** What a vendor put beside a call and wants back with it: it stands in front of the call. */
export function extraBlock(callId: string, extra: JsonObject): JsonObject {
  return { type: 'redacted_thinking', data: sealed({ call: callId, extra }) };
}

function isAnthropics({ format }: Vendors): boolean {
  return format === 'anthropic-claude-v1';
}

/** `hides`: the caller is not to read what was thought. */
export function thoughtBlock(part: ReasoningPart, hides: boolean): JsonObject {
  const { text, format, id, signature, redacted } = part;
  const vendors = { ...(format === undefined ? {} : { format }), ...(id === undefined ? {} : { id }) };
  if (redacted !== undefined) return redactedBlock(vendors, redacted, signature);
  return {
    type: 'thinking',
    thinking: hides ? '' : text,
    signature: signatureOf(vendors, signature, hides ? text : ''),
  };
}
