/** Checks the content of a request and says what it holds besides text. A block of a type that nobody here knows is let through. */
import { type MediaKind, NO_MEDIA, withKind } from '../../chat/media.ts';
import { invalidRequest } from '../../errors.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';

export interface ContentFacts {
  imageCount: number;
  /** Something whose tokens its bytes do not bound. */
  hasMedia: boolean;
  kinds: readonly MediaKind[];
  /** A thought that another vendor than Anthropic wrote, as `sealed.ts` has it. */
  hasForeign: boolean;
  /** The latest `output_config.effort` of a message, from which on it holds. */
  effort: unknown;
}

const ROLES = new Set(['user', 'assistant', 'system']);

/** Bytes bound the tokens of these alone, as far as what is in them is text. */
const TEXT_BLOCKS = new Set([
  ...['text', 'thinking', 'redacted_thinking', 'tool_use', 'tool_result', 'tool_reference'],
  ...['search_result', 'compaction', 'document'],
]);

/** Of blocks in blocks: vendors take two. What stands deeper may be anything. */
const MOST_DEPTH = 3;

/** Throws a 400 that names the member. */
export function checkedContent(body: JsonObject, isForeign: (block: JsonObject) => boolean): ContentFacts {
  const facts: ContentFacts = {
    imageCount: 0,
    hasMedia: false,
    kinds: NO_MEDIA,
    hasForeign: false,
    effort: null,
  };
  const look = (block: JsonObject, depth: number): void => {
    const type = String(block['type']);
    facts.hasForeign ||= isForeign(block);
    facts.hasMedia ||= !TEXT_BLOCKS.has(type);
    if (type === 'image') {
      facts.imageCount += 1;
      facts.kinds = withKind(facts.kinds, 'image');
    }
    const source = block['source'];
    if (type === 'document' && !(isJsonObject(source) && isTextSource(source))) {
      facts.hasMedia = true;
      facts.kinds = withKind(facts.kinds, 'file');
    }
    for (const inner of [block['content'], isJsonObject(source) ? source['content'] : null]) {
      if (!Array.isArray(inner)) continue;
      if (depth > MOST_DEPTH) facts.hasMedia = true;
      else for (const child of inner) if (isJsonObject(child)) look(child, depth + 1);
    }
  };
  checkBlocks(body['system'] ?? '', 'system', look);
  const messages = body['messages'];
  if (!Array.isArray(messages) || messages.length === 0)
    throw invalidRequest('messages must be a list of at least one message');
  for (const [at, message] of messages.entries()) {
    if (!isJsonObject(message)) throw invalidRequest(`messages[${at}] must be an object`);
    const role = message['role'];
    if (typeof role !== 'string' || !ROLES.has(role))
      throw invalidRequest(`messages[${at}].role must be one of ${[...ROLES].join(', ')}`);
    checkBlocks(message['content'], `messages[${at}].content`, look);
    const config = message['output_config'];
    if (isJsonObject(config)) facts.effort = config['effort'] ?? facts.effort;
  }
  return facts;
}

function checkBlocks(content: unknown, name: string, look: (block: JsonObject, depth: number) => void): void {
  if (typeof content === 'string') return;
  if (!Array.isArray(content)) throw invalidRequest(`${name} must be text or a list of blocks`);
  for (const [at, block] of content.entries()) {
    if (!isJsonObject(block) || typeof block['type'] !== 'string')
      throw invalidRequest(`${name}[${at}] must be an object with a type`);
    look(block, 0);
  }
}

function isTextSource(source: JsonObject): boolean {
  return source['type'] === 'text' || source['type'] === 'content';
}
