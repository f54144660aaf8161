import { expect, test } from 'bun:test';
import { invalidRequest, TurnpikeError, toTurnpikeError } from './errors.ts';

test('a code fixes the status, the type and the text; details replace the text and the status alone', () => {
  const plain = new TurnpikeError('key_limit_exceeded');
  expect([plain.status, plain.type, plain.message]).toEqual([402, 'payment_required', 'Key limit exceeded']);
  expect([plain.metadata, plain.extra, plain.headers]).toEqual([{}, {}, {}]);
  const precise = new TurnpikeError('provider_timeout', { status: 524, message: 'late', detail: 'inner' });
  expect([precise.code, precise.status, precise.type]).toEqual(['provider_timeout', 524, 'timeout']);
  expect([precise.message, precise.detail]).toEqual(['late', 'inner']);
});

test('what we did not throw ourselves is a masked 500, whose cause only the operator sees', () => {
  for (const thrown of [new Error('the secret'), 'the secret', { secret: true }, null, undefined]) {
    const error = toTurnpikeError(thrown);
    expect([error.code, error.status]).toEqual(['internal', 500]);
    expect(error.message).not.toContain('secret');
    expect(error.cause).toBe(thrown);
  }
});

test('a machine that is full is a 503 with a time to come back, and keeps its reason for the operator', () => {
  for (const code of ['ENOSPC', 'EMFILE', 'EROFS']) {
    const thrown = Object.assign(new Error(`${code}: write '/secret/path'`), { code });
    const error = toTurnpikeError(thrown);
    expect(error).toMatchObject({ status: 503, retryAfterSeconds: 1, cause: thrown });
    expect(error.message).not.toContain('secret');
  }
});

test('what we did throw stays as it is', () => {
  const error = invalidRequest('n must be 1');
  expect(toTurnpikeError(error)).toBe(error);
  expect([error.status, error.message]).toEqual([400, 'n must be 1']);
});
