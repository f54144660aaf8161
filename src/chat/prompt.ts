/**
 * A chat request in the middle: what every dialect can say, typed, and nothing of how one of them says it. It is made only where
 * the caller's dialect is not the one that its provider reads.
 */
import type { JsonObject } from '../json.ts';

/** How a caller writes, and how an endpoint may read it. */
export type DialectName =
  | 'anthropic-messages'
  | 'google-generate'
  | 'openai-chat'
  | 'openai-responses'
  | 'openai-text';

export type Role = 'system' | 'developer' | 'user' | 'assistant' | 'tool';

export interface ChatMessage {
  readonly role: Role;
  readonly name: string | null;
  readonly parts: readonly Part[];
}

/** Where the bytes of an image, a sound, a film or a file are. */
export type MediaSource =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'base64'; readonly mediaType: string; readonly data: string }
  | { readonly kind: 'id'; readonly id: string };

export interface TextPart {
  readonly type: 'text';
  readonly text: string;
  /** The prompt up to here is to be kept in the provider's cache, for five minutes or for an hour. */
  readonly cache?: '5m' | '1h';
}

export interface MediaPart {
  readonly type: 'media';
  readonly kind: 'image' | 'audio' | 'file' | 'video';
  readonly source: MediaSource;
  readonly fileName?: string;
  /** How closely an image is to be looked at: `low`, `high`, `auto`. */
  readonly detail?: string;
  readonly cache?: '5m' | '1h';
}

/** Who can read a signature or a sealed thought, under OpenRouter's names (`reasoning_details[].format`). */
export const REASONING_FORMATS = [
  'unknown',
  'anthropic-claude-v1',
  'google-gemini-v1',
  'openai-responses-v1',
  'xai-responses-v1',
] as const;
export type ReasoningFormat = (typeof REASONING_FORMATS)[number];

/** What a model thought. It goes back to the provider that wrote it, which may check its signature. */
export interface ReasoningPart {
  readonly type: 'reasoning';
  readonly text: string;
  readonly signature?: string;
  /** The thought itself, sealed by the vendor. */
  readonly redacted?: string;
  /** Whose signature or seal it is; without one nobody can check it. A provider is sent none of another's. */
  readonly format?: ReasoningFormat;
  /** The vendor's own name of it, which some want back beside it. */
  readonly id?: string;
}

export interface RefusalPart {
  readonly type: 'refusal';
  readonly text: string;
}

export interface ToolCallPart {
  readonly type: 'tool-call';
  readonly id: string;
  readonly name: string;
  /** As the model wrote it, which may not be JSON at all. */
  readonly argumentsJson: string;
  /** What the vendor put beside it and wants back (a thought signature). */
  readonly extra?: JsonObject;
}

export interface ToolResultPart {
  readonly type: 'tool-result';
  readonly callId: string;
  readonly content: readonly Part[];
  readonly isError: boolean;
}

/** What only one dialect can say. Another one cannot pass it on, and must not pretend to. */
export interface OpaquePart {
  readonly type: 'opaque';
  readonly dialect: DialectName;
  readonly value: JsonObject;
}

export type Part =
  | TextPart
  | MediaPart
  | ReasoningPart
  | RefusalPart
  | ToolCallPart
  | ToolResultPart
  | OpaquePart;

/** A function that the client runs itself. */
export interface FunctionTool {
  readonly name: string;
  readonly description: string | null;
  /** JSON Schema; null: it takes nothing. */
  readonly parameters: JsonObject | null;
  readonly strict: boolean | null;
}

export type ToolChoice = 'auto' | 'none' | 'required' | { readonly name: string };

export type AnswerFormat =
  | { readonly type: 'text' | 'json' }
  | { readonly type: 'schema'; readonly name: string; readonly schema: JsonObject; readonly strict: boolean };

/** How much a model is to think, however the caller said it. */
export interface ReasoningWish {
  /** False: not at all. Null: as the model does by itself. */
  readonly enabled: boolean | null;
  readonly effort: 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max' | null;
  readonly maxTokens: number | null;
  /** The thoughts are not to be part of the answer. */
  readonly exclude: boolean;
  /** How they are to be summed up (`auto`, `concise`, `detailed`). */
  readonly summary: string | null;
}

export interface ChatPrompt {
  readonly messages: readonly ChatMessage[];
  readonly tools: readonly FunctionTool[];
  readonly toolChoice: ToolChoice | null;
  readonly parallelToolCalls: boolean | null;
  readonly format: AnswerFormat | null;
  readonly stop: readonly string[];
  /** Sampling and the like under the names of `supported_parameters`: `temperature`, `top_p`, `seed`, …; unset ones are missing. */
  readonly parameters: JsonObject;
}

/** A chat request's content, as it came and, on demand, typed. */
export interface ChatPayload {
  /**
   * As it came, without the members that only the gateway reads: an endpoint that speaks the same dialect gets every other one,
   * known or not. `headers` are those of the caller's that belong to the dialect (`anthropic-beta`), in lower case: they go with it.
   */
  readonly native: {
    readonly dialect: DialectName;
    readonly body: JsonObject;
    readonly headers?: Readonly<Record<string, string>>;
  };
  /** Null: the caller said nothing about it. */
  readonly reasoning: ReasoningWish | null;
  /** It has members in which a provider's seals come back (`origin.ts`). Most requests have none, and are not searched for any. */
  readonly mayBeSealed?: boolean;
  /** The native body is without what other vendors sealed, which the prompt has. */
  readonly hidesSeals?: boolean;
  prompt(): ChatPrompt;
}
