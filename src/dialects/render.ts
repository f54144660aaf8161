/** Canonical answers in the dialect of the route that asked. Chat completions, and the legacy text completions beside them. */
import type { JsonObject } from '../json.ts';
import type { ChatChunk, ChatCompletion } from '../providers/provider.ts';

/** What every body and every chunk of one answer has in common. */
export interface AnswerHead {
  readonly id: string;
  /** Unix seconds. */
  readonly created: number;
  readonly model: string;
  readonly provider: string;
}

export interface Dialect {
  /** Opening of each chunk's JSON, up to and with the comma before `choices`. */
  chunkHead(head: AnswerHead): string;
  chunkChoices(chunk: ChatChunk): unknown[];
  body(head: AnswerHead, completion: ChatCompletion, usage: JsonObject): JsonObject;
}

export const chatDialect: Dialect = {
  chunkHead: (head) => openObject({ id: head.id, object: 'chat.completion.chunk', ...headRest(head) }),
  chunkChoices: (chunk) => chunk.choices,
  body: (head, completion, usage) => ({
    id: head.id,
    object: 'chat.completion',
    ...headRest(head),
    system_fingerprint: completion.systemFingerprint,
    ...serviceTier(completion),
    choices: completion.choices.map((choice) => ({ ...choice, logprobs: choice.logprobs ?? null })),
    usage,
  }),
};

export const textDialect: Dialect = {
  chunkHead: (head) => openObject({ id: head.id, object: 'text_completion', ...headRest(head) }),
  chunkChoices: (chunk) =>
    chunk.choices.map(({ delta, ...choice }) => ({
      ...choice,
      text: textOf(delta),
      logprobs: choice.logprobs ?? null,
    })),
  body: (head, completion, usage) => ({
    id: head.id,
    object: 'text_completion',
    ...headRest(head),
    system_fingerprint: completion.systemFingerprint,
    ...serviceTier(completion),
    choices: completion.choices.map(({ message, ...choice }) => ({
      ...choice,
      text: textOf(message),
      logprobs: choice.logprobs ?? null,
      ...(typeof message['reasoning'] === 'string' ? { reasoning: message['reasoning'] } : {}),
    })),
    usage,
  }),
};

/** One SSE frame of a chunk. Members that official clients refuse as null are left out, never sent as null. */
export function chunkFrame(dialect: Dialect, head: string, chunk: ChatChunk): string {
  const choices = JSON.stringify(dialect.chunkChoices(chunk));
  const fingerprint =
    chunk.systemFingerprint === undefined
      ? ''
      : `,"system_fingerprint":${JSON.stringify(chunk.systemFingerprint)}`;
  const tier = chunk.serviceTier === undefined ? '' : `,"service_tier":${JSON.stringify(chunk.serviceTier)}`;
  return `data: ${head}"choices":${choices}${fingerprint}${tier}}\n\n`;
}

/** A last frame with members of its own: the usage, or an error. */
export function closingFrame(head: string, members: JsonObject): string {
  return `data: ${head}${JSON.stringify(members).slice(1)}\n\n`;
}

export const DONE_FRAME = 'data: [DONE]\n\n';

/** The words are OpenRouter's: some clients look for them. */
export const KEEP_ALIVE_FRAME = ': OPENROUTER PROCESSING\n\n';

export function withoutReasoning(message: JsonObject): JsonObject {
  const { reasoning: _, reasoning_details: __, ...rest } = message;
  return rest;
}

function headRest({ created, model, provider }: AnswerHead): JsonObject {
  return { created, model, provider };
}

function openObject(members: JsonObject): string {
  return `${JSON.stringify(members).slice(0, -1)},`;
}

function serviceTier(completion: ChatCompletion): JsonObject {
  return completion.serviceTier === null ? {} : { service_tier: completion.serviceTier };
}

function textOf(message: JsonObject): string {
  return typeof message['content'] === 'string' ? message['content'] : '';
}
