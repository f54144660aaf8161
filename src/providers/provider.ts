/**
 * What an adapter is: the canonical request goes in, canonical answers come out, whatever the provider's wire format.
 * The canonical shapes are OpenAI's chat shapes without their nulls and aliases. Adapters know no prices, no storage, no edge.
 */

import type { JsonObject } from '../json.ts';

/** Where a call goes and as whom. */
export interface ProviderTarget {
  readonly providerSlug: string;
  readonly baseUrl: string;
  readonly apiKey: string | null;
  readonly upstreamModel: string;
}

export interface ProviderTimeouts {
  readonly firstByteMs: number;
  readonly idleMs: number;
}

export interface ChatCall {
  readonly target: ProviderTarget;
  /** The canonical chat request, validated, without what only the gateway understands. */
  readonly body: JsonObject;
  readonly stream: boolean;
  /** The output cap, always sent; null only where nothing bounds the model. */
  readonly maxTokens: number | null;
  readonly timeouts: ProviderTimeouts;
  /** Aborting it ends the call and closes its connection: the gateway does when the client leaves, the transport on a timeout. */
  readonly abort: AbortController;
}

/** Counts as the provider reported them; all are non-negative integers. */
export interface TokenUsage {
  promptTokens: number;
  completionTokens: number;
  /** Part of `completionTokens`. */
  reasoningTokens: number;
  /** Part of `promptTokens`. */
  cachedTokens: number;
  /** Part of `promptTokens`. */
  cacheWriteTokens: number;
  /** Part of `promptTokens`. */
  audioTokens: number;
  /** Parts of `completionTokens`. */
  audioOutputTokens: number;
  imageOutputTokens: number;
}

export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'error';

export interface ChunkChoice {
  index: number;
  delta: JsonObject;
  finish_reason: FinishReason | null;
  native_finish_reason: string | null;
  logprobs?: unknown;
}

/** One event of a streamed answer. */
export interface ChatChunk {
  choices: ChunkChoice[];
  usage?: TokenUsage;
  upstreamId?: string;
  systemFingerprint?: string;
  serviceTier?: string;
}

export interface CompletionChoice {
  index: number;
  message: JsonObject;
  finish_reason: FinishReason | null;
  native_finish_reason: string | null;
  logprobs?: unknown;
}

export interface ChatCompletion {
  choices: CompletionChoice[];
  usage: TokenUsage | null;
  upstreamId: string | null;
  systemFingerprint: string | null;
  serviceTier: string | null;
}

/** A streamed answer, pulled: nothing is read from the provider before the client has taken what came before. */
export interface ChunkSource {
  /** The chunks that arrived together, or null at the proper end. Throws a ProviderError when the provider fails in mid-answer. */
  next(): Promise<ChatChunk[] | null>;
  /** Stops reading and closes the connection. */
  cancel(): void;
}

export type ChatAnswer =
  | { readonly kind: 'completion'; readonly completion: ChatCompletion }
  | { readonly kind: 'stream'; readonly source: ChunkSource };

export interface ProviderAdapter {
  chat(call: ChatCall): Promise<ChatAnswer>;
}

export type ProviderFailure =
  /** It answered with an error status. */
  | 'status'
  /** No connection, or it broke. */
  | 'unreachable'
  /** No byte in time. */
  | 'timeout'
  /** An answer that is not the wire format. */
  | 'garbage'
  /** We stopped it: the client left, or the gateway is stopping. */
  | 'aborted';

/** Why a provider failed us. `message` may be shown to callers: bounded, and without the provider's key. */
export class ProviderError extends Error {
  readonly failure: ProviderFailure;
  /** The upstream's HTTP status, or the one it put into an error event; null without one. */
  readonly status: number | null;
  /** The upstream's own code. */
  readonly providerCode: string | null;
  /** The upstream's body, cut and redacted. */
  readonly raw: string | null;
  readonly retryAfterSeconds: number | null;
  /** The head of its answer was here: proof that it had the request. */
  readonly hasAnswered: boolean;

  constructor(
    failure: ProviderFailure,
    details: {
      message: string;
      status?: number | null;
      providerCode?: string | null;
      raw?: string | null;
      retryAfterSeconds?: number | null;
      hasAnswered?: boolean;
      cause?: unknown;
    },
  ) {
    super(details.message, { cause: details.cause });
    this.name = 'ProviderError';
    this.failure = failure;
    this.status = details.status ?? null;
    this.providerCode = details.providerCode ?? null;
    this.raw = details.raw ?? null;
    this.retryAfterSeconds = details.retryAfterSeconds ?? null;
    this.hasAnswered = details.hasAnswered ?? false;
  }
}
