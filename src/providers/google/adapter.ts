/** The adapter for Google's own API of its models: `generateContent` and `streamGenerateContent` of the Gemini API. */
import type { UpstreamClient } from '../../upstream/upstream.ts';
import type { ChatCall, ChatReader, Exchange, ProviderAdapter } from '../adapter.ts';
import { GoogleAnswer } from './answer.ts';
import { embeddingsOver } from './embeddings.ts';
import { addressOf, refusal, requestBody } from './request.ts';
import { canHonourReasoning } from './thinking.ts';

export function google(client: UpstreamClient): ProviderAdapter {
  return {
    format: 'google',
    native: ['google-generate'],
    requestBody,
    refusal,
    honoursReasoning: (wish, { upstreamModel }) => canHonourReasoning(wish, upstreamModel),
    // Google counts declared functions as part of the prompt, in a text that is shorter than their JSON (its guide on tokens), and its
    // own tools, whose results it counts too, are never asked for under a limit.
    promptOverheadTokens: () => 0,
    chat: (call, reader) => chat(client, call, reader),
    embeddings: embeddingsOver(client),
  };
}

function chat(client: UpstreamClient, call: ChatCall, reader: ChatReader): Exchange {
  const { firstByteMs, idleMs, answerMs } = call.timeouts;
  const answer = new GoogleAnswer(reader, {
    isStream: call.stream,
    isNative: call.dialect === 'google-generate' && call.toldInParts !== true,
    secret: call.target.apiKey,
    origin: call.target.origin,
  });
  answer.exchange = client.send(
    {
      ...addressOf(call.target, call.stream),
      body: JSON.stringify(requestBody(call)),
      // The first byte of a whole answer comes when all of it is written: there its own limit alone counts.
      timeouts: call.stream
        ? { firstByteMs, idleMs, answerMs: null }
        : { firstByteMs: answerMs, idleMs: answerMs, answerMs },
      mustBePublic: call.target.mustBePublic,
    },
    answer,
  );
  return answer;
}
