/** Anthropic's Messages API, as OpenRouter extends it: `POST /messages`. */

import type { Dialect } from '../dialect.ts';
import { KEEP_ALIVE_FRAME } from '../openai-frames.ts';
import { MessagesEncoder } from './encoder.ts';
import { messagesErrorBody, messagesErrorHeaders, messagesErrorStatus } from './error.ts';
import { PING_FRAME } from './frames.ts';
import { parseMessagesRequest } from './request.ts';
import { wholeMessage } from './whole.ts';

export const anthropicMessages: Dialect = {
  name: 'anthropic-messages',
  parse: parseMessagesRequest,
  whole: wholeMessage,
  encoder: (head) => new MessagesEncoder(head),
  errorBody: messagesErrorBody,
  errorStatus: messagesErrorStatus,
  errorHeaders: messagesErrorHeaders,
  answerHeaders: (requestId) => ({ 'request-id': requestId }),
  keepAliveFrame: PING_FRAME,
  // A comment: an answer's first event is `message_start`.
  earlyKeepAliveFrame: KEEP_ALIVE_FRAME,
  streamContentType: 'text/event-stream',
};
