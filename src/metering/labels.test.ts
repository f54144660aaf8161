import { expect, test } from 'bun:test';
import type { Generation } from './generation.ts';
import { Labels, MOST } from './labels.ts';
import { endFiguresOf } from './members.ts';
import { tagsOf as namedTagsOf } from './tags.ts';
import { HourlySums, seriesOf } from './usage-hours.ts';

const tagsOf = (body: { metadata: object }) => namedTagsOf(body, new Set(Object.keys(body.metadata)));
const AT_MS = Date.parse('2026-11-20T12:00:00Z');
const DAY_MS = 86_400_000;
const baseOf = (more: Partial<Generation> = {}, keyHash = 'key') =>
  seriesOf({ accountId: 'a', keyHash, model: 'acme/small', isByok: 0 }, { door: 'chat', ...more });
const valuesOf = (series: readonly { tags: readonly { name: string; value: string }[] }[]) =>
  new Set(series.flatMap(({ tags }) => tags.map(({ name, value }) => `${name}=${value}`)));
const numbered = (count: number) => Array.from({ length: count }, (_, n) => n);

test('a request without app and tags is of the series of its context, whose id earlier versions gave too', () => {
  const earlier = seriesOf({ accountId: 'a', keyHash: 'k', model: 'm', isByok: 0 }, {});
  const { door: _, id, ...columns } = earlier;
  const told = JSON.stringify(Object.values(columns));
  expect(id).toBe(new Bun.CryptoHasher('sha256').update(told).digest('base64url').slice(0, 22));
  expect(new Labels().seriesOf(earlier, AT_MS, null)).toEqual({ row: earlier, tags: [] });
});

test('the same tags are the same series on every node, and others another', () => {
  const [one, other] = [new Labels(), new Labels()];
  const tags = tagsOf({ metadata: { team: 'a', env: 'b' } });
  const series = one.seriesOf(baseOf(), AT_MS, tags);
  expect(other.seriesOf(baseOf(), AT_MS, tagsOf({ metadata: { env: 'b', team: 'a' } }))).toEqual(series);
  expect(series.tags.map(({ name, value }) => [name, value])).toEqual([
    ['env', 'b'],
    ['team', 'a'],
  ]);
  const ids = [null, tags, tagsOf({ metadata: { team: 'a' } })].map(
    (each) => one.seriesOf(baseOf(), AT_MS, each).row.id,
  );
  expect(new Set(ids).size).toBe(3);
  expect(one.seriesOf(baseOf({ door: 'messages' }), AT_MS, null).row.id).not.toBe(ids[0]);
});

test('whoever sends another tag with every request gets a bounded number of rows, which hold every request', () => {
  const labels = new Labels();
  const base = baseOf();
  const sums = new HourlySums();
  for (const n of numbered(5000)) {
    const tags = tagsOf({ metadata: { team: `team-${n % 3}`, request: `r-${n}` } });
    sums.add(labels.seriesOf(base, AT_MS, tags), AT_MS, 1n, endFiguresOf({}));
  }
  const { hours, tags } = sums.totals;
  expect(hours.length).toBeLessThanOrEqual(MOST.values + 3);
  expect(hours.reduce((sum, { requests }) => sum + requests, 0)).toBe(5000);
  expect(tags.filter(({ name }) => name === 'request').map(({ value }) => value)).toContain('other');
  // The tag that has few values stays true beside the one that has too many.
  expect(new Set(tags.filter(({ name }) => name === 'team').map(({ value }) => value))).toEqual(
    new Set(['team-0', 'team-1', 'team-2']),
  );
});

test('too many names, and too many combinations, are one row that says other for whatever is asked', () => {
  const labels = new Labels();
  const byName = numbered(200).map((n) =>
    labels.seriesOf(baseOf(), AT_MS, tagsOf({ metadata: { [`n${n}`]: 'x' } })),
  );
  expect(valuesOf(byName).size).toBe(MOST.names + 1);
  expect(valuesOf(byName)).toContain('*=other');
  const combined = numbered(10_000).map((n) => {
    const metadata = { a: String(n % 100), b: String(Math.floor(n / 100)) };
    return labels.seriesOf(baseOf({}, 'other key'), AT_MS, tagsOf({ metadata })).row.id;
  });
  expect(new Set(combined).size).toBe(MOST.combinations + 1);
});

test('whoever names another app with every request gets a bounded number of rows too', () => {
  const labels = new Labels();
  const apps = numbered(3000).map(
    (n) =>
      labels.seriesOf(
        baseOf({ http_referer: `https://app-${n}.example`, app_title: `App ${n}` }),
        AT_MS,
        tagsOf({ metadata: { n: String(n % 90) } }),
      ).row,
  );
  expect(new Set(apps.map(({ id }) => id)).size).toBeLessThanOrEqual(MOST.combinations + 1);
  expect(new Set(apps.map(({ app_title }) => app_title)).size).toBe(MOST.apps + 1);
  expect(apps.at(-1)).toMatchObject({ app_url: null, app_title: 'other' });
});

test('each key and each day count for themselves, also when an older day comes late', () => {
  const labels = new Labels();
  const fill = (keyHash: string, atMs: number) =>
    valuesOf(
      numbered(200).map((n) =>
        labels.seriesOf(baseOf({}, keyHash), atMs, tagsOf({ metadata: { id: `${n}` } })),
      ),
    ).size;
  expect(fill('one', AT_MS)).toBe(MOST.values + 1);
  expect(fill('two', AT_MS)).toBe(MOST.values + 1);
  const late = (atMs: number) => [
    ...valuesOf([labels.seriesOf(baseOf({}, 'one'), atMs, tagsOf({ metadata: { id: 'new' } }))]),
  ];
  expect(late(AT_MS)).toEqual(['id=other']);
  expect(late(AT_MS + DAY_MS)).toEqual(['id=new']);
  expect(late(AT_MS)).toEqual(['id=other']);
  expect(late(AT_MS - 5 * DAY_MS)).toEqual(['id=other']);
});
