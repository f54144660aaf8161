/** One model's answer as it grows, chunk by chunk. No I/O. */

export interface Usage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly reasoningTokens: number | null;
  readonly cachedTokens: number | null;
  /** USD. */
  readonly cost: number | null;
}

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** As the model wrote it: not always JSON. */
  readonly argumentsText: string;
  /** What it gave, as whoever plays here says. */
  readonly result: string;
}

export interface Failure {
  readonly message: string;
  readonly code: string;
  readonly status: number;
  readonly retryAfterSeconds: number | null;
}

export interface Answer {
  readonly status: 'streaming' | 'done' | 'stopped' | 'failed';
  readonly text: string;
  readonly reasoning: string;
  readonly toolCalls: readonly ToolCall[];
  /** `data:` addresses of what it drew; nothing is loaded from elsewhere. */
  readonly pictures: readonly string[];
  readonly failure: Failure | null;
  readonly generationId: string | null;
  readonly keyHash: string;
  readonly provider: string | null;
  readonly usage: Usage | null;
  readonly finishReason: string | null;
  readonly firstTokenMs: number | null;
  readonly totalMs: number | null;
}

export const newAnswer = (keyHash: string): Answer => ({
  ...{ status: 'streaming', text: '', reasoning: '', toolCalls: [], pictures: [], failure: null },
  ...{ generationId: null, keyHash, provider: null, usage: null, finishReason: null },
  ...{ firstTokenMs: null, totalMs: null },
});

interface ChunkCall {
  readonly index?: number;
  readonly id?: string;
  readonly function?: { readonly name?: string; readonly arguments?: string };
}

/** What of a `chat.completion.chunk` is shown. */
export interface Chunk {
  readonly id?: string;
  readonly provider?: string;
  readonly choices?: readonly {
    readonly delta?: {
      readonly content?: string | null;
      readonly reasoning?: string | null;
      readonly tool_calls?: readonly ChunkCall[];
      readonly images?: readonly { readonly image_url?: { readonly url?: string } }[];
    };
    readonly finish_reason?: string | null;
  }[];
  readonly usage?: {
    readonly prompt_tokens: number;
    readonly completion_tokens: number;
    readonly cost?: number;
    readonly completion_tokens_details?: { readonly reasoning_tokens?: number };
    readonly prompt_tokens_details?: { readonly cached_tokens?: number };
  };
  readonly error?: {
    readonly code?: number;
    readonly message?: string;
    readonly metadata?: { readonly error_code?: string };
  };
}

/** `sinceMs`: since it was asked. */
export function withChunk(answer: Answer, chunk: Chunk, sinceMs: number): Answer {
  const { delta, finish_reason: finishReason } = chunk.choices?.[0] ?? {};
  const { usage, error } = chunk;
  const speaks = Boolean(delta?.content || delta?.reasoning || delta?.tool_calls?.length);
  const drawn = (delta?.images ?? []).flatMap(({ image_url: image }) =>
    image?.url?.startsWith('data:image/') === true ? [image.url] : [],
  );
  return {
    ...answer,
    generationId: answer.generationId ?? chunk.id ?? null,
    provider: chunk.provider ?? answer.provider,
    text: answer.text + (delta?.content ?? ''),
    reasoning: answer.reasoning + (delta?.reasoning ?? ''),
    toolCalls: (delta?.tool_calls ?? []).reduce(withCall, answer.toolCalls),
    pictures: drawn.length === 0 ? answer.pictures : [...new Set([...answer.pictures, ...drawn])],
    finishReason: finishReason ?? answer.finishReason,
    firstTokenMs: answer.firstTokenMs ?? (speaks ? sinceMs : null),
    usage: usage === undefined ? answer.usage : usageOf(usage),
    ...(error === undefined
      ? {}
      : {
          status: 'failed',
          failure: {
            message: error.message ?? 'The answer broke off',
            code: error.metadata?.error_code ?? String(error.code ?? 'error'),
            status: error.code ?? 0,
            retryAfterSeconds: null,
          },
        }),
  };
}

const usageOf = (usage: NonNullable<Chunk['usage']>): Usage => ({
  promptTokens: usage.prompt_tokens,
  completionTokens: usage.completion_tokens,
  reasoningTokens: usage.completion_tokens_details?.reasoning_tokens ?? null,
  cachedTokens: usage.prompt_tokens_details?.cached_tokens ?? null,
  cost: usage.cost ?? null,
});

/** A call's head comes once, with its id; its arguments come in pieces, by its index. */
function withCall(calls: readonly ToolCall[], piece: ChunkCall): readonly ToolCall[] {
  const at = piece.index ?? Math.max(0, calls.length - 1);
  const before = calls[at] ?? { id: '', name: '', argumentsText: '', result: '' };
  const grown = {
    ...before,
    id: before.id || (piece.id ?? ''),
    name: before.name || (piece.function?.name ?? ''),
    argumentsText: before.argumentsText + (piece.function?.arguments ?? ''),
  };
  return at < calls.length ? calls.with(at, grown) : [...calls, grown];
}
