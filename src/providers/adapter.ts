/**
 * What an adapter is: a request in the middle goes in, an answer in the middle comes out, whatever the provider's wire format.
 * Adapters know no prices, no storage and no edge.
 */
import type { ChatAnswer } from '../chat/answer.ts';
import type { ChatEvent } from '../chat/event.ts';
import type { ChatPayload, DialectName, ReasoningWish } from '../chat/prompt.ts';
import type { EmbeddingsAnswer } from '../embeddings/answer.ts';
import type { EmbeddingsPayload } from '../embeddings/payload.ts';
import type { TurnpikeError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { SdkTarget } from './ai-sdk/packages.ts';
import type { Quirks } from './quirks.ts';
import type { WireFormat } from './wire-format.ts';

/** Where a call goes and as whom. */
export interface ProviderTarget {
  /** Without a trailing slash: `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  readonly apiKey: string | null;
  /** Present where `apiKey` is a token and goes as `Authorization: Bearer` in every wire format: whose it is. */
  readonly bearer?: BearerToken;
  /** Somebody typed the address in: no connection is made to anything but a host of the public internet. */
  readonly mustBePublic?: true;
  /** Of a deployment on Azure alone: its whole address, to which `apiKey` goes as `api-key`. */
  readonly deploymentUrl?: string;
  /** The upstream's own name of the model. */
  readonly upstreamModel: string;
  /** What this vendor does otherwise than others of its wire format. */
  readonly quirks: Quirks;
  /** The provider's slug, which its seals leave with; absent: they leave bare. */
  readonly origin?: string | undefined;
  /** Of the wire format `ai-sdk` alone: through which package. */
  readonly sdk?: SdkTarget | undefined;
}

/** `gateway`: got in exchange for a token that the gateway signed. `caller`: somebody's own, never to be kept beyond its request. */
export type BearerToken =
  | { readonly of: 'gateway' }
  | { readonly of: 'caller'; readonly userAgent: string | null };

export interface ProviderTimeouts {
  /** Until the answer begins. */
  readonly firstByteMs: number;
  /** Until a whole answer is complete; a stream has none. */
  readonly answerMs: number;
  /** Silence in a stream. */
  readonly idleMs: number;
}

export interface ChatCall {
  readonly target: ProviderTarget;
  readonly payload: ChatPayload;
  /** What the caller speaks. An adapter that lists it as native passes the request and the answer on, and else converts both. */
  readonly dialect: DialectName;
  /** The answer is told in typed parts, also where the caller speaks the provider's dialect, because somebody looks at its texts. */
  readonly toldInParts?: boolean;
  /** Parameters that this endpoint does not know, and whose absence changes only the style of an answer: not sent. */
  readonly withoutParameters: readonly string[];
  readonly stream: boolean;
  /** The output cap, always sent; null only where nothing bounds the model. */
  readonly maxTokens: number | null;
  readonly timeouts: ProviderTimeouts;
}

/** A question for how many tokens a prompt has. */
export interface CountCall {
  readonly target: ProviderTarget;
  readonly payload: ChatPayload;
  readonly dialect: DialectName;
  /** Until the answer is complete. */
  readonly timeoutMs: number;
}

export interface EmbeddingsCall {
  readonly target: ProviderTarget;
  readonly payload: EmbeddingsPayload;
  readonly timeouts: ProviderTimeouts;
}

/** Who hears of a whole answer: `onAnswered` once at most, then either of the others. Never called before the call has returned, nor after `cancel`. */
export interface WholeReader<A> {
  /** The head of a successful answer is here: proof that the provider has the request. */
  onAnswered(): void;
  onWhole(answer: A): void;
  /** A ProviderError; anything else is a defect of ours. */
  onFailure(error: Error): void;
}

/**
 * Who hears of an answer that may be a stream: `onAnswered` once at most, then the events and `onEnd`, or `onWhole`. Exactly one
 * of `onEnd`, `onWhole` and `onFailure` is the last.
 */
export interface StreamableReader<A> extends WholeReader<A> {
  /** What arrived together. */
  onEvents(events: readonly ChatEvent[]): void;
  onEnd(): void;
}

export type ChatReader = StreamableReader<ChatAnswer>;

/** A call under way. */
export interface Exchange {
  /** Reads no more from the provider until `resume`: the caller of the gateway is slower than its provider. */
  pause(): void;
  resume(): void;
  /** Ends the call: nothing more is heard of it. */
  cancel(): void;
}

export interface ProviderAdapter {
  readonly format: WireFormat;
  /** Dialects that are passed through unchanged. */
  readonly native: readonly DialectName[];
  /** Dialects beside these that this target is passed through unchanged. */
  relays?(dialect: DialectName, target: ProviderTarget): boolean;
  /** The vendor refuses a request without an output cap: a call to it names one also where nobody asked for one. */
  readonly demandsCap?: true;
  /** A stream was asked for and is told of by events, however the provider answered; the same the other way round. */
  chat(call: ChatCall, reader: ChatReader): Exchange;
  /** What this wire format knows of embeddings; without it, its providers have none. */
  readonly embeddings?: EmbeddingsAdapter;
  /** Why this provider cannot be told what the request says, in words for the caller; null: it can. Asked before anything is held. */
  refusal(payload: ChatPayload, target: ProviderTarget): TurnpikeError | null;
  /** Whether it can do what is wished, and not only something near it: what `require_parameters` asks. */
  honoursReasoning(wish: ReasoningWish | null, target: ProviderTarget): boolean;
  /** The most tokens that the vendor adds to a prompt by itself, for tools and the like: its bytes do not bound these. */
  promptOverheadTokens(payload: ChatPayload): number;
  /** Where the vendor counts a prompt for nothing: how many tokens it has. Rejects with a ProviderError. */
  countTokens?(call: CountCall): Promise<number>;
  /** The same with the caller's own login, of those that take one. */
  countTokensByLogin?(call: CountCall): Promise<number>;
  /** What the adapter would send: for the operator's eyes, and without any secret. Throws a TurnpikeError for what it cannot say. */
  requestBody(call: ChatCall): JsonObject;
}

export interface EmbeddingsAdapter {
  embed(call: EmbeddingsCall, reader: WholeReader<EmbeddingsAnswer>): Exchange;
  /** Why this provider cannot be told what is to be embedded, in words for the caller; null: it can. */
  refusal(payload: EmbeddingsPayload): TurnpikeError | null;
  /** Whether the provider can be told all that the request says; what it cannot be told does not change what a vector is. */
  honours(payload: EmbeddingsPayload, target: ProviderTarget): boolean;
}
