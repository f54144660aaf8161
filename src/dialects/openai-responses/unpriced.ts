/**
 * Which members of a Responses request may make OpenAI do paid work of which the catalogue knows no price: whatever is not known to
 * be free, or priced by tokens.
 */
import { isJsonObject, type JsonObject } from '../../json.ts';

const FREE_MEMBERS = new Set([
  ...[
    'input',
    'instructions',
    'include',
    'max_output_tokens',
    'max_tool_calls',
    'temperature',
    'top_p',
    'top_k',
  ],
  ...['min_p', 'top_a', 'seed', 'logit_bias', 'top_logprobs', 'frequency_penalty', 'presence_penalty'],
  ...['repetition_penalty', 'parallel_tool_calls', 'tool_choice', 'text', 'truncation', 'metadata'],
  ...['prompt_cache_key', 'prompt_cache_options', 'prompt_cache_retention', 'cache_control'],
  ...['safety_identifier', 'stream_options', 'client_metadata', 'store'],
]);

/** They run at the client, or are searched for by the tokens that they are written in. */
const FREE_TOOLS = new Set<unknown>([
  ...['function', 'custom', 'namespace', 'tool_search', 'local_shell', 'apply_patch'],
]);
/** Those that cost more go to endpoints alone that have a price for them. */
const PLAIN_TIERS = new Set<unknown>([
  ...['auto', 'default', 'standard', 'flex'],
  ...['priority', 'fast', 'ultrafast'],
]);

/** `body` holds what would go to a provider. */
export function unpricedMembers(body: JsonObject): string[] {
  return Object.keys(body).filter((name) => !FREE_MEMBERS.has(name) && !isKnownToBeFree(name, body[name]));
}

/** The value decides. */
function isKnownToBeFree(name: string, value: unknown): boolean {
  switch (name) {
    case 'tools':
      return (
        Array.isArray(value) && value.every((tool) => isJsonObject(tool) && FREE_TOOLS.has(tool['type']))
      );
    case 'reasoning':
      // `mode: pro` is another model.
      return isJsonObject(value) && (value['mode'] ?? 'standard') === 'standard';
    case 'service_tier':
      return PLAIN_TIERS.has(typeof value === 'string' ? value.toLowerCase() : value);
    case 'modalities':
      return Array.isArray(value) && value.every((modality) => modality === 'text');
    default:
      return value === null || value === false;
  }
}
