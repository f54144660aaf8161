import { describe, expect, test } from 'bun:test';
import { isError, readError } from './error-shapes.ts';

describe('the sentence of an error', () => {
  test.each([
    'message',
    'msg',
    'detail',
    'error_msg',
    'error_message',
    'errorMessage',
    'error_description',
    'status_msg',
    'faultstring',
    'Message',
    'reason',
    'title',
    'error',
  ])('is read from %s', (name) => {
    expect(readError({ [name]: 'no' }).message).toBe('no');
    expect(readError({ error: { [name]: 'no' } }).message).toBe('no');
  });

  test.each(['error', 'errors', 'fault', 'Error', 'exception', 'base_resp', 'detail', 'details', 'x_groq'])(
    'is found inside of %s, alone or in a list',
    (name) => {
      expect(readError({ [name]: { message: 'no', code: 'kaput' } })).toMatchObject({
        message: 'no',
        words: ['kaput'],
      });
      expect(readError({ [name]: [{ message: 'no' }, { message: 'never' }] }).message).toBe('no; never');
    },
  );

  test('of five complaints of a list at most', () => {
    expect(readError(Array.from({ length: 9 }, () => ({ msg: 'no' }))).message).toBe('no; no; no; no; no');
  });

  test('is the own one before the one inside, and the vendor’s before a router’s', () => {
    expect(readError({ message: 'mine', error: { message: 'inner' } }).message).toBe('mine');
    const raw = '{"error":{"message":"the vendor says no"}}';
    expect(readError({ error: { message: 'Provider returned error', metadata: { raw } } }).message).toBe(
      'the vendor says no',
    );
    expect(readError({ error: { message: 'my own reason', metadata: { raw } } }).message).toBe(
      'my own reason',
    );
  });

  test('is not looked for without end', () => {
    let deep: unknown = { message: 'no' };
    for (let depth = 0; depth < 5000; depth++) deep = { error: deep };
    expect(readError(deep).message).toBeNull();
    let text = '{"message":"no"}';
    for (let depth = 0; depth < 8; depth++) text = JSON.stringify({ message: text });
    expect(readError(JSON.parse(text)).message?.length).toBeGreaterThan(2);
  });

  test('that only begins like JSON is a sentence', () => {
    expect(readError('[tools] is not allowed').message).toBe('[tools] is not allowed');
    expect(readError({ message: '{"no":"sentence"}' }).message).toBe('{"no":"sentence"}');
  });

  test.each([[null], [undefined], [7], [true], [''], [' '], [{}], [[]]])('is none in %p', (value) => {
    expect(readError(value)).toEqual({ message: null, words: [], status: null, retryAfterSeconds: null });
  });
});

describe('the status of an error', () => {
  test.each(['code', 'status', 'status_code', 'statusCode', 'http_status', 'http_status_code', 'error_code'])(
    'is read from %s, be it a text',
    (name) => {
      expect(readError({ [name]: 429 }).status).toBe(429);
      expect(readError({ error: { [name]: '503' } }).status).toBe(503);
    },
  );

  test.each([399, 600, 200, 1004, 429.5, '4290', 'x', null])('%p is none', (code) => {
    expect(readError({ code }).status).toBeNull();
  });
});

describe('the words of an error', () => {
  test.each(['code', 'error_code', 'errorCode', 'errorcode', 'type', 'error_type', 'status', 'status_code'])(
    'are read from %s',
    (name) => {
      expect(readError({ error: { [name]: 'kaput' } }).words).toEqual(['kaput']);
    },
  );

  test('come from JSON in a text and from the vendor behind a router too', () => {
    expect(readError({ message: '{"message":"no","code":"kaput"}' }).words).toEqual(['kaput']);
    const raw = '{"error":{"message":"no","code":"context_length_exceeded"}}';
    expect(readError({ error: { message: 'Provider returned error', metadata: { raw } } }).words).toEqual([
      'context_length_exceeded',
    ]);
  });

  test('come with the most specific first, numbers too, and without what every error is', () => {
    expect(readError({ type: 'error', error: { type: 'kind', code: 'special', status: 7 } }).words).toEqual([
      'special',
      'kind',
      '7',
    ]);
  });
});

describe('whether something is an error', () => {
  test.each(
    [
      { error: 'no' },
      { error: { message: 'no' } },
      { error: [1] },
      { error: true },
      { object: 'error' },
      { type: 'error' },
      { errors: ['no'] },
      { fault: { x: 1 } },
      { detail: 'no' },
      { error_msg: 'no' },
      { error_message: 'no' },
      { error: { message: '', code: 'x' } },
      { error: { message: '', details: [{ reason: 'x' }] } },
      { error_code: 7 },
      { errorCode: 'x' },
      { errorMessage: 'no' },
      { exception: 'no' },
      { success: false },
      { message: 'no' },
      { msg: 'no' },
      { Message: 'no' },
      { x_groq: { error: 'no' } },
      { base_resp: { status_code: 1004 } },
      [{ error: { message: 'no' } }],
    ].map((value) => [value]),
  )('%o is', (value) => {
    expect(isError(value)).toBe(true);
  });

  test('an error that is wrapped without end is one, and is not followed to its end', () => {
    let wrapped: unknown = {};
    for (let depth = 0; depth < 100_000; depth++) wrapped = { error: wrapped };
    expect(isError(wrapped)).toBe(true);
  });

  test.each(
    [
      {},
      [],
      null,
      7,
      'no',
      { error: null },
      { error: '' },
      { error: {} },
      { error: [] },
      { error: { message: '', code: null, details: [{}] } },
      { error: false },
      { error: 0 },
      { success: true },
      { base_resp: { status_code: 0 } },
      { x_groq: { id: 'r' } },
      { choices: [], message: 'no' },
      { choices: [], detail: 'no' },
      { object: 'chat.completion.chunk', message: 'hello' },
      [{ error: { message: 'no' } }, {}],
    ].map((value) => [value]),
  )('%o is not', (value) => {
    expect(isError(value)).toBe(false);
  });
});
