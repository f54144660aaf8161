/** The adapter for everyone who speaks OpenAI's chat dialect, and for OpenAI's own Responses where the caller speaks that. */

import type { UpstreamClient } from '../../upstream/upstream.ts';
import type { ChatCall, ChatReader, Exchange, ProviderAdapter } from '../adapter.ts';
import { OpenAiAnswer } from './answer.ts';

import { embeddingsOver } from './embeddings.ts';
import { canHonourReasoning } from './reasoning.ts';
import { addressOf, requestBody as chatBody, refusal as chatRefusal } from './request.ts';
import { ResponsesAnswer } from './responses-answer.ts';
import { relaysResponses, responsesBody } from './responses-request.ts';

export function openAiCompatible(client: UpstreamClient): ProviderAdapter {
  return {
    format: 'openai',
    native: ['openai-chat'],
    relays: relaysResponses,
    requestBody,
    refusal: (payload, target) =>
      relaysResponses(payload.native.dialect, target) ? null : chatRefusal(payload),
    honoursReasoning: (wish, { quirks }) => canHonourReasoning(wish, quirks),
    // Tools are written into the prompt as they were sent, or shorter.
    promptOverheadTokens: () => 0,
    chat: (call, reader) => chat(client, call, reader),
    embeddings: embeddingsOver(client),
  };
}

/** Throws a TurnpikeError for what the dialect cannot say. */
function requestBody(call: ChatCall) {
  return relaysResponses(call.dialect, call.target) ? responsesBody(call) : chatBody(call);
}

function chat(client: UpstreamClient, call: ChatCall, reader: ChatReader): Exchange {
  const address = addressOf(call.target);
  const { firstByteMs, idleMs, answerMs } = call.timeouts;
  const isResponses = relaysResponses(call.dialect, call.target);
  const asked = {
    isStream: call.stream,
    isNative: call.toldInParts !== true && (isResponses || call.dialect === 'openai-chat'),
    secret: call.target.apiKey,
    origin: call.target.origin,
  };
  const answer = isResponses ? new ResponsesAnswer(reader, asked) : new OpenAiAnswer(reader, asked);
  const exchange = client.send(
    {
      url: isResponses ? address.responsesUrl : address.url,
      headers: call.stream ? address.streamHeaders : address.wholeHeaders,
      body: JSON.stringify(requestBody(call)),
      // The first byte of a whole answer comes when all of it is written: there its own limit alone counts.
      timeouts: call.stream
        ? { firstByteMs, idleMs, answerMs: null }
        : { firstByteMs: answerMs, idleMs: answerMs, answerMs },
      mustBePublic: call.target.mustBePublic,
    },
    answer,
  );
  answer.exchange = exchange;
  return answer;
}
