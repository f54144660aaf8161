/** How a request ends that was answered whole, or by nobody: settled before anybody hears of it. */
import type { AnswerFacts } from '../chat/answer.ts';
import { cachedTokensOf } from '../chat/usage.ts';
import { TurnpikeError } from '../errors.ts';
import type { Ending, Work } from '../metering/recorder.ts';
import type { Bill } from '../pricing/cost.ts';
import { AttemptsFailed, type Begun } from '../routing/attempt.ts';
import type { AttemptRecord } from '../routing/attempt-record.ts';
import type { Candidate } from '../routing/plan.ts';
import type { Job, Started, StepServices } from './steps.ts';

/** The last attempt says why nobody was asked after it: a code alone, for a provider's words may quote the prompt. */
function withReason(
  attempts: readonly AttemptRecord[],
  error: TurnpikeError | null,
): readonly AttemptRecord[] {
  const last = attempts.at(-1);
  return error === null || last === undefined
    ? attempts
    : [...attempts.slice(0, -1), { ...last, error: error.code }];
}

/** A whole answer is settled before it is sent. */
export function settleWhole<A extends AnswerFacts>(
  { recorder }: Pick<StepServices, 'recorder'>,
  { promptBytes, request }: Job<A>,
  { work, remember }: Started<A>,
  begun: Begun<A> & { readonly kind: 'whole' },
  more: Partial<Pick<Ending, 'answerFilters' | 'finishReason'>> = {},
): Promise<Bill> {
  const { answer } = begun;
  if (answer.finishReason !== 'error') remember?.(answer.usage === null ? 0 : cachedTokensOf(answer.usage));
  return recorder.settled(work, begun, {
    reported: answer.usage,
    seen: { promptBytes, writtenBytes: answer.writtenBytes, imageCount: request.size.imageCount },
    estimated: false,
    finishReason: answer.finishReason,
    nativeFinishReason: answer.nativeFinishReason,
    serviceTier: answer.serviceTier,
    upstreamId: answer.upstreamId,
    cancelled: false,
    ...more,
  });
}

const WITHOUT_ANSWER: Ending = {
  reported: null,
  seen: { promptBytes: 0, writtenBytes: 0, imageCount: 0 },
  estimated: true,
  finishReason: 'error',
  nativeFinishReason: null,
  serviceTier: null,
  upstreamId: null,
  cancelled: false,
};

/**
 * Nothing was answered: recorded at the prompt's cost when the client left a provider that had begun to answer, without cost
 * otherwise, also when a defect of ours ended it: its hold is on record. What was sent to none leaves no record.
 */
export async function abandon(
  { recorder }: StepServices,
  { promptBytes, request }: Job<never>,
  work: Work,
  sentTo: Candidate | null,
  thrown: unknown,
): Promise<unknown> {
  if (!(thrown instanceof AttemptsFailed)) {
    if (sentTo === null) unsent(work);
    else await recorder.settled(work, { candidate: sentTo, attempts: [], firstByteMs: null }, WITHOUT_ANSWER);
    return thrown;
  }
  if (sentTo === null) {
    unsent(work);
    return thrown.publicError ?? new TurnpikeError('client_closed_request');
  }
  const { candidate, attempts, publicError: error, wasAtWork } = thrown;
  const seen = { promptBytes, writtenBytes: 0, imageCount: request.size.imageCount };
  await recorder.settled(
    work,
    { candidate, attempts: withReason(attempts, error), firstByteMs: null },
    {
      ...WITHOUT_ANSWER,
      ...(wasAtWork ? { seen, finishReason: null } : {}),
      cancelled: error === null,
    },
  );
  if (error !== null) error.onRecord = true;
  return error ?? new TurnpikeError('client_closed_request');
}

function unsent({ admission, rate }: Work): void {
  admission.hold.release();
  rate?.release();
}
