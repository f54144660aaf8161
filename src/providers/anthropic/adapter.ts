/** The adapter for Anthropic's Messages API, and for others who speak it. */
import type { UpstreamClient } from '../../upstream/upstream.ts';
import type { ChatCall, ChatReader, Exchange, ProviderAdapter } from '../adapter.ts';
import { AnthropicAnswer } from './answer.ts';
import { countTokens } from './count.ts';
import { promptOverheadTokens } from './overhead.ts';
import { countTokensByLogin, ownLoginReader } from './own-login.ts';
import { canHonourReasoning } from './reasoning.ts';
import { addressOf, NATIVE, refusal, requestBody } from './request.ts';

export function anthropic(client: UpstreamClient): ProviderAdapter {
  return {
    format: 'anthropic',
    native: [NATIVE],
    demandsCap: true,
    requestBody,
    refusal,
    promptOverheadTokens,
    honoursReasoning: (wish, { upstreamModel }) => canHonourReasoning(wish, upstreamModel),
    chat: (call, reader) =>
      chat(client, call, call.target.bearer?.of === 'caller' ? ownLoginReader(reader) : reader),
    countTokens: (call) => countTokens(client, call),
    countTokensByLogin: (call) => countTokensByLogin(client, call),
  };
}

function chat(client: UpstreamClient, call: ChatCall, reader: ChatReader): Exchange {
  const { url, headers } = addressOf(call);
  const { firstByteMs, idleMs, answerMs } = call.timeouts;
  const answer = new AnthropicAnswer(reader, {
    isStream: call.stream,
    isNative: call.dialect === NATIVE && call.toldInParts !== true,
    secret: call.target.apiKey,
    origin: call.target.origin,
  });
  const exchange = client.send(
    {
      url,
      headers,
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
