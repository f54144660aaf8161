/** A bill against the ledger, day by day and model by model. Memory holds what both are added up to. No I/O. */

import type { UnitPrices } from '../pricing/price.ts';
import { type Amounts, addAmounts, DIMENSIONS, type Dimension, isNothing, noAmounts } from './amounts.ts';
import type { Bill, BillCell } from './bill.ts';
import { explain, type Finding } from './explain.ts';
import { dayBefore, type LedgerCell, type LedgerDay, noCell } from './ledger.ts';
import type { ModelOf } from './model-names.ts';

/** A model on a day, or all of them where the bill tells them not apart. */
export interface ComparedRow {
  readonly day: string;
  /** Ours, or the bill's own name where that means none of ours; null: all models. */
  readonly model: string | null;
  /** As the bill calls it. */
  readonly billNames: readonly string[];
  /** What the bill tells: the others are not compared. */
  readonly told: readonly Dimension[];
  readonly bill: Amounts;
  readonly ledger: Amounts;
  readonly findings: readonly Finding[];
}

export interface CompareOptions {
  readonly bill: Bill;
  readonly ledger: ReadonlyMap<string, LedgerDay>;
  readonly days: readonly string[];
  readonly modelOf: ModelOf;
  readonly pricesOf: (modelId: string) => readonly UnitPrices[];
}

interface Merged {
  readonly names: string[];
  readonly told: Set<Dimension>;
  readonly amounts: Amounts;
  slackPicoUsd: bigint;
}

/** In the order of days and models. */
export function compare(options: CompareOptions): ComparedRow[] {
  const { bill, days } = options;
  const told = bill.toldOfModels;
  return days.flatMap((day) => compareDay(options, day, told).sort(byModel));
}

function compareDay(
  { bill, ledger, modelOf, pricesOf }: CompareOptions,
  day: string,
  toldOfModels: ReadonlySet<Dimension>,
): ComparedRow[] {
  const here: LedgerDay = ledger.get(day) ?? new Map();
  const before = ledger.get(dayBefore(day));
  const rows: ComparedRow[] = [];
  const merged = new Map<string, Merged>();
  for (const [name, cell] of bill.cells(day)) {
    const model = name === null ? null : modelOf(name);
    if (name === null) rows.push(wholeDay(day, cell, here));
    else if (model === null) rows.push(...unknown(day, name, cell));
    else merge(merged, model, name, cell);
  }
  for (const model of new Set([...merged.keys(), ...(toldOfModels.size > 0 ? here.keys() : [])])) {
    const own = here.get(model) ?? null;
    const billed = merged.get(model) ?? null;
    const cell = own ?? NO_CELL;
    const isTold = billed?.told ?? toldOfModels;
    if (billed === null && isNothing(cell.total)) continue;
    rows.push({
      ...{ day, model, billNames: billed?.names ?? [], told: inOrder(isTold) },
      ...{ bill: billed?.amounts ?? noAmounts(), ledger: cell.total },
      findings: explain({
        told: isTold,
        bill: billed?.amounts ?? noAmounts(),
        ledger: cell,
        endedHere: before?.get(model)?.endsLater ?? null,
        slackPicoUsd: billed?.slackPicoUsd ?? 0n,
        prices: pricesOf(model),
        isOnBill: billed !== null,
      }),
    });
  }
  return rows;
}

function merge(merged: Map<string, Merged>, model: string, name: string, cell: BillCell): void {
  const known = merged.get(model) ?? { names: [], told: new Set(), amounts: noAmounts(), slackPicoUsd: 0n };
  known.names.push(name);
  for (const dimension of cell.told) known.told.add(dimension);
  addAmounts(known.amounts, cell.amounts);
  known.slackPicoUsd += cell.slackPicoUsd;
  merged.set(model, known);
}

function wholeDay(day: string, cell: BillCell, here: LedgerDay): ComparedRow {
  const sum: LedgerCell = noCell();
  for (const own of here.values()) {
    addAmounts(sum.total, own.total);
    addAmounts(sum.endsLater, own.endsLater);
    for (const kind of Object.keys(own.byKind) as (keyof LedgerCell['byKind'])[])
      addAmounts(sum.byKind[kind], own.byKind[kind]);
    sum.failedAttempts += own.failedAttempts;
  }
  return {
    ...{ day, model: null, billNames: [], told: inOrder(cell.told) },
    ...{ bill: cell.amounts, ledger: sum.total },
    findings: explain({
      ...{ told: cell.told, bill: cell.amounts, ledger: sum, endedHere: null, prices: [], isOnBill: true },
      slackPicoUsd: cell.slackPicoUsd,
    }),
  };
}

/** A name that means none of the provider's models here. */
function unknown(day: string, name: string, cell: BillCell): ComparedRow[] {
  if (isNothing(cell.amounts)) return [];
  const isOther = cell.mayBeOther && [...cell.told].every((dimension) => dimension === 'cost');
  const amounts = Object.fromEntries(
    [...cell.told]
      .filter((dimension) => cell.amounts[dimension] !== 0n)
      .map((one) => [one, cell.amounts[one]]),
  );
  const finding: Finding = { kind: isOther ? 'other_charge' : 'unknown_model', isExplained: false, amounts };
  return [
    {
      ...{ day, model: name, billNames: [name], told: inOrder(cell.told) },
      ...{ bill: cell.amounts, ledger: noAmounts(), findings: [finding] },
    },
  ];
}

const NO_CELL = noCell();

function inOrder(told: ReadonlySet<Dimension>): Dimension[] {
  return DIMENSIONS.filter((dimension) => told.has(dimension));
}

function byModel(one: ComparedRow, other: ComparedRow): number {
  return (one.model ?? '') < (other.model ?? '') ? -1 : 1;
}
