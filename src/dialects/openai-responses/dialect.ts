/** OpenAI's responses, as OpenRouter extends them: `POST /responses`. */
import { errorBody } from '../../error-body.ts';
import type { Dialect } from '../dialect.ts';
import { KEEP_ALIVE_FRAME } from '../openai-frames.ts';
import { ResponsesEncoder } from './encoder.ts';
import { parseResponsesRequest } from './request.ts';
import { wholeResponse } from './whole.ts';

export const openAiResponses: Dialect = {
  name: 'openai-responses',
  parse: parseResponsesRequest,
  whole: wholeResponse,
  encoder: (head) => new ResponsesEncoder(head),
  errorBody,
  // Comments do not keep Codex waiting; an event of a type that nobody knows does, and disturbs no client.
  keepAliveFrame: 'event: keepalive\ndata: {"type":"keepalive"}\n\n',
  earlyKeepAliveFrame: KEEP_ALIVE_FRAME,
  streamContentType: 'text/event-stream',
};
