import { expect, test } from 'bun:test';
import { Stopping } from './stopping.ts';

test('a stop ends what runs, once, and not what has ended before', () => {
  const stopping = new Stopping();
  const ended: string[] = [];
  const [first, second, third] = ['first', 'second', 'third'].map((name) => () => {
    ended.push(name);
  });
  stopping.add(first!);
  stopping.add(second!);
  stopping.add(third!);
  stopping.delete(second!);
  expect([stopping.hasBegun, ended]).toEqual([false, []]);
  stopping.begin();
  stopping.begin();
  expect([stopping.hasBegun, ended]).toEqual([true, ['first', 'third']]);
});

test('what begins after the stop is ended at once', () => {
  const stopping = new Stopping();
  stopping.begin();
  let ended = 0;
  stopping.add(() => {
    ended += 1;
  });
  stopping.begin();
  expect(ended).toBe(1);
});

test('what an end begins or ends in turn is met too', () => {
  const stopping = new Stopping();
  const ended: string[] = [];
  const second = () => ended.push('second');
  const last = () => ended.push('last');
  stopping.add(() => {
    ended.push('first');
    stopping.delete(second);
    stopping.add(last);
  });
  stopping.add(second);
  stopping.begin();
  expect(ended).toEqual(['first', 'last']);
});
