import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Endpoint } from '../catalogue/model.ts';
import { TurnpikeError } from '../errors.ts';
import { endpointOf, pricingOf } from '../routing/__fixtures__/endpoints.ts';
import type { WindowKind } from '../window.ts';
import { type AdmissionRequest, admit } from './admit.ts';
import { FreeRequests } from './free-requests.ts';
import { Scope } from './scope.ts';
import { accountCredits } from './scope-kinds/account-credits.ts';
import { keyLimit } from './scope-kinds/key-limit.ts';
import { walletOf as madeOf, type Wallet } from './wallet.ts';

const NOW_MS = Date.parse('2026-11-20T12:00:00Z');
const USD = 1_000_000_000n;
/** 1 micro-USD a prompt token, 10 a completion token. */
const PAID = endpointOf({ pricing: pricingOf({ prompt: 1_000_000n, completion: 10_000_000n }) });
const FREE = endpointOf();

interface Money {
  credits?: bigint | null;
  limit?: bigint | null;
  window?: WindowKind;
  spent?: bigint;
  held?: bigint;
}

function walletOf({ credits = null, limit = null, window = 'all', spent = 0n, held = 0n }: Money): Wallet {
  const settled = new Map(
    ['all', '2026-11-20', '2026-W47', '2026-11'].map((id) => [id, { costNanoUsd: spent, byokNanoUsd: 0n }]),
  );
  const shared = { settled, isShared: false };
  const account = new Scope({
    ...shared,
    kind: 'account',
    id: 'a',
    refusal: accountCredits({ mode: 'prepaid' }).refusal,
    limit: { limitNanoUsd: credits, windowKind: 'all', countsByok: false },
  });
  const key = new Scope({
    ...shared,
    kind: 'key',
    id: 'k',
    refusal: keyLimit.refusal,
    limit: { limitNanoUsd: limit, windowKind: window, countsByok: false },
  });
  for (const scope of [account, key]) scope.hold(held, NOW_MS);
  const limits = {} as ConstructorParameters<typeof FreeRequests>[0]['limits'];
  const free = new FreeRequests({ limits, purchasedNanoUsd: 0n, stored: [], nowMs: NOW_MS });
  const state = {
    free,
    own: null,
    credits: { creditsNanoUsd: 0n, purchasedNanoUsd: 0n },
    version: 0,
    debtors: new Set<Scope>(),
  };
  return madeOf([account, key], state);
}

function heldIn(wallet: Wallet): bigint[] {
  return wallet.scopes.map((scope) => scope.heldNanoUsd(NOW_MS));
}

interface Asked {
  tokens?: number | null;
  prompt?: number | null;
  choices?: number;
  endpoints?: readonly Endpoint[];
  mostHeld?: bigint | null;
  wallet?: Wallet;
}

function request(money: Money, asked: Asked = {}): AdmissionRequest {
  const { tokens = null, prompt = 100, choices = 1, endpoints = [PAID], mostHeld = null } = asked;
  return {
    wallet: asked.wallet ?? walletOf(money),
    size: { promptTokensBound: prompt, imageCount: 0, choices, maxTokens: tokens },
    endpoints,
    unpriced: [],
    promptOverheadTokens: () => 0,
    defaultMaxTokens: 1000,
    maxHoldNanoUsd: mostHeld,
    nowMs: NOW_MS,
  };
}

function refused(money: Money, asked: Asked = {}, unpriced: string[] = []): TurnpikeError {
  try {
    admit({ ...request(money, asked), unpriced });
  } catch (thrown) {
    if (thrown instanceof TurnpikeError) return thrown;
    throw thrown;
  }
  throw new Error('it was admitted');
}

test('without a limit the client’s own cap is sent, and none is made up; nothing bounds the charge', () => {
  expect(admit(request({}))).toMatchObject({ maxTokens: null, chargeCapNanoUsd: null });
  expect(admit(request({}, { tokens: 7 }))).toMatchObject({ maxTokens: 7, chargeCapNanoUsd: null });
});

