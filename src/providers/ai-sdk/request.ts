/** A chat request as the call options of the AI SDK's language models. */
import type { LanguageModelV4CallOptions, LanguageModelV4FunctionTool } from '@ai-sdk/provider';
import type { ChatPayload, ChatPrompt, ToolChoice } from '../../chat/prompt.ts';
import { invalidRequest } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import type { SdkPackage } from './packages.ts';
import { type Addressee, sdkPrompt } from './prompt.ts';
import type { SdkReasoning } from './reasoning.ts';

/** Parameters that have a place of their own in the AI SDK. */
const NUMBERS: Readonly<
  Record<string, 'temperature' | 'topP' | 'topK' | 'frequencyPenalty' | 'presencePenalty' | 'seed'>
> = {
  temperature: 'temperature',
  top_p: 'topP',
  top_k: 'topK',
  frequency_penalty: 'frequencyPenalty',
  presence_penalty: 'presencePenalty',
  seed: 'seed',
};

/** Their absence changes the style of an answer, not its kind: where a package does not know them they are left out, and the log says so. */
const STYLE = new Set([
  ...Object.keys(NUMBERS),
  'min_p',
  'top_a',
  'repetition_penalty',
  'logit_bias',
  'verbosity',
]);

/** They say nothing to a model: who asks, what the vendor may keep, how the answer is sent. */
const NOT_FOR_THE_MODEL = new Set([
  'user',
  'metadata',
  'store',
  'model',
  'stream',
  'stream_options',
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_retention',
  // A hint that makes some vendors faster.
  'prediction',
  // Set on the prompt itself, where its vendor reads such marks.
  'cache_control',
]);

/** Values with which a parameter asks for nothing. */
const ASKS_NOTHING: Readonly<Record<string, (value: unknown) => boolean>> = {
  n: (value) => value === 1,
  logprobs: (value) => value === false,
  top_logprobs: (value) => value === 0,
  service_tier: (value) => value === 'auto' || value === 'default',
  modalities: (value) => Array.isArray(value) && value.every((each) => each === 'text'),
  function_call: (value) => value === 'auto' || value === 'none',
  functions: (value) => Array.isArray(value) && value.length === 0,
};

export interface CallParts {
  readonly payload: ChatPayload;
  readonly withoutParameters: readonly string[];
  readonly to: Addressee;
}

/** Throws a TurnpikeError (400) for what the package cannot say. `noted` is told of each parameter of style that is left out. */
export function callOptions(
  { payload, withoutParameters, to }: CallParts,
  reasoning: SdkReasoning,
  noted: (parameter: string) => void,
): LanguageModelV4CallOptions {
  const prompt = payload.prompt();
  const { traits } = to;
  insistOnKnownTools(payload, prompt);
  const options: LanguageModelV4CallOptions = { prompt: sdkPrompt(prompt, to) };
  if (reasoning.maxOutputTokens !== null && !namesItsCap(to))
    options.maxOutputTokens = reasoning.maxOutputTokens;
  if (reasoning.reasoning !== undefined) options.reasoning = reasoning.reasoning;
  for (const name in prompt.parameters) {
    if (!withoutParameters.includes(name))
      addParameter(options, name, prompt.parameters[name], traits, noted);
  }
  if (prompt.stop.length > 0) options.stopSequences = [...prompt.stop];
  const tools = toolsOf(prompt, traits);
  if (tools.length > 0) options.tools = tools;
  if (prompt.toolChoice !== null && prompt.tools.length > 0) options.toolChoice = choiceOf(prompt.toolChoice);
  if (prompt.format !== null && prompt.format.type !== 'text')
    options.responseFormat = formatOf(prompt, traits);
  if (traits.dropsTextBesideCalls && hasTextBesideCalls(prompt))
    noted('text beside tool calls in earlier answers');
  const own = ownOptions(prompt, to, reasoning, noted);
  if (Object.keys(own).length > 0)
    options.providerOptions = own as NonNullable<typeof options.providerOptions>;
  return options;
}

function hasTextBesideCalls({ messages }: ChatPrompt): boolean {
  return messages.some(
    ({ role, parts }) =>
      role === 'assistant' &&
      parts.some(({ type }) => type === 'tool-call') &&
      parts.some((part) => part.type === 'text' && part.text !== ''),
  );
}

