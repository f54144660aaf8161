/** What vendors of OpenAI's wire format do otherwise than each other, as settings: by host, and by the operator's word. */
export interface Quirks {
  /** The name of the output cap. Newer models of OpenAI refuse `max_tokens`; most others know nothing else. */
  readonly maxTokensField: 'max_tokens' | 'max_completion_tokens';
  /** Which of the two it takes: a message of the other role is sent under the one it knows. */
  readonly roles: readonly ('system' | 'developer')[];
  /** Whether `stream_options: {include_usage: true}` is understood; else usage comes by itself, or is estimated. */
  readonly streamOptions: boolean;
  /**
   * How it is told to think. `effort`: `reasoning_effort`; `object`: OpenRouter's `reasoning`; `budget`: `thinking` with a type and a
   * budget of tokens; `enable`: `enable_thinking` and `thinking_budget`; `none`: it cannot be told.
   */
  readonly reasoning: 'effort' | 'object' | 'budget' | 'enable' | 'none';
  /** Under which name it wants back what it thought in earlier turns; `none`: it refuses or ignores it. */
  readonly reasoningHistory: 'reasoning_content' | 'reasoning_details' | 'none';
  /** Whether it reads `cache_control`. */
  readonly cacheControl: boolean;
}

const USUAL: Quirks = {
  maxTokensField: 'max_tokens',
  roles: ['system'],
  streamOptions: true,
  reasoning: 'effort',
  reasoningHistory: 'none',
  cacheControl: false,
};

const OPENAI: Quirks = {
  ...USUAL,
  maxTokensField: 'max_completion_tokens',
  roles: ['system', 'developer'],
};

/** By the end of the host's name; the longest that fits wins. Sources: the vendors' API references. */
const BY_HOST: Readonly<Record<string, Quirks>> = {
  'api.openai.com': OPENAI,
  'openai.azure.com': OPENAI,
  'services.ai.azure.com': OPENAI,
  'cognitiveservices.azure.com': OPENAI,
  'openrouter.ai': {
    ...USUAL,
    roles: ['system', 'developer'],
    reasoning: 'object',
    reasoningHistory: 'reasoning_details',
    cacheControl: true,
  },
  // Thinking and not thinking are `thinking.type`; a turn that called tools must come back with its `reasoning_content`.
  'api.deepseek.com': { ...USUAL, reasoning: 'budget', reasoningHistory: 'reasoning_content' },
  'api.moonshot.ai': { ...USUAL, reasoning: 'budget', reasoningHistory: 'reasoning_content' },
  'api.moonshot.cn': { ...USUAL, reasoning: 'budget', reasoningHistory: 'reasoning_content' },
  'api.z.ai': { ...USUAL, reasoning: 'budget', reasoningHistory: 'reasoning_content' },
  'open.bigmodel.cn': { ...USUAL, reasoning: 'budget', reasoningHistory: 'reasoning_content' },
  'aliyuncs.com': { ...USUAL, reasoning: 'enable', reasoningHistory: 'reasoning_content' },
  // Usage comes with the last chunk by itself, and an unknown member is a 422.
  'api.mistral.ai': { ...USUAL, streamOptions: false, reasoning: 'none' },
  'api.anthropic.com': { ...USUAL, roles: ['system', 'developer'], reasoning: 'budget' },
  'generativelanguage.googleapis.com': USUAL,
  'api.groq.com': { ...USUAL, maxTokensField: 'max_completion_tokens' },
  'api.cerebras.ai': { ...USUAL, maxTokensField: 'max_completion_tokens' },
  'api.x.ai': USUAL,
  'api.together.xyz': USUAL,
  'api.fireworks.ai': { ...USUAL, reasoningHistory: 'reasoning_content' },
  'api.perplexity.ai': { ...USUAL, streamOptions: false },
  'api.cohere.ai': USUAL,
  'api.cohere.com': USUAL,
};

/** What the operator wrote of a provider; what is missing goes by its host. */
export type QuirkSettings = Partial<Quirks>;

export function quirksOf(baseUrl: string, settings: QuirkSettings = {}): Quirks {
  return Object.freeze({ ...quirksOfHost(hostOf(baseUrl)), ...settings });
}

function quirksOfHost(host: string): Quirks {
  for (let name = host; name !== ''; name = name.slice(name.indexOf('.') + 1)) {
    const found = BY_HOST[name];
    if (found !== undefined) return found;
    if (!name.includes('.')) break;
  }
  return USUAL;
}

function hostOf(baseUrl: string): string {
  return URL.canParse(baseUrl) ? new URL(baseUrl).hostname.toLowerCase() : '';
}
