/** Google's `generateContent` and `streamGenerateContent`, as the Gemini API has them. */
import type { Dialect } from '../dialect.ts';
import { EVENTS, type Framing, GoogleEncoder, LIST } from './encoder.ts';
import { errorBody } from './error-json.ts';
import { parseGoogleRequest } from './request.ts';
import { wholeGoogle } from './whole.ts';

function framedBy(framing: Framing, keepAliveFrame: string, streamContentType: string): Dialect {
  return {
    name: 'google-generate',
    parse: parseGoogleRequest,
    whole: wholeGoogle,
    encoder: (head) => new GoogleEncoder(head, framing),
    errorBody,
    keepAliveFrame,
    earlyKeepAliveFrame: keepAliveFrame,
    streamContentType,
  };
}

/** Streams for `?alt=sse`. */
export const googleGenerate = framedBy(EVENTS, ': keep-alive\n\n', 'text/event-stream');

/** Streams without it: one JSON list, in which white space means nothing. */
export const googleGenerateList = framedBy(LIST, '\n', 'application/json');
