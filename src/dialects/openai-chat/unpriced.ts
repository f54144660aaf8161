/**
 * Which members of a chat request may make a provider do paid work of which the catalogue knows no price. Under a limit only
 * members that are known to be free, or priced by tokens, go to a provider: a list of dear ones would miss the next.
 */
import { isJsonObject, type JsonObject } from '../../json.ts';

/** They change what is said, not what is charged beyond its tokens. */
const FREE_MEMBERS = new Set([
  ...['messages', 'max_tokens', 'max_completion_tokens', 'n', 'stop', 'seed'],
  ...[
    'temperature',
    'top_p',
    'top_k',
    'min_p',
    'top_a',
    'typical_p',
    'mirostat',
    'mirostat_eta',
    'mirostat_tau',
  ],
  ...['frequency_penalty', 'presence_penalty', 'repetition_penalty', 'length_penalty', 'repeat_penalty'],
  ...['logit_bias', 'logprobs', 'top_logprobs', 'prompt_logprobs', 'prediction', 'min_tokens', 'ignore_eos'],
  ...[
    'tool_choice',
    'parallel_tool_calls',
    'functions',
    'function_call',
    'response_format',
    'structured_outputs',
  ],
  ...['guided_json', 'guided_regex', 'guided_choice', 'guided_grammar', 'grammar', 'stop_token_ids'],
  ...[
    'verbosity',
    'thinking',
    'thinking_budget',
    'enable_thinking',
    'chat_template_kwargs',
    'reasoning_format',
  ],
  ...['include_stop_str_in_output', 'skip_special_tokens', 'add_generation_prompt', 'continue_final_message'],
  ...['cache_control', 'prompt_cache_key', 'prompt_cache_options', 'prompt_cache_retention', 'cache_prompt'],
  ...['safe_prompt', 'safety_identifier', 'safety_settings', 'raw_mode', 'store', 'random_seed', 'do_sample'],
  ...['keep_alive', 'options', 'format', 'think'],
]);

/** Tools that the client runs itself; others run at the provider, at its prices. */
const CLIENT_TOOLS = new Set(['function', 'custom']);
/** Compared as vendors compare them, who mostly ignore case. Tiers that cost more go to endpoints alone that have a price for them. */
const PLAIN_TIERS = new Set([
  ...['auto', 'default', 'standard', 'standard_only', 'flex', 'batch', 'on_demand'],
  ...['priority', 'fast', 'ultrafast'],
]);

/** `body` holds what would go to a provider. */
export function unpricedMembers(body: JsonObject): string[] {
  const members: string[] = [];
  for (const name in body) {
    if (!FREE_MEMBERS.has(name) && !isKnownToBeFree(name, body[name])) members.push(name);
  }
  return members;
}

/** The value decides. */
function isKnownToBeFree(name: string, value: unknown): boolean {
  switch (name) {
    case 'tools':
      return Array.isArray(value) && value.every((tool) => isJsonObject(tool) && isClientTool(tool['type']));
    case 'service_tier':
      return typeof value === 'string' && PLAIN_TIERS.has(value.toLowerCase());
    case 'speed':
      return typeof value === 'string' && (value === 'fast' || value.toLowerCase() === 'standard');
    case 'modalities':
      return Array.isArray(value) && value.every((modality) => modality === 'text');
    default:
      // Whatever it is, it is switched off.
      return value === false || (isJsonObject(value) && value['mode'] === 'off');
  }
}

function isClientTool(type: unknown): boolean {
  return typeof type === 'string' && CLIENT_TOOLS.has(type);
}
