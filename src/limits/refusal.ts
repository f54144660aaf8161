/** How a scope says no: which one it is, what is left, and when that changes. Clients branch on `limit_source` and `reason`. */
import { isoFromMs } from '../clock.ts';
import { TurnpikeError } from '../errors.ts';
import { type NanoUsd, usdFromNanoUsd } from '../money.ts';
import { type WindowKind, windowEndMs } from '../window.ts';
import type { Scope } from './scope.ts';

/** Long enough for a short answer to end, short enough to be worth waiting for. */
const RETRY_AFTER_SECONDS = 2;

function windowName(kind: WindowKind): string {
  if (kind === 'all') return 'total';
  return kind.startsWith('fiscal-') ? 'fiscal year' : kind;
}

/** The output cap that was asked for, and the highest that what is left would pay for. */
export interface AskedTokens {
  readonly wantedTokens: number;
  readonly affordableTokens: number;
}

/** What is left does not pay for the request: repeating it is useless until the limit changes or resets. */
export function limitError(scope: Scope, nowMs: number, asked: AskedTokens): TurnpikeError {
  const { refusal, limit } = scope;
  const headline = refusal.headline(windowName(limit.windowKind), limit);
  return new TurnpikeError(refusal.code, {
    message:
      asked.wantedTokens === 0
        ? `${headline}. What is left does not pay for this input. Send less of it, or raise the limit.`
        : `${headline}. You requested up to ${asked.wantedTokens} tokens, ` +
          `but can only afford ${asked.affordableTokens}. Shorten the prompt, lower max_tokens, or raise the limit.`,
    metadata: { ...metadataOf(scope, nowMs), ...tokensJson(asked) },
  });
}

/** The balance is below zero, which even free models wait for. */
export function debtError(scope: Scope, nowMs: number): TurnpikeError {
  const { refusal, limit } = scope;
  return new TurnpikeError(refusal.code, {
    message: `${refusal.headline(windowName(limit.windowKind), limit)}: the balance is negative. ${refusal.remedy}`,
    metadata: metadataOf(scope, nowMs),
  });
}

/** No hold can bound what it costs, so it has no place under a limit. */
export function unpriceableError(scope: Scope, members: readonly string[], nowMs: number): TurnpikeError {
  const { reason: _, ...metadata } = metadataOf(scope, nowMs);
  const named = members.join(', ');
  return new TurnpikeError('unpriceable_request', {
    message: `${named} cannot be priced, and a limit is in play: leave it out, or use a key without a limit`,
    metadata: { ...metadata, remedy_hint: `Leave out ${named}, or use a key without a limit.` },
  });
}

/** Only requests in flight stand in the way of `scope`: it passes by itself. */
export class HeldByOthers extends TurnpikeError {
  readonly scope: Scope;

  constructor(scope: Scope, nowMs: number, asked: AskedTokens) {
    super('in_flight_budget_exhausted', {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
      metadata: {
        ...metadataOf(scope, nowMs),
        limit_source: 'openrouter_in_flight_budget',
        reason: 'in_flight_budget_exhausted',
        remedy_hint: 'Repeat the request when those in flight have finished.',
        ...tokensJson(asked),
      },
    });
    this.scope = scope;
  }
}

/** For clients that can lower their cap themselves. */
function tokensJson({ wantedTokens, affordableTokens }: AskedTokens): Record<string, unknown> {
  return { requested_tokens: wantedTokens, affordable_tokens: affordableTokens };
}

function metadataOf(scope: Scope, nowMs: number): Record<string, unknown> {
  const { refusal, limit } = scope;
  const limitNanoUsd = limit.limitNanoUsd ?? 0n;
  const spentNanoUsd = scope.settledNanoUsd(nowMs);
  const unspentNanoUsd = atLeastZero(limitNanoUsd - spentNanoUsd);
  const remaining = usdFromNanoUsd(unspentNanoUsd);
  const resetsAtMs = windowEndMs(limit.windowKind, nowMs);
  return {
    limit_source: refusal.limitSource,
    // Something is left, and this request alone is more than that.
    ...(unspentNanoUsd > 0n ? { reason: 'weight_exceeds_budget' } : {}),
    scope: refusal.scope,
    limit: usdFromNanoUsd(limitNanoUsd),
    limit_usd: usdFromNanoUsd(limitNanoUsd),
    spend_usd: usdFromNanoUsd(spentNanoUsd),
    remaining,
    remaining_usd: remaining,
    resets_at: resetsAtMs === null ? null : isoFromMs(resetsAtMs),
    remedy_hint: refusal.remedy,
  };
}

function atLeastZero(amount: NanoUsd): NanoUsd {
  return amount > 0n ? amount : 0n;
}
