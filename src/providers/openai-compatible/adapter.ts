/** The adapter for everyone who speaks OpenAI's chat dialect. */
import { type ChatAnswer, type ChatCall, type ProviderAdapter, ProviderError } from '../provider.ts';
import { readJsonAnswer, send } from '../transport.ts';
import { readError } from './error.ts';
import { requestBody, requestHeaders } from './request.ts';
import { convertResponse } from './response.ts';
import { OpenAiStream } from './stream.ts';

export const openAiCompatible: ProviderAdapter = { chat };

async function chat(call: ChatCall): Promise<ChatAnswer> {
  const outbound = {
    target: call.target,
    path: '/chat/completions',
    headers: requestHeaders(call),
    body: JSON.stringify(requestBody(call)),
    timeouts: call.timeouts,
    abort: call.abort,
  };
  const response = await send(outbound, readError);
  if (!call.stream)
    return { kind: 'completion', completion: convertResponse(await readJsonAnswer(response, outbound)) };
  const type = response.headers.get('content-type') ?? '';
  if (response.body === null || !type.startsWith('text/event-stream')) {
    call.abort.abort();
    throw new ProviderError('garbage', { message: 'Provider did not answer with a stream' });
  }
  return { kind: 'stream', source: new OpenAiStream(response.body, call.abort, call.timeouts.idleMs) };
}
