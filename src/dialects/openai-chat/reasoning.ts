/** What a model thought, under every name that OpenAI's dialect has for it in answers. */
import type { JsonObject } from '../../json.ts';

const REASONING_MEMBERS = ['reasoning', 'reasoning_details', 'reasoning_content', 'thinking'];

/** Takes the thoughts out of a message or a delta, in place. */
export function removeReasoning(message: JsonObject): void {
  for (const name of REASONING_MEMBERS) if (name in message) delete message[name];
}
