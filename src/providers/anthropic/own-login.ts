/** What is otherwise where a caller's own login goes to Anthropic in the place of a key of the operator's. */
import { isJsonObject } from '../../json.ts';
import type { UpstreamClient } from '../../upstream/upstream.ts';
import type { ChatReader, CountCall } from '../adapter.ts';
import { garbage } from '../errors/error.ts';
import { ProviderError } from '../provider-error.ts';
import { WholeBody } from '../whole-body.ts';
import { addressOf } from './request.ts';

/** A refusal of the login is about the caller's account and not the operator's: the caller is told its status. */
export function ownLoginReader(reader: ChatReader): ChatReader {
  return {
    onAnswered: () => reader.onAnswered(),
    onEvents: (events) => reader.onEvents(events),
    onEnd: () => reader.onEnd(),
    onWhole: (answer) => reader.onWhole(answer),
    onFailure: (error) => reader.onFailure(asLoginsFault(error)),
  };
}

const REFUSED =
  'Anthropic refused the login that came with this request; in Claude Code, sign in again with /login';

function asLoginsFault(error: Error): Error {
  if (!(error instanceof ProviderError) || error.fault !== 'account') return error;
  return new ProviderError('status', {
    fault: 'login',
    // It is the caller's own account that Anthropic speaks of, and the token is taken out of what it says.
    message: error.detail === null || error.detail === '' ? REFUSED : `${REFUSED} (${error.detail})`,
    status: error.status === 401 ? 401 : 403,
    retryAfterSeconds: error.retryAfterSeconds,
    hasAnswered: error.hasAnswered,
  });
}

/** Members that only an answer needs, and that the vendor refuses beside a question for a count. */
const OF_ANSWERS = ['max_tokens', 'stream', 'temperature', 'top_p', 'top_k', 'stop_sequences', 'metadata'];

/** Anthropic's own count (`POST /messages/count_tokens`), which costs nothing. */
export function countTokensByLogin(client: UpstreamClient, call: CountCall): Promise<number> {
  const { target, payload, timeoutMs } = call;
  const body: Record<string, unknown> = { ...payload.native.body, model: target.upstreamModel };
  for (const name of OF_ANSWERS) delete body[name];
  const { url, headers } = addressOf({ target, payload, stream: false });
  return new Promise((resolve, reject) => {
    const reader = { onAnswered: () => {}, onWhole: resolve, onFailure: reject };
    const answer = new WholeBody(reader, target.apiKey, (read, text) => countOf(read, text, target.apiKey));
    answer.exchange = client.send(
      {
        url: `${url}/count_tokens`,
        headers,
        body: JSON.stringify(body),
        timeouts: { firstByteMs: timeoutMs, idleMs: timeoutMs, answerMs: timeoutMs },
      },
      answer,
    );
  });
}

function countOf(body: unknown, text: string, secret: string | null): number {
  const tokens = isJsonObject(body) ? body['input_tokens'] : undefined;
  if (typeof tokens === 'number' && Number.isInteger(tokens) && tokens >= 0) return tokens;
  throw garbage('Provider returned an answer that is not a count of tokens', text, secret);
}
