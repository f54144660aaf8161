import { expect, test } from 'bun:test';
import { askedWait, waitBefore } from './attempts.ts';

test('waits grow over a day and a half, differ by a fifth, and end', () => {
  const waits = [1, 2, 3, 4, 5, 6, 7, 8].map((attempts) => waitBefore(attempts, null, 0.5));
  expect(waits).toEqual([5000, 60_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000, 64_800_000]);
  expect(waitBefore(9, null, 0.5)).toBeNull();
  expect([waitBefore(1, null, 0), waitBefore(1, null, 1)]).toEqual([4000, 6000]);
});

test('a receiver that asks for a longer wait gets it, up to six hours', () => {
  expect(waitBefore(1, 90_000, 0.5)).toBe(90_000);
  expect(waitBefore(1, 1000, 0.5)).toBe(5000);
  expect(waitBefore(1, 999 * 3_600_000, 0.5)).toBe(6 * 3_600_000);
});

test('Retry-After is read as seconds and as a moment, and anything else is nothing', () => {
  const nowMs = Date.parse('2026-11-29T12:00:00Z');
  expect(askedWait('120', nowMs)).toBe(120_000);
  expect(askedWait('Sun, 29 Nov 2026 12:01:00 GMT', nowMs)).toBe(60_000);
  expect(askedWait('Sun, 29 Nov 2026 11:00:00 GMT', nowMs)).toBe(0);
  for (const text of [null, '', 'soon', '-5x']) expect(askedWait(text, nowMs)).toBeNull();
});