test('the hold is the prompt and the output at the dearest endpoint, in every scope at once', () => {
  const dear = endpointOf({ pricing: pricingOf({ prompt: 2_000_000n, completion: 20_000_000n }) });
  const { wallet, ...rest } = request({ credits: USD, limit: USD }, { tokens: 50, endpoints: [PAID, dear] });
  const { hold, chargeCapNanoUsd } = admit({ wallet, ...rest });
  expect([hold.amountNanoUsd, chargeCapNanoUsd]).toEqual([1_200_000n, 1_200_000n]);
  expect(heldIn(wallet)).toEqual([1_200_000n, 1_200_000n]);
});

test('a prompt with media is held at the endpoint’s whole context, and every choice is held', () => {
  const endpoint = endpointOf({ ...PAID, contextLength: 5000 });
  const asked = { prompt: null, tokens: 10, choices: 3, endpoints: [endpoint] };
  expect(admit(request({ limit: USD }, asked)).hold.amountNanoUsd).toBe(5_300_000n);
});

test('what a vendor adds to the prompt is held too, up to the context', () => {
  const endpoint = endpointOf({ ...PAID, contextLength: 5000 });
  const held = (tokens: number) =>
    admit({
      ...request({ limit: USD }, { tokens: 10, endpoints: [endpoint] }),
      promptOverheadTokens: () => tokens,
    }).hold.amountNanoUsd;
  expect(held(1) - held(0)).toBe(1000n);
  expect(held(10_000)).toBe(5_100_000n);
});

test('a prompt that is longer than the context is held at the context: no provider reads more', () => {
  const endpoint = endpointOf({ ...PAID, contextLength: 5000 });
  const asked = { prompt: 5001, tokens: 10, endpoints: [endpoint] };
  expect(admit(request({ limit: 5_100_000n }, asked)).hold.amountNanoUsd).toBe(5_100_000n);
});

test('of several prompts each may fill the context, whether their bytes bound them or not', () => {
  const endpoint = endpointOf({ ...PAID, contextLength: 5000 });
  const held = (promptTokensBound: number | null) => {
    const asked = request({ limit: USD }, { endpoints: [endpoint] });
    const size = { promptTokensBound, imageCount: 0, choices: 1, maxTokens: 0, promptCount: 3 };
    return admit({ ...asked, size }).hold.amountNanoUsd;
  };
  expect([held(12_000), held(15_001), held(null)]).toEqual([12_000_000n, 15_000_000n, 15_000_000n]);
});

test('where nothing is written the refusal speaks of the input alone', () => {
  const { message } = refused({ limit: 99_999n }, { tokens: 0 });
  expect(message).toEndWith('What is left does not pay for this input. Send less of it, or raise the limit.');
});

test('a prompt that is too dear is refused, also where the output is free', () => {
  const endpoints = [endpointOf({ pricing: pricingOf({ prompt: 1_000_000n }) })];
  expect(admit(request({ limit: 100_000n }, { endpoints })).hold.amountNanoUsd).toBe(100_000n);
  expect(refused({ limit: 99_999n }, { endpoints }).code).toBe('key_limit_exceeded');
  expect(refused({ limit: 99_999n }, { endpoints }).message).toContain('can only afford 0');
});

test('one request holds no more than one may: it gets fewer tokens, or is refused with what it could afford', () => {
  const mostHeld = 100_000n + 300n * 10_000n;
  const { hold, maxTokens } = admit(request({ limit: USD }, { mostHeld }));
  expect([maxTokens, hold.amountNanoUsd]).toEqual([300, mostHeld]);
  expect(admit(request({ limit: USD }, { mostHeld, tokens: 300 })).hold.amountNanoUsd).toBe(mostHeld);
  const error = refused({ limit: USD }, { mostHeld, tokens: 301 });
  expect([error.code, error.retryAfterSeconds]).toEqual(['key_limit_exceeded', undefined]);
  expect(error.message).toContain('requested up to 301 tokens, but can only afford 300');
  const toSpare = { mostHeld: 10n * USD };
  expect(refused({ limit: 600_000n }, { ...toSpare, tokens: 51 }).message).toContain('can only afford 50');
});