/** OpenAI's tools that are no functions are not in the typed prompt; other dialects say themselves what has no place there. */
function insistOnKnownTools({ native }: ChatPayload, { tools }: ChatPrompt): void {
  const asked = native.dialect === 'openai-chat' ? native.body['tools'] : undefined;
  if (Array.isArray(asked) && asked.length > tools.length)
    throw invalidRequest('this model’s provider can only be given tools of the type "function"');
}

function addParameter(
  options: LanguageModelV4CallOptions,
  name: string,
  value: unknown,
  traits: SdkPackage,
  noted: (parameter: string) => void,
): void {
  if (
    value === null ||
    value === undefined ||
    NOT_FOR_THE_MODEL.has(name) ||
    ASKS_NOTHING[name]?.(value) === true
  )
    return;
  const known = NUMBERS[name];
  if (known !== undefined && traits.parameters.includes(name) && typeof value === 'number')
    options[known] = value;
  else if (STYLE.has(name)) noted(name);
  else throw invalidRequest(`this model’s provider cannot be told "${name}"`);
}

function toolsOf(prompt: ChatPrompt, traits: SdkPackage): LanguageModelV4FunctionTool[] {
  if (prompt.tools.length === 0 && traits.needsToolsForHistory) return toolsOfHistory(prompt);
  return prompt.tools.map(({ name, description, parameters, strict }) => ({
    type: 'function',
    name,
    inputSchema: parameters ?? NO_PARAMETERS,
    ...(description === null ? {} : { description }),
    ...(strict === null ? {} : { strict }),
  }));
}

const NO_PARAMETERS = { type: 'object', properties: {} } as const;

/** Clients sum up a conversation with calls in it without sending their tools again, which only Bedrock refuses. */
function toolsOfHistory({ messages }: ChatPrompt): LanguageModelV4FunctionTool[] {
  const names = new Set(
    messages.flatMap(({ parts }) => parts.flatMap((part) => (part.type === 'tool-call' ? [part.name] : []))),
  );
  return [...names].map((name) => ({
    type: 'function',
    name,
    description: 'Belongs to the earlier conversation and cannot be called any more.',
    inputSchema: { type: 'object' },
  }));
}

function choiceOf(choice: ToolChoice): NonNullable<LanguageModelV4CallOptions['toolChoice']> {
  return typeof choice === 'string' ? { type: choice } : { type: 'tool', toolName: choice.name };
}

function formatOf(
  { format }: ChatPrompt,
  traits: SdkPackage,
): NonNullable<LanguageModelV4CallOptions['responseFormat']> {
  if (format?.type === 'schema') return { type: 'json', schema: format.schema, name: format.name };
  return traits.jsonNeedsSchema ? { type: 'json', schema: { type: 'object' } } : { type: 'json' };
}

/** A deployment's name does not tell its package whether the model behind it refuses `max_tokens`. */
function namesItsCap({ traits, quirks }: Addressee): boolean {
  return traits.optionsKey === 'openai' && quirks.maxTokensField === 'max_completion_tokens';
}

function ownOptions(
  { parallelToolCalls, tools, format }: ChatPrompt,
  to: Addressee,
  reasoning: SdkReasoning,
  noted: (parameter: string) => void,
): Record<string, JsonObject> {
  const { traits } = to;
  const own: Record<string, JsonObject> = {};
  const add = (key: string, option: object) => {
    own[key] = { ...own[key], ...option };
  };
  if (reasoning.maxOutputTokens !== null && namesItsCap(to))
    add(traits.optionsKey, { maxCompletionTokens: reasoning.maxOutputTokens });
  if (reasoning.options !== undefined) add(traits.optionsKey, reasoning.options);
  if (parallelToolCalls === false && tools.length > 0) {
    if (traits.oneCallAtATime === null) noted('parallel_tool_calls');
    else add(traits.oneCallAtATime.key, traits.oneCallAtATime.option);
  }
  if (format?.type === 'schema' && (traits.optionsKey === 'openai' || traits.optionsKey === 'mistral'))
    add(traits.optionsKey, { strictJsonSchema: format.strict });
  return own;
}
