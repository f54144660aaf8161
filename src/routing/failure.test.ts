import { describe, expect, test } from 'bun:test';
import {
  type Fault,
  ProviderError,
  type ProviderErrorDetails,
  type ProviderFailure,
} from '../providers/provider-error.ts';
import { publicError } from './failure.ts';
import { FAULTS, faultOf } from './faults.ts';

function failed(details: Partial<ProviderErrorDetails>, failure: ProviderFailure = 'status'): ProviderError {
  return new ProviderError(failure, { fault: 'provider', message: 'said', ...details });
}

function shown(error: ProviderError) {
  return publicError(error, {
    providerName: 'Acme',
    generationId: 'gen-1',
    previous: [],
    retryAfterSeconds: null,
    availabilityOf: () => null,
  });
}

describe('whose fault it is', () => {
  test.each([
    ['caller', true, false],
    ['account', false, true],
    ['rate', false, false],
    ['provider', false, true],
    ['gateway', false, false],
    ['busy', false, false],
  ] as const)('%s', (fault: Fault, callers, providers) => {
    const row = FAULTS[faultOf(failed({ fault, status: 400 }))];
    expect([row.next === 'other model', row.countsAgainstUptime]).toEqual([callers, providers]);
  });
});

const mayTryNext = (error: ProviderError) => FAULTS[faultOf(error)].next === 'yes';

describe('another endpoint', () => {
  test('is not paid after a time-out of ours, unless the request never left', () => {
    expect(mayTryNext(failed({ neverSent: false }, 'timeout'))).toBe(false);
    expect(mayTryNext(failed({ neverSent: true }, 'timeout'))).toBe(true);
    expect(mayTryNext(failed({ hasAnswered: true }, 'timeout'))).toBe(false);
  });

  test('is not tried where this machine had no room for a connection', () => {
    expect(mayTryNext(failed({ fault: 'gateway', neverSent: true }, 'unreachable'))).toBe(false);
  });

  test('is tried after every other failure', () => {
    for (const failure of ['status', 'unreachable', 'garbage'] as const) {
      expect(mayTryNext(failed({ status: 504 }, failure))).toBe(true);
    }
  });
});

describe('what the caller sees', () => {
  test.each([
    [{ fault: 'caller', status: 400 }, 400, 'provider_rejected'],
    [{ fault: 'caller', status: 422 }, 422, 'provider_rejected'],
    [{ fault: 'caller', status: 413 }, 413, 'provider_rejected'],
    [{ fault: 'caller', status: 413, isContextLength: true }, 400, 'context_length_exceeded'],
    [{ fault: 'caller', status: 400, isContextLength: true }, 400, 'context_length_exceeded'],
    [{ fault: 'gateway' }, 503, 'unavailable'],
    [{ fault: 'account', status: 401 }, 502, 'provider_unavailable'],
    [{ fault: 'account', status: 402 }, 502, 'provider_unavailable'],
    [{ fault: 'account', status: 403 }, 502, 'provider_unavailable'],
    [{ fault: 'account', status: 400 }, 502, 'provider_unavailable'],
    [{ fault: 'account', status: 429 }, 502, 'provider_unavailable'],
    [{ fault: 'rate', status: 429 }, 429, 'provider_rate_limited'],
    [{ fault: 'rate', status: 413 }, 429, 'provider_rate_limited'],
    [{ fault: 'provider', status: 404 }, 502, 'provider_unavailable'],
    [{ fault: 'provider', status: 500 }, 502, 'provider_unavailable'],
    [{ fault: 'provider', status: 503 }, 503, 'provider_overloaded'],
    [{ fault: 'provider', status: 529 }, 529, 'provider_overloaded'],
    [{ fault: 'provider', status: 408 }, 504, 'provider_timeout'],
    [{ fault: 'provider', status: 504 }, 504, 'provider_timeout'],
    [{ fault: 'provider', status: 524 }, 524, 'provider_timeout'],
    [{ fault: 'provider', status: null }, 502, 'provider_unavailable'],
  ] as const)('%o', (details, status, code) => {
    expect(shown(failed(details))).toMatchObject({ status, code, message: 'said' });
  });

  test('a time-out of ours is 504', () => {
    expect(shown(failed({}, 'timeout'))).toMatchObject({ status: 504, code: 'provider_timeout' });
  });

  test('the metadata names the provider, its code, and the body of a mistake of the caller alone', () => {
    const { metadata } = shown(failed({ fault: 'caller', providerCode: 'bad', raw: '{"x":1}' }));
    expect(metadata).toEqual({ provider_name: 'Acme', provider_code: 'bad', raw: '{"x":1}' });
    expect(shown(failed({ raw: '' })).metadata).toEqual({ provider_name: 'Acme' });
  });

  test('what is known of who is left, and when a repeat can help, goes with it', () => {
    const context = { providerName: 'Acme', generationId: 'gen-1', previous: [], retryAfterSeconds: 7 };
    const error = publicError(failed({}), {
      ...context,
      availabilityOf: () => ({ code: 'temporarily_unavailable' }),
    });
    expect([error.extra, error.retryAfterSeconds]).toEqual([
      { availability: { code: 'temporarily_unavailable' } },
      7,
    ]);
    expect([shown(failed({})).extra, shown(failed({})).retryAfterSeconds]).toEqual([{}, undefined]);
  });

  test('the log learns why a connection broke, and no cause of anything else', () => {
    const cause = new Error('ECONNRESET');
    expect(shown(failed({ cause }, 'unreachable')).cause).toBe(cause);
    expect(shown(failed({ cause })).cause).toBeUndefined();
  });

  test('the log learns what the provider said, but not of a prompt that it may quote', () => {
    expect(shown(failed({ fault: 'account', status: 401, detail: 'no such key' })).detail).toBe(
      'Acme: status 401 no such key',
    );
    expect(shown(failed({ fault: 'caller', status: 400, detail: 'in "my secret"' })).detail).toBe(
      'Acme: status 400',
    );
  });
});
