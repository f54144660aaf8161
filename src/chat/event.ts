/** A streamed answer in the middle: what an adapter tells of it, in order, and what a dialect writes down of that. */
import type { JsonObject } from '../json.ts';
import type { DialectName, ReasoningFormat } from './prompt.ts';
import type { TokenUsage } from './usage.ts';

export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'error';

/** What kind of block begins. The text of a tool call is its arguments. */
export type BlockHead =
  | { readonly type: 'text' | 'refusal' }
  /** `redacted`: the whole thought, sealed; no text follows. */
  | {
      readonly type: 'reasoning';
      readonly format?: ReasoningFormat;
      readonly id?: string;
      readonly redacted?: string;
    }
  | { readonly type: 'tool-call'; readonly id: string; readonly name: string; readonly extra?: JsonObject }
  | { readonly type: 'opaque'; readonly dialect: DialectName; readonly value: JsonObject };

/**
 * `choice` counts from 0, as in `n`; `block` counts within a choice. `native` is an event of the provider that its caller's
 * dialect can send on as it is: the encoder writes it and nothing else, and the other events beside it are for money and limits.
 */
export type ChatEvent =
  | {
      readonly type: 'block-start';
      readonly choice: number;
      readonly block: number;
      readonly part: BlockHead;
    }
  | { readonly type: 'delta'; readonly choice: number; readonly block: number; readonly text: string }
  | {
      readonly type: 'block-end';
      readonly choice: number;
      readonly block: number;
      readonly signature?: string;
    }
  | { readonly type: 'logprobs'; readonly choice: number; readonly value: JsonObject }
  | {
      readonly type: 'finish';
      readonly choice: number;
      readonly reason: FinishReason;
      /** The provider's own word. */
      readonly native: string | null;
      readonly stopSequence?: string;
    }
  | { readonly type: 'usage'; readonly usage: TokenUsage }
  | {
      readonly type: 'meta';
      readonly upstreamId?: string;
      readonly serviceTier?: string;
      readonly systemFingerprint?: string;
    }
  | {
      readonly type: 'native';
      readonly dialect: DialectName;
      readonly event: JsonObject;
      /** UTF-8 bytes of what the model wrote with it: text, reasoning, names and arguments of calls. */
      readonly writtenBytes: number;
      /** Whether a client would see something of it: a role alone says nothing yet. */
      readonly saysSomething: boolean;
    }
  | {
      /**
       * A native event that tells nothing but more text of one choice, written already: `before`, `text` and `behind` together are a
       * JSON object, as the `event` of its kind would be written. The same `before` and `behind` serve many events.
       */
      readonly type: 'native-text';
      readonly choice: number;
      readonly before: string;
      readonly text: string;
      readonly behind: string;
      readonly writtenBytes: number;
    };
