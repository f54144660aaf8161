/** What a provider counted of one answer. Every token is in exactly one bucket, so that a price belongs to each and sums are sums. */
export interface TokenUsage {
  /** Prompt tokens that are in no other input bucket. */
  readonly inputTokens: number;
  /** Prompt tokens that a cache served. */
  readonly cacheReadTokens: number;
  /** Prompt tokens that were stored for five minutes, or for as long as the vendor pleases. */
  readonly cacheWriteTokens: number;
  /** Prompt tokens that were stored for an hour. */
  readonly cacheWrite1hTokens: number;
  /** Prompt tokens of audio that no cache served. */
  readonly inputAudioTokens: number;
  /** Tokens of text that are in no other output bucket. */
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  readonly outputAudioTokens: number;
  readonly outputImageTokens: number;
  /** Web searches that the provider ran and charges for. */
  readonly searches: number;
}

export const NO_USAGE: TokenUsage = {
  inputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  cacheWrite1hTokens: 0,
  inputAudioTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  outputAudioTokens: 0,
  outputImageTokens: 0,
  searches: 0,
};

/** Of the prompt, what was read from a cache or written into it. */
export function cachedTokensOf({
  cacheReadTokens,
  cacheWriteTokens,
  cacheWrite1hTokens,
}: TokenUsage): number {
  return cacheReadTokens + cacheWriteTokens + cacheWrite1hTokens;
}

/** All of the prompt, as `usage.prompt_tokens` shows it. */
export function promptTokensOf(usage: TokenUsage): number {
  return (
    usage.inputTokens +
    usage.cacheReadTokens +
    usage.cacheWriteTokens +
    usage.cacheWrite1hTokens +
    usage.inputAudioTokens
  );
}

/** All of the answer, as `usage.completion_tokens` shows it. */
export function completionTokensOf(usage: TokenUsage): number {
  return usage.outputTokens + usage.reasoningTokens + usage.outputAudioTokens + usage.outputImageTokens;
}

/** Of two counts of one answer the later one, unless it says nothing: some vendors end with zeros what they have counted before. */
export function laterUsage(known: TokenUsage | null, later: TokenUsage): TokenUsage {
  return known !== null && promptTokensOf(later) + completionTokensOf(later) === 0 ? known : later;
}
