/** May this request run, and with how many output tokens: every money rule in order, ending in a hold. Synchronous throughout. */
import type { Endpoint } from '../catalogue/model.ts';
import { pricingHeld } from '../catalogue/service-tiers.ts';
import type { RequestSize } from '../chat/size.ts';
import { TurnpikeError } from '../errors.ts';
import type { NanoUsd } from '../money.ts';
import { type Bound, highestCostOf, highestPrices } from '../pricing/cost.ts';
import { Hold } from './hold.ts';
import { listedNanoUsd, type OwnShare, shareIn } from './own-share.ts';
import { debtError, HeldByOthers, limitError, unpriceableError } from './refusal.ts';
import type { Scope } from './scope.ts';
import type { Wallet } from './wallets.ts';

export interface Admission {
  readonly hold: Hold;
  /** The output cap to send upstream. Null: the client named none and no limit needs one. */
  readonly maxTokens: number | null;
  /** The most that may be charged, whatever the provider reports: under a limit, no more than was held. */
  readonly chargeCapNanoUsd: NanoUsd | null;
  /** Those that the hold covers; null: all that may come to serve. */
  readonly endpoints: readonly Endpoint[] | null;
  /** A few more like it would not fit: what this one's prompt is counted for is worth knowing. */
  readonly isScarce: boolean;
  /** The cap is lower than what was wanted, by what the money allows. */
  readonly isLowered?: boolean;
}

export interface AdmissionRequest {
  readonly wallet: Wallet;
  /** Where the caller's own provider keys may serve: what of the price then counts in each scope. */
  readonly own?: OwnShare;
  readonly size: RequestSize;
  /** Those that may come to serve the request: the hold covers the dearest. */
  readonly endpoints: readonly Endpoint[];
  /** The most tokens that an endpoint's vendor adds to the prompt, which the size does not count. */
  readonly promptOverheadTokens: (endpoint: Endpoint) => number;
  /**
   * The most tokens that the prompt can have at endpoints where that is better known than by its bytes. Asked only where the money is
   * short by these.
   */
  readonly knownPrompts?: () => ReadonlyMap<Endpoint, number>;
  /** Members of the request that cost money of which nobody knows how much. */
  readonly unpriced: readonly string[];
  readonly defaultMaxTokens: number;
  /** The most output tokens that rates leave, for each choice; null, and unless told: they leave as many as there are. */
  readonly mostTokens?: number | null;
  /** The most that one request may hold of a scope with a limit; null: as much as is left. */
  readonly maxHoldNanoUsd: NanoUsd | null;
  /** Whether a spent budget stops what costs nothing too. */
  readonly refusesFreeWhenSpent?: boolean;
  readonly nowMs: number;
  /** What `knownPrompts` gave, of an admission that goes by it. */
  readonly promptTokensAt?: ReadonlyMap<Endpoint, number>;
}

/** How many of a kind are to fit beside each other before it matters how tightly each is bound. */
const PLENTY = 16n;

/** A cap lowered below this is of no use to anybody: such a request is refused instead. */
const LEAST_USEFUL_TOKENS = 256;

/** Throws 402 or 403 with what is asked and what is left, naming the scope that refused. */
export function admit(request: AdmissionRequest): Admission {
  const { wallet, size, nowMs, own } = request;
  refuseDebtors(wallet.scopes, nowMs);
  const wantedTokens = wantedTokensOf(request);
  const availableNanoUsd = leastAvailable(request);
  if (availableNanoUsd === null) {
    const hold = new Hold(wallet.scopes, boundOf(request, wantedTokens), nowMs, own, wallet.unheld);
    const maxTokens = size.maxTokens ?? request.mostTokens ?? null;
    return { hold, maxTokens, chargeCapNanoUsd: null, endpoints: null, isScarce: false };
  }
  if (request.unpriced.length > 0) throw unpriceable(request);
  const loose = fittingBound(request, wantedTokens, availableNanoUsd);
  const tight = loose?.maxTokens === wantedTokens ? null : tightened(request);
  const better = tight === null ? null : fittingBound(tight, wantedTokens, availableNanoUsd);
  const fitting = better ?? loose;
  if (fitting === null) throw refusal(tight ?? request, wantedTokens);
  const hold = new Hold(wallet.scopes, fitting.nanoUsd, nowMs, own, wallet.unheld);
  return {
    hold,
    maxTokens: fitting.maxTokens,
    chargeCapNanoUsd: hold.amountNanoUsd,
    endpoints: better === null ? null : (tight?.endpoints ?? null),
    isScarce: fitting.nanoUsd * PLENTY > availableNanoUsd,
    isLowered: fitting.maxTokens < wantedTokens,
  };
}

