/** A typed prompt as a body of Anthropic's messages, but for what depends on the endpoint's output cap. */
import type { AnswerFormat, ChatPrompt, FunctionTool, ToolChoice } from '../../chat/prompt.ts';
import { invalidRequest } from '../../errors.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import { generationOf } from './generation.ts';
import { type History, historyOf, limitCacheMarks } from './history.ts';
import { grammarSchema, inputSchema } from './schema.ts';

export interface PromptBody {
  readonly history: History;
  readonly tools: readonly JsonObject[];
  readonly toolChoice: JsonObject | null;
  readonly stop: readonly string[];
  /** `output_config.format`. */
  readonly format: JsonObject | null;
  /** A tool must be called: beside that the vendor refuses to think. */
  readonly isForced: boolean;
  readonly parameters: JsonObject;
}

const MOST_CACHE_MARKS = 4;
export const JSON_INSTRUCTION = 'Answer with one valid JSON object and nothing else.';

/** Members that change what an answer is, and for which Anthropic has no word. */
const UNSAID: Readonly<Record<string, (value: unknown) => boolean>> = {
  n: (value) => value !== 1,
  logprobs: (value) => value === true,
  functions: () => true,
  function_call: (value) => value !== 'none' && value !== 'auto',
  audio: () => true,
  modalities: (value) => !Array.isArray(value) || value.some((modality) => modality !== 'text'),
  image_config: () => true,
  // What a caller's dialect has no typed place for: tools that are no functions, grammars, choices among some tools.
  tools: () => true,
  tool_choice: () => true,
  response_format: () => true,
  web_search_options: () => true,
  x_search_filter: () => true,
};

/** Throws a 400 for what this model of Anthropic's cannot be told. */
export function bodyOfPrompt(prompt: ChatPrompt, model: string): PromptBody {
  const { parameters, toolChoice, parallelToolCalls } = prompt;
  for (const name in parameters) {
    const value = parameters[name] ?? null;
    if (value !== null && UNSAID[name]?.(value) === true) {
      throw invalidRequest(`this model's provider cannot be told ${name}`);
    }
  }
  if (prompt.stop.some((text) => text !== '' && text.trim() === '')) {
    throw invalidRequest("this model's provider cannot be told to stop at white space alone");
  }
  const history = historyOf(prompt.messages);
  if (prompt.format?.type === 'json') history.system.push({ type: 'text', text: JSON_INSTRUCTION });
  limitCacheMarks(history, MOST_CACHE_MARKS - (isJsonObject(parameters['cache_control']) ? 1 : 0));
  const { canBeMadeToCall, schemas } = generationOf(model);
  const own = prompt.tools.map((tool) => toolOf(tool, schemas));
  const tools = own.length > 0 ? own : toolsOfHistory(history);
  const isForced = own.length > 0 && toolChoice !== null && toolChoice !== 'auto' && toolChoice !== 'none';
  if (isForced && !canBeMadeToCall)
    throw invalidRequest('tool_choice: this model cannot be made to call a tool');
  return {
    history,
    tools,
    toolChoice:
      own.length > 0 ? choiceOf(toolChoice, parallelToolCalls) : tools.length > 0 ? { type: 'none' } : null,
    stop: prompt.stop.filter((text) => text !== ''),
    format: formatOf(prompt.format, schemas),
    isForced,
    parameters,
  };
}

function toolOf({ name, description, parameters, strict }: FunctionTool, schemas: boolean): JsonObject {
  const schema = inputSchema(parameters);
  const isStrict = strict === true && schemas;
  return {
    name,
    ...(description === null || description === '' ? {} : { description }),
    input_schema: isStrict ? grammarSchema(schema) : schema,
    ...(isStrict ? { strict: true } : {}),
  };
}

/** A conversation with calls is refused without tools, whose definitions the caller may have left out for its last question. */
function toolsOfHistory({ messages }: History): JsonObject[] {
  const names = new Set<string>();
  for (const { content } of messages) {
    for (const { type, name } of content) if (type === 'tool_use') names.add(String(name));
  }
  return [...names].map((name) => ({ name, input_schema: { type: 'object', properties: {} } }));
}

function choiceOf(choice: ToolChoice | null, parallel: boolean | null): JsonObject | null {
  const single = parallel === false ? { disable_parallel_tool_use: true } : {};
  if (choice === 'none') return { type: 'none' };
  if (choice === 'required') return { type: 'any', ...single };
  if (choice === 'auto') return { type: 'auto', ...single };
  if (choice === null) return parallel === false ? { type: 'auto', ...single } : null;
  return { type: 'tool', name: choice.name, ...single };
}

function formatOf(format: AnswerFormat | null, schemas: boolean): JsonObject | null {
  if (format?.type !== 'schema') return null;
  if (!schemas)
    throw invalidRequest('this model takes no JSON schema for its answer: give it a tool with that schema');
  return { type: 'json_schema', schema: grammarSchema(format.schema) };
}
