import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildCatalogue } from './build.ts';
import { LiveCatalogue } from './live-catalogue.ts';
import { PriceListError, parsePriceList } from './price-list.ts';
import { writeSyncedList } from './price-list-file.ts';

const NOW_MS = Date.parse('2026-11-20T12:00:00Z');
const CONFIG = {
  providers: [],
  models: [],
  environmentKeys: (name: string) => (name === 'OPENAI_API_KEY' ? 'k' : null),
};

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'turnpike-live-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

function syncTo(usdPerMillion: number, from: 'file' | 'package' = 'file'): void {
  const prices = { input_mtok: usdPerMillion, output_mtok: 12 };
  const models = [{ id: 'gpt-4o', match: { equals: 'gpt-4o' }, prices }];
  writeSyncedList(dataDir, {
    from,
    syncedAtMs: NOW_MS,
    providers: parsePriceList([{ id: 'openai', models }]),
  });
}

async function opened() {
  const told: string[] = [];
  const live = await LiveCatalogue.open({
    dataDir,
    build: (prices) => buildCatalogue(CONFIG, NOW_MS, prices),
    onReloaded: () => told.push('reloaded'),
    onRefused: (error) => told.push((error as Error).message),
  });
  const price = () => live.current.find('openai/gpt-4o')?.model.endpoints[0]?.pricing.base.prompt;
  return { live, told, price };
}

test('a list that is written while the gateway runs is taken once; what was found before keeps its price', async () => {
  const { live, told, price } = await opened();
  const before = live.current.find('openai/gpt-4o')?.model.endpoints[0];
  await live.look();
  expect([told, price()]).toEqual([[], 2_500_000n]);
  syncTo(3);
  await live.look();
  await live.look();
  expect([told, price(), before?.pricing.base.prompt]).toEqual([['reloaded'], 3_000_000n, 2_500_000n]);
  syncTo(2);
  await live.look();
  expect(price()).toBe(2_000_000n);
});

test('a list that cannot be read is told of once, and the prices stay', async () => {
  syncTo(3);
  const { live, told, price } = await opened();
  writeFileSync(join(dataDir, 'price-list.json'), '[');
  await live.look();
  await live.look();
  expect(told).toEqual([expect.stringContaining('write it anew')]);
  expect(price()).toBe(3_000_000n);
});

test('a list that is taken away leaves the prices of the data package', async () => {
  syncTo(3);
  const { live, price } = await opened();
  rmSync(join(dataDir, 'price-list.json'));
  await live.look();
  expect(price()).toBe(2_500_000n);
});

test('at a start the list of a file counts, and that of a package not: what is installed is as new', async () => {
  syncTo(3);
  expect((await opened()).price()).toBe(3_000_000n);
  syncTo(3, 'package');
  const { live, price } = await opened();
  expect(price()).toBe(2_500_000n);
  syncTo(4, 'package');
  await live.look();
  expect(price()).toBe(4_000_000n);
});

test('a start with a list that cannot be read is refused: prices are not guessed', async () => {
  writeFileSync(join(dataDir, 'price-list.json'), 'nonsense');
  expect(await opened().catch((error: unknown) => error)).toBeInstanceOf(PriceListError);
});
