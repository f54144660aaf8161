/** OpenAI's responses, as OpenRouter extends them: `POST /responses`. */
import { errorBody } from '../../error-body.ts';
import type { Dialect } from '../dialect.ts';
import { KEEP_ALIVE_FRAME } from '../openai-frames.ts';
import { ResponsesEncoder } from './encoder.ts';
import { parseResponsesRequest } from './request.ts';
import { wholeResponse } from './whole.ts';

/**
 * Codex repeats each of these five times, for seven seconds, although nothing changes meanwhile; OpenAI's own are 429s of a code that it
 * knows. A conversation that is too long it compacts before the next turn, if it reads so from a stream, as OpenAI tells it; of a 400
 * it shows the bytes, and goes on sending what is too long.
 */
const FINAL_REFUSALS = new Set([402, 403, 404]);

export const openAiResponses: Dialect = {
  name: 'openai-responses',
  parse: parseResponsesRequest,
  whole: wholeResponse,
  encoder: (head) => new ResponsesEncoder(head),
  errorBody,
  // Comments do not keep Codex waiting; an event of a type that nobody knows does, and disturbs no client.
  keepAliveFrame: 'event: keepalive\ndata: {"type":"keepalive"}\n\n',
  earlyKeepAliveFrame: KEEP_ALIVE_FRAME,
  refusesInStream: ({ status, code }, headers) =>
    (FINAL_REFUSALS.has(status) || code === 'context_length_exceeded') &&
    /^codex/i.test(headers.get('originator') ?? ''),
  streamContentType: 'text/event-stream',
};
