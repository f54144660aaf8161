/** Which conversation a request is a turn of, for the endpoint that has the turns before it in its cache. */
import { createHash } from 'node:crypto';
import type { ChatMessage, ChatPayload } from '../chat/prompt.ts';
import { TurnpikeError } from '../errors.ts';
import type { Conversation } from '../routing/sticky.ts';

/**
 * By the session that the caller names, its `prompt_cache_key`, or how the conversation begins: its first instructions and its first
 * message, which stay the same from turn to turn (OpenRouter's prompt-caching page). Null: that can be said in its own dialect alone.
 */
export function conversationOf(
  accountId: string,
  sessionId: string | null,
  payload: ChatPayload,
): Conversation | null {
  if (sessionId !== null) return { accountId, id: sessionId, isNamed: true };
  const cacheKey = payload.native.body['prompt_cache_key'];
  if (typeof cacheKey === 'string') return { accountId, id: `cache key ${cacheKey}`, isNamed: false };
  const messages = messagesOf(payload);
  if (messages === null) return null;
  const isInstruction = (role: string) => role === 'system' || role === 'developer';
  const beginning = [
    messages.find(({ role }) => isInstruction(role)) ?? null,
    messages.find(({ role }) => !isInstruction(role)) ?? null,
  ];
  const id = createHash('sha256').update(JSON.stringify(beginning)).digest('base64url');
  return { accountId, id, isNamed: false };
}

/** What only the provider that made it can read is no reason to refuse a request that goes there. */
function messagesOf(payload: ChatPayload): readonly ChatMessage[] | null {
  try {
    return payload.prompt().messages;
  } catch (thrown) {
    if (thrown instanceof TurnpikeError) return null;
    throw thrown;
  }
}
