import { expect, test } from 'bun:test';
import { HangWatch, SEVERAL, type Waiting } from './hang-watch.ts';

function world(usualMs: number) {
  const watch = new HangWatch();
  let nowMs = 0;
  const send = (): Waiting => {
    const request = { sentAtMs: nowMs };
    watch.sent(request);
    return request;
  };
  const pass = (ms: number) => {
    nowMs += ms;
  };
  const answer = (request: Waiting) => watch.answered(request, nowMs);
  for (let at = 0; at < 20; at += 1) {
    const request = send();
    pass(usualMs);
    answer(request);
  }
  return { watch, send, pass, answer, hangs: () => watch.hangingMs(nowMs) > 0 };
}

test('several that wait four times as long as it took lately, with nothing heard, are a hang', () => {
  const { send, pass, hangs } = world(1000);
  for (let at = 0; at < SEVERAL; at += 1) send();
  pass(4000);
  expect(hangs()).toBe(false);
  pass(1);
  expect(hangs()).toBe(true);
});

test('fewer are none, however long they wait, and neither are several of which one has just been answered', () => {
  const { send, pass, answer, hangs } = world(100);
  send();
  send();
  pass(60_000);
  expect(hangs()).toBe(false);
  send();
  const quick = send();
  pass(500);
  answer(quick);
  pass(500);
  expect(hangs()).toBe(false);
});

test('at an endpoint whose usual is not known yet, nothing hangs for half a minute', () => {
  const watch = new HangWatch();
  for (let at = 0; at < 10; at += 1) watch.sent({ sentAtMs: 0 });
  expect([watch.hangingMs(29_999), watch.hangingMs(30_001)]).toEqual([0, 30_001]);
});

test('one slow answer among quick ones is remembered as usual for a while', () => {
  const { send, pass, answer, hangs } = world(100);
  const slow = send();
  pass(5000);
  answer(slow);
  for (let at = 0; at < SEVERAL; at += 1) send();
  pass(6000);
  expect(hangs()).toBe(false);
});

test('what has failed or was left waits no more', () => {
  const { watch, send, pass, hangs } = world(100);
  const requests = Array.from({ length: SEVERAL }, send);
  pass(5000);
  expect(hangs()).toBe(true);
  for (const request of requests) watch.ended(request);
  expect(hangs()).toBe(false);
});
