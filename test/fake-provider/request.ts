// A completion request as the fake provider understands it, whichever of the two endpoints it came to.
import { asArray, asNumber, asObject, asString, type JsonObject } from './json.ts';
import { messageTextOf, promptTokensOf, textTokensOf } from './tokens.ts';

export interface Tool {
  readonly name: string;
  readonly parameters: JsonObject;
}

export interface CompletionRequest {
  readonly kind: 'chat' | 'text';
  readonly model: string;
  readonly isStream: boolean;
  readonly includesUsage: boolean;
  readonly promptTokens: number;
  /** All prompt text, for matching scripts. */
  readonly promptText: string;
  readonly lastUserText: string;
  readonly isLastFromUser: boolean;
  readonly maxTokens: number | undefined;
  readonly stop: readonly string[];
  readonly choiceCount: number;
  readonly hasLogprobs: boolean;
  readonly tools: readonly Tool[];
  /** `auto`, `none`, `required`, or the name of a function. */
  readonly toolChoice: string | { readonly name: string };
  readonly responseFormat: JsonObject;
}

function readTool(value: unknown): Tool {
  const definition = asObject(asObject(value).function);
  return { name: asString(definition.name) ?? 'unnamed', parameters: asObject(definition.parameters) };
}

function readToolChoice(value: unknown): CompletionRequest['toolChoice'] {
  const name = asString(asObject(asObject(value).function).name);
  return name === undefined ? (asString(value) ?? 'auto') : { name };
}

function readStop(value: unknown): string[] {
  const stops = typeof value === 'string' ? [value] : asArray(value);
  return stops.filter((stop): stop is string => typeof stop === 'string' && stop !== '');
}

function readPrompts(body: JsonObject): readonly string[] {
  const prompt = body.prompt;
  return typeof prompt === 'string' ? [prompt] : asArray(prompt).map(String);
}

/** The request, or the sentence that OpenAI's 400 would carry. */
export function readCompletionRequest(kind: 'chat' | 'text', json: unknown): CompletionRequest | string {
  const body = asObject(json);
  const model = asString(body.model);
  if (model === undefined || model === '') return 'you must provide a model parameter';
  const messages = asArray(body.messages);
  const prompts = readPrompts(body);
  if (kind === 'chat' && messages.length === 0) return "Missing required parameter: 'messages'.";

  const lastUser = messages.findLast((message) => asObject(message).role === 'user');
  const texts = kind === 'chat' ? messages.map(messageTextOf) : prompts;
  return {
    kind,
    model,
    isStream: body.stream === true,
    includesUsage: asObject(body.stream_options).include_usage === true,
    promptTokens:
      kind === 'chat' ? promptTokensOf(messages) : prompts.reduce((sum, text) => sum + textTokensOf(text), 0),
    promptText: texts.join('\n'),
    lastUserText: kind === 'chat' ? messageTextOf(lastUser) : prompts.join('\n'),
    isLastFromUser: lastUser !== undefined && lastUser === messages.at(-1),
    maxTokens: asNumber(body.max_completion_tokens) ?? asNumber(body.max_tokens),
    stop: readStop(body.stop),
    choiceCount: Math.min(128, Math.max(1, Math.trunc(asNumber(body.n) ?? 1))),
    hasLogprobs: kind === 'chat' ? body.logprobs === true : asNumber(body.logprobs) !== undefined,
    tools: asArray(body.tools).map(readTool),
    toolChoice: readToolChoice(body.tool_choice),
    responseFormat: asObject(body.response_format),
  };
}