test('an amount of exactly what is left is admitted, and one nano-USD less is refused', () => {
  expect(admit(request({ limit: 600_000n }, { tokens: 50 })).maxTokens).toBe(50);
  expect(refused({ limit: 599_999n }, { tokens: 50 }).code).toBe('key_limit_exceeded');
});

test('a client that named no cap gets as many tokens as its money buys, but never fewer than 256', () => {
  expect(admit(request({ limit: 100_000n + 256n * 10_000n })).maxTokens).toBe(256);
  expect(refused({ limit: 100_000n + 256n * 10_000n - 1n }).code).toBe('key_limit_exceeded');
  expect(admit(request({ limit: USD })).maxTokens).toBe(1000);
});

test('a dear endpoint that writes little does not lower the cap of the others', () => {
  const short = endpointOf({ pricing: pricingOf({ completion: 20_000_000n }), maxCompletionTokens: 100 });
  const { hold, maxTokens } = admit(request({ limit: 3_000_000n }, { prompt: 0, endpoints: [PAID, short] }));
  expect([maxTokens, hold.amountNanoUsd]).toEqual([300, 3_000_000n]);
});

test('a cap that is not affordable is refused with both numbers, and holds nothing', () => {
  const wallet = walletOf({ limit: 200_000n, window: 'daily' });
  const error = refused({}, { wallet, tokens: 50 });
  expect(error.status).toBe(402);
  expect(error.message).toContain('Key limit exceeded (daily limit)');
  expect(error.message).toContain('requested up to 50 tokens, but can only afford 10');
  expect(error.retryAfterSeconds).toBeUndefined();
  expect(error.metadata).toMatchObject({
    limit_source: 'openrouter_key_limit',
    scope: 'key_limit',
    limit_usd: 0.0002,
    spend_usd: 0,
    remaining_usd: 0.0002,
    resets_at: '2026-11-21T00:00:00.000Z',
  });
  expect(typeof error.metadata['remedy_hint']).toBe('string');
  expect(heldIn(wallet)).toEqual([0n, 0n]);
});

test('whichever scope is too small, a refusal leaves nothing held in the others, and an admission holds in all', () => {
  const [enough, tooLittle] = [600_000n, 599_999n];
  for (const window of ['all', 'daily', 'weekly', 'monthly'] as const) {
    for (const [money, code] of [
      [{ credits: enough, limit: tooLittle }, 'key_limit_exceeded'],
      [{ credits: tooLittle, limit: enough }, 'insufficient_credits'],
    ] as const) {
      const wallet = walletOf({ ...money, window });
      expect(refused({}, { wallet, tokens: 50 }).code).toBe(code);
      expect(heldIn(wallet)).toEqual([0n, 0n]);
      // What was refused took nothing from those after it.
      admit(request({}, { wallet, tokens: 49 }));
      expect(heldIn(wallet)).toEqual([590_000n, 590_000n]);
    }
  }
});

test('a key’s refusal names its window and when that ends', () => {
  const cases = [
    ['all', '(total limit)', null],
    ['weekly', '(weekly limit)', '2026-11-23T00:00:00.000Z'],
    ['monthly', '(monthly limit)', '2026-12-01T00:00:00.000Z'],
  ] as const;
  for (const [window, words, resetsAt] of cases) {
    const error = refused({ limit: 0n, window });
    expect(error.message).toContain(words);
    expect(error.metadata['resets_at']).toBe(resetsAt);
  }
});

test('short credits are refused before a short key, as credits', () => {
  const error = refused({ credits: 10n, limit: 5n });
  expect(error.code).toBe('insufficient_credits');
  expect(error.metadata).toMatchObject({
    limit_source: 'openrouter_credits',
    reason: 'weight_exceeds_budget',
    scope: 'credits',
    resets_at: null,
  });
  expect(refused({ credits: 10n * USD, limit: 5n }).code).toBe('key_limit_exceeded');
});

