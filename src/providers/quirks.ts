/** What vendors of one wire format do otherwise than each other, as settings: by host, and by the operator's word. */

/** Words for how much a model is to think, from nothing to everything. */
export const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;

export type Effort = (typeof EFFORTS)[number];

/**
 * How a vendor is told to think. `effort`: `reasoning_effort`; `object`: OpenRouter's `reasoning`; `budget`: `thinking` with a budget
 * of tokens; `switch`: `thinking` on or off, with `reasoning_effort` beside it where there are efforts; `enable_thinking`: Alibaba's
 * pair of it and `thinking_budget`; `template`: `chat_template_kwargs` of self-hosted engines; `google`: `reasoning_effort`, or a
 * budget in `extra_body`; `none`: it cannot be told.
 */
export const REASONING_STYLES = [
  'effort',
  'object',
  'budget',
  'switch',
  'enable_thinking',
  'template',
  'google',
  'none',
] as const;

/** The member of an assistant's message in which a vendor wants its own earlier thoughts back; `none`: it refuses or ignores them. */
export const REASONING_HISTORIES = [
  'reasoning_content',
  'reasoning',
  'reasoning_details',
  'thinking_parts',
  'none',
] as const;

export interface Quirks {
  /** The name of the output cap. Newer OpenAI models refuse `max_tokens`, Mistral refuses the other. */
  readonly maxTokensField: 'max_tokens' | 'max_completion_tokens';
  /**
   * Roles besides user, assistant and tool that it takes; a `developer` message becomes `system` where it is not among them, and the
   * other way round.
   */
  readonly roles: readonly ('system' | 'developer')[];
  /** Whether `stream_options: {include_usage: true}` is understood; else usage comes by itself, or is estimated. */
  readonly streamOptions: boolean;
  readonly reasoning: (typeof REASONING_STYLES)[number];
  /** The words of effort that it takes, in the order of `EFFORTS`; another word becomes the nearest. Empty: it knows none. */
  readonly efforts: readonly Effort[];
  readonly reasoningHistory: (typeof REASONING_HISTORIES)[number];
  /** Stands for the thoughts of an assistant's message with tool calls that has none, where a vendor refuses their absence. */
  readonly missingReasoning: string | null;
  /** Whether it reads `cache_control`. */
  readonly cacheControl: boolean;
  /** Reads the `name` of a message; else it stands before the text, as OpenRouter has it. */
  readonly messageNames: boolean;
  /** Takes ids of tool calls of exactly nine letters and digits; those of other vendors in a conversation are rewritten. */
  readonly nineLetterCallIds: boolean;
  /** Refuses messages, calls and tools with members that it does not know, such as another vendor's thought signature. */
  readonly strictMessages: boolean;
  /**
   * Understands `encoding_format: "base64"`, a quarter of the bytes. Others are asked for nothing and answer in numbers: some refuse
   * the member, and some answer it with nothing.
   */
  readonly base64Embeddings: boolean;
  readonly dimensionsField: 'dimensions' | 'output_dimension';
  /** Leaves `input_type` alone where it does not read it; others refuse the request. */
  readonly inputType: boolean;
  /** The most inputs that it embeds in one request; null: as many as a caller may send. */
  readonly embeddingsAtOnce: number | null;
  /** Has OpenAI's Responses beside chat completions, below the same address: callers of that API are passed on to it. */
  readonly responses: boolean;
}

/** What an operator can set for a provider of their own; the rest follows from its host. */
export type QuirkSettings = Partial<
  Pick<
    Quirks,
    | 'maxTokensField'
    | 'roles'
    | 'streamOptions'
    | 'reasoning'
    | 'reasoningHistory'
    | 'cacheControl'
    | 'base64Embeddings'
    | 'embeddingsAtOnce'
    | 'responses'
  >
>;
