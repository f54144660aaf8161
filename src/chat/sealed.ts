/**
 * What a provider of another format wants back beside a thought or a call, in the one member that clients of Responses are known to
 * return untouched: `encrypted_content` of a reasoning item. What OpenAI sealed itself stays as it is.
 */

import { isJsonObject, type JsonObject } from '../json.ts';
import { REASONING_FORMATS, type ReasoningFormat, type ReasoningPart } from './prompt.ts';

const MARK = 'tp1:';

export type Opened =
  | { readonly kind: 'thought'; readonly thought: Pick<ReasoningPart, 'signature' | 'redacted' | 'format'> }
  /** What stands beside the call of this id. */
  | { readonly kind: 'call'; readonly callId: string; readonly extra: JsonObject };

export function formatNamed(word: unknown): ReasoningFormat | undefined {
  return REASONING_FORMATS.find((known) => known === word);
}

/** Null: there is nothing to be kept. */
export function sealedThought({
  signature,
  redacted,
  format,
}: Pick<ReasoningPart, 'signature' | 'redacted' | 'format'>): string | null {
  if (redacted !== undefined && format === 'openai-responses-v1') return redacted;
  const kept = redacted ?? signature;
  if (kept === undefined) return null;
  return `${MARK}${redacted === undefined ? 's' : 'r'}:${format ?? 'unknown'}:${kept}`;
}

export function sealedExtra(callId: string, extra: JsonObject): string {
  return `${MARK}c:${Buffer.from(JSON.stringify({ callId, extra })).toString('base64url')}`;
}

/** Whoever has no mark of ours was sealed by OpenAI. */
export function opened(content: string): Opened {
  const known = content.startsWith(MARK) ? read(content.slice(MARK.length)) : null;
  return known ?? { kind: 'thought', thought: { redacted: content, format: 'openai-responses-v1' } };
}

/** It was sealed here, for a provider of another format. */
export function isSealedHere(content: unknown): boolean {
  return typeof content === 'string' && content.startsWith(MARK);
}

function read(text: string): Opened | null {
  if (text.startsWith('c:')) return readExtra(text.slice(2));
  const [, kind, word, kept] = /^([sr]):([\w-]+):([\s\S]*)$/.exec(text) ?? [];
  const format = formatNamed(word);
  if (format === undefined || kept === undefined) return null;
  return { kind: 'thought', thought: { [kind === 's' ? 'signature' : 'redacted']: kept, format } };
}

function readExtra(text: string): Opened | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (!isJsonObject(value) || typeof value['callId'] !== 'string' || !isJsonObject(value['extra']))
      return null;
    return { kind: 'call', callId: value['callId'], extra: value['extra'] };
  } catch {
    return null;
  }
}
