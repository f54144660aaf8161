/** The messages of a request as their vendor takes them: roles it knows, and what it thought before under the name that it reads. */
import { isJsonObject, type JsonObject, textOrNull } from '../../json.ts';
import type { Quirks } from '../quirks.ts';

/** How we, and others, name the thoughts of earlier answers. */
const REASONING_MEMBERS = ['reasoning', 'reasoning_content', 'reasoning_details', 'thinking'];
/** What OpenRouter's answers carry and clients bring back; strict vendors answer 400 to it. */
const ANSWER_MEMBERS = ['annotations', 'images', 'model', 'configuration_update'];

export function vendorMessages(messages: readonly unknown[], quirks: Quirks): unknown[] {
  return messages.map((message) => (isJsonObject(message) ? vendorMessage(message, quirks) : message));
}

function vendorMessage(message: JsonObject, quirks: Quirks): JsonObject {
  const role = roleFor(message['role'], quirks);
  const isForeign = quirks.reasoningHistory !== 'reasoning_details';
  const hasForeign =
    isForeign && [...REASONING_MEMBERS, ...ANSWER_MEMBERS].some((member) => member in message);
  if (role === message['role'] && !hasForeign) return message;
  const result: JsonObject = { ...message, role };
  if (!hasForeign) return result;
  for (const member of [...REASONING_MEMBERS, ...ANSWER_MEMBERS]) delete result[member];
  if (quirks.reasoningHistory === 'reasoning_content' && role === 'assistant') {
    const text = thoughtsOf(message);
    if (text !== null) result['reasoning_content'] = text;
  }
  return result;
}

function roleFor(role: unknown, { roles }: Quirks): unknown {
  if (role === 'developer' && !roles.includes('developer')) return 'system';
  if (role === 'system' && !roles.includes('system')) return 'developer';
  return role;
}

/** From every spelling in which it was answered. */
function thoughtsOf(message: JsonObject): string | null {
  const plain =
    textOrNull(message['reasoning_content']) ??
    textOrNull(message['reasoning']) ??
    textOrNull(message['thinking']);
  if (plain !== null) return plain;
  const details = message['reasoning_details'];
  if (!Array.isArray(details)) return null;
  const texts = details.map((detail) => textOrNull(detail?.text) ?? textOrNull(detail?.summary) ?? '');
  return texts.join('') === '' ? null : texts.join('');
}
