import { expect, test } from 'bun:test';
import { idMs, isGenerationId, newGenerationId, newId, newRequestId } from './ids.ts';

test('ids are unique and have their shape', () => {
  const makers: [() => string, RegExp][] = [
    [newId, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/],
    [newRequestId, /^req-[0-9a-f]{20}$/],
    [() => newGenerationId(1_763_640_000_999), /^gen-1763640000-[0-9a-f]{20}$/],
  ];
  for (const [make, shape] of makers) {
    const made = Array.from({ length: 1000 }, make);
    expect(new Set(made).size).toBe(1000);
    for (const id of made) expect(id).toMatch(shape);
  }
});

test('every hex digit of a generation’s random part is random', () => {
  const seen = Array.from({ length: 20 }, () => new Set<string>());
  for (let made = 0; made < 500; made++) {
    const digits = newGenerationId(0).slice(-20);
    for (const [at, digit] of [...digits].entries()) seen[at]!.add(digit);
  }
  for (const digits of seen) expect(digits.size).toBe(16);
});

test('only a whole generation id is one', () => {
  const id = newGenerationId(Date.parse('2026-11-20T12:00:00Z'));
  expect(isGenerationId(id)).toBe(true);
  for (const text of ['', 'gen-1', `${id} `, `${id}\n`, id.toUpperCase(), `x${id}`, id.slice(0, -1)]) {
    expect([text, isGenerationId(text)]).toEqual([text, false]);
  }
});

test('an id tells when it was made, and what is none tells nothing', () => {
  const [before, atMs, after] = [Date.now(), idMs(newId()) ?? 0, Date.now()];
  expect([atMs >= before, atMs <= after]).toEqual([true, true]);
  expect(['', 'gen-1763640000-0', crypto.randomUUID()].map(idMs)).toEqual([null, null, null]);
});
