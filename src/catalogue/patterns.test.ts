import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { isNamedBy } from './patterns.ts';

test('a star stands for any run of characters, and the case says nothing', () => {
  for (const [pattern, id] of [
    ['anthropic/*', 'anthropic/claude-sonnet-4.5'],
    ['openai/gpt-5*', 'openai/gpt-5'],
    ['*/claude-*', 'anthropic/claude-x'],
    ['*', 'any/thing:free'],
    ['*:free', 'a/b:free'],
    ['A/B', 'a/b'],
    ['a*b*c', 'aXbYbc'],
  ] as const)
    expect([pattern, id, isNamedBy(id, [pattern])]).toEqual([pattern, id, true]);
  for (const [pattern, id] of [
    ['anthropic/*', 'openai/gpt-5'],
    ['openai/gpt-5', 'openai/gpt-5-mini'],
    ['ab*bc', 'abc'],
    ['a.c', 'abc'],
    ['', 'a'],
  ] as const)
    expect([pattern, id, isNamedBy(id, [pattern])]).toEqual([pattern, id, false]);
});

test('it is the same as a regular expression, and never takes as long as one can', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', '*', '/'), maxLength: 8 });
  fc.assert(
    fc.property(word, word, (pattern, text) => {
      const id = text.replaceAll('*', 'c');
      const source = pattern.replaceAll('*', '.*');
      expect(isNamedBy(id, [pattern])).toBe(new RegExp(`^${source}$`).test(id));
    }),
  );
  expect(isNamedBy('a'.repeat(256), [`${'*a'.repeat(500)}b`])).toBe(false);
});
