/** Which conversation a request is a turn of, for the endpoint that has the turns before it in its cache. */
import { createHash } from 'node:crypto';
import type { ChatPayload } from '../chat/prompt.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import type { Conversation } from '../routing/sticky.ts';

/**
 * By the session that the caller names, its `prompt_cache_key`, or how the conversation begins: its first instructions and its first
 * message, which stay the same from turn to turn (OpenRouter's prompt-caching page). As they came, in whichever dialect: one
 * conversation goes through one door.
 */
export function stickyConversationOf(
  accountId: string,
  sessionId: string | null,
  { native: { body } }: ChatPayload,
): Conversation {
  if (sessionId !== null) return { accountId, id: sessionId, isNamed: true };
  const cacheKey = body['prompt_cache_key'];
  if (typeof cacheKey === 'string') {
    return { accountId, id: `cache key ${cacheKey}`, isNamed: false, knownBy: 'prompt_cache_key' };
  }
  const messages = messagesOf(body);
  const beginning = [
    body['system'] ?? body['instructions'] ?? body['systemInstruction'] ?? null,
    messages.find(isInstruction) ?? null,
    messages.find((message) => !isInstruction(message)) ?? body['input'] ?? body['prompt'] ?? null,
  ];
  const id = createHash('sha256').update(JSON.stringify(beginning)).digest('base64url');
  return { accountId, id, isNamed: false, knownBy: 'beginning' };
}

function messagesOf({ messages, input, contents }: JsonObject): readonly JsonObject[] {
  const list = [messages, input, contents].find((each): each is unknown[] => Array.isArray(each));
  return list?.filter(isJsonObject) ?? [];
}

function isInstruction({ role }: JsonObject): boolean {
  return role === 'system' || role === 'developer';
}
