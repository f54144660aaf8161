/** About how many tokens a prompt has, for whoever asks before sending it: nothing is charged by it. */
import type { ChatPayload } from '../chat/prompt.ts';
import { isJsonObject } from '../json.ts';
import { tokensOf } from './estimate.ts';

/** What vendors count for an image of the size to which most of them scale. */
const IMAGE_TOKENS = 1600;

/** Text at four bytes a token, as it stands in the request; what is encoded in Base64 is an image or a file, and counts as one. */
export function estimatedPromptTokens({ native }: ChatPayload): number {
  const { max_tokens: _, metadata: __, ...said } = native.body;
  const seen = { bytes: 0, images: 0 };
  look(said, seen);
  return tokensOf(seen.bytes) + seen.images * IMAGE_TOKENS;
}

/** Members and list items are text around text, as they are in the prompt that a vendor writes of them. */
function look(value: unknown, seen: { bytes: number; images: number }): void {
  if (Array.isArray(value)) for (const item of value) look(item, seen);
  else if (isJsonObject(value)) {
    if (isEncoded(value)) seen.images += 1;
    else
      for (const name in value) {
        seen.bytes += name.length + 4;
        look(value[name], seen);
      }
  } else seen.bytes += Buffer.byteLength(String(value));
}

function isEncoded(source: Record<string, unknown>): boolean {
  return source['type'] === 'base64' && typeof source['data'] === 'string';
}
