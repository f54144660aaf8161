/** Compares a provider's bill with the ledger: one rule for the command, the API and the page. */
import type { Catalogue } from '../catalogue/catalogue.ts';
import { findKnownProvider } from '../catalogue/known-providers.ts';
import { isoFromMs } from '../clock.ts';
import { invalidRequest } from '../errors.ts';
import { missingBeforeMs } from '../metering/retention.ts';
import type { Database } from '../storage/database.ts';
import { holdGenerations } from '../storage/partitions.ts';
import { DAY_MS, isTimeZone } from '../time-zone.ts';
import type { Bill } from './bill.ts';
import { compare } from './compare.ts';
import { isDay } from './fields.ts';
import { daysFrom, readLedger, spanOf } from './ledger.ts';
import { modelNames, pricesOf } from './model-names.ts';
import type { Reconciliation } from './report.ts';

export interface ReconcileServices {
  readonly database: Database;
  readonly catalogue: () => Catalogue;
  /** Brings into the database what only the journal holds. */
  readonly flushed: () => Promise<unknown>;
}

export interface ReconcileOrder {
  readonly accountId: string;
  readonly providerSlug: string;
  readonly bill: Bill;
  readonly zone: string;
  /** Both included; null: where the bill begins, and where it ends. */
  readonly from: string | null;
  readonly to: string | null;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

export interface Progress {
  readonly days: number;
  readonly daysInAll: number;
  readonly generations: number;
}

const MAX_DAYS = 400;

/** Throws a 400 for a provider that is neither known nor configured. */
export function providerOf(catalogue: Catalogue, slug: string): Reconciliation['provider'] {
  const found = catalogue.providers.find((one) => one.slug === slug) ?? findKnownProvider(slug);
  if (found === null)
    throw invalidRequest('provider: there is none of that name; give its slug, such as openai or anthropic');
  return { slug: found.slug, name: found.name };
}

/** Throws a 400. */
export function mustBeZone(zone: string): string {
  if (isTimeZone(zone)) return zone;
  throw invalidRequest('zone: is no time zone; write it like Europe/Berlin, or leave it out for UTC');
}

/** Throws a 400. */
export function mustBeDay(name: string, text: string | null): string | null {
  if (text === null || isDay(text)) return text;
  throw invalidRequest(`${name}: is no day; write it like 2026-11-01`);
}

/** Rejects with a 400 for days that make no sense. Memory holds days and models, however many generations there are. */
export async function reconcile(services: ReconcileServices, order: ReconcileOrder): Promise<Reconciliation> {
  const { bill, zone, accountId } = order;
  const catalogue = services.catalogue();
  const provider = providerOf(catalogue, order.providerSlug);
  const days = daysOf(order);
  await services.flushed();
  return await services.database.longSnapshot(async (db) => {
    await holdGenerations(db, services.database.engine);
    let generations = 0;
    const ledger = await readLedger(db, {
      ...{ accountId, provider, days, zone },
      ...(order.signal === undefined ? {} : { signal: order.signal }),
      onProgress: (read, count) => {
        generations = count;
        order.onProgress?.({ days: read, daysInAll: days.length, generations: count });
      },
    });
    const used = new Set([...ledger.values()].flatMap((cells) => [...cells.keys()]));
    const rows = compare({
      ...{ bill, ledger, days },
      modelOf: modelNames(catalogue, provider.slug, used),
      pricesOf: (model) => pricesOf(catalogue, provider.slug, model),
    });
    const warnings = [...bill.warnings];
    if (bill.isCutOff)
      warnings.push(
        'The bill says that it has more pages, which are not here: what they have looks as if it were missing',
      );
    const [first] = days;
    const dropped = first === undefined ? null : await missingBeforeMs(db, spanOf(first, zone).startMs);
    if (dropped !== null)
      warnings.push(
        `Generations before ${isoFromMs(dropped)} have been dropped: what the bill has of them looks as if it were missing here`,
      );
    return {
      ...{ provider, zone, days, warnings, notes: bill.notes },
      files: bill.files.map((file) => ({ ...file, repeatedLines: bill.repeatedLines(file) })),
      ...{ billLines: bill.lines, generations, rows },
    };
  });
}

/** Throws a 400 for days that make no sense. */
export function daysOf({ bill, from, to }: Pick<ReconcileOrder, 'bill' | 'from' | 'to'>): string[] {
  const first = from ?? bill.days[0];
  const last = to ?? bill.days.at(-1);
  if (first === undefined || last === undefined) throw invalidRequest('The bill has no day in it');
  if (last < first) throw invalidRequest('to: is before the first day');
  if (Date.parse(last) - Date.parse(first) > MAX_DAYS * DAY_MS)
    throw invalidRequest(`to: at most ${MAX_DAYS} days are compared at a time`);
  return daysFrom(first, last);
}
