/** The legacy `POST /completions`: a prompt becomes one user message, so that it works with every model. */
import { invalidRequest } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import type { InferenceRequest } from '../dialect.ts';
import { parseChatBody } from '../openai-chat/request.ts';

/** Throws a 400 that names the member. */
export function parseTextRequest(body: JsonObject, bodyBytes: number): InferenceRequest {
  return parseChatBody(chatBodyOf(body), bodyBytes, { dialect: 'openai-text', body });
}

function chatBodyOf(body: JsonObject): JsonObject {
  const { prompt, logprobs, echo, suffix, best_of, ...rest } = body;
  for (const [name, value] of Object.entries({ echo, suffix, best_of })) {
    const isNeutral = value === undefined || value === null || value === false || value === 1 || value === '';
    if (!isNeutral) throw invalidRequest(`${name} is not supported on /completions`);
  }
  return {
    ...rest,
    ...logprobsOf(logprobs),
    messages: [{ role: 'user', content: promptText(prompt) }],
  };
}

function promptText(prompt: unknown): string {
  const only = Array.isArray(prompt) && prompt.length === 1 ? prompt[0] : prompt;
  if (typeof only !== 'string' || only === '') throw invalidRequest('prompt must be text');
  return only;
}

/** Here it is how many alternatives are wanted, and there a switch with the number beside it. */
function logprobsOf(value: unknown): JsonObject {
  if (value === undefined || value === null || value === false) return {};
  if (value === true) return { logprobs: true };
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 20)
    throw invalidRequest('logprobs must be an integer from 0 to 20');
  return { logprobs: true, ...(value === 0 ? {} : { top_logprobs: value }) };
}
