import { describe, expect, test } from 'bun:test';
import { compare, isClean, type Records, windowOf } from './compare.ts';
import type { Charge, Seen, Sent } from './records.ts';

const sent = (tag: string, changes: Partial<Sent> = {}): Sent => ({
  tag,
  key: 'key',
  gateway: 'http://one',
  ending: 'complete',
  status: 200,
  startedAtMs: 0,
  endedAtMs: 1,
  costNanoUsd: 5n,
  boundNanoUsd: 8n,
  message: '',
  ...changes,
});
const seen = (tag: string, changes: Partial<Seen> = {}): Seen => ({
  tag,
  nonce: tag,
  isComplete: true,
  costNanoUsd: 5n,
  ...changes,
});
const charge = (tag: string, changes: Partial<Charge> = {}): Charge => ({
  id: `gen-${tag}`,
  tag,
  key: 'key',
  createdAtMs: 0,
  costNanoUsd: 5n,
  ...changes,
});
const records = (changes: Partial<Records>): Records => ({
  sent: [sent('a')],
  seen: [seen('a')],
  charges: [charge('a')],
  allowances: [{ keys: ['key'], windowKind: 'all', limitNanoUsd: 10n }],
  ...changes,
});

describe('the comparison', () => {
  test('is clean when the three records agree', () => {
    const verdict = compare(records({}));
    expect(isClean(verdict)).toBe(true);
    expect(verdict).toMatchObject({ requests: 1, served: 1, refused: 0, overspendNanoUsd: 0n });
  });

  test('finds what was charged beyond a limit', () => {
    const verdict = compare(
      records({ allowances: [{ keys: ['key'], windowKind: 'all', limitNanoUsd: 3n }] }),
    );
    expect(verdict.overspendNanoUsd).toBe(2n);
    expect(isClean(verdict)).toBe(false);
  });

  test('finds a charge for what the provider never saw, even of a killed request', () => {
    const verdict = compare(
      records({ sent: [sent('a', { ending: 'broken', costNanoUsd: null })], seen: [] }),
    );
    expect(verdict.phantom).toBe(1);
  });

  test('allows a charge of nothing for what the provider never saw', () => {
    const broken = sent('a', { ending: 'broken', costNanoUsd: null });
    const verdict = compare(
      records({ sent: [broken], seen: [], charges: [charge('a', { costNanoUsd: 0n })] }),
    );
    expect(isClean(verdict)).toBe(true);
  });

  test('finds an answer without a charge, and one with another charge than it told', () => {
    expect(compare(records({ charges: [] })).lost).toBe(1);
    expect(compare(records({ charges: [charge('a', { costNanoUsd: 4n })] })).lost).toBe(1);
  });

  test('finds what was charged twice', () => {
    expect(compare(records({ charges: [charge('a'), charge('a', { id: 'gen-b' })] })).double).toBe(1);
  });

  test('finds an answer that was told and charged wrongly', () => {
    const verdict = compare(records({ seen: [seen('a', { costNanoUsd: 6n })] }));
    expect(verdict.faults.join()).toContain('miscounted');
  });

  test('finds a refused request that was sent all the same', () => {
    const refused = sent('a', { ending: 'refused', costNanoUsd: null });
    expect(compare(records({ sent: [refused], charges: [] })).faults.join()).toContain('was refused');
  });

  test('finds a request that was to be tried again and was charged all the same', () => {
    const turnedAway = sent('a', { ending: 'unavailable', status: 503, costNanoUsd: null });
    expect(compare(records({ sent: [turnedAway] })).faults.join()).toContain('tried again, and yet charged');
    expect(compare(records({ sent: [turnedAway], charges: [] })).faults).toEqual([]);
  });

  test('counts a refusal as avoidable only when all that ran and was charged left room', () => {
    const refused = sent('b', {
      ending: 'refused',
      costNanoUsd: null,
      startedAtMs: 5,
      endedAtMs: 6,
      boundNanoUsd: 5n,
    });
    expect(compare(records({ sent: [sent('a'), refused] })).avoidable).toBe(1);
    expect(compare(records({ sent: [sent('a', { endedAtMs: 5 }), refused] })).avoidable).toBe(0);
  });

  test('gives what a dead node kept a second to be free again, and what a client left three', () => {
    const refused = sent('b', {
      ending: 'refused',
      costNanoUsd: null,
      startedAtMs: 5000,
      endedAtMs: 5001,
      boundNanoUsd: 4n,
    });
    const avoidableAfter = (changes: Partial<Records>) =>
      compare(records({ sent: [sent('a'), refused], ...changes })).avoidable;
    const kept = (amountNanoUsd: bigint, untilMs: number) => ({
      frozen: [{ key: 'key', amountNanoUsd, fromMs: 2, untilMs }],
    });
    expect([kept(1n, 9000), kept(2n, 9000), kept(2n, 4000), kept(2n, 3999)].map(avoidableAfter)).toEqual([
      1, 0, 0, 1,
    ]);
    const left = (endedAtMs: number) => ({
      sent: [sent('a', { ending: 'cut', costNanoUsd: null, endedAtMs }), refused],
    });
    expect([left(2000), left(1999)].map(avoidableAfter)).toEqual([0, 1]);
  });
});

test('windows begin at midnight, on Monday and on the first', () => {
  const sunday = Date.parse('2026-05-31T23:59:59.999Z');
  expect(windowOf('daily', sunday)).toBe('2026-05-31');
  expect(windowOf('weekly', sunday)).toBe('week of 2026-05-25');
  expect(windowOf('weekly', sunday + 1)).toBe('week of 2026-06-01');
  expect(windowOf('monthly', sunday + 1)).toBe('2026-06');
});
