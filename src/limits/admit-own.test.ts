import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Endpoint } from '../catalogue/model.ts';
import { TurnpikeError } from '../errors.ts';
import { endpointOf, pricingOf } from '../routing/__fixtures__/endpoints.ts';
import type { AdmissionRequest } from './admit.ts';
import { admitWithOwn, leasableWithOwn } from './admit-own.ts';
import { FreeRequests } from './free-requests.ts';
import { OwnAllowance } from './own-allowance.ts';
import { Scope } from './scope.ts';
import { accountCredits } from './scope-kinds/account-credits.ts';
import { keyLimit } from './scope-kinds/key-limit.ts';
import { walletOf as walletWith } from './wallet.ts';

const NOW_MS = Date.parse('2026-11-20T12:00:00Z');
/** 1,000 nano-USD a token of either kind. */
const OWN = endpointOf({ pricing: pricingOf({ prompt: 1_000_000n, completion: 1_000_000n }) });
const SHARED = endpointOf({ pricing: pricingOf({ prompt: 2_000_000n, completion: 2_000_000n }) });

interface Money {
  readonly credits?: bigint | null;
  readonly limit?: bigint | null;
  readonly countsByok?: boolean;
  readonly fee?: bigint;
  readonly free?: bigint;
}

function walletOf({ credits = null, limit = null, countsByok = false, fee = 0n, free }: Money) {
  const shared = { settled: new Map(), isShared: false };
  const account = new Scope({
    ...{ ...shared, kind: 'account', id: 'a', refusal: accountCredits({ mode: 'prepaid' }).refusal },
    limit: { limitNanoUsd: credits, windowKind: 'all', countsByok: false },
  });
  const key = new Scope({
    ...{ ...shared, kind: 'key', id: 'k', refusal: keyLimit.refusal },
    limit: { limitNanoUsd: limit, windowKind: 'all', countsByok },
  });
  const limits = {} as ConstructorParameters<typeof FreeRequests>[0]['limits'];
  const own =
    fee === 0n
      ? null
      : new OwnAllowance({
          fee: { millionths: fee, freeNanoUsd: free ?? null, freeRequests: null },
          ...{ stored: [], nowMs: NOW_MS },
        });
  return walletWith([account, key], {
    free: new FreeRequests({ limits, purchasedNanoUsd: 0n, stored: [], nowMs: NOW_MS }),
    own,
    credits: { creditsNanoUsd: 0n, purchasedNanoUsd: 0n },
    version: 0,
    debtors: new Set<Scope>(),
  });
}

function requestOf(wallet: ReturnType<typeof walletOf>, endpoints: readonly Endpoint[], maxTokens = 900) {
  const request: AdmissionRequest = {
    wallet,
    size: { promptTokensBound: 100, maxTokens, choices: 1, imageCount: 0 },
    endpoints,
    promptOverheadTokens: () => 0,
    unpriced: [],
    defaultMaxTokens: 4096,
    maxHoldNanoUsd: null,
    nowMs: NOW_MS,
  };
  return request;
}

const heldIn = ({ scopes }: ReturnType<typeof walletOf>) => scopes.map((scope) => scope.heldNanoUsd(NOW_MS));
const spentIn = ({ scopes }: ReturnType<typeof walletOf>) =>
  scopes.map((scope) => scope.settledNanoUsd(NOW_MS));
const ALONE = { endpoints: [OWN], hasShared: false };