/** The same request at those endpoints alone where its prompt is better known than by its bytes; null: nowhere. */
function tightened(request: AdmissionRequest): AdmissionRequest | null {
  const known = request.knownPrompts?.();
  if (known === undefined) return null;
  const endpoints = request.endpoints.filter((endpoint) => {
    const tokens = known.get(endpoint);
    return tokens !== undefined && tokens < endpointBound(request, endpoint, 0).promptTokens;
  });
  return endpoints.length === 0 ? null : { ...request, endpoints, promptTokensAt: known };
}

function unpriceable({ wallet, unpriced, own, nowMs }: AdmissionRequest): TurnpikeError {
  const limited = wallet.scopes.find(
    (scope) => scope.limit.limitNanoUsd !== null && shareIn(scope, own) > 0n,
  );
  if (limited === undefined) throw new Error('only a scope with a limit refuses');
  return unpriceableError(limited, unpriced, nowMs);
}

/** By the list: of a scope, the share of it that counts there. */
export interface HoldRange {
  /** What it would like to hold. */
  readonly wantedNanoUsd: NanoUsd;
  /** With less than this it is refused. */
  readonly leastNanoUsd: NanoUsd;
}

/** The same where the leases have less than that: with what is known of the prompt, less may do. */
export function leastHoldRangeOf(request: AdmissionRequest, range: HoldRange): HoldRange {
  const tight = tightened(request);
  const { leastNanoUsd = range.leastNanoUsd } = (tight === null ? null : holdRangeOf(tight)) ?? {};
  return leastNanoUsd < range.leastNanoUsd ? { ...range, leastNanoUsd } : range;
}

/** How much money has to be there for `admit`; null when no money changes its answer. */
export function holdRangeOf(request: AdmissionRequest): HoldRange | null {
  const { size } = request;
  const maxHoldNanoUsd = mostListed(request);
  const wantedTokens = wantedTokensOf(request);
  const wantedNanoUsd = boundOf(request, wantedTokens);
  if (wantedNanoUsd === 0n) return null;
  if (maxHoldNanoUsd === null && size.maxTokens !== null)
    return { wantedNanoUsd, leastNanoUsd: wantedNanoUsd };
  const leastNanoUsd =
    size.maxTokens === null ? boundOf(request, Math.min(LEAST_USEFUL_TOKENS, wantedTokens)) : wantedNanoUsd;
  if (maxHoldNanoUsd === null || wantedNanoUsd <= maxHoldNanoUsd) return { wantedNanoUsd, leastNanoUsd };
  return leastNanoUsd > maxHoldNanoUsd ? null : { wantedNanoUsd: maxHoldNanoUsd, leastNanoUsd };
}

/** The machine slept between a request's arrival and now: with the next try it gets the scopes of now. */
function forgottenError(): TurnpikeError {
  return new TurnpikeError('unavailable', {
    detail: 'The scopes of a request were idle for so long that they were forgotten before it was admitted',
    retryAfterSeconds: 1,
  });
}

/** A balance below zero stops even free models; a balance of zero does not. */
function refuseDebtors(scopes: readonly Scope[], nowMs: number): void {
  for (const scope of scopes) {
    const { limitNanoUsd } = scope.limit;
    if (scope.isForgotten) throw forgottenError();
    if (!scope.refusal.blocksFreeWhenNegative || limitNanoUsd === null) continue;
    if (scope.settledNanoUsd(nowMs) > limitNanoUsd) throw debtError(scope, nowMs);
  }
}

/** The highest list price that one request may have by what it may hold of a scope; null: any. */
function mostListed({ wallet, own, maxHoldNanoUsd }: AdmissionRequest): NanoUsd | null {
  if (maxHoldNanoUsd === null || own === undefined) return maxHoldNanoUsd;
  let most: NanoUsd | null = null;
  for (const scope of wallet.scopes) {
    const share = shareIn(scope, own);
    if (share === 0n || scope.limit.limitNanoUsd === null) continue;
    const listed = listedNanoUsd(maxHoldNanoUsd, share);
    if (most === null || listed < most) most = listed;
  }
  return most;
}

/** The highest list price that every scope pays for, and that one request may have; null when nothing is limited. */
function leastAvailable({ wallet, own, maxHoldNanoUsd, nowMs }: AdmissionRequest): NanoUsd | null {
  let least: NanoUsd | null = null;
  for (const scope of wallet.scopes) {
    const share = shareIn(scope, own);
    const available = share === 0n ? null : scope.availableNanoUsd(nowMs);
    if (available === null) continue;
    const mayHold = maxHoldNanoUsd !== null && maxHoldNanoUsd < available ? maxHoldNanoUsd : available;
    const listed = listedNanoUsd(mayHold, share);
    if (least === null || listed < least) least = listed;
  }
  return least;
}

/**
 * The output cap that the money allows, and the most that costs: what is wanted, or less where the client named no cap; null
 * when it cannot be.
 */
