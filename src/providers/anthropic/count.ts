/** Anthropic's `count_tokens`, which costs nothing. */
import { isJsonObject, type JsonObject } from '../../json.ts';
import type { UpstreamClient } from '../../upstream/upstream.ts';
import type { CountCall } from '../adapter.ts';
import { garbage } from '../errors/error.ts';
import { WholeBody } from '../whole-body.ts';
import { addressOf, requestBody } from './request.ts';

/** What an answer is made by, and no prompt: `count_tokens` refuses what it does not know. */
const OF_ANSWERS = [
  ...['max_tokens', 'stream', 'metadata', 'service_tier', 'stop_sequences'],
  ...['temperature', 'top_p', 'top_k', 'inference_geo'],
];

/** Rejects with a ProviderError where the vendor does not say. */
export function countTokens(client: UpstreamClient, call: CountCall): Promise<number> {
  const { target, timeoutMs } = call;
  const timeouts = { firstByteMs: timeoutMs, idleMs: timeoutMs, answerMs: timeoutMs };
  const asked = { ...call, withoutParameters: [], stream: false, maxTokens: null, timeouts };
  const { url, headers } = addressOf(asked);
  const body: JsonObject = { ...requestBody(asked) };
  for (const name of OF_ANSWERS) delete body[name];
  return new Promise((resolve, reject) => {
    const reader = { onAnswered: () => {}, onWhole: resolve, onFailure: reject };
    const answer = new WholeBody(reader, target.apiKey, (value, text) => countOf(value, text, target.apiKey));
    answer.exchange = client.send(
      {
        url: `${url}/count_tokens`,
        headers,
        body: JSON.stringify(body),
        timeouts,
        mustBePublic: target.mustBePublic,
      },
      answer,
    );
  });
}

function countOf(value: unknown, text: string, secret: string | null): number {
  const count = isJsonObject(value) ? value['input_tokens'] : undefined;
  if (typeof count === 'number' && Number.isInteger(count) && count >= 0) return count;
  throw garbage('Provider returned a count that is none', text, secret);
}
