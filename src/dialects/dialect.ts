/**
 * What a dialect is: how callers of one kind of API write their requests and want to read every answer, chunk and error. A route
 * carries its dialect, and nothing else writes to its caller.
 */
import type { ChatAnswer } from '../chat/answer.ts';
import type { ChatEvent } from '../chat/event.ts';
import type { MediaKind } from '../chat/media.ts';
import type { ChatPayload, DialectName } from '../chat/prompt.ts';
import type { RequestSize } from '../chat/size.ts';
import type { EmbeddingsPayload } from '../embeddings/payload.ts';
import type { ErrorForm } from '../error-body.ts';
import type { TurnpikeError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { Bill } from '../pricing/cost.ts';
import type { ProviderPreferences } from '../routing/preferences.ts';
import type { RouterSettings } from '../routing/router-settings.ts';
import type { TierWish } from '../routing/tiers.ts';

/** What every request says, whatever it asks for. */
export interface AnyRequest {
  /** In the caller's order, without repeats; never empty. */
  readonly modelIds: readonly string[];
  readonly stream: boolean;
  readonly preferences: ProviderPreferences;
  /** The service tier that it asks for; null, and absent: none that the gateway knows. */
  readonly tierWish?: TierWish | null;
  /** What it says to routers; null, and absent: nothing. */
  readonly routerSettings?: readonly RouterSettings[] | null;
  readonly size: RequestSize;
  /** What it has beside text. */
  readonly mediaKinds: readonly MediaKind[];
  /** Of the text that the request was parsed from. */
  readonly bodyBytes: number;
  /** Those that an endpoint may or may not support, under the names of `supported_parameters`. */
  readonly usedParameters: readonly string[];
  /** Members that may ask a provider for paid work of which the catalogue knows no price. */
  readonly unpriced: readonly string[];
  /** The same where the provider speaks another dialect, and less is sent; absent: the same members. */
  readonly unpricedElsewhere?: readonly string[];
  readonly sessionId: string | null;
  /** The caller's own end user. */
  readonly user: string | null;
}

/** A chat request as the rest of the gateway knows it: checked, and with every member that we do not know left in place. */
export interface InferenceRequest extends AnyRequest {
  readonly operation: 'chat';
  readonly payload: ChatPayload;
  /** A stream is to begin with what is sent upstream. */
  readonly echoesUpstreamBody: boolean;
  /** What the dialect needs of the request to write its answer, kept for as long as that takes; null: nothing. */
  readonly remembered: JsonObject | null;
}

export interface EmbeddingsRequest extends AnyRequest {
  readonly operation: 'embeddings';
  readonly stream: false;
  readonly payload: EmbeddingsPayload;
  /** Of the inputs alone, in UTF-8, or four for each token: what a missing count is estimated by. */
  readonly inputBytes: number;
}

/** What a request says outside its body. */
export interface RequestFrame {
  readonly headers: Headers;
  /** Of its path. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
}

/** What every body and every chunk of one answer has in common. */
export interface AnswerHead {
  readonly id: string;
  /** Unix seconds. */
  readonly created: number;
  /** Empty when no model answered. */
  readonly model: string;
  readonly provider: string | null;
  /** The caller does not want to see what the model thought. */
  readonly excludesReasoning: boolean;
  /** `InferenceRequest.remembered`. */
  readonly remembered: JsonObject | null;
  /** Ours, beside the members of the dialect: which router chose the model, and in whose place it answers. Absent: nothing. */
  readonly notes?: JsonObject;
  /** What routing did, for the answer's last frame; absent: the caller did not ask. */
  readonly routing?: JsonObject;
}

/** What goes into the last frame of an answer, or beside the members of a whole one. */
export function routingMembers({ routing }: Pick<AnswerHead, 'routing'>): JsonObject {
  return routing === undefined ? {} : { openrouter_metadata: routing };
}

/** Writes one streamed answer, and owns what must be remembered between its frames. Each gives whole SSE frames, or nothing. */
export interface AnswerEncoder {
  /** What is sent upstream, where the caller asked to see it. */
  upstreamBody(body: JsonObject): string;
  events(events: readonly ChatEvent[]): string;
  /** Ends every choice that is still open, as one that has reached its output cap. */
  cutOff(): string;
  /** The last frames of a complete answer. */
  finish(bill: Bill): string;
  /** The last frames of one that failed, also before anything was written. */
  fail(error: TurnpikeError): string;
}

export interface Dialect extends ErrorForm {
  readonly name: DialectName;
  /** Throws a 400 that names the member. `bodyBytes` is the size of the text that `body` was parsed from. */
  parse(body: JsonObject, bodyBytes: number, frame: RequestFrame): InferenceRequest;
  whole(head: AnswerHead, answer: ChatAnswer, bill: Bill): JsonObject;
  encoder(head: AnswerHead): AnswerEncoder;
  /** Sent while nothing else comes, from the first frame of an answer on. */
  readonly keepAliveFrame: string;
  /** Sent before that, while the provider has not begun to answer. */
  readonly earlyKeepAliveFrame: string;
  /** Whether the client that sends such headers makes more of a stream that fails so than of the same error with its status. */
  refusesInStream?(error: TurnpikeError, headers: Headers): boolean;
  /** Of an answer, whole or streamed. */
  answerHeaders?(requestId: string): Readonly<Record<string, string>>;
  /** Of a stream: nearly always `text/event-stream`. */
  readonly streamContentType: string;
}
