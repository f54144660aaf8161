import { describe, expect, test } from 'bun:test';
import { Random } from '../random.ts';
import { growthOf, type MemorySample, slopeOf } from './growth.ts';

const MIB = 2 ** 20;

/** A life of so many requests, with the swings of a garbage collector. */
function life(requests: number, bytesAfter: (requests: number) => number): MemorySample[] {
  const random = new Random(3);
  return Array.from({ length: 300 }, (_, at) => {
    const sent = (requests * at) / 300;
    return { requests: sent, residentBytes: 200 * MIB + random.whole(0, 40 * MIB) + bytesAfter(sent) };
  });
}

describe('memory', () => {
  test('that stays as it is does not grow', () => {
    expect(growthOf(life(2_000_000, () => 0)).isSteady).toBe(false);
  });

  test('that every request leaves a hundred bytes of grows', () => {
    const growth = growthOf(life(2_000_000, (sent) => 100 * sent));
    expect(growth.isSteady).toBe(true);
    expect(growth.bytesPerRequest).toBeGreaterThan(90);
    expect(growth.bytesPerRequest).toBeLessThan(110);
  });

  test('that each stream, one request in eight, leaves half a kilobyte of grows', () => {
    expect(growthOf(life(2_000_000, (sent) => (512 * sent) / 8)).isSteady).toBe(true);
  });

  test('that fills up while it warms up does not grow', () => {
    expect(growthOf(life(2_000_000, (sent) => 150 * MIB * Math.min(1, sent / 500_000))).isSteady).toBe(false);
  });

  test('that grew in one step, early or late, does not grow steadily', () => {
    for (const step of [900_000, 1_900_000]) {
      const growth = growthOf(life(2_000_000, (sent) => (sent > step ? 60 * MIB : 0)));
      expect(growth.isSteady).toBe(false);
    }
  });

  test('is not judged by a short life', () => {
    expect(growthOf(life(100_000, (sent) => 1000 * sent)).isSteady).toBeNull();
    expect(growthOf([]).isSteady).toBeNull();
  });
});

test('a slope is not turned by samples that lie apart', () => {
  const points = Array.from({ length: 100 }, (_, at) => ({
    requests: at,
    residentBytes: at % 10 === 0 ? 1e12 : 5 * at,
  }));
  expect(slopeOf(points)).toBe(5);
});
