/**
 * What Anthropic's API requires of a request, and what its prompt cache makes of it. Rules: the pages "Messages", "Prompt caching",
 * "Extended thinking" and "Beta headers" of Anthropic's documentation.
 */
import { isJsonObject, type JsonObject } from '../../src/json.ts';
import type { PromptUsage } from './vendor.ts';

const MOST_BREAKPOINTS = 4;
/** How far before a breakpoint an earlier entry is looked for. */
const LOOK_BACK_BLOCKS = 20;
/** Members that need a beta. */
const BETAS: Readonly<Record<string, string>> = { context_management: 'context-management-2025-06-27' };

interface Block {
  /** Its bytes as they were sent, without the breakpoint. */
  readonly text: string;
  readonly isBreakpoint: boolean;
}

/** Thoughts that this vendor has signed, as `signature` and text. */
export type Signed = ReadonlyMap<string, string>;

/** The sentence of the 400, or null. */
export function problemOf(body: JsonObject, headers: Headers, signed: Signed): string | null {
  const { messages, max_tokens: maxTokens } = body;
  if (headers.get('anthropic-version') === null) return 'anthropic-version: header is required';
  if (typeof body['model'] !== 'string') return 'model: Field required';
  if (!Number.isInteger(maxTokens)) return 'max_tokens: Field required';
  if (!Array.isArray(messages) || messages.length === 0) return 'messages: at least one message is required';
  const betas = headers.get('anthropic-beta') ?? '';
  for (const [member, beta] of Object.entries(BETAS))
    if (body[member] !== undefined && !betas.includes(beta))
      return `${member}: Extra inputs are not permitted`;
  const breakpoints = blocksOf(body).filter(({ isBreakpoint }) => isBreakpoint).length;
  if (breakpoints > MOST_BREAKPOINTS)
    return `A maximum of 4 blocks with cache_control may be provided. Found ${breakpoints}.`;
  return thoughtsProblem(messages, signed) ?? callsProblem(messages);
}

function thoughtsProblem(messages: readonly unknown[], signed: Signed): string | null {
  for (const [at, message] of messages.entries()) {
    for (const [position, block] of contentOf(message).entries()) {
      if (block['type'] !== 'thinking') continue;
      if (signed.get(String(block['signature'])) !== block['thinking'])
        return `messages.${at}.content.${position}: Invalid \`signature\` in \`thinking\` block`;
    }
  }
  return null;
}

/** Each call is answered in the message after it, and nothing else is. */
function callsProblem(messages: readonly unknown[]): string | null {
  let open: readonly unknown[] = [];
  for (const [at, message] of messages.entries()) {
    const content = contentOf(message);
    const answered = content
      .filter(({ type }) => type === 'tool_result')
      .map((block) => block['tool_use_id']);
    const missing = open.find((id) => !answered.includes(id));
    if (missing !== undefined)
      return `messages.${at - 1}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${missing}.`;
    const unknown = answered.find((id) => !open.includes(id));
    if (unknown !== undefined)
      return `messages.${at}.content: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${unknown}.`;
    open = content.filter(({ type }) => type === 'tool_use').map(({ id }) => id);
  }
  return null;
}

function contentOf(message: unknown): readonly JsonObject[] {
  const content = isJsonObject(message) ? message['content'] : undefined;
  return Array.isArray(content) ? content.filter(isJsonObject) : [];
}

/** The prompt in the order in which it is cached: tools, system, messages. */
export function blocksOf({ tools, system, messages }: JsonObject): readonly Block[] {
  const blocks: Block[] = [];
  const add = (prefix: string, value: unknown) => {
    if (!isJsonObject(value)) {
      blocks.push({ text: prefix + JSON.stringify(value), isBreakpoint: false });
      return;
    }
    const { cache_control: breakpoint, ...rest } = value;
    blocks.push({ text: prefix + JSON.stringify(rest), isBreakpoint: (breakpoint ?? null) !== null });
  };
  for (const tool of Array.isArray(tools) ? tools : []) add('tool ', tool);
  for (const block of Array.isArray(system) ? system : system === undefined ? [] : [system])
    add('system ', block);
  for (const message of Array.isArray(messages) ? messages : []) {
    const { role, content } = message as JsonObject;
    // A text is a block of text.
    const list = typeof content === 'string' ? [{ type: 'text', text: content }] : (content as unknown[]);
    for (const block of list) add(`${role} `, block);
  }
  return blocks;
}

/** Remembers the prefixes that were marked for it. */
export class PromptCache {
  readonly #known = new Set<string>();

  use(body: JsonObject): PromptUsage {
    const blocks = blocksOf(body);
    const sizes = blocks.map(({ text }) => Buffer.byteLength(text));
    const prefixes = prefixesOf(String(body['model']), blocks);
    const breakpoints = blocks.flatMap(({ isBreakpoint }, at) => (isBreakpoint ? [at] : []));
    const last = breakpoints.at(-1) ?? -1;
    let read = -1;
    for (const breakpoint of breakpoints) {
      const first = Math.max(0, breakpoint - LOOK_BACK_BLOCKS);
      for (let at = breakpoint; at >= first && at > read; at--)
        if (this.#known.has(prefixes[at] ?? '')) read = at;
    }
    for (const at of breakpoints) this.#known.add(prefixes[at] ?? '');
    const sum = (from: number, to: number) => sizes.slice(from, to).reduce((total, size) => total + size, 0);
    return { read: sum(0, read + 1), written: sum(read + 1, last + 1), fresh: sum(last + 1, sizes.length) };
  }
}

function prefixesOf(model: string, blocks: readonly Block[]): readonly string[] {
  let hash = Bun.hash(model);
  return blocks.map(({ text }) => {
    hash = Bun.hash(text, hash as bigint);
    return hash.toString(36);
  });
}
