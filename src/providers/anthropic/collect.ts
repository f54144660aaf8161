/** The events of a stream as the message that they add up to. */
import type { ChatEvent } from '../../chat/event.ts';
import { isJsonObject, type JsonObject, parseExact, textOrNull } from '../../json.ts';
import { mergedUsage } from './usage.ts';

/** What a delta adds to, by its type: the member of the block, and of the delta. */
const TEXTS: Readonly<Record<string, readonly [string, string]>> = {
  text_delta: ['text', 'text'],
  thinking_delta: ['thinking', 'thinking'],
  signature_delta: ['signature', 'signature'],
  compaction_delta: ['content', 'content'],
};

export function collected(events: readonly ChatEvent[]): JsonObject {
  const message: JsonObject = { type: 'message', role: 'assistant', content: [] };
  const blocks = new Map<unknown, JsonObject>();
  const inputs = new Map<unknown, string>();
  for (const told of events) {
    if (told.type !== 'native') continue;
    const { event } = told;
    const { type, index, delta } = event;
    if (type === 'message_start' && isJsonObject(event['message'])) Object.assign(message, event['message']);
    else if (type === 'content_block_start' && isJsonObject(event['content_block'])) {
      blocks.set(index, { ...event['content_block'] });
    } else if (type === 'content_block_delta' && isJsonObject(delta)) {
      const block = blocks.get(index) ?? unannounced(delta);
      blocks.set(index, block);
      if (delta['type'] === 'input_json_delta') {
        inputs.set(index, (inputs.get(index) ?? '') + (textOrNull(delta['partial_json']) ?? ''));
      } else add(block, delta);
    } else if (type === 'message_delta') endWith(message, event);
  }
  for (const [index, text] of inputs) {
    const block = blocks.get(index);
    if (block !== undefined && text !== '') block['input'] = parsed(text);
  }
  const prepared = Array.isArray(message['content']) ? message['content'] : [];
  return { ...message, content: [...prepared, ...blocks.values()] };
}

function add(block: JsonObject, delta: JsonObject): void {
  const [member, source] = TEXTS[String(delta['type'])] ?? [];
  if (member !== undefined && source !== undefined) {
    block[member] = (textOrNull(block[member]) ?? '') + (textOrNull(delta[source]) ?? '');
    if (textOrNull(delta['encrypted_content']) !== null)
      block['encrypted_content'] = delta['encrypted_content'];
  } else if (delta['type'] === 'citations_delta') {
    const known = Array.isArray(block['citations']) ? block['citations'] : [];
    block['citations'] = [...known, delta['citation']];
  }
}

function unannounced(delta: JsonObject): JsonObject {
  return delta['type'] === 'thinking_delta' ? { type: 'thinking', thinking: '' } : { type: 'text', text: '' };
}

/** What the last but one event says of the whole message: why it stopped, its count, and what there is to come. */
function endWith(message: JsonObject, { type: _, delta, usage, ...beside }: JsonObject): void {
  Object.assign(message, beside, isJsonObject(delta) ? delta : {});
  if (!isJsonObject(usage)) return;
  message['usage'] = mergedUsage(isJsonObject(message['usage']) ? message['usage'] : {}, usage);
}

/** Text that is no JSON stays what the model wrote. */
function parsed(text: string): unknown {
  try {
    return parseExact(text);
  } catch {
    return text;
  }
}
