/**
 * The tools of a Responses request as functions, which every provider knows. A custom tool becomes a function of one text, a
 * namespace the functions in it, and a search that the client runs itself a function too; `CallKinds` says how a call of such a
 * function is written back. What runs at OpenAI alone is in `left`.
 */
import type { FunctionTool } from '../../chat/prompt.ts';
import { isJsonObject, type JsonObject, textOrNull } from '../../json.ts';
import { listOf } from '../content.ts';

/** What the client calls the tool whose calls come back under a name of ours. */
export interface CallKind {
  readonly type: 'function' | 'custom' | 'tool_search';
  readonly name: string;
  readonly namespace?: string;
}

/** By the function's name; plain functions are missing. */
export type CallKinds = Readonly<Record<string, CallKind>>;

export interface Tools {
  readonly functions: readonly FunctionTool[];
  readonly kinds: CallKinds;
  /** Types of the tools that no function stands for. */
  readonly left: readonly string[];
}

/** What vendors take as the name of a function. */
const MAX_NAME = 64;

/** The name that stands for a tool of a namespace. */
export function flatName(namespace: string | null, name: string): string {
  if (namespace === null) return name;
  const joined = `${namespace}${namespace.endsWith('__') ? '' : '__'}${name}`;
  const flat = joined.replace(/[^\w-]/g, '_');
  if (flat.length <= MAX_NAME) return flat;
  return `${flat.slice(0, MAX_NAME - 9)}_${Bun.hash(joined).toString(36).slice(0, 8)}`;
}

/** Of the request, and of what its client found by search since. A name that is told again replaces what it was. */
export function toolsOf(body: JsonObject): Tools {
  const found = new Found();
  for (const tool of listOf(body['tools'])) found.add(tool, null);
  for (const item of listOf(body['input'])) {
    if (LOADED.has(item['type'])) for (const tool of listOf(item['tools'])) found.add(tool, null);
  }
  return {
    functions: [...found.functions.values()],
    kinds: found.kinds,
    left: found.left,
  };
}

/** Items that bring tools into a conversation. */
const LOADED = new Set<unknown>(['tool_search_output', 'additional_tools']);

class Found {
  readonly functions = new Map<string, FunctionTool>();
  readonly kinds: Record<string, CallKind> = {};
  readonly left: string[] = [];

  add(tool: JsonObject, namespace: string | null): void {
    switch (tool['type']) {
      case 'function':
        this.#function(tool, namespace);
        break;
      case 'custom':
        this.#custom(tool, namespace);
        break;
      case 'namespace':
        for (const inner of listOf(tool['tools'])) this.add(inner, textOrNull(tool['name']));
        break;
      case 'tool_search':
        // One that OpenAI runs has nothing to find: other providers are told of every tool.
        if (tool['execution'] === 'client') this.#search(tool);
        break;
      default:
        this.left.push(String(tool['type']));
    }
  }

  /** Flat, or with a `function` inside as in chat completions, which some clients send here too. */
  #function(tool: JsonObject, namespace: string | null): void {
    const told = isJsonObject(tool['function']) ? tool['function'] : tool;
    const name = textOrNull(told['name']) ?? '';
    const flat = flatName(namespace, name);
    if (namespace !== null) this.kinds[flat] = { type: 'function', name, namespace };
    this.functions.set(flat, {
      name: flat,
      description: textOrNull(told['description']),
      parameters: isJsonObject(told['parameters']) ? told['parameters'] : null,
      strict: typeof told['strict'] === 'boolean' ? told['strict'] : null,
    });
  }

  #custom(tool: JsonObject, namespace: string | null): void {
    const name = textOrNull(tool['name']) ?? '';
    const flat = flatName(namespace, name);
    this.kinds[flat] = { type: 'custom', name, ...(namespace === null ? {} : { namespace }) };
    this.functions.set(flat, {
      name: flat,
      description: customDescription(tool),
      parameters: {
        type: 'object',
        properties: { input: { type: 'string', description: 'The whole input of the tool, as plain text' } },
        required: ['input'],
        additionalProperties: false,
      },
      strict: null,
    });
  }

  #search(tool: JsonObject): void {
    this.kinds['tool_search'] = { type: 'tool_search', name: 'tool_search' };
    this.functions.set('tool_search', {
      name: 'tool_search',
      description: textOrNull(tool['description']),
      parameters: isJsonObject(tool['parameters']) ? tool['parameters'] : null,
      strict: null,
    });
  }
}

/** The most that standing in for a custom tool adds to a prompt, in bytes. */
export const MAX_CUSTOM_BYTES = 512;

function customDescription({ description, format }: JsonObject): string {
  const own = textOrNull(description) ?? '';
  const text = 'Put the whole text for this tool into `input`, exactly as the tool reads it.';
  if (!isJsonObject(format) || format['type'] !== 'grammar') return `${own}\n\n${text}`.trim();
  const { syntax, definition } = format;
  return `${own}\n\n${text} It must match this ${String(syntax)} grammar:\n${String(definition)}`.trim();
}

/**
 * What the client's tool reads out of the arguments of the function that stands for it. Models that know the tool by another name of
 * its input write that; what is no object around one text is the input itself.
 */
export function customInput(argumentsJson: string): string {
  try {
    const value: unknown = JSON.parse(argumentsJson);
    const given = isJsonObject(value) ? (value['input'] ?? onlyMember(value)) : null;
    if (typeof given === 'string') return given;
  } catch {
    // As it is.
  }
  return argumentsJson;
}

function onlyMember(object: JsonObject): unknown {
  const members = Object.values(object);
  return members.length === 1 ? members[0] : null;
}
