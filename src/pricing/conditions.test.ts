import { expect, test } from 'bun:test';
import { hasTimeCondition, holdsAt, WEEKDAYS } from './conditions.ts';

const prices = { prompt: 1n };

test('each day of the week is its own', () => {
  // 2026-11-22 is a Sunday.
  for (const [at, day] of WEEKDAYS.entries()) {
    const held = WEEKDAYS.filter((_, other) =>
      holdsAt({ utcDays: [day], prices }, Date.UTC(2026, 10, 22 + other)),
    );
    expect([day, held]).toEqual([day, [WEEKDAYS[at] ?? day]]);
  }
  expect(WEEKDAYS).toEqual(['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']);
});

test('a window of one side alone goes to that day’s end, and one without length never holds', () => {
  const held = (override: object) =>
    [0, 8, 9, 23].filter((hour) => holdsAt({ ...override, prices }, Date.UTC(2026, 10, 22, hour)));
  expect(held({ utcStart: 900 })).toEqual([9, 23]);
  expect(held({ utcEnd: 900 })).toEqual([0, 8]);
  expect(held({ utcStart: 900, utcEnd: 900 })).toEqual([]);
  expect(held({})).toEqual([0, 8, 9, 23]);
});

test('an hour or a day is a condition of time, a length is none', () => {
  expect(hasTimeCondition({ utcStart: 0, prices })).toBe(true);
  expect(hasTimeCondition({ utcEnd: 0, prices })).toBe(true);
  expect(hasTimeCondition({ utcDays: ['monday'], prices })).toBe(true);
  expect(hasTimeCondition({ minPromptTokens: 1, prices })).toBe(false);
});
