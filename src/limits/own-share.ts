/**
 * How much of a request's list price counts in a scope, where callers' own provider keys may pay for it: what these pay is not charged
 * here but for a fee, and counts beside that in those limits alone that want it counted. In millionths.
 */
import { type NanoUsd, partOfNanoUsd, wholeWithinNanoUsd } from '../money.ts';
import type { Scope } from './scope.ts';

const WHOLE = 1_000_000n;

export interface OwnShare {
  /** Nobody else than the owner of a key may be billed by a provider. */
  readonly isAlone: boolean;
  /** Of the list price, in millionths: at most all of it. */
  readonly feeMillionths: bigint;
}

/** `own` undefined: none of the caller's keys may serve. 0: nothing of the request counts there. */
export function shareIn({ limit }: Pick<Scope, 'limit'>, own: OwnShare | undefined): bigint {
  if (own === undefined) return WHOLE;
  if (limit.countsByok) return WHOLE + own.feeMillionths;
  return own.isAlone ? own.feeMillionths : WHOLE;
}

/** What a list price comes to in a scope. */
export function countedNanoUsd(listNanoUsd: NanoUsd, share: bigint): NanoUsd {
  return share === WHOLE ? listNanoUsd : partOfNanoUsd(listNanoUsd, share);
}

/** The highest list price that an amount in a scope pays for. `share`: not 0. */
export function listedNanoUsd(countedNanoUsd: NanoUsd, share: bigint): NanoUsd {
  return share === WHOLE ? countedNanoUsd : wholeWithinNanoUsd(countedNanoUsd, share);
}
