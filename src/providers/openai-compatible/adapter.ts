/** The adapter for everyone who speaks OpenAI's chat dialect. */

import type { UpstreamClient } from '../../upstream/upstream.ts';
import type { ChatCall, ChatReader, Exchange, ProviderAdapter } from '../adapter.ts';
import { OpenAiAnswer } from './answer.ts';
import { canHonourReasoning } from './reasoning.ts';
import { addressOf, refusal, requestBody } from './request.ts';

export function openAiCompatible(client: UpstreamClient): ProviderAdapter {
  return {
    format: 'openai',
    native: ['openai-chat'],
    requestBody,
    refusal,
    honoursReasoning: (wish, { quirks }) => canHonourReasoning(wish, quirks),
    // Tools are written into the prompt as they were sent, or shorter.
    promptOverheadTokens: () => 0,
    chat: (call, reader) => chat(client, call, reader),
  };
}

function chat(client: UpstreamClient, call: ChatCall, reader: ChatReader): Exchange {
  const { url, streamHeaders, wholeHeaders } = addressOf(call.target);
  const { firstByteMs, idleMs, answerMs } = call.timeouts;
  const answer = new OpenAiAnswer(reader, {
    isStream: call.stream,
    isNative: call.dialect === 'openai-chat',
    secret: call.target.apiKey,
  });
  const exchange = client.send(
    {
      url,
      headers: call.stream ? streamHeaders : wholeHeaders,
      body: JSON.stringify(requestBody(call)),
      // The first byte of a whole answer comes when all of it is written: there its own limit alone counts.
      timeouts: call.stream
        ? { firstByteMs, idleMs, answerMs: null }
        : { firstByteMs: answerMs, idleMs: answerMs, answerMs },
    },
    answer,
  );
  answer.exchange = exchange;
  return answer;
}
