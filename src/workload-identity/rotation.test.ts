import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { ACCESS_TOKEN_LIFE_MS, dueTurn, isPublished, signingTurn, type Turn } from './rotation.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const START_MS = 1_800_000_000_000;

test('the first key is due at once and signs at once', () => {
  const first = dueTurn([], START_MS)!;
  expect(first).toEqual({ turn: 1, signs_from_ms: START_MS, signs_until_ms: START_MS + 30 * DAY_MS });
  expect(dueTurn([first], START_MS)).toBeNull();
  expect(signingTurn([first], START_MS)).toBe(first);
});

test('a node whose clock is late signs with the first key all the same, and makes no second', () => {
  const first = dueTurn([], START_MS)!;
  expect(signingTurn([first], START_MS - 5000)).toBe(first);
  expect(dueTurn([first], START_MS - 5000)).toBeNull();
});

test('the next key is shown for a day before it signs, and the old one until its last token is dead', () => {
  const first = dueTurn([], START_MS)!;
  const changeMs = first.signs_until_ms;
  expect(dueTurn([first], changeMs - DAY_MS - 1)).toBeNull();
  const second = dueTurn([first], changeMs - DAY_MS)!;
  expect(second).toMatchObject({ turn: 2, signs_from_ms: changeMs });
  expect(signingTurn([first, second], changeMs - 1)).toBe(first);
  expect(signingTurn([first, second], changeMs)).toBe(second);
  expect(isPublished(second, changeMs - DAY_MS)).toBe(true);
  expect(isPublished(first, changeMs + ACCESS_TOKEN_LIFE_MS)).toBe(true);
  expect(isPublished(first, changeMs + DAY_MS)).toBe(false);
});

test('whenever a gateway looks, there is a key to sign with, and it outlives every token signed with it', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 100 * DAY_MS }), { maxLength: 60 }), (pauses) => {
      let nowMs = START_MS;
      const turns: Turn[] = [];
      for (const pauseMs of pauses) {
        nowMs += pauseMs;
        const due = dueTurn(turns, nowMs);
        if (due !== null) turns.push(due);
        const signer = signingTurn(turns, nowMs);
        expect(signer).not.toBeNull();
        expect(isPublished(signer!, nowMs + ACCESS_TOKEN_LIFE_MS)).toBe(true);
      }
    }),
  );
});
