/**
 * What is taken before a request may be sent: of the rates of its caller first, then of their money. Where one of them refuses, nothing
 * stays taken. There is a promise only where other nodes or other requests have to be waited for.
 */
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { AnswerFacts } from '../chat/answer.ts';
import type { RateHold } from '../limits/rates/rate-hold.ts';
import type { Wallet } from '../limits/wallets.ts';
import type { Candidate, PlannedModel } from '../routing/plan.ts';
import type { Conversation } from '../routing/sticky.ts';
import {
  type Asker,
  admissionOf,
  admitted,
  leasable,
  type MaybeOwnAdmission,
  ownedAmong,
} from './admission.ts';
import { mayAsk } from './allowed-models.ts';
import { downgradesOf } from './downgrades.ts';
import { insteadOf } from './plan-request.ts';
import { ratedBy, releasing } from './rated.ts';
import { type Admitted, admittedOtherwise } from './spent.ts';
import type { Job, Sender, StepServices } from './steps.ts';

/** A request whose models are known. */
export interface Asking<A extends AnswerFacts> {
  readonly services: StepServices;
  readonly job: Job<A>;
  readonly sender: Sender;
  readonly asker: Asker;
  /** In the caller's order. */
  readonly models: readonly PlannedModel[];
  readonly conversation: () => Conversation | null;
  /** In which they were found. */
  readonly known: Catalogue;
}

export interface Paid extends Admitted {
  readonly admission: MaybeOwnAdmission;
  /** Null: nothing limits how often the caller may ask. */
  readonly rate: RateHold | null;
}

/** @param mayServe in the order of the plan, which was made at `nowMs` */
export function paid(
  asking: Asking<never>,
  mayServe: readonly Candidate[],
  wallet: Wallet,
  nowMs: number,
): Paid | Promise<Paid> {
  const rating = ratesOf(asking, mayServe);
  if (rating === null) return moneyTaken(asking, mayServe, wallet, nowMs, null);
  return rating instanceof Promise
    ? rating.then((rate) => moneyTaken(asking, mayServe, wallet, rate.atMs, rate))
    : moneyTaken(asking, mayServe, wallet, rating.atMs, rating);
}

function ratesOf(
  { services, job, sender }: Asking<never>,
  mayServe: readonly Candidate[],
): RateHold | Promise<RateHold> | null {
  return ratedBy(services.rates, services.config.limits.defaultMaxTokens, job, mayServe, sender.principal);
}

/** What fails here takes nothing of the rates either. */
function moneyTaken(
  asking: Asking<never>,
  mayServe: readonly Candidate[],
  wallet: Wallet,
  startedAtMs: number,
  rate: RateHold | null,
): Paid | Promise<Paid> {
  const { wanted, owned } = askedOfMoney(asking, mayServe, wallet, startedAtMs, rate);
  const take = (): Paid | Promise<Paid> => {
    try {
      return { admission: admitted(wanted, owned), mayServe, wallet, startedAtMs, refused: null, rate };
    } catch (refusal) {
      return takenOtherwise(asking, mayServe, wallet, startedAtMs, rate, refusal);
    }
  };
  try {
    const leasing = asking.services.leases?.ensure(leasable(wanted, owned));
    return leasing === undefined ? take() : releasing(rate, leasing).then(take);
  } catch (thrown) {
    rate?.release();
    throw thrown;
  }
}

function askedOfMoney(
  { services, job, sender, asker }: Asking<never>,
  candidates: readonly Candidate[],
  wallet: Wallet,
  nowMs: number,
  rate: RateHold | null,
) {
  return {
    wanted: admissionOf(services, job, candidates, wallet, nowMs, sender.login, rate),
    owned: asker.own == null ? null : ownedAmong(candidates),
  };
}

/** Waits for what others hold, or lets what costs nothing or another model take over; that one takes of its own rates. */
async function takenOtherwise(
  asking: Asking<never>,
  mayServe: readonly Candidate[],
  firstWallet: Wallet,
  firstAtMs: number,
  firstRate: RateHold | null,
  refusal: unknown,
): Promise<Paid> {
  const { services, job, sender, asker, models, conversation, known } = asking;
  const { clock, config, leases, wallets } = services;
  let [wallet, startedAtMs, rate] = [firstWallet, firstAtMs, firstRate];
  const admit = async (candidates: readonly Candidate[]) => {
    // It counts in the windows of the moment in which it is admitted.
    const nowMs = clock.nowMs();
    const { wanted, owned } = askedOfMoney(asking, candidates, wallet, nowMs, rate);
    await leases?.ensure(leasable(wanted, owned));
    return { admission: admitted(wanted, owned), wallet, startedAtMs: nowMs };
  };
  const admitInstead = async (candidates: readonly Candidate[]) => {
    // Or the rates that both models take from would count it twice.
    rate?.release();
    rate = null;
    rate = await ratesOf(asking, candidates);
    return await admit(candidates);
  };
  const retry = async () => {
    const principal = await services.admitKey(sender.principal.keyHash, 'apiKey');
    wallet = await wallets.walletFor(principal, sender.attribution.tags);
    const { admission, startedAtMs: atMs } = await admit(mayServe);
    startedAtMs = atMs;
    return admission;
  };
  try {
    const admittedNow = await admittedOtherwise({
      ...{ refusal, models, mayServe },
      candidatesOf: (model) =>
        mayAsk(asker, model) ? insteadOf(services, job, model, conversation, startedAtMs, asker) : [],
      downgrades: downgradesOf(known, asker, job.kind),
      freeWhenSpent: config.budgets.freeWhenSpent,
      ...{ admit, admitInstead },
      wait: async (held) => {
        const admission = await services.holdQueue.admitted(held, retry, sender.signal);
        return { admission, wallet, startedAtMs };
      },
    });
    return { ...admittedNow, rate };
  } catch (thrown) {
    rate?.release();
    throw thrown;
  }
}
