/** The adapter for everyone who speaks OpenAI's chat dialect. */
import type { UpstreamClient } from '../../upstream/upstream.ts';
import type { ChatCall, ChatReader, Exchange, ProviderAdapter } from '../adapter.ts';
import { guardOf } from '../secret-guard.ts';
import { OpenAiAnswer } from './answer.ts';
import { requestBody, requestHeaders } from './request.ts';

const NATIVE = 'openai-chat';

export function openAiCompatible(client: UpstreamClient): ProviderAdapter {
  return {
    format: 'openai',
    native: [NATIVE],
    chat: (call, reader) => chat(client, call, reader),
    requestBody,
  };
}

function chat(client: UpstreamClient, call: ChatCall, reader: ChatReader): Exchange {
  const { target, timeouts } = call;
  const answer = new OpenAiAnswer(reader, {
    isNative: call.dialect === NATIVE,
    isStreamWanted: call.stream,
    guard: guardOf(target.apiKey),
  });
  const exchange = client.send(
    {
      url: `${target.baseUrl}/chat/completions`,
      headers: requestHeaders(target.apiKey),
      body: JSON.stringify(requestBody(call)),
      timeouts: {
        // A whole answer begins when it is complete.
        firstByteMs: call.stream ? timeouts.firstByteMs : timeouts.answerMs,
        idleMs: timeouts.idleMs,
        answerMs: call.stream ? null : timeouts.answerMs,
      },
    },
    answer,
  );
  answer.exchange = exchange;
  return exchange;
}
