/** A month of 100,000 generations against its bill, with one difference of each kind planted into it. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { engines, type TestDatabase } from '../../test/databases.ts';
import { buildCatalogue } from '../catalogue/build.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { type Amounts, addAmounts, type Dimension, noAmounts } from './amounts.ts';
import { Bill } from './bill.ts';
import { dayAfter } from './ledger.ts';
import { readBill } from './read-bill.ts';
import { reconcile } from './reconcile.ts';
import { agrees } from './report.ts';

const GENERATIONS = 100_000;
const MODELS = Array.from({ length: 10 }, (_, n) => `acme/m${n}`);
const FIRST = '2026-10-01';
const DAYS = Array.from({ length: 30 }, (_, n) => `2026-10-${String(n + 1).padStart(2, '0')}`);
/** Pico-USD a token. */
const PRICE = { prompt: 1_000_000n, completion: 4_000_000n, read: 100_000n, write: 1_250_000n };

type Kind = 'plain' | 'own_key' | 'failed' | 'insured' | 'cancelled' | 'estimated' | 'attempts' | 'late';

interface Generation {
  readonly day: string;
  readonly model: string;
  readonly kind: Kind;
  readonly row: object;
  /** As its provider bills it, in whole nano-USD. */
  readonly amounts: Partial<Amounts>;
}

const KINDS: Readonly<Record<number, Kind>> = {
  ...{ 1: 'own_key', 2: 'failed', 3: 'insured', 4: 'cancelled', 5: 'estimated', 6: 'attempts' },
};

function* generations(): Generator<Generation> {
  for (let n = 0; n < GENERATIONS; n += 1) {
    const model = MODELS[n % 10] ?? '';
    const at = Math.floor(n / 10) % 30;
    const day = DAYS[at] ?? '';
    const turn = Math.floor(n / 300);
    // The last of them is the one place where a request goes on over midnight.
    const kind: Kind =
      turn === 50 && day === '2026-10-12' && model === 'acme/m7' ? 'late' : (KINDS[turn % 40] ?? 'plain');
    const [input, read, write, output, reasoning] = [
      100 + (n % 50),
      n % 3 === 0 ? 40 : 0,
      n % 4 === 0 ? 20 : 0,
      30 + (n % 7),
      n % 5,
    ];
    const isNothing = kind === 'failed';
    const counts = isNothing ? [0, 0, 0, 0, 0] : [input, read, write, output, reasoning];
    const [i = 0, r = 0, w = 0, o = 0, s = 0] = counts;
    // Where prices have been changed since, the ledger has those of that time.
    const times = day === '2026-10-05' && model === 'acme/m4' ? 2n : 1n;
    const cost =
      BigInt(i) * PRICE.prompt +
      BigInt(r) * PRICE.read +
      BigInt(w) * PRICE.write +
      BigInt(o) * PRICE.completion;
    const startMs =
      Date.parse(`${day}T00:00:00Z`) + (kind === 'late' ? 86_399_000 : (turn * 250_007) % 86_000_000);
    const isFree = kind === 'failed' || kind === 'insured';
    yield {
      ...{ day, model, kind },
      amounts: {
        ...{ requests: 1n, input: BigInt(i), cached_read: BigInt(r), cache_write: BigInt(w) },
        ...{ prompt: BigInt(i + r + w), output: BigInt(o), reasoning: BigInt(s), cost },
      },
      row: {
        id: `gen-${Math.floor(startMs / 1000)}-${String(n).padStart(8, '0')}`,
        ...{ account_id: 'account', key_hash: 'key', created_at_ms: startMs, model },
        ...{
          is_byok: kind === 'own_key' ? 1 : 0,
          is_rolled_up: 1,
          overshoot_nano_usd: 0n,
          ledger_transaction_id: null,
        },
        cost_nano_usd: isFree ? 0n : (cost * times) / 1000n,
        rest: JSON.stringify({
          ...{ provider_slug: 'acme', provider_name: 'Acme', request_id: `req-${n}` },
          ...{ prompt_tokens: i + r + w, completion_tokens: o, generation_time_ms: 2000 },
          ...(isFree ? { finish_reason: 'error' } : {}),
          ...(kind === 'cancelled' ? { cancelled: 1 } : {}),
          ...(kind === 'cancelled' || kind === 'estimated' ? { estimated: 1 } : {}),
          ...{ reasoning_tokens: s, cached_tokens: r, cache_write_tokens: w },
          ...(isNothing ? {} : { upstream_cost_nano_usd: Number((cost * times) / 1000n) }),
          ...(kind === 'attempts'
            ? {
                attempts: [
                  { provider: 'Acme', tag: 'acme', model, status: 503, latency_ms: 5 },
                  { provider: 'Acme', tag: 'acme', model, status: 200, latency_ms: 9 },
                ],
              }
            : {}),
        }),
      },
    };
  }
}