test('only where running requests stand in the way is the caller told to come back', () => {
  const busy = refused({ limit: 600_000n, held: 100_000n }, { tokens: 50 });
  expect(busy.code).toBe('in_flight_budget_exhausted');
  expect(busy.status).toBe(402);
  expect(busy.retryAfterSeconds).toBeGreaterThan(0);
  expect(busy.metadata).toMatchObject({
    limit_source: 'openrouter_in_flight_budget',
    reason: 'in_flight_budget_exhausted',
  });
  // Waiting would not help: it is too much even when nothing runs.
  expect(refused({ limit: 599_999n, held: 1n }, { tokens: 50 }).retryAfterSeconds).toBeUndefined();
});

test('a request without a cap that waiting would let through in part is told to come back too', () => {
  const money = { limit: 100_000n + 300n * 10_000n, held: 2_000_000n };
  expect(refused(money).code).toBe('in_flight_budget_exhausted');
});

test('a key that is too small is named even while the account’s credits are held by others', () => {
  const wallet = walletOf({ credits: USD, limit: 500_000n });
  wallet.scopes[0]?.hold(USD - 100n, NOW_MS);
  expect(refused({}, { wallet, tokens: 50 }).code).toBe('key_limit_exceeded');
});

test('a limit of zero blocks what is paid and lets what is free pass, also once more is spent than a lowered limit', () => {
  expect(refused({ limit: 0n }).code).toBe('key_limit_exceeded');
  expect(admit(request({ limit: 0n }, { endpoints: [FREE] })).hold.amountNanoUsd).toBe(0n);
  expect(admit(request({ limit: 0n, spent: 5n }, { endpoints: [FREE] })).hold.amountNanoUsd).toBe(0n);
  expect(admit(request({ credits: 0n }, { endpoints: [FREE] })).hold.amountNanoUsd).toBe(0n);
});

test('a negative balance blocks even what is free', () => {
  const error = refused({ credits: 4n, spent: 5n }, { endpoints: [FREE] });
  expect([error.code, error.status]).toEqual(['insufficient_credits', 402]);
  expect(error.metadata['remaining_usd']).toBe(0);
});

test('a model that states an output of no tokens is never admitted beyond the money', () => {
  const endpoint = endpointOf({ ...PAID, maxCompletionTokens: 0 });
  expect(refused({ limit: 10n }, { endpoints: [endpoint] }).code).toBe('key_limit_exceeded');
});

test('whatever is asked at whatever prices, the hold fits in every limited scope, and a refusal is one of three', () => {
  const price = fc.bigInt(0n, 100_000_000n);
  const endpoints = fc.array(
    fc
      .record({
        prompt: price,
        completion: price,
        request: price,
        max: fc.option(fc.integer({ min: 1, max: 2000 })),
      })
      .map(({ max, ...base }) => endpointOf({ pricing: pricingOf(base), maxCompletionTokens: max })),
    { minLength: 1, maxLength: 4 },
  );
  const money = fc.option(fc.bigInt(0n, 50_000_000n));
  const asked = fc.record({
    tokens: fc.option(fc.integer({ min: 1, max: 3000 })),
    prompt: fc.integer({ min: 0, max: 5000 }),
    choices: fc.integer({ min: 1, max: 3 }),
    endpoints,
  });
  fc.assert(
    fc.property(money, money, fc.bigInt(0n, 10_000n), asked, (credits, limit, held, what) => {
      const wallet = walletOf({ credits, limit, held });
      try {
        const { hold, maxTokens, chargeCapNanoUsd } = admit(request({}, { ...what, wallet }));
        for (const scope of wallet.scopes) {
          const left = scope.availableNanoUsd(NOW_MS);
          if (left !== null && hold.amountNanoUsd > 0n) expect(left >= 0n).toBe(true);
        }
        if (credits === null && limit === null) return;
        expect(chargeCapNanoUsd).toBe(hold.amountNanoUsd);
        if (what.tokens !== null) expect(maxTokens).toBe(what.tokens);
      } catch (thrown) {
        if (!(thrown instanceof TurnpikeError)) throw thrown;
        const isBusy = thrown.code === 'in_flight_budget_exhausted';
        expect(['key_limit_exceeded', 'insufficient_credits'].includes(thrown.code) || isBusy).toBe(true);
        expect(thrown.retryAfterSeconds !== undefined).toBe(isBusy);
      }
    }),
    { numRuns: 500 },
  );
});

