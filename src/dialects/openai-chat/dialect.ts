/** OpenAI's chat completions, as OpenRouter extends them: `POST /chat/completions`. */

import { errorBody } from '../../error-body.ts';
import type { Dialect } from '../dialect.ts';
import { KEEP_ALIVE_FRAME } from '../openai-frames.ts';
import { ChatEncoder } from './encoder.ts';
import { parseChatRequest } from './request.ts';
import { wholeChat } from './whole.ts';

export const openAiChat: Dialect = {
  name: 'openai-chat',
  parse: parseChatRequest,
  whole: wholeChat,
  encoder: (head) => new ChatEncoder(head),
  errorBody,
  keepAliveFrame: KEEP_ALIVE_FRAME,
  earlyKeepAliveFrame: KEEP_ALIVE_FRAME,
  streamContentType: 'text/event-stream',
};
