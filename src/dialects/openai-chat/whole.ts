/** A whole answer as a `chat.completion`. */
import type { AnswerChoice, ChatAnswer } from '../../chat/answer.ts';
import type { Part, ReasoningPart, ToolCallPart } from '../../chat/prompt.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import type { Bill } from '../../pricing/cost.ts';
import type { AnswerHead } from '../dialect.ts';
import { removeReasoning } from './reasoning.ts';
import { usageJson } from './usage-json.ts';

export function wholeChat(head: AnswerHead, answer: ChatAnswer, bill: Bill): JsonObject {
  const body = answer.form === 'native' ? answer.body : { choices: answer.choices.map(choiceJson) };
  if (head.excludesReasoning) excludeReasoning(body['choices']);
  const whole: JsonObject = {
    id: head.id,
    object: 'chat.completion',
    created: head.created,
    model: head.model,
  };
  if (head.provider !== null) whole['provider'] = head.provider;
  // Official clients refuse an answer without it; null is fine.
  whole['system_fingerprint'] = answer.systemFingerprint;
  if (answer.serviceTier !== null) whole['service_tier'] = answer.serviceTier;
  // What the gateway says of itself has the last word on what the provider's body says of itself.
  for (const name in body) {
    if (!Object.hasOwn(whole, name) && name !== '__proto__') whole[name] = body[name];
  }
  whole['usage'] = usageJson(bill);
  return whole;
}

function choiceJson(choice: AnswerChoice): JsonObject {
  return {
    index: choice.index,
    message: messageJson(choice.parts),
    finish_reason: choice.finishReason,
    native_finish_reason: choice.nativeFinishReason,
    logprobs: choice.logprobs,
  };
}

function messageJson(parts: readonly Part[]): JsonObject {
  const text = textOf(parts, 'text');
  const refusal = textOf(parts, 'refusal');
  const thoughts = parts.filter((part) => part.type === 'reasoning');
  const calls = parts.filter((part) => part.type === 'tool-call');
  const message: JsonObject = { role: 'assistant', content: text, refusal };
  if (thoughts.length > 0) {
    message['reasoning'] = thoughts.map(({ text }) => text).join('');
    message['reasoning_details'] = thoughts.map(reasoningDetail);
  }
  if (calls.length > 0) message['tool_calls'] = calls.map(toolCallJson);
  for (const part of parts) {
    if (part.type === 'opaque' && part.dialect === 'openai-chat') Object.assign(message, part.value);
  }
  return message;
}

/** Null when there is no part of that type. */
function textOf(parts: readonly Part[], type: 'text' | 'refusal'): string | null {
  const texts = parts.flatMap((part) => (part.type === type ? [part.text] : []));
  return texts.length === 0 ? null : texts.join('');
}

function reasoningDetail(
  { text, signature, redacted, id, format = 'unknown' }: ReasoningPart,
  index: number,
): JsonObject {
  const named = id === undefined ? {} : { id };
  if (redacted !== undefined) return { type: 'reasoning.encrypted', data: redacted, ...named, format, index };
  return {
    type: 'reasoning.text',
    text,
    ...(signature === undefined ? {} : { signature }),
    ...named,
    format,
    index,
  };
}

function toolCallJson({ id, name, argumentsJson, extra }: ToolCallPart, index: number): JsonObject {
  return { id, type: 'function', index, function: { name, arguments: argumentsJson }, ...extra };
}

function excludeReasoning(choices: unknown): void {
  if (!Array.isArray(choices)) return;
  for (const choice of choices) if (isJsonObject(choice?.message)) removeReasoning(choice.message);
}
