/** What is written of one chat request from when it is sent: its progress, and its end, where the hold is posted at the true cost. */
import type { Principal } from '../auth/principal.ts';
import type { Clock } from '../clock.ts';
import { failPoint } from '../fail-point.ts';
import type { StreamEnd } from '../inference/answer-stream.ts';
import type { JsonObject } from '../json.ts';
import type { Admission } from '../limits/admit.ts';
import { FREE_COUNTER } from '../limits/free-requests.ts';
import type { BillableUsage } from '../pricing/cost.ts';
import type { Candidate } from '../routing/plan.ts';
import { isFreeVariant } from './free-variant.ts';
import type { AttemptRecord, ScopeRef } from './generation.ts';
import type { Attribution, FinishedRequest, Meter, SentRequest, Settlement } from './settle.ts';
import { usageJson } from './usage-json.ts';

/** What is the same however the request ends. */
export interface Work {
  readonly generationId: string;
  readonly requestId: string;
  readonly principal: Principal;
  readonly attribution: Attribution;
  readonly streamed: boolean;
  readonly router: string | null;
  readonly admission: Admission;
  readonly scopes: readonly ScopeRef[];
  readonly startedAtMs: number;
}

export interface Tried {
  readonly candidate: Candidate;
  readonly attempts: readonly AttemptRecord[];
  /** Null: nothing came. */
  readonly firstByteMs: number | null;
}

export interface WorkRecorder {
  /** Must have resolved before the request goes to this endpoint. */
  sent(work: Work, candidate: Candidate): Promise<void>;
  progressed(work: Work, candidate: Candidate, usage: BillableUsage): void;
  /** Posts at once; resolves with `usage` for the client when the record is on disk. */
  finish(work: Work, tried: Tried, end: StreamEnd): Promise<JsonObject>;
}

export function createRecorder({ meter, clock }: { meter: Meter; clock: Clock }): WorkRecorder {
  /** What cannot be written down is not charged, and holds nothing. */
  function settleOrRelease(finished: FinishedRequest, { hold }: Admission): Settlement {
    try {
      const settlement = meter.settle(finished);
      hold.post(settlement.cost.totalNanoUsd);
      return settlement;
    } catch (thrown) {
      hold.release();
      throw thrown;
    }
  }

  return {
    sent: (work, candidate) => meter.sent(sentRequest(work, candidate)),
    progressed: (work, candidate, usage) => meter.progressed(sentRequest(work, candidate), usage),
    finish: async (work, tried, end) => {
      const finished = {
        ...sentRequest(work, tried.candidate),
        ...end,
        attempts: tried.attempts,
        firstByteMs: tried.firstByteMs,
        endedAtMs: clock.nowMs(),
      };
      const { cost, durable } = settleOrRelease(finished, work.admission);
      failPoint('after-settle-record');
      await durable;
      failPoint('before-last-byte');
      return usageJson(end.usage, cost);
    },
  };
}

function sentRequest({ admission, ...work }: Work, { model, endpoint }: Candidate): SentRequest {
  const scopes: readonly ScopeRef[] = isFreeVariant(model.id)
    ? [...work.scopes, [FREE_COUNTER.kind, work.principal.accountId]]
    : work.scopes;
  const { chargeCapNanoUsd } = admission;
  return { ...work, scopes, chargeCapNanoUsd, apiType: 'completions', model, endpoint };
}
