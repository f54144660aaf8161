/** Which call a fragment goes on with, and under which id its caller knows it: a wrong one mixes the arguments of two calls. */
import { describe, expect, test } from 'bun:test';
import type { JsonObject } from '../../json.ts';
import { callBytes, StreamedCalls, wholeCalls } from './tool-calls.ts';

const OWN = /^call_[0-9a-f]{32}$/;

function told(...fragments: readonly unknown[]): (JsonObject | null)[] {
  const calls = new StreamedCalls();
  return fragments.map((fragment) => calls.fragment(fragment));
}
const indexes = (...fragments: readonly unknown[]) => told(...fragments).map((each) => each?.['index']);
const of = (name: string | null, text?: unknown, more: JsonObject = {}) => ({
  ...more,
  function: { ...(name === null ? {} : { name }), ...(text === undefined ? {} : { arguments: text }) },
});

describe('a fragment', () => {
  test('without a number and an id goes on with the latest call', () => {
    expect(indexes(of('f', '{"x"', { index: 0, id: 'a' }), of(null, ':1}'))).toEqual([0, 0]);
    expect(indexes(of('f', '{"x"', { index: 0, id: 'a' }), of(null, ':1}', { index: '0' }))).toEqual([0, 0]);
  });

  test('with the id of a call is its own, also behind one without', () => {
    const pieces = [of('f', '{"x"', { id: 'a' }), of(null, ':1}'), of('f', '', { id: 'a' })];
    expect(indexes(...pieces)).toEqual([0, 0, 0]);
  });

  test('with another id than the late one of a call begins another', () => {
    const pieces = [of('f', '{"x"'), of(null, ':1', { id: 'a' }), of('f', '{', { id: 'b' })];
    expect(indexes(...pieces)).toEqual([0, 0, 1]);
  });

  test('is found by its id where one of both has no number', () => {
    const two = [of('f', '{', { index: 0, id: 'a' }), of('g', '{', { index: 1, id: 'b' })];
    expect(indexes(...two, of(null, '}', { id: 'a' }))).toEqual([0, 1, 0]);
    const unnumbered = [of('f', '{', { id: 'a' }), of('g', '{', { id: 'b' })];
    expect(indexes(...unnumbered, of(null, '}', { index: 0, id: 'a' }))).toEqual([0, 1, 0]);
  });

  test('behind whole arguments begins another call where it has a name and arguments of its own', () => {
    expect(indexes(of('f', '{}'), of('f', '{}'))).toEqual([0, 1]);
    expect(indexes(of('f', '{}'), of('g', ''))).toEqual([0, 1]);
    expect(indexes(of('f', '{}'), of(null, ' '))).toEqual([0, 0]);
    expect(indexes(of('f', '{}'), of('f', ''))).toEqual([0, 0]);
    expect(indexes(of('f', '{}'), of('f'))).toEqual([0, 0]);
    expect(indexes(of(null, '{}'), of('f', ''))).toEqual([undefined, 0]);
    expect(indexes(of('f', '{"x"'), of('g', '{', { id: 'a' }))).toEqual([0, 1]);
  });

  test('behind more than is kept of a call goes on with it where no id tells them apart', () => {
    const long = `{"x":"${'y'.repeat(1024 * 1024 - 6)}`;
    expect(indexes(of('f', long), of(null, '"}'), of('f', '{}'))).toEqual([0, 0, 0]);
    expect(indexes(of('f', long.slice(0, -1)), of(null, '"}'), of('f', '{}'))).toEqual([0, 0, 1]);
  });

  test('without arguments has none, and with an object its text', () => {
    const [, second] = told(of('f', '{', { id: 'a' }), { id: 'a', signature: 's', function: {} });
    expect(second).toEqual({ index: 0, signature: 's', function: {} });
    expect(told(of('f', { a: 1 }, { id: 'a' }))[0]).toMatchObject({ function: { arguments: '{"a":1}' } });
  });

  test('that is none is passed over', () => {
    expect(told('none', null, [1])).toEqual([null, null, null]);
  });
});

