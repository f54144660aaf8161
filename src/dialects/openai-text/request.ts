/** The legacy `POST /completions`: a prompt becomes one user message, so that it works with every model. */
import { invalidRequest } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';

export function chatBodyFromPrompt(body: JsonObject): JsonObject {
  const { prompt, logprobs: _, echo, suffix, best_of, ...rest } = body;
  for (const [name, value] of Object.entries({ echo, suffix, best_of })) {
    const isNeutral = value === undefined || value === null || value === false || value === 1 || value === '';
    if (!isNeutral) throw invalidRequest(`${name} is not supported on /completions`);
  }
  return { ...rest, messages: [{ role: 'user', content: promptText(prompt) }] };
}

function promptText(prompt: unknown): string {
  const only = Array.isArray(prompt) && prompt.length === 1 ? prompt[0] : prompt;
  if (typeof only !== 'string' || only === '') throw invalidRequest('prompt must be text');
  return only;
}
