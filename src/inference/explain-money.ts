/** Whether what is left pays for a request, and who takes over where it does not: as it would be admitted, but that nothing stays held. */
import type { Model } from '../catalogue/model.ts';
import { TurnpikeError } from '../errors.ts';
import type { Wallet } from '../limits/wallets.ts';
import type { Candidate, PlannedModel } from '../routing/plan.ts';
import type { Conversation } from '../routing/sticky.ts';
import {
  type Asker,
  admissionOf,
  admitted,
  covered,
  type MaybeOwnAdmission,
  ownedAmong,
} from './admission.ts';
import { mayAsk } from './allowed-models.ts';
import type { CompleteServices } from './complete.ts';
import { downgradesOf } from './downgrades.ts';
import { insteadOf } from './plan-request.ts';
import { admittedOtherwise, firstAsked } from './spent.ts';
import type { Job } from './steps.ts';

export interface Paid {
  /** What the money refuses; null: nothing. */
  readonly error: TurnpikeError | null;
  /** The model in whose place another one answers, and that one; null: it answers itself. */
  readonly downgraded: { readonly from: Model; readonly to: Model } | null;
  /** Those of the request's own that are paid for; null: all. */
  readonly candidates: readonly Candidate[] | null;
}

/** A request that is planned, and who asks. */
export interface Asking {
  readonly job: Job<never>;
  /** In the caller's order. */
  readonly models: readonly PlannedModel[];
  readonly mayServe: readonly Candidate[];
  readonly wallet: Wallet;
  readonly conversation: () => Conversation | null;
  readonly nowMs: number;
  readonly asker: Asker;
}

const ALL: Paid = { error: null, downgraded: null, candidates: null };

/** Null: all. */
function servingOf(
  mayServe: readonly Candidate[],
  admission: MaybeOwnAdmission,
): readonly Candidate[] | null {
  const candidates = covered(mayServe, admission);
  return candidates.length === mayServe.length ? null : candidates;
}

/** Nobody waits for what others hold: that is told as the refusal that it may become. */
export async function paidFor(
  services: CompleteServices,
  { job, models, mayServe, wallet, conversation, nowMs, asker }: Asking,
): Promise<Paid> {
  if (mayServe.length === 0) return ALL;
  const tried = (candidates: readonly Candidate[]) => {
    const owned = asker.own == null ? null : ownedAmong(candidates);
    const admission = admitted(admissionOf(services, job, candidates, wallet, nowMs), owned);
    admission.hold.release();
    return { admission, wallet, startedAtMs: nowMs };
  };
  try {
    return { ...ALL, candidates: servingOf(mayServe, tried(mayServe).admission) };
  } catch (refusal) {
    if (!(refusal instanceof TurnpikeError)) throw refusal;
    try {
      const {
        mayServe: paid,
        refused,
        admission,
      } = await admittedOtherwise({
        ...{ refusal, models, mayServe },
        candidatesOf: (model) =>
          mayAsk(asker, model) ? insteadOf(services, job, model, conversation, nowMs, asker) : [],
        downgrades: downgradesOf(services.catalogue(), asker, job.kind),
        freeWhenSpent: services.config.budgets.freeWhenSpent,
        wait: async (held) => {
          throw held;
        },
        admit: async (those) => tried(those),
        admitInstead: async (those) => tried(those),
      });
      const [from, to] = [firstAsked(models, mayServe)?.model, paid[0]?.model];
      const isOther = refused !== null && from !== undefined && to !== undefined;
      const candidates = servingOf(paid, admission) ?? (isOther ? null : paid);
      return { ...ALL, downgraded: isOther ? { from, to } : null, candidates };
    } catch (thrown) {
      if (!(thrown instanceof TurnpikeError)) throw thrown;
      return { ...ALL, error: thrown };
    }
  }
}
