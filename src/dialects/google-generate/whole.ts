/** A whole answer as a `GenerateContentResponse`. */
import type { AnswerChoice, ChatAnswer } from '../../chat/answer.ts';
import type { JsonObject } from '../../json.ts';
import type { Bill } from '../../pricing/cost.ts';
import type { AnswerHead } from '../dialect.ts';
import { finishReasonOf, logprobsJson, MALFORMED_CALL, partsJson } from './answer-json.ts';
import { usageJson } from './usage-json.ts';

export function wholeGoogle(head: AnswerHead, answer: ChatAnswer, bill: Bill): JsonObject {
  const hidesThoughts = head.remembered?.['includesThoughts'] !== true;
  const body: JsonObject =
    answer.form === 'native'
      ? { ...answer.body }
      : { candidates: answer.choices.map((choice) => candidateJson(choice, hidesThoughts)) };
  body['usageMetadata'] = usageJson(bill);
  body['modelVersion'] = head.model;
  body['responseId'] = head.id;
  return body;
}

function candidateJson(choice: AnswerChoice, hidesThoughts: boolean): JsonObject {
  const { finishReason, logprobs } = choice;
  const written = choice.parts.map((part) => partsJson(part, hidesThoughts));
  const parts = written.flatMap((part) => part ?? []);
  const isMalformed = written.includes(null) && (finishReason === 'stop' || finishReason === 'tool_calls');
  return {
    content: { parts: parts.length === 0 ? [{ text: '' }] : parts, role: 'model' },
    finishReason: isMalformed ? MALFORMED_CALL : finishReasonOf(finishReason),
    index: choice.index,
    ...(logprobs === null ? {} : { logprobsResult: logprobsJson(logprobs) }),
  };
}