function fittingBound(
  request: AdmissionRequest,
  wantedTokens: number,
  availableNanoUsd: NanoUsd,
): { maxTokens: number; nanoUsd: NanoUsd } | null {
  const wanted = boundOf(request, wantedTokens);
  // What costs nothing passes no limit, not even one that was lowered below what is spent.
  if (wanted === 0n && request.refusesFreeWhenSpent === true && availableNanoUsd <= 0n) return null;
  if (wanted === 0n || wanted <= availableNanoUsd) return { maxTokens: wantedTokens, nanoUsd: wanted };
  if (request.size.maxTokens !== null) return null;
  const affordable = affordableTokens(request, availableNanoUsd, wantedTokens);
  if (affordable < LEAST_USEFUL_TOKENS) return null;
  return { maxTokens: affordable, nanoUsd: boundOf(request, affordable) };
}

/** Names the first scope that could not carry the request even alone; when each could, those in flight stand in the way. */
function refusal(request: AdmissionRequest, wantedTokens: number): TurnpikeError {
  const { wallet, own, maxHoldNanoUsd, nowMs } = request;
  let fullest: Scope | null = null;
  for (const scope of wallet.scopes) {
    const { limitNanoUsd } = scope.limit;
    const share = shareIn(scope, own);
    if (limitNanoUsd === null || share === 0n) continue;
    const unspent = limitNanoUsd - scope.settledNanoUsd(nowMs);
    const mayHold = maxHoldNanoUsd !== null && maxHoldNanoUsd < unspent ? maxHoldNanoUsd : unspent;
    const most = listedNanoUsd(mayHold, share);
    if (fittingBound(request, wantedTokens, most) === null) {
      return limitError(scope, nowMs, {
        wantedTokens,
        affordableTokens: affordableTokens(request, most, wantedTokens),
      });
    }
    if (fullest === null || isFuller(scope, fullest, nowMs)) fullest = scope;
  }
  if (fullest === null) throw new Error('only a scope with a limit refuses');
  const available = leastAvailable(request) ?? 0n;
  return new HeldByOthers(fullest, nowMs, {
    wantedTokens,
    affordableTokens: affordableTokens(request, available > 0n ? available : 0n, wantedTokens),
  });
}

function isFuller(scope: Scope, than: Scope, nowMs: number): boolean {
  return (scope.availableNanoUsd(nowMs) ?? 0n) < (than.availableNanoUsd(nowMs) ?? 0n);
}

function wantedTokensOf({ size, endpoints, defaultMaxTokens, mostTokens }: AdmissionRequest): number {
  if (size.maxTokens !== null) return size.maxTokens;
  const wanted = endpoints.reduce(
    (most, endpoint) => Math.max(most, endpoint.maxCompletionTokens ?? defaultMaxTokens),
    0,
  );
  return mostTokens == null ? wanted : Math.min(wanted, mostTokens);
}

function boundOf(request: AdmissionRequest, maxTokens: number): NanoUsd {
  let highest = 0n;
  for (const endpoint of request.endpoints) {
    const cost = highestCostOf(endpointBound(request, endpoint, maxTokens), pricingHeld(endpoint));
    if (cost > highest) highest = cost;
  }
  return highest;
}

function endpointBound(request: AdmissionRequest, endpoint: Endpoint, maxTokens: number): Bound {
  const { size } = request;
  const roomTokens = endpoint.contextLength * (size.promptCount ?? 1);
  const promptTokens =
    request.promptTokensAt?.get(endpoint) ??
    (size.promptTokensBound === null
      ? roomTokens
      : size.promptTokensBound + request.promptOverheadTokens(endpoint));
  return {
    promptTokens: Math.min(promptTokens, roomTokens),
    completionTokens: Math.min(maxTokens, endpoint.maxCompletionTokens ?? maxTokens) * size.choices,
    imageCount: size.imageCount,
  };
}

/** How many output tokens the money buys at the dearest endpoint. */
function affordableTokens(
  request: AdmissionRequest,
  availableNanoUsd: NanoUsd,
  wantedTokens: number,
): number {
  let least = wantedTokens;
  for (const endpoint of request.endpoints) {
    const pricing = pricingHeld(endpoint);
    const withoutOutput = highestCostOf(endpointBound(request, endpoint, 0), pricing);
    const tokenPicoUsd = highestPrices(pricing).outputPicoUsd * BigInt(request.size.choices);
    if (withoutOutput > availableNanoUsd) return 0;
    if (tokenPicoUsd === 0n) continue;
    const tokens = Number(((availableNanoUsd - withoutOutput) * 1000n) / tokenPicoUsd);
    // An endpoint's own maximum bounds its part, however high the cap.
    if (tokens < (endpoint.maxCompletionTokens ?? Number.POSITIVE_INFINITY)) least = Math.min(least, tokens);
  }
  return least;
}
