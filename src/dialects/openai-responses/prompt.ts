/** A Responses request as the typed prompt in the middle. The request was checked before. */
import type { AnswerFormat, ChatPrompt, FunctionTool, ToolChoice } from '../../chat/prompt.ts';
import { invalidRequest } from '../../errors.ts';
import { isJsonObject, type JsonObject, textOrNull } from '../../json.ts';
import { listOf } from '../content.ts';
import { messagesOf } from './input.ts';
import { flatName, type Tools } from './tools.ts';

/** Members that are the same elsewhere. Others mean something to OpenAI alone, and change no answer when they are missing. */
const SHARED = [
  ...['temperature', 'top_p', 'top_k', 'min_p', 'top_a', 'frequency_penalty', 'presence_penalty'],
  ...['repetition_penalty', 'seed', 'logit_bias', 'modalities', 'image_config', 'cache_control'],
];

/** Tools that run at OpenAI and without which an answer would be another one. Whatever else no function stands for is left out. */
const MISSED = new Set([
  ...['file_search', 'code_interpreter', 'image_generation', 'mcp'],
  ...['computer', 'computer_use', 'computer_use_preview', 'local_shell', 'shell', 'apply_patch'],
]);

/** Throws a 400 for what no other provider can be told. */
export function promptOf(body: JsonObject, tools: Tools): ChatPrompt {
  const missed = tools.left.find((type) => MISSED.has(type));
  if (missed !== undefined)
    throw invalidRequest(`tools: this model's provider has no tool of the type "${missed}"`);
  const messages = messagesOf(body);
  if (messages.length === 0) throw invalidRequest('input must say something');
  const { functions, choice } = chosen(body['tool_choice'], tools.functions);
  const hasTools = functions.length > 0;
  return {
    messages,
    tools: functions,
    toolChoice: hasTools || choice === 'required' ? choice : null,
    parallelToolCalls:
      hasTools && typeof body['parallel_tool_calls'] === 'boolean' ? body['parallel_tool_calls'] : null,
    format: formatOf(body['text']),
    stop: [],
    parameters: parametersOf(body),
  };
}

export function parametersOf(body: JsonObject): JsonObject {
  const parameters: JsonObject = {};
  for (const name of SHARED) {
    const value = body[name] ?? null;
    if (value !== null) parameters[name] = value;
  }
  const { text, top_logprobs: top, include, service_tier: tier } = body;
  const verbosity = isJsonObject(text) ? (text['verbosity'] ?? null) : null;
  if (verbosity !== null) parameters['verbosity'] = verbosity;
  const wantsLogprobs = Array.isArray(include) && include.includes('message.output_text.logprobs');
  if (wantsLogprobs || (typeof top === 'number' && top > 0)) parameters['logprobs'] = true;
  if (typeof top === 'number' && top > 0) parameters['top_logprobs'] = top;
  // Clients send these without being asked; they ask for nothing.
  if (typeof tier === 'string' && tier !== 'auto' && tier !== 'default') parameters['service_tier'] = tier;
  return parameters;
}

function chosen(
  choice: unknown,
  functions: readonly FunctionTool[],
): { functions: readonly FunctionTool[]; choice: ToolChoice | null } {
  if (choice === 'auto' || choice === 'none' || choice === 'required') return { functions, choice };
  if (!isJsonObject(choice)) return { functions, choice: null };
  if (choice['type'] === 'allowed_tools') {
    const names = new Set(listOf(choice['tools']).map(nameOf));
    const allowed = functions.filter(({ name }) => names.has(name));
    return { functions: allowed, choice: choice['mode'] === 'required' ? 'required' : 'auto' };
  }
  const name = choice['type'] === 'tool_search' ? 'tool_search' : nameOf(choice);
  if (!functions.some((known) => known.name === name))
    throw invalidRequest("tool_choice names a tool that this model's provider does not have");
  return { functions, choice: { name } };
}

function nameOf(tool: JsonObject): string {
  const told = isJsonObject(tool['function']) ? tool['function'] : tool;
  return flatName(textOrNull(tool['namespace']), textOrNull(told['name']) ?? '');
}

function formatOf(text: unknown): AnswerFormat | null {
  const format = isJsonObject(text) ? text['format'] : null;
  if (!isJsonObject(format)) return null;
  if (format['type'] === 'text') return { type: 'text' };
  if (format['type'] === 'json_object') return { type: 'json' };
  if (format['type'] !== 'json_schema') return null;
  return {
    type: 'schema',
    name: textOrNull(format['name']) ?? '',
    schema: isJsonObject(format['schema']) ? format['schema'] : {},
    strict: format['strict'] === true,
  };
}
