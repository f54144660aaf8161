/** What a request asked, as `GET /generation/content` shows it: a prompt, or messages. The body itself is shown beside it as it came. */
import type { DialectName } from '../chat/prompt.ts';
import { isJsonObject, type JsonObject } from '../json.ts';

/** Whose body it is: a chat door's, or that of embeddings. */
export type Door = DialectName | 'openai-embeddings';

export type Asked = { readonly prompt: string } | { readonly messages: readonly unknown[] };

export function askedOf(door: Door, body: JsonObject): Asked {
  switch (door) {
    case 'openai-chat':
      return { messages: listOf(body['messages']) };
    case 'anthropic-messages':
      return { messages: withSystem(body['system'], 'content', listOf(body['messages'])) };
    case 'google-generate': {
      const system = body['systemInstruction'] ?? body['system_instruction'];
      const parts = isJsonObject(system) ? system['parts'] : system;
      return { messages: withSystem(parts, 'parts', listOf(body['contents'])) };
    }
    case 'openai-responses':
      return prompted(body['input'], (items) => withSystem(body['instructions'], 'content', items));
    case 'openai-text':
      return prompted(body['prompt'], byUser);
    case 'openai-embeddings':
      return prompted(body['input'], byUser);
  }
}

/** A text is a prompt unless something stands before it; several are messages. */
function prompted(input: unknown, toMessages: (items: readonly unknown[]) => readonly unknown[]): Asked {
  if (typeof input !== 'string') return { messages: toMessages(listOf(input)) };
  const messages = toMessages([{ role: 'user', content: input }]);
  return messages.length > 1 ? { messages } : { prompt: input };
}

function byUser(items: readonly unknown[]): readonly unknown[] {
  return items.map((item) => (isJsonObject(item) ? item : { role: 'user', content: item }));
}

function withSystem(
  system: unknown,
  member: 'content' | 'parts',
  messages: readonly unknown[],
): readonly unknown[] {
  return system === undefined || system === null
    ? messages
    : [{ role: 'system', [member]: system }, ...messages];
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
}
