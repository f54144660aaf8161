/** The life of one request on record: opened when it is sent, progressed while it streams, settled at its end at the true cost. */
import type { Principal } from '../auth/principal.ts';
import type { Model } from '../catalogue/model.ts';
import type { FinishReason } from '../chat/event.ts';
import { completionTokensOf, promptTokensOf, type TokenUsage } from '../chat/usage.ts';
import type { Clock } from '../clock.ts';
import { failPoint } from '../fail-point.ts';
import type { Admission } from '../limits/admit.ts';
import { FREE_COUNTER } from '../limits/free-requests.ts';
import { OWN_COUNTER } from '../limits/own-allowance.ts';
import type { RateHold } from '../limits/rates/rate-hold.ts';
import type { Bill, BillableUsage } from '../pricing/cost.ts';
import type { AttemptRecord } from '../routing/attempt-record.ts';
import type { Candidate } from '../routing/plan.ts';
import { countedUsage, type Seen } from './estimate.ts';
import { isFreeVariant } from './free-variant.ts';
import type { ScopeRef } from './generation.ts';
import { planText } from './plan-text.ts';
import type { ApiType, Attribution, FinishedRequest, Meter, SentRequest, Settlement } from './settle.ts';

/** What is the same however the request ends. */
export interface Work {
  readonly generationId: string;
  readonly requestId: string;
  readonly apiType: ApiType;
  readonly principal: Principal;
  readonly attribution: Attribution;
  readonly streamed: boolean;
  /** Of each model that a slug chose, which; null: all were named. */
  readonly routers: ReadonlyMap<Model, string> | null;
  /** The model that was asked for, where another one answers in its place; null: it answers itself. */
  readonly refused: AttemptRecord | null;
  readonly admission: Admission;
  /** In which order its endpoints are to be tried. */
  readonly planned: readonly Candidate[];
  /** What it holds of rates; null: nothing limits these. */
  readonly rate: RateHold | null;
  readonly scopes: readonly ScopeRef[];
  readonly startedAtMs: number;
  /** What content filters did with it, as JSON; null: none apply to its key. */
  readonly contentFilters: string | null;
}

export interface Tried {
  readonly candidate: Candidate;
  readonly attempts: readonly AttemptRecord[];
  /** Null: nothing came. */
  readonly firstByteMs: number | null;
}

/** What became of a request, however it ended. */
export interface Ending {
  /** What the provider counted; null: nothing. */
  readonly reported: TokenUsage | null;
  readonly seen: Seen;
  /** The count is ours whatever it says, because we cut the answer off. */
  readonly estimated: boolean;
  readonly finishReason: FinishReason | null;
  readonly nativeFinishReason: string | null;
  readonly serviceTier: string | null;
  readonly upstreamId: string | null;
  /** The client left before the end. */
  readonly cancelled: boolean;
  /** What content filters did with the answer, as JSON; absent: none look at it. */
  readonly answerFilters?: string;
}

export interface WorkRecorder {
  /** Must have resolved before the request goes to this endpoint. */
  opened(work: Work, candidate: Candidate): Promise<void>;
  /** `usage` is the least that it will have used. */
  progressed(work: Work, candidate: Candidate, usage: BillableUsage): void;
  /** Posts the hold at once; resolves with the bill for the client when the record is on disk. */
  settled(work: Work, tried: Tried, ending: Ending): Promise<Bill>;
}

export function createRecorder({ meter, clock }: { meter: Meter; clock: Clock }): WorkRecorder {
  /** What cannot be written down is not charged, and holds nothing. */
  function settleOrRelease(finished: FinishedRequest, { hold }: Admission): Settlement {
    try {
      const settlement = meter.settled(finished);
      const { cost, feeNanoUsd } = settlement;
      hold.post(cost.totalNanoUsd, { isByok: finished.isByok, feeNanoUsd });
      return settlement;
    } catch (thrown) {
      hold.release();
      throw thrown;
    }
  }

  return {
    opened: (work, candidate) => meter.opened(sentRequest(work, candidate)),
    progressed: (work, candidate, usage) => meter.progressed(sentRequest(work, candidate), usage),
    settled: async (work, tried, ending) => {
      const { model } = tried.candidate;
      let finished: FinishedRequest;
      try {
        finished = finishedOf(work, tried, ending, clock.nowMs());
      } catch (defect) {
        work.rate?.release();
        work.admission.hold.release();
        throw defect;
      }
      const { usage } = finished;
      work.rate?.settle(promptTokensOf(usage) + completionTokensOf(usage), model.id);
      const { cost, feeNanoUsd, durable } = settleOrRelease(finished, work.admission);
      failPoint('after-settle-record');
      await durable;
      failPoint('before-last-byte');
      return finished.isByok ? { usage, cost, isByok: true, feeNanoUsd } : { usage, cost };
    },
  };
}

function finishedOf(
  work: Work,
  { candidate, attempts, firstByteMs }: Tried,
  ending: Ending,
  endedAtMs: number,
): FinishedRequest {
  const { usage, estimated } = countedUsage(ending.reported, ending.seen);
  return {
    ...sentRequest(work, candidate),
    upstreamId: ending.upstreamId,
    cancelled: ending.cancelled,
    usage,
    estimated: estimated || ending.estimated,
    finishReason: ending.finishReason,
    nativeFinishReason: ending.nativeFinishReason,
    serviceTier: ending.serviceTier,
    endedAtMs,
    firstByteMs,
    answerFilters: ending.answerFilters,
    attempts: work.refused === null ? attempts : [work.refused, ...attempts],
    plan: planText(work.planned),
  };
}

/** Member by member: a copy by spreading takes the runtime several times as long, and every request needs this twice. */
function sentRequest(work: Work, { model, endpoint, credential }: Candidate): SentRequest {
  const isByok = credential?.kind === 'byok';
  const { claim } = work.admission.hold;
  let { scopes } = work;
  if (isFreeVariant(model.id)) scopes = [...scopes, [FREE_COUNTER.kind, work.principal.accountId]];
  if (isByok && claim !== null) scopes = [...scopes, [OWN_COUNTER.kind, work.principal.accountId]];
  return {
    generationId: work.generationId,
    requestId: work.requestId,
    apiType: work.apiType,
    principal: work.principal,
    attribution: work.attribution,
    contentFilters: work.contentFilters,
    model,
    router: work.routers?.get(model) ?? null,
    endpoint,
    isByok,
    claim,
    streamed: work.streamed,
    startedAtMs: work.startedAtMs,
    scopes,
    chargeCapNanoUsd: work.admission.chargeCapNanoUsd,
  };
}
