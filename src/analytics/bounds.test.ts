/** How much one question may be made of. */
import { describe, expect, test } from 'bun:test';
import { engines, rejectionOf } from '../../test/databases.ts';
import { spendFor } from '../../test/old-generations.ts';
import { boundedGroups } from './analytics.ts';
import type { Question, ValueFilter } from './store.ts';

const NOW_MS = Date.parse('2026-11-29T10:00:00Z');
const DAYS = 120;

const ofKey = (key: string): ValueFilter => ({
  ...{ dimension: 'api_key_id', isExcluding: false, values: [key], passesUnset: false },
});

const questionOf = (filters: readonly ValueFilter[], madeBy: string | null = null): Question => ({
  ...{ accountId: 'acme', defaultWorkspaceId: 'w', madeBy, filters },
  ...{ fromMs: 0, toMs: NOW_MS + 3_600_000, span: null, source: 'hours' },
  ...{ dimensions: ['api_key_id'], sums: ['requests'], bucketBoundsMs: [], maxGroups: 100 },
});

describe.each(engines)('a question on $name', (engine) => {
  test('is refused when it would take too long, and of one key among many when that has too much', async () => {
    const opened = await engine.open();
    await spendFor(opened, { days: DAYS, untilMs: NOW_MS });
    const { database } = opened;
    const bounds = { hours: DAYS / 2, requests: 0, lookedAt: DAYS };
    const refused = 'there is too much in it to be summed up at once';
    expect(String(await rejectionOf(boundedGroups(database, questionOf([]), bounds)))).toContain(refused);
    const ofOne = await boundedGroups(database, questionOf([ofKey('key-1')]), bounds);
    expect(ofOne).toMatchObject([{ d0: 'key-1', requests: DAYS / 3 }]);
    const excluding = questionOf([{ ...ofKey('key-1'), isExcluding: true }]);
    expect(String(await rejectionOf(boundedGroups(database, excluding, bounds)))).toContain(refused);
    const lookedAt = DAYS - 1;
    const many = boundedGroups(database, questionOf([ofKey('key-1')]), { ...bounds, lookedAt });
    expect(String(await rejectionOf(many))).toContain(refused);
    // Nobody made these keys.
    expect(await boundedGroups(database, questionOf([], 'somebody'), bounds)).toEqual([]);
    await opened.dispose();
  });
});
