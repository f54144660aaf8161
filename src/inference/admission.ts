/** What a request asks the money for: of the account, of the caller's own provider keys, or of neither. */
import type { ClaudeLogin } from '../auth/claude-login.ts';
import type { Principal } from '../auth/principal.ts';
import type { Endpoint } from '../catalogue/model.ts';
import { type Admission, type AdmissionRequest, admit } from '../limits/admit.ts';
import { admitWithOwn, leasableWithOwn, type OwnAdmission, type Owned } from '../limits/admit-own.ts';
import type { RateHold } from '../limits/rates/rate-hold.ts';
import type { Wallet } from '../limits/wallets.ts';
import type { Policy } from '../policy/policy.ts';
import { isOwn, type OwnCredentials } from '../routing/credential.ts';
import type { Candidate } from '../routing/plan.ts';
import type { Job, StepServices } from './steps.ts';

/** Who pays, where it is not the account alone. */
export interface Asker {
  readonly login?: ClaudeLogin | undefined;
  readonly own?: OwnCredentials | null;
  readonly policy?: Policy | null;
  readonly allowedModels?: Principal['allowedModels'] | undefined;
  readonly onExhaust?: Principal['onExhaust'] | undefined;
}

export type MaybeOwnAdmission = Admission & Partial<OwnAdmission>;

/** What of the plan goes through the caller's own keys; null: nothing. */
export function ownedAmong(candidates: readonly Candidate[]): Owned | null {
  const own = candidates.filter(isOwn);
  if (own.length === 0) return null;
  return { endpoints: own.map(({ endpoint }) => endpoint), hasShared: own.length < candidates.length };
}

/** Throws as `admit`. */
export function admitted(wanted: AdmissionRequest, owned: Owned | null): MaybeOwnAdmission {
  return owned === null ? admit(wanted) : admitWithOwn(wanted, owned);
}

/** What leases have to be there for. */
export function leasable(wanted: AdmissionRequest, owned: Owned | null): AdmissionRequest {
  return owned === null ? wanted : leasableWithOwn(wanted, owned);
}

const NOTHING_KNOWN: ReadonlyMap<Endpoint, number> = new Map();

/** Those whose cost the hold bounds, and who are therefore asked; `explain` names the same. */
export function covered(
  mayServe: readonly Candidate[],
  { endpoints, isOwnOnly }: MaybeOwnAdmission,
): readonly Candidate[] {
  const candidates = isOwnOnly === true ? mayServe.filter(isOwn) : mayServe;
  return endpoints === null ? candidates : candidates.filter(({ endpoint }) => endpoints.includes(endpoint));
}

/** What the money is asked for; `explain` asks the same. */
export function admissionOf(
  { config }: Pick<StepServices, 'config'>,
  job: Job<never>,
  candidates: readonly Candidate[],
  wallet: Wallet,
  nowMs: number,
  login?: ClaudeLogin,
  rate: Pick<RateHold, 'maxTokens'> | null = null,
): AdmissionRequest {
  const endpoints = candidates.map(({ endpoint }) => endpoint);
  return {
    wallet,
    size: job.request.size,
    endpoints,
    knownPrompts: () => job.knownPrompts?.(endpoints, nowMs) ?? NOTHING_KNOWN,
    promptOverheadTokens: (endpoint) => job.promptOverheadTokens(endpoint),
    // What nobody here pays for needs no price.
    unpriced: login === undefined ? job.unpriced(candidates) : [],
    defaultMaxTokens: config.limits.defaultMaxTokens,
    mostTokens: rate === null ? null : rate.maxTokens,
    maxHoldNanoUsd: config.limits.maxHoldNanoUsd,
    refusesFreeWhenSpent: !config.budgets.freeWhenSpent,
    nowMs,
  };
}
