/**
 * Google has one place for what a vendor wants back beside a thought, `thoughtSignature`, which is bytes in base64. Another vendor's
 * signature, or sealed thought, travels there in an envelope that says whose it is, so that Google is never sent it as one of its own.
 */
import type { ReasoningFormat, ReasoningPart } from '../../chat/prompt.ts';
import { isJsonObject, textOrNull } from '../../json.ts';

type Sealed = Pick<ReasoningPart, 'signature' | 'redacted' | 'format' | 'id'>;

const OURS = 'turnpike';
/** How every envelope begins, in base64. */
const BEGINNING = Buffer.from(`{"${OURS}":`).toString('base64').slice(0, 12);

/** The value of `thoughtSignature`; undefined: there is nothing to give back. */
export function signatureOf(part: Sealed): string | undefined {
  const { signature, redacted, format, id } = part;
  if (signature === undefined && redacted === undefined) return undefined;
  if (format === 'google-gemini-v1' && redacted === undefined) return signature;
  const held = { signature, redacted, format: format ?? 'unknown', id };
  return Buffer.from(JSON.stringify({ [OURS]: held })).toString('base64');
}

/** Whether it is an envelope of ours, which means nothing to Google. */
export function isForeign(thoughtSignature: unknown): boolean {
  return typeof thoughtSignature === 'string' && thoughtSignature.startsWith(BEGINNING);
}

export function readSignature(thoughtSignature: unknown): Sealed {
  const text = textOrNull(thoughtSignature);
  if (text === null || text === '') return {};
  return (isForeign(text) ? opened(text) : null) ?? { signature: text, format: 'google-gemini-v1' };
}

const FORMATS: readonly ReasoningFormat[] = [
  'anthropic-claude-v1',
  'openai-responses-v1',
  'xai-responses-v1',
];

/** Null: it only looks like one. */
function opened(text: string): Sealed | null {
  let held: unknown;
  try {
    held = JSON.parse(Buffer.from(text, 'base64').toString('utf8'))?.[OURS];
  } catch {
    return null;
  }
  if (!isJsonObject(held)) return null;
  const signature = textOrNull(held['signature']);
  const redacted = textOrNull(held['redacted']);
  const id = textOrNull(held['id']);
  return {
    format: FORMATS.find((format) => format === held['format']) ?? 'unknown',
    ...(signature === null ? {} : { signature }),
    ...(redacted === null ? {} : { redacted }),
    ...(id === null ? {} : { id }),
  };
}
