/**
 * A Messages request as the typed prompt in the middle, for providers that do not read Messages. The request was checked before. What
 * only Anthropic can do is a 400 in the words by which Claude Code knows to leave it out, where it knows such words.
 */
import type {
  AnswerFormat,
  ChatMessage,
  ChatPrompt,
  FunctionTool,
  Part,
  ToolChoice,
} from '../../chat/prompt.ts';
import { invalidRequest } from '../../errors.ts';
import { isJsonObject, type JsonObject, textOrNull } from '../../json.ts';
import { listOf } from '../content.ts';
import { unknownEffort } from './effort.ts';
import { blocksOf, partOf } from './prompt-blocks.ts';
import { unsealed } from './sealed.ts';

/** `body` is the request without the members that only the gateway reads. Throws a 400 for what no other dialect can say. */
export function promptOf(body: JsonObject): ChatPrompt {
  refuseOnlyAnthropics(body);
  const messages = listOf(body['messages']);
  const system = blocksOf(body['system']).filter((block, at) => at > 0 || !isAttribution(block));
  const extras = extrasOf(messages);
  const parameters: JsonObject = {};
  for (const name of ['temperature', 'top_p', 'top_k']) if (name in body) parameters[name] = body[name];
  const choice = isJsonObject(body['tool_choice']) ? body['tool_choice'] : null;
  return {
    messages: [
      ...(system.length === 0 ? [] : [{ role: 'system', name: null, parts: system.map(partOf) } as const]),
      ...messages.flatMap((message) => messageOf(message, extras)),
    ],
    tools: toolsOf(body['tools'], messages),
    toolChoice: toolChoiceOf(choice),
    parallelToolCalls: choice?.['disable_parallel_tool_use'] === true ? false : null,
    format: formatOf(body),
    stop: Array.isArray(body['stop_sequences']) ? body['stop_sequences'] : [],
    parameters,
  };
}

/**
 * Claude Code begins with a block that only Anthropic's API takes out again. It is another one in each sub-agent, and so would spoil
 * the cache of everybody who caches by prefix.
 */
function isAttribution(block: JsonObject): boolean {
  return textOrNull(block['text'])?.startsWith('x-anthropic-billing-header:') === true;
}

/** What other vendors put beside their calls, by the id of the call: it came back in a sealed thought. */
type Extras = ReadonlyMap<string, JsonObject>;

function extrasOf(messages: readonly JsonObject[]): Extras {
  const extras = new Map<string, JsonObject>();
  for (const message of messages) {
    for (const block of blocksOf(message['content'])) {
      const { call, extra } = unsealed(block['data']) ?? {};
      if (typeof call === 'string' && isJsonObject(extra)) extras.set(call, extra);
    }
  }
  return extras;
}

/** Nothing of a message that held nothing but what belongs elsewhere. */
function messageOf(message: JsonObject, extras: Extras): ChatMessage[] {
  const role = message['role'] === 'assistant' || message['role'] === 'system' ? message['role'] : 'user';
  const blocks = blocksOf(message['content']);
  const parts = blocks
    .filter((block) => !isExtra(block))
    .map((block): Part => {
      const part = partOf(block);
      const extra = part.type === 'tool-call' ? extras.get(part.id) : undefined;
      return part.type === 'tool-call' && extra !== undefined ? { ...part, extra } : part;
    });
  return parts.length === 0 && blocks.length > 0 ? [] : [{ role, name: null, parts }];
}

function isExtra(block: JsonObject): boolean {
  return block['type'] === 'redacted_thinking' && typeof unsealed(block['data'])?.['call'] === 'string';
}

/** Deferred tools are those that a search has found, and those that were called: what Anthropic shows its models. */
function toolsOf(tools: unknown, messages: readonly JsonObject[]): readonly FunctionTool[] {
  const found = new Set<unknown>();
  const look = (block: JsonObject): void => {
    if (block['type'] === 'tool_reference') found.add(block['tool_name']);
    if (block['type'] === 'tool_use') found.add(block['name']);
    if (Array.isArray(block['content'])) listOf(block['content']).forEach(look);
  };
  for (const message of messages) look(message);
  return listOf(tools)
    .filter(({ defer_loading, name }) => defer_loading !== true || found.has(name))
    .map(toolOf);
}

function toolOf(tool: JsonObject): FunctionTool {
  const type = textOrNull(tool['type']) ?? 'custom';
  if (type !== 'custom')
    throw invalidRequest(
      `The tool ${type} is one of Anthropic's own, and this model's provider does not have it; choose a model of Anthropic's or leave the tool out`,
    );
  return {
    name: textOrNull(tool['name']) ?? '',
    description: textOrNull(tool['description']),
    parameters: isJsonObject(tool['input_schema']) ? tool['input_schema'] : null,
    strict: typeof tool['strict'] === 'boolean' ? tool['strict'] : null,
  };
}

function toolChoiceOf(choice: JsonObject | null): ToolChoice | null {
  switch (choice?.['type']) {
    case undefined:
      return null;
    case 'auto':
    case 'none':
      return choice?.['type'] === 'none' ? 'none' : 'auto';
    case 'any':
      return 'required';
    case 'tool':
      return { name: textOrNull(choice?.['name']) ?? '' };
    default:
      throw onlyAnthropics('tool_choice.type');
  }
}

/** `output_format` is what it was called before it became a part of `output_config`. */
function formatOf(body: JsonObject): AnswerFormat | null {
  const config = isJsonObject(body['output_config']) ? body['output_config'] : {};
  const format = config['format'] ?? body['output_format'] ?? null;
  if (!isJsonObject(format)) return null;
  if (format['type'] !== 'json_schema' || !isJsonObject(format['schema']))
    throw onlyAnthropics('output_config.format');
  return { type: 'schema', name: 'answer', schema: format['schema'], strict: true };
}

/** Members whose absence would change the answer, or what is done with it. */
const ONLY_ANTHROPICS = ['safeguards', 'mcp_servers', 'container'];

function refuseOnlyAnthropics(body: JsonObject): void {
  for (const name of ONLY_ANTHROPICS) {
    const value = body[name] ?? null;
    if (value !== null && !(Array.isArray(value) && value.length === 0)) throw onlyAnthropics(name);
  }
  const management = isJsonObject(body['context_management']) ? body['context_management'] : {};
  // Of thoughts these providers read their own alone, and theirs are kept.
  const edits = listOf(management['edits']).filter(({ type }) => !String(type).startsWith('clear_thinking_'));
  if (edits.length > 0) throw onlyAnthropics('context_management');
  // `fast` is a service tier, which others have too.
  if (body['speed'] !== undefined && body['speed'] !== 'standard' && body['speed'] !== 'fast')
    throw onlyAnthropics('speed');
  if (body['inference_geo'] !== undefined && body['inference_geo'] !== 'global')
    throw onlyAnthropics('inference_geo');
  if (unknownEffort(body['output_config']) !== null) throw onlyAnthropics('output_config.effort');
}

/** The words in the middle are Anthropic's: clients drop the member that stands before them and try again. */
function onlyAnthropics(member: string) {
  return invalidRequest(
    `${member}: Extra inputs are not permitted by this model's provider, who does not read Anthropic's API`,
  );
}
