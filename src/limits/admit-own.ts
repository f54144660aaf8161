/**
 * Admission where callers brought keys of their own: what goes through one of these costs no more than a fee, and counts beside that
 * against those limits alone that want it counted. Money that is short keeps a request from the operator's endpoints, and from its own
 * keys only where it does not pay for the fee.
 */
import type { Endpoint } from '../catalogue/model.ts';
import { type Admission, type AdmissionRequest, admit, holdRangeOf } from './admit.ts';

export interface OwnAdmission extends Admission {
  /** The hold covers nothing but the caller's own keys. */
  readonly isOwnOnly: boolean;
}

/** What of a plan goes through the caller's own keys. */
export interface Owned {
  readonly endpoints: readonly Endpoint[];
  /** Whether `endpoints` of the request has others too. */
  readonly hasShared: boolean;
}

/** Throws as `admit`. */
export function admitWithOwn(request: AdmissionRequest, owned: Owned): OwnAdmission {
  const { nowMs, wallet } = request;
  const allowance = wallet.account.own;
  if (allowance === null) return admittedAt(request, owned, 0n);
  const { millionths } = allowance.fee;
  if (allowance.covers(0n, nowMs)) {
    const free = admittedAt(request, owned, 0n);
    if (allowance.covers(free.hold.amountNanoUsd, nowMs)) {
      free.hold.claim = allowance.claim(free.hold.amountNanoUsd, nowMs);
      return free;
    }
    free.hold.release();
  }
  const charged = admittedAt(request, owned, millionths);
  charged.hold.claim = allowance.claim(charged.hold.amountNanoUsd, nowMs);
  return charged;
}

/** What leases have to be there for: credits only where somebody else than the owner of a key may be billed, or a fee be due. */
export function leasableWithOwn(request: AdmissionRequest, owned: Owned): AdmissionRequest {
  const allowance = request.wallet.account.own;
  if (allowance === null) return sharing(request, owned, 0n);
  const wanted = holdRangeOf(sharing(request, owned, 0n))?.wantedNanoUsd ?? 0n;
  const isFree = allowance.covers(wanted, request.nowMs);
  return sharing(request, owned, isFree ? 0n : allowance.fee.millionths);
}

function admittedAt(request: AdmissionRequest, owned: Owned, feeMillionths: bigint): OwnAdmission {
  const alone = () => ({ ...admit(ownAlone(request, owned, feeMillionths)), isOwnOnly: true });
  if (!owned.hasShared) return alone();
  const beside = sharing(request, owned, feeMillionths);
  let both: Admission;
  try {
    both = admit(beside);
  } catch (thrown) {
    return attempted(alone) ?? rethrow(thrown);
  }
  const isShortened = request.size.maxTokens === null && both.isLowered === true;
  if (!isShortened) return { ...both, isOwnOnly: false };
  both.hold.release();
  return attempted(alone) ?? { ...admit(beside), isOwnOnly: false };
}

function sharing(request: AdmissionRequest, owned: Owned, feeMillionths: bigint): AdmissionRequest {
  if (!owned.hasShared) return ownAlone(request, owned, feeMillionths);
  return { ...request, own: { isAlone: false, feeMillionths } };
}

/** The same request at those endpoints alone that the caller's own keys are for. */
function ownAlone(request: AdmissionRequest, { endpoints }: Owned, feeMillionths: bigint): AdmissionRequest {
  return { ...request, endpoints, own: { isAlone: true, feeMillionths } };
}

function attempted(alone: () => OwnAdmission): OwnAdmission | null {
  try {
    return alone();
  } catch {
    return null;
  }
}

function rethrow(thrown: unknown): never {
  throw thrown;
}