test('work without a price is refused under a limit, which it names, and runs without one', () => {
  const unpriced = ['web_search_options'];
  const { message, metadata } = refused({ limit: USD, window: 'daily', spent: USD / 4n }, {}, unpriced);
  expect(message).toContain('web_search_options cannot be priced');
  expect(metadata).toEqual({
    ...{ limit_source: 'openrouter_key_limit', scope: 'key_limit', resets_at: '2026-11-21T00:00:00.000Z' },
    ...{ limit: 1, limit_usd: 1, spend_usd: 0.25, remaining: 0.75, remaining_usd: 0.75 },
    remedy_hint: 'Leave out web_search_options, or use a key without a limit.',
  });
  expect(admit({ ...request({}), unpriced }).chargeCapNanoUsd).toBeNull();
});

describe('a prompt that is better known than by its bytes', () => {
  const OTHER = endpointOf({ pricing: pricingOf({ prompt: 1_000_000n, completion: 10_000_000n }) });
  const knowing = (limit: bigint, known: ReadonlyMap<Endpoint, number>, asked: Asked = {}) => {
    let askedFor = 0;
    const knownPrompts = () => {
      askedFor += 1;
      return known;
    };
    const told = {
      ...request({ limit }, { prompt: 10_000, tokens: 100, endpoints: [PAID, OTHER], ...asked }),
      knownPrompts,
    };
    return { admit: () => admit(told), asked: () => askedFor };
  };
  /** Of 10,000 bytes, and 100 tokens of output. */
  const BY_BYTES = 11_000_000n;

  test('is not asked for while its bytes fit', () => {
    const { admit, asked } = knowing(BY_BYTES, new Map([[PAID, 10]]));
    expect(admit()).toMatchObject({ endpoints: null, isScarce: true });
    expect(asked()).toBe(0);
  });

  test('is held by that where its bytes do not fit, for those endpoints alone', () => {
    const { hold, endpoints, chargeCapNanoUsd, maxTokens } = knowing(
      BY_BYTES - 1n,
      new Map([[PAID, 2500]]),
    ).admit();
    expect([endpoints, chargeCapNanoUsd, maxTokens]).toEqual([[PAID], 3_500_000n, 100]);
    expect(hold.amountNanoUsd).toBe(3_500_000n);
  });

  test('buys more output where its client named no cap', () => {
    const limit = 12_000_000n;
    const loose = admit(request({ limit }, { prompt: 9000, endpoints: [PAID] }));
    const { maxTokens } = knowing(limit, new Map([[PAID, 3000]]), { prompt: 9000, tokens: null }).admit();
    expect([loose.maxTokens, maxTokens]).toEqual([300, 900]);
  });

  test('that does not fit either is refused with what it leaves', () => {
    const { admit } = knowing(2_600_000n, new Map([[PAID, 2500]]));
    expect(admit).toThrow(
      expect.objectContaining({ status: 402, message: expect.stringContaining('only afford 10') }) as never,
    );
  });

  test('is worth nothing where it is no less than the bytes', () => {
    expect(knowing(BY_BYTES - 1n, new Map([[PAID, 10_000]])).admit).toThrow();
  });

  test('is not worth learning while sixteen such requests fit beside each other', () => {
    expect(knowing(BY_BYTES * 16n, new Map()).admit()).toMatchObject({ isScarce: false });
    expect(knowing(BY_BYTES * 16n - 1n, new Map()).admit()).toMatchObject({ isScarce: true });
  });
});
