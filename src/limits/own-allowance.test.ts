import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { type FeeClaim, OwnAllowance } from './own-allowance.ts';

const NOW_MS = Date.parse('2026-11-20T12:00:00Z');
const NEXT_MONTH_MS = Date.parse('2026-12-01T00:00:00Z');

function allowanceOf(free: { freeNanoUsd?: bigint; freeRequests?: number }, used = 0n, requests = 0) {
  const windowId = '2026-11';
  return new OwnAllowance({
    fee: { millionths: 50_000n, freeNanoUsd: null, freeRequests: null, ...free },
    stored: [{ windowId, costNanoUsd: 0n, byokNanoUsd: used, requests }],
    nowMs: NOW_MS,
  });
}

/** What a request is charged that may cost `bound` and comes to `list`. */
function chargedFor(allowance: OwnAllowance, bound: bigint, list: bigint, nowMs = NOW_MS): bigint {
  const claim = allowance.claim(bound, nowMs);
  const fee = claim.feeNanoUsd(list);
  claim.end(list);
  return fee;
}

test('the request that crosses the allowance pays for what is beyond it, and the next for all of it', () => {
  const allowance = allowanceOf({ freeNanoUsd: 1000n }, 900n);
  expect(chargedFor(allowance, 500n, 60n)).toBe(0n);
  // 40 are left: 5 percent of 60, and of a request that costs 1 a nano-USD, rounded up.
  expect(chargedFor(allowance, 500n, 100n)).toBe(3n);
  expect(chargedFor(allowance, 500n, 1n)).toBe(1n);
  expect(chargedFor(allowance, 0n, 0n)).toBe(0n);
});

test('a month begins with the whole allowance', () => {
  const allowance = allowanceOf({ freeNanoUsd: 1000n }, 1000n);
  expect(chargedFor(allowance, 500n, 500n)).toBe(25n);
  expect(chargedFor(allowance, 500n, 500n, NEXT_MONTH_MS)).toBe(0n);
});

test('so many requests are free, those that run included', () => {
  const allowance = allowanceOf({ freeRequests: 3 }, 0n, 1);
  const running = [allowance.claim(100n, NOW_MS), allowance.claim(100n, NOW_MS)];
  expect(chargedFor(allowance, 100n, 100n)).toBe(5n);
  expect(running.map((claim) => claim.feeNanoUsd(100n))).toEqual([0n, 0n]);
  // It was not the caller's own key that paid.
  running[0]?.end(null);
  running[1]?.end(100n);
  expect(chargedFor(allowance, 100n, 100n)).toBe(5n);
});

test('what is flushed counts once, and what ends without an own key not at all', () => {
  const allowance = allowanceOf({ freeNanoUsd: 1000n });
  expect(chargedFor(allowance, 700n, 700n)).toBe(0n);
  allowance.flushed('2026-11', 700n, 1);
  allowance.flushed('2026-W47', 700n, 1);
  allowance.claim(300n, NOW_MS).end(null);
  expect(allowance.covers(300n, NOW_MS)).toBe(true);
  expect(allowance.covers(301n, NOW_MS)).toBe(false);
});

test('whatever runs beside whatever, no more than the allowance is free, and all of it can be', () => {
  const request = fc.record({ bound: fc.nat(400), part: fc.nat(100), isOwn: fc.boolean(), at: fc.nat(30) });
  fc.assert(
    fc.property(fc.nat(3000), fc.array(request, { maxLength: 60 }), (free, requests) => {
      const allowance = allowanceOf({ freeNanoUsd: BigInt(free) });
      const running: { claim: FeeClaim; list: bigint; isOwn: boolean; until: number }[] = [];
      let listed = 0n;
      let fees = 0n;
      const end = ({ claim, list, isOwn }: (typeof running)[number]) => {
        if (isOwn) {
          fees += claim.feeNanoUsd(list);
          listed += list;
        }
        claim.end(isOwn ? list : null);
      };
      requests.forEach(({ bound, part, isOwn, at }, now) => {
        for (const one of running.filter(({ until }) => until <= now)) {
          end(one);
          running.splice(running.indexOf(one), 1);
        }
        const claim = allowance.claim(BigInt(bound), NOW_MS);
        running.push({ claim, list: BigInt(Math.floor((bound * part) / 100)), isOwn, until: now + at });
      });
      for (const one of running) end(one);
      const beyond = listed > BigInt(free) ? listed - BigInt(free) : 0n;
      // Each is rounded up once.
      expect(fees * 20n).toBeGreaterThanOrEqual(beyond);
      const left = BigInt(free) > listed ? BigInt(free) - listed : 0n;
      // What is left of it is still there for the next, to the nano-USD.
      expect([allowance.covers(left, NOW_MS), allowance.covers(left + 1n, NOW_MS)]).toEqual([true, false]);
      expect(chargedFor(allowance, left, left)).toBe(0n);
    }),
    { numRuns: 500 },
  );
});