describe('a request through own keys alone, of 1,000,000 nano-USD at most', () => {
  test('holds and charges the fee of credits, and list price and fee of a limit that counts own keys', () => {
    const wallet = walletOf({ credits: 60_000n, limit: 2_000_000n, countsByok: true, fee: 50_000n });
    const { hold } = admitWithOwn(requestOf(wallet, [OWN]), ALONE);
    expect(heldIn(wallet)).toEqual([50_000n, 1_050_000n]);
    const feeNanoUsd = hold.claim?.feeNanoUsd(400_001n) ?? 0n;
    hold.post(400_001n, { isByok: true, feeNanoUsd });
    expect(heldIn(wallet)).toEqual([0n, 0n]);
    expect(spentIn(wallet)).toEqual([20_001n, 420_002n]);
  });

  test('holds nothing within the allowance, and is counted there', () => {
    const wallet = walletOf({ credits: 0n, fee: 50_000n, free: 1_500_000n });
    const { hold } = admitWithOwn(requestOf(wallet, [OWN]), ALONE);
    expect(heldIn(wallet)).toEqual([0n, 0n]);
    // While it runs, the allowance is its own.
    expect(() => admitWithOwn(requestOf(wallet, [OWN]), ALONE)).toThrow(TurnpikeError);
    hold.post(100_000n, { isByok: true, feeNanoUsd: hold.claim?.feeNanoUsd(100_000n) ?? 0n });
    admitWithOwn(requestOf(wallet, [OWN]), ALONE).hold.release();
    expect(spentIn(wallet)).toEqual([0n, 0n]);
  });

  test('that names no cap is lowered to what the credits pay the fee of', () => {
    const wallet = walletOf({ credits: 20_000n, fee: 50_000n });
    const { size, ...request } = requestOf(wallet, [OWN]);
    const { maxTokens, hold } = admitWithOwn({ ...request, size: { ...size, maxTokens: null } }, ALONE);
    // 400,000 nano-USD by the list: 100 tokens of the prompt, and 300.
    expect([maxTokens, hold.amountNanoUsd, heldIn(wallet)]).toEqual([300, 400_000n, [20_000n, 20_000n]]);
  });

  test('is refused with what is left where that does not pay the fee', () => {
    const wallet = walletOf({ credits: 49_999n, fee: 50_000n });
    expect(() => admitWithOwn(requestOf(wallet, [OWN]), ALONE)).toThrow('can only afford 899');
  });

  test('leases the fee of credits, and nothing without one', () => {
    const leased = (money: Money) => {
      const { own } = leasableWithOwn(requestOf(walletOf(money), [OWN]), ALONE);
      return own;
    };
    expect(leased({ credits: 1n, fee: 50_000n })).toEqual({ isAlone: true, feeMillionths: 50_000n });
    expect(leased({ credits: 1n, fee: 50_000n, free: 1_000_000n })).toEqual({
      ...{ isAlone: true, feeMillionths: 0n },
    });
    expect(leased({ credits: 1n })).toEqual({ isAlone: true, feeMillionths: 0n });
  });
});

test('what the operator may come to serve is held in full, and its own keys alone go on where that is too much', () => {
  const owned = { endpoints: [OWN], hasShared: true };
  const rich = walletOf({ credits: 3_000_000n, fee: 50_000n });
  expect(admitWithOwn(requestOf(rich, [OWN, SHARED]), owned).isOwnOnly).toBe(false);
  expect(heldIn(rich)).toEqual([2_000_000n, 2_000_000n]);
  const poor = walletOf({ credits: 60_000n, fee: 50_000n });
  expect(admitWithOwn(requestOf(poor, [OWN, SHARED]), owned).isOwnOnly).toBe(true);
  expect(heldIn(poor)).toEqual([50_000n, 50_000n]);
});

test('whatever the limits, no request is charged more than was held for it in any scope, and no hold passes a limit', () => {
  const amount = fc.option(fc.bigInt(0n, 3_000_000n));
  fc.assert(
    fc.property(
      fc.record({
        credits: amount,
        limit: amount,
        countsByok: fc.boolean(),
        fee: fc.bigInt(0n, 1_000_000n),
        free: fc.bigInt(0n, 2_000_000n),
      }),
      fc.boolean(),
      fc.array(fc.record({ maxTokens: fc.option(fc.nat(900)), part: fc.nat(100), isByok: fc.boolean() }), {
        maxLength: 20,
      }),
      (money, hasShared, requests) => {
        const wallet = walletOf(money);
        for (const { maxTokens, part, isByok } of requests) {
          const { size, ...request } = requestOf(wallet, hasShared ? [OWN, SHARED] : [OWN]);
          const owned = { endpoints: [OWN], hasShared };
          let admission: ReturnType<typeof admitWithOwn>;
          try {
            admission = admitWithOwn({ ...request, size: { ...size, maxTokens } }, owned);
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(TurnpikeError);
            expect(heldIn(wallet)).toEqual([0n, 0n]);
            continue;
          }
          const { hold, isOwnOnly } = admission;
          const held = heldIn(wallet);
          const before = spentIn(wallet);
          const isOwn = isOwnOnly || isByok;
          const list = (hold.amountNanoUsd * BigInt(part)) / 100n;
          const feeNanoUsd = isOwn ? (hold.claim?.feeNanoUsd(list) ?? 0n) : 0n;
          hold.post(list, { isByok: isOwn, feeNanoUsd });
          const spent = spentIn(wallet).map((now, at) => now - (before[at] ?? 0n));
          spent.forEach((nanoUsd, at) => {
            expect(nanoUsd).toBeLessThanOrEqual(held[at] ?? 0n);
          });
          wallet.scopes.forEach((scope) => {
            const { limitNanoUsd } = scope.limit;
            if (limitNanoUsd !== null) expect(scope.settledNanoUsd(NOW_MS)).toBeLessThanOrEqual(limitNanoUsd);
          });
          expect(heldIn(wallet)).toEqual([0n, 0n]);
        }
      },
    ),
    { numRuns: 400 },
  );
});
