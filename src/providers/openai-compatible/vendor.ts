/** Where those who speak OpenAI's dialect differ: a few settings a vendor, by provider slug. */

export interface Vendor {
  /** The name of the output cap. Newer OpenAI models refuse `max_tokens`; most others know nothing else. */
  readonly maxTokensField: 'max_tokens' | 'max_completion_tokens';
  /** `effort`: only `reasoning_effort`; `object`: OpenRouter's own `reasoning` object. */
  readonly reasoning: 'effort' | 'object';
  /** Refuses messages with members it does not know, such as the `reasoning` of an earlier answer. */
  readonly strictMessages: boolean;
  /** Takes the `provider`-specific members of OpenRouter's messages. */
  readonly acceptsCacheControl: boolean;
}

const usual: Vendor = {
  maxTokensField: 'max_tokens',
  reasoning: 'effort',
  strictMessages: true,
  acceptsCacheControl: false,
};

const vendors: Readonly<Record<string, Vendor>> = {
  openai: { ...usual, maxTokensField: 'max_completion_tokens' },
  openrouter: { ...usual, reasoning: 'object', strictMessages: false, acceptsCacheControl: true },
};

export function vendorOf(providerSlug: string): Vendor {
  return vendors[providerSlug] ?? usual;
}
