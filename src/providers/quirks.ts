/** What vendors of one wire format do otherwise than each other, as settings: by host, and by the operator's word. */
export interface Quirks {
  /** The name of the output cap. */
  readonly maxTokensField: 'max_tokens' | 'max_completion_tokens';
  /** Roles besides user, assistant and tool that it takes; a `developer` message becomes `system` where it is not among them, and the other way round. */
  readonly roles: readonly ('system' | 'developer')[];
  /** Whether `stream_options: {include_usage: true}` is understood; else usage comes by itself, or is estimated. */
  readonly streamOptions: boolean;
  /**
   * How it is told to think. `effort`: `reasoning_effort`; `object`: OpenRouter's `reasoning`; `budget`: `thinking` with a budget of
   * tokens; `none`: it cannot be told.
   */
  readonly reasoning: 'effort' | 'object' | 'budget' | 'none';
  /** Whether it reads `cache_control`. */
  readonly cacheControl: boolean;
}
