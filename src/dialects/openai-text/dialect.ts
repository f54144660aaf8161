/** OpenAI's legacy text completions: `POST /completions`. */
import type { AnswerChoice, ChatAnswer } from '../../chat/answer.ts';
import { errorBody } from '../../error-body.ts';
import type { JsonObject } from '../../json.ts';
import type { Bill } from '../../pricing/cost.ts';
import type { AnswerHead, Dialect } from '../dialect.ts';
import { usageJson } from '../openai-chat/usage-json.ts';
import { KEEP_ALIVE_FRAME } from '../openai-frames.ts';
import { CompletionEncoder } from './encoder.ts';
import { legacyLogprobs } from './logprobs.ts';
import { parseTextRequest } from './request.ts';

export const openAiText: Dialect = {
  name: 'openai-text',
  parse: parseTextRequest,
  whole: wholeText,
  encoder: (head) => new CompletionEncoder(head),
  errorBody,
  keepAliveFrame: KEEP_ALIVE_FRAME,
  earlyKeepAliveFrame: KEEP_ALIVE_FRAME,
  streamContentType: 'text/event-stream',
};

function wholeText(head: AnswerHead, answer: ChatAnswer, bill: Bill): JsonObject {
  if (answer.form !== 'typed') throw new Error('no wire format is native to the legacy dialect');
  return {
    id: head.id,
    object: 'text_completion',
    created: head.created,
    model: head.model,
    ...(head.provider === null ? {} : { provider: head.provider }),
    system_fingerprint: answer.systemFingerprint,
    ...(answer.serviceTier === null ? {} : { service_tier: answer.serviceTier }),
    choices: answer.choices.map((choice) => choiceJson(choice, head.excludesReasoning)),
    usage: usageJson(bill),
  };
}

function choiceJson(choice: AnswerChoice, excludesReasoning: boolean): JsonObject {
  const textOf = (...types: string[]) =>
    choice.parts.flatMap((part) => (types.includes(part.type) && 'text' in part ? [part.text] : [])).join('');
  const reasoning = excludesReasoning ? '' : textOf('reasoning');
  return {
    index: choice.index,
    text: textOf('text', 'refusal'),
    ...(reasoning === '' ? {} : { reasoning }),
    logprobs: choice.logprobs === null ? null : legacyLogprobs(choice.logprobs),
    finish_reason: choice.finishReason,
    native_finish_reason: choice.nativeFinishReason,
  };
}
