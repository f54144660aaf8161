/** The response object: in the events that begin and end a stream, and as a whole answer. */
import type { FinishReason } from '../../chat/event.ts';
import { errorMember } from '../../error-body.ts';
import { TurnpikeError } from '../../errors.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import type { Bill } from '../../pricing/cost.ts';
import { listOf } from '../content.ts';
import type { AnswerHead } from '../dialect.ts';
import { recalled } from './remembered.ts';
import { usageJson } from './usage-json.ts';

export type Status = 'in_progress' | 'completed' | 'incomplete' | 'failed';

/** What an answer was, besides its head and its request. */
export interface Outcome {
  readonly status: Status;
  readonly output: readonly JsonObject[];
  readonly serviceTier: string | null;
  /** Why it is incomplete. */
  readonly reason?: 'max_output_tokens' | 'content_filter';
  readonly error?: TurnpikeError;
  readonly bill?: Bill;
}

/** Every member that the official client insists on is here, be it null. */
export function responseJson(head: AnswerHead, outcome: Outcome): JsonObject {
  const { status, output, reason, error, bill, serviceTier } = outcome;
  return {
    id: head.id,
    object: 'response',
    created_at: head.created,
    status,
    background: false,
    completed_at: null,
    error: error === undefined ? null : failureJson(error),
    ...(error === undefined ? {} : { error_type: error.type }),
    incomplete_details: reason === undefined ? null : { reason },
    ...recalled(head.remembered).echo,
    model: head.model,
    ...head.notes,
    output,
    ...(status === 'in_progress' ? {} : { output_text: textOf(output) }),
    previous_response_id: null,
    service_tier: serviceTier,
    store: false,
    usage: bill === undefined ? null : usageJson(bill),
  };
}

/** Null: it ended as it should. */
export function reasonOf(finish: FinishReason | null): Outcome['reason'] | null {
  if (finish === 'length') return 'max_output_tokens';
  return finish === 'content_filter' ? 'content_filter' : null;
}

/** How a complete answer ended. */
export function outcomeOf(finish: FinishReason | null): Pick<Outcome, 'status' | 'reason' | 'error'> {
  if (finish === 'error') return { status: 'failed', error: new TurnpikeError('provider_unavailable') };
  const reason = reasonOf(finish) ?? undefined;
  return reason === undefined ? { status: 'completed' } : { status: 'incomplete', reason };
}

/** All text of all messages, which clients would else put together themselves. */
export function textOf(output: readonly JsonObject[]): string {
  let text = '';
  for (const item of output) {
    if (item['type'] !== 'message') continue;
    for (const part of listOf(item['content'])) {
      if (part['type'] === 'output_text' && typeof part['text'] === 'string') text += part['text'];
    }
  }
  return text;
}

/**
 * `code` is a word here, and decides what clients do: Codex shows the message of an `invalid_prompt` and stops, repeats whatever it
 * does not know, and waits until its time is over when the code is a number.
 */
export function failureJson(error: TurnpikeError): JsonObject {
  const member = errorMember(error);
  return { ...member, code: failureCode(error), message: failureMessage(error) };
}

function failureCode({ code, status }: TurnpikeError): string {
  if (code === 'context_length_exceeded') return 'context_length_exceeded';
  // What is held by requests that run is free again in a moment.
  if (status === 429 || code === 'in_flight_budget_exhausted') return 'rate_limit_exceeded';
  return status >= 400 && status < 500 && status !== 408 && status !== 499
    ? 'invalid_prompt'
    : 'server_error';
}

/** Codex reads out of the text how long it is to wait. */
function failureMessage(error: TurnpikeError): string {
  const { message, retryAfterSeconds } = error;
  if (failureCode(error) !== 'rate_limit_exceeded' || retryAfterSeconds === undefined) return message;
  return `${message.replace(/[.\s]*$/, '.')} Please try again in ${Math.max(1, retryAfterSeconds)}s.`;
}

/**
 * A provider's own response object under our head, with what it cost here. Older servers leave members out that clients insist on, and
 * a choice of a tool is repeated only as the official client takes it.
 */
export function relayedResponse(head: AnswerHead, value: unknown, bill: Bill | null): JsonObject {
  // Who pays there is the operator's business.
  const { billing: _, ...response }: JsonObject = isJsonObject(value) ? value : {};
  const { echo } = recalled(head.remembered);
  const output = listOf(response['output']);
  return {
    ...{
      object: 'response',
      created_at: head.created,
      completed_at: null,
      error: null,
      incomplete_details: null,
    },
    ...echo,
    ...response,
    id: head.id,
    model: head.model,
    ...head.notes,
    output,
    tool_choice: echo['tool_choice'],
    user: echo['user'],
    store: false,
    usage: bill === null ? null : usageJson(bill),
    ...(bill === null ? {} : { output_text: textOf(output) }),
  };
}
