/**
 * Admission where callers brought keys of their own: what goes through one of these costs no credits, and counts against those
 * limits alone that want it counted. Money that is short keeps a request from the operator's endpoints, and never from its own keys.
 */
import type { Endpoint } from '../catalogue/model.ts';
import { type Admission, type AdmissionRequest, admit } from './admit.ts';
import type { Scope } from './scope.ts';

export interface OwnAdmission extends Admission {
  /** The hold covers nothing but the caller's own keys. */
  readonly isOwnOnly: boolean;
}

/**
 * Throws as `admit`.
 * @param ownEndpoints those that the caller's own keys are for
 * @param hasShared whether `request.endpoints` has others too
 */
export function admitWithOwn(
  request: AdmissionRequest,
  ownEndpoints: readonly Endpoint[],
  hasShared: boolean,
): OwnAdmission {
  const alone = () => ({ ...admit(ownAlone(request, ownEndpoints)), isOwnOnly: true });
  if (!hasShared) return alone();
  let both: Admission;
  try {
    both = admit(request);
  } catch (thrown) {
    return attempted(alone) ?? rethrow(thrown);
  }
  const isShortened = request.size.maxTokens === null && both.isLowered === true;
  if (!isShortened) return { ...both, isOwnOnly: false };
  both.hold.release();
  return attempted(alone) ?? { ...admit(request), isOwnOnly: false };
}

/** The same request of those scopes alone that count what goes through the caller's own keys. */
export function ownAlone(request: AdmissionRequest, ownEndpoints: readonly Endpoint[]): AdmissionRequest {
  const { scopes } = request.wallet;
  const counting = scopes.filter(({ limit }) => limit.countsByok);
  const uncharged: readonly Scope[] = scopes.filter(({ limit }) => !limit.countsByok);
  return { ...request, endpoints: ownEndpoints, wallet: { ...request.wallet, scopes: counting }, uncharged };
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