describe('a call', () => {
  test.each([[undefined], [null], ['function']])('of the type %p is held until its name is known', (type) => {
    const typed = type === undefined ? {} : { type };
    expect(told({ index: 0, id: 'a', signature: 's', ...typed }, of('f', '{}', { index: 0 }))).toEqual([
      null,
      { index: 0, id: 'a', type: 'function', signature: 's', function: { name: 'f', arguments: '{}' } },
    ]);
  });

  test('keeps what its vendor put beside its name', () => {
    const [first] = told({ id: 'a', function: { name: 'f', arguments: '{}', signature: 's', empty: null } });
    expect(first?.['function']).toEqual({ name: 'f', arguments: '{}', signature: 's' });
  });

  test('of no type is a function', () => {
    expect(told(of('f', '{}', { id: 'a', type: '' }))[0]?.['type']).toBe('function');
  });

  test('of another type is told at once', () => {
    expect(told({ index: 0, id: 'a', type: 'custom', custom: { name: 'f' } })[0]).toMatchObject({
      id: 'a',
      type: 'custom',
      custom: { name: 'f' },
    });
  });

  test('takes a late id while nothing of it was told, unless it is another’s', () => {
    const late = told({ index: 0 }, of('f', '{}', { index: 0, id: 'a' }));
    expect(late[1]).toMatchObject({ index: 0, id: 'a' });
    const taken = told(
      of('f', '{}', { index: 0, id: 'a' }),
      { index: 1 },
      of('g', '{}', { index: 1, id: 'a' }),
    );
    expect(taken[2]).toMatchObject({ index: 1, id: expect.stringMatching(OWN) });
    const behind = told(
      of('f', '{}', { index: 0 }),
      { index: 0, id: 'a' },
      of('g', '{}', { index: 1, id: 'a' }),
    );
    expect(behind.map((each) => each?.['id'])).toEqual([expect.stringMatching(OWN), undefined, 'a']);
  });

  test('that never got a name is told of at the end', () => {
    const calls = new StreamedCalls();
    calls.fragment({ index: 0, id: 'a' });
    calls.fragment(of('f', '{}', { index: 1, id: 'b' }));
    expect(calls.count).toBe(2);
    expect(calls.unnamed()).toEqual([
      { index: 0, id: 'a', type: 'function', function: { name: '', arguments: '' } },
    ]);
  });
});

describe('calls of a whole answer', () => {
  test('have an id each, a type, and their arguments as text', () => {
    const [first, second, third, bare] = wholeCalls([
      of('f', { a: 1 }, { id: 'a', type: 'function', signature: 's', empty: null }),
      of('g', '{}', { id: 'a' }),
      { id: '', type: '', name: 'h' },
      { id: 'c', type: 'custom', custom: { name: 'f' } },
      'none',
    ]);
    expect(first).toEqual({
      id: 'a',
      type: 'function',
      signature: 's',
      function: { name: 'f', arguments: '{"a":1}' },
    });
    expect(second).toEqual({
      id: expect.stringMatching(OWN),
      type: 'function',
      function: { name: 'g', arguments: '{}' },
    });
    expect(third).toEqual({
      id: expect.stringMatching(OWN),
      type: 'function',
      function: { name: 'h', arguments: '' },
    });
    expect(bare).toEqual({ id: 'c', type: 'custom', custom: { name: 'f' } });
  });

  test('of another type have their name and arguments where their vendor wrote them', () => {
    const fn = { name: 'f', arguments: '{}' };
    const custom = { id: 'd', type: 'custom' };
    expect(wholeCalls([{ ...custom, ...fn }])).toEqual([{ ...custom, function: fn }]);
    expect(wholeCalls([{ ...custom, function: { ...fn, strict: true } }])).toEqual([
      { ...custom, function: { ...fn, strict: true } },
    ]);
  });

  test('without a name and arguments are functions all the same, and bring no prototype along', () => {
    const empty = { name: '', arguments: '' };
    const bare = JSON.parse('{"id":"e","type":"function","__proto__":{"admin":true}}');
    const [call] = wholeCalls([bare]);
    expect(call).toStrictEqual({ id: 'e', type: 'function', function: empty });
    expect(call?.['admin']).toBeUndefined();
  });

  test('count the UTF-8 bytes of their names and arguments', () => {
    expect(callBytes([of('fé', '{"a":1}'), of('g', 7), of(null, '{}'), { custom: {} }])).toBe(3 + 7 + 1 + 2);
  });
});