/** The bill that agrees, by day and model. */
function rightBill(): { bill: Map<string, Amounts>; byKind: Map<string, Amounts> } {
  const bill = new Map<string, Amounts>();
  const byKind = new Map<string, Amounts>();
  const add = (sums: Map<string, Amounts>, key: string, amounts: Partial<Amounts>) => {
    const sum = sums.get(key) ?? noAmounts();
    addAmounts(sum, amounts);
    sums.set(key, sum);
  };
  for (const { day, model, kind, amounts } of generations()) {
    if (kind !== 'own_key') add(bill, `${day} ${model}`, amounts);
    add(byKind, `${day} ${model} ${kind}`, amounts);
  }
  return { bill, byKind };
}

const COLUMNS: readonly (readonly [column: string, dimension: Dimension])[] = [
  ['requests', 'requests'],
  ['input_tokens', 'input'],
  ['cached_read_tokens', 'cached_read'],
  ['cache_write_tokens', 'cache_write'],
  ['output_tokens', 'output'],
  ['reasoning_tokens', 'reasoning'],
  ['cost_usd', 'cost'],
];

function csvOf(bill: ReadonlyMap<string, Amounts>): string {
  const usd = (pico: bigint) => `${pico / 10n ** 12n}.${String(pico % 10n ** 12n).padStart(12, '0')}`;
  const lines = [...bill].map(([key, amounts]) => {
    const [day, model = ''] = key.split(' ');
    const cells = COLUMNS.map(([, name]) => (name === 'cost' ? usd(amounts.cost) : String(amounts[name])));
    return [day, model.replace('acme/', 'upstream-'), ...cells].join(',');
  });
  return [['day', 'model', ...COLUMNS.map(([column]) => column)].join(','), ...lines].join('\n');
}

async function* pieces(text: string): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += 4099) yield text.slice(at, at + 4099);
}

async function catalogue(): Promise<Catalogue> {
  const pricing = {
    prompt: '0.000001',
    completion: '0.000004',
    input_cache_read: '0.0000001',
    input_cache_write: '0.00000125',
  };
  const model = (id: string) => ({
    ...{ id, name: null, description: null, created: null, contextLength: 8000, maxCompletionTokens: null },
    ...{ inputModalities: null, outputModalities: null, supportedParameters: null, distillableText: null },
    endpoints: [
      {
        ...{
          provider: 'acme',
          model: id.replace('acme/', 'upstream-'),
          tag: null,
          pricing,
          pricingOverrides: [],
        },
        ...{ contextLength: null, maxCompletionTokens: null, quantization: null, supportedParameters: null },
      },
    ],
  });
  return await buildCatalogue({
    providers: [
      {
        ...{ slug: 'acme', name: 'Acme', format: 'openai', baseUrl: 'http://127.0.0.1:9/v1', apiKey: null },
        ...{ training: false, retainsPrompts: false, stopsWhenCancelled: true },
      },
    ],
    models: [...MODELS, 'acme/unused'].map(model),
    environmentKeys: () => null,
  });
}

/** A difference of each kind, each on a day and a model of its own; and what is to be found of it. */
function planted(right: ReturnType<typeof rightBill>): { bill: Map<string, Amounts>; expected: string[] } {
  const bill = new Map([...right.bill].map(([key, amounts]) => [key, { ...amounts }]));
  const cell = (key: string) => bill.get(key) ?? noAmounts();
  const of = (key: string, kind: Kind) => right.byKind.get(`${key} ${kind}`) ?? noAmounts();
  const change = (key: string, more: Partial<Amounts>, times = 1n) => addAmounts(cell(key), more, times);
  change('2026-10-02 acme/m1', of('2026-10-02 acme/m1', 'own_key'));
  change('2026-10-03 acme/m2', of('2026-10-03 acme/m2', 'insured'), -1n);
  change('2026-10-04 acme/m3', {
    input: -500n,
    cached_read: 500n,
    cost: -500n * (PRICE.prompt - PRICE.read),
  });
  // Nothing to change: the ledger has this day at twice the price of now.
  change('2026-10-06 acme/m5', { requests: of('2026-10-06 acme/m5', 'attempts').requests });
  change('2026-10-07 acme/m6', { requests: -of('2026-10-07 acme/m6', 'failed').requests });
  change('2026-10-12 acme/m7', of('2026-10-12 acme/m7', 'late'), -1n);
  change('2026-10-13 acme/m7', of('2026-10-12 acme/m7', 'late'));
  change('2026-10-14 acme/m8', { output: 9n, cost: 9n * PRICE.completion });
  change('2026-10-15 acme/m9', of('2026-10-15 acme/m9', 'cancelled'), -1n);
  // From here on nothing in the ledger tells why.
  change('2026-10-20 acme/m0', { output: 1_000_000n, cost: 1_000_000n * PRICE.completion });
  change('2026-10-21 acme/m1', { requests: 500n });
  change('2026-10-22 acme/m2', { cost: cell('2026-10-22 acme/m2').cost / 10n });
  bill.delete('2026-10-23 acme/m3');
  bill.set('2026-10-24 acme/unused', {
    ...noAmounts(),
    requests: 5n,
    input: 50n,
    output: 5n,
    cost: 70_000_000n,
  });
  bill.set('2026-10-25 acme/somebody-elses', { ...noAmounts(), requests: 5n, input: 50n, cost: 50_000_000n });
  return {
    bill,
    expected: [
      ...['2026-10-02 acme/m1 own_keys', '2026-10-03 acme/m2 insured', '2026-10-04 acme/m3 cache_split'],
      ...['2026-10-05 acme/m4 price_change', '2026-10-06 acme/m5 failed_attempts'],
      ...[
        '2026-10-07 acme/m6 failed_requests',
        '2026-10-12 acme/m7 day_boundary',
        '2026-10-13 acme/m7 day_boundary',
      ],
      ...['2026-10-14 acme/m8 estimated', '2026-10-15 acme/m9 cancelled'],
      ...['2026-10-20 acme/m0 !tokens', '2026-10-21 acme/m1 !requests', '2026-10-22 acme/m2 !price'],
      ...['2026-10-23 acme/m3 !not_on_bill', '2026-10-24 acme/unused !not_in_ledger'],
      ...[
        '2026-10-25 upstream-somebody-elses !unknown_model',
        '2026-10-26 web search tool calls !other_charge',
      ],
    ],
  };
}

