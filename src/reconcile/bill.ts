/** A provider's bill, added up by day and by the provider's own name of the model as it is read: memory holds sums, not lines. No I/O. */
import { invalidRequest } from '../errors.ts';
import { type Amounts, addAmounts, DIMENSIONS, type Dimension, noAmounts, PROMPT_PARTS } from './amounts.ts';

/** One line of a bill. */
export interface BillLine {
  /** As the bill counts days: `2026-11-01`. */
  readonly day: string;
  /** The provider's own name; null: the line is about all of them. */
  readonly model: string | null;
  /** What it tells, and nothing of what it does not. */
  readonly amounts: Partial<Amounts>;
  /** Whether a name that means no model is something else that is charged, such as web searches. */
  readonly mayBeOther?: boolean;
  /** What its cost may be off by, because it was rounded when it was written: pico-USD. */
  readonly slackPicoUsd?: bigint;
}

export interface BillCell {
  readonly told: Set<Dimension>;
  readonly amounts: Amounts;
  slackPicoUsd: bigint;
  mayBeOther: boolean;
}

/** A year of days with a few hundred models. */
const MAX_CELLS = 200_000;
const MAX_NAME_CHARACTERS = 200;

export class Bill {
  readonly #days = new Map<string, Map<string | null, BillCell>>();
  #cells = 0;
  lines = 0;
  /** What the reader should know of it, a sentence each. */
  readonly warnings = new Set<string>();
  /** Whether it says itself that there is more of it. */
  isCutOff = false;

  add({ day, model, amounts, mayBeOther = false, slackPicoUsd = 0n }: BillLine): void {
    this.lines += 1;
    const cell = this.#cellOf(day, model?.slice(0, MAX_NAME_CHARACTERS) ?? null);
    const told = withSums(amounts);
    addAmounts(cell.amounts, told);
    for (const dimension of DIMENSIONS) if (told[dimension] !== undefined) cell.told.add(dimension);
    cell.slackPicoUsd += slackPicoUsd;
    if (mayBeOther) cell.mayBeOther = true;
  }

  /** A day that the bill is about, also where nothing was used on it. */
  cover(day: string): void {
    if (!this.#days.has(day)) this.#days.set(day, new Map());
  }

  /** In order. */
  get days(): string[] {
    return [...this.#days.keys()].sort();
  }

  cells(day: string): ReadonlyMap<string | null, BillCell> {
    return this.#days.get(day) ?? new Map();
  }

  /** What it tells of models, wherever it does. */
  get toldOfModels(): Set<Dimension> {
    const told = new Set<Dimension>();
    for (const cells of this.#days.values())
      for (const [model, cell] of cells)
        if (model !== null) for (const dimension of cell.told) told.add(dimension);
    return told;
  }

  #cellOf(day: string, model: string | null): BillCell {
    this.cover(day);
    const cells = this.#days.get(day) ?? new Map<string | null, BillCell>();
    let cell = cells.get(model);
    if (cell === undefined) {
      this.#cells += 1;
      if (this.#cells > MAX_CELLS)
        throw invalidRequest(
          `The bill has more than ${MAX_CELLS} days and models; compare a shorter time, or sum it up by day and model`,
        );
      cell = { told: new Set(), amounts: noAmounts(), slackPicoUsd: 0n, mayBeOther: false };
      cells.set(model, cell);
    }
    return cell;
  }
}

/** With the sums that follow from the parts it tells. */
function withSums(amounts: Partial<Amounts>): Partial<Amounts> {
  const sums: Partial<Amounts> = { ...amounts };
  const { cache_write_5m, cache_write_1h } = amounts;
  if (sums.cache_write === undefined && cache_write_5m !== undefined && cache_write_1h !== undefined)
    sums.cache_write = cache_write_5m + cache_write_1h;
  if (sums.prompt === undefined && PROMPT_PARTS.every((part) => sums[part] !== undefined))
    sums.prompt = PROMPT_PARTS.reduce((sum, part) => sum + (sums[part] ?? 0n), 0n);
  return sums;
}