const OTHER_CHARGE =
  'start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,line_item\n' +
  '1792972800,1793059200,2026-10-26T00:00:00+00:00,2026-10-27T00:00:00+00:00,1.25,usd,web search tool calls\n';

describe.each(engines.map((engine) => [engine.name, engine] as const))('on %s', (_name, engine) => {
  let subject: TestDatabase;
  beforeAll(async () => {
    subject = await engine.open();
    const { db } = subject.database;
    let rows: never[] = [];
    const write = async () => {
      if (rows.length > 0) await db.insertInto('generation_record').values(rows).execute();
      rows = [];
    };
    for (const { row } of generations()) {
      rows.push(row as never);
      if (rows.length === 1000) await write();
    }
    await write();
  });
  afterAll(() => subject.dispose());

  const compared = async (...texts: string[]) => {
    const bill = new Bill();
    for (const text of texts) await readBill(bill, pieces(text), 'UTC');
    const known = await catalogue();
    return await reconcile(
      { database: subject.database, catalogue: () => known, flushed: async () => {} },
      { accountId: 'account', providerSlug: 'acme', bill, zone: 'UTC', from: null, to: null },
    );
  };

  test('a month of 100,000 generations agrees with its bill', async () => {
    const { bill } = rightBill();
    const key = '2026-10-05 acme/m4';
    const doubled = bill.get(key);
    if (doubled !== undefined) bill.set(key, { ...doubled, cost: doubled.cost * 2n });
    const result = await compared(csvOf(bill));
    expect(result.rows.flatMap(({ findings }) => findings)).toEqual([]);
    expect(result.rows).toHaveLength(300);
    expect(result.generations).toBe(GENERATIONS);
    expect(agrees(result)).toBe(true);
  });

  test('each of the differences that were planted is found for what it is, and nothing else', async () => {
    const { bill, expected } = planted(rightBill());
    const result = await compared(csvOf(bill), OTHER_CHARGE);
    const found = result.rows.flatMap(({ day, model, findings }) =>
      findings.map(({ kind, isExplained }) => `${day} ${model} ${isExplained ? '' : '!'}${kind}`),
    );
    expect(found.sort()).toEqual(expected.sort());
    expect(agrees(result)).toBe(false);
    const tokens = result.rows.find(({ day, model }) => day === '2026-10-20' && model === 'acme/m0');
    expect(tokens?.findings[0]?.amounts).toEqual({ output: 1_000_000n, cost: 4_000_000_000_000n });
  });

  test('another account’s generations are in no comparison', async () => {
    const { bill } = rightBill();
    const text = csvOf(new Map([...bill].slice(0, 10)));
    const own = new Bill();
    await readBill(own, pieces(text), 'UTC');
    const known = await catalogue();
    const result = await reconcile(
      { database: subject.database, catalogue: () => known, flushed: async () => {} },
      {
        accountId: 'another',
        providerSlug: 'acme',
        bill: own,
        zone: 'UTC',
        from: FIRST,
        to: dayAfter(FIRST),
      },
    );
    expect(result.generations).toBe(0);
    expect(new Set(result.rows.flatMap(({ findings }) => findings.map(({ kind }) => kind)))).toEqual(
      new Set(['not_in_ledger']),
    );
  });
});
