/** A provider's bill, added up by day and by the provider's own name of the model as it is read: memory holds sums, not lines. No I/O. */
import { invalidRequest } from '../errors.ts';
import { type Amounts, addAmounts, DIMENSIONS, type Dimension, noAmounts, PROMPT_PARTS } from './amounts.ts';
import { merged, type Part, type PartDay } from './parts.ts';

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

/** How a line is told from those of other files. */
export interface LineSource {
  /** Lines of different reports, such as usage and costs, are never the same. */
  readonly report: string;
  /** All of it, as it stands there. */
  readonly text: string;
  /** The same without its amounts: what they are of. */
  readonly subject: string;
  /** Whether that names a project, a workspace, a key or the request itself, so that no other part of the bill has it too. */
  readonly isNamed: boolean;
  /** Of a single request, where the line is of one. */
  readonly requestId?: string;
}

export interface BillCell {
  readonly told: Set<Dimension>;
  readonly amounts: Amounts;
  slackPicoUsd: bigint;
  mayBeOther: boolean;
}

/** A file that a bill came in. */
export interface BillFile {
  readonly name: string;
  /** What it was taken for. */
  format: string;
  lines: number;
  /** Of these, those of requests that came before. */
  repeatedRequests: number;
}

/** A year of days with a few hundred models. */
const MAX_CELLS = 200_000;
const MAX_NAME_CHARACTERS = 200;
/** Lines that are known again in another file: some 100 bytes each. */
const MAX_KNOWN_LINES = 500_000;

export class Bill {
  readonly #parts: Part[] = [];
  #sums: ReturnType<typeof merged> | null = null;
  #cells = 0;
  #known = 0;
  readonly #requestIds = new Set<number | bigint>();
  readonly #covered = new Set<string>();
  /** By report: when the pages end that say there are more, and when its spans of time begin. */
  readonly #pages = new Map<string, { readonly more: Set<string>; readonly begun: Set<string> }>();
  readonly files: BillFile[] = [];

  /** What is added from now on is of this file. */
  beginFile(given: string): BillFile {
    const same = this.files.filter(({ name }) => name === given || name.startsWith(`${given} (`)).length;
    const name = same === 0 ? given : `${given} (${same + 1})`;
    const file: BillFile = { name, format: '', lines: 0, repeatedRequests: 0 };
    this.files.push(file);
    this.beginPart();
    return file;
  }

  /** A page of a file: one that comes twice is noticed, as a file is. */
  beginPart(): void {
    const file = this.files.at(-1) ?? this.beginFile('the bill');
    if (this.#parts.at(-1)?.file === file && this.#parts.at(-1)?.days.size === 0) return;
    this.#parts.push({ file, days: new Map() });
  }

  add({ day, model, amounts, mayBeOther = false, slackPicoUsd = 0n }: BillLine, source: LineSource): void {
    this.#sums = null;
    if (this.#parts.length === 0) this.beginPart();
    const part = this.#parts.at(-1) as Part;
    part.file.lines += 1;
    if (source.requestId !== undefined && this.#isKnown(source.requestId)) {
      part.file.repeatedRequests += 1;
      return;
    }
    const partDay = this.#dayOf(part, day, source.report);
    partDay.lines += 1;
    this.#learn(partDay, source);
    const cell = this.#cellOf(partDay, model?.slice(0, MAX_NAME_CHARACTERS) ?? null);
    const told = withSums(amounts);
    addAmounts(cell.amounts, told);
    for (const dimension of DIMENSIONS) if (told[dimension] !== undefined) cell.told.add(dimension);
    cell.slackPicoUsd += slackPicoUsd;
    if (mayBeOther) cell.mayBeOther = true;
  }

  /** A day that the bill is about, also where nothing was used on it. */
  cover(day: string): void {
    this.#sums = null;
    this.#covered.add(day);
  }

  /** A page of a report that comes in several: when its spans begin, and when it ends if it says that there is more. */
  addPage(report: string, begun: readonly string[], more: string | null): void {
    const pages = this.#pages.get(report) ?? { more: new Set(), begun: new Set() };
    for (const each of begun) pages.begun.add(each);
    if (more !== null) pages.more.add(more);
    this.#pages.set(report, pages);
  }

  /** Whoever asked for the pages has them all. */
  hasAllPages(): void {
    this.#pages.clear();
  }

  /** Whether it says itself that there is more of it than came. A page without results does not say of which report it is. */
  get isCutOff(): boolean {
    const all = [...this.#pages].map(([report, pages]) => ({ report, ...pages }));
    return all.some(({ report, more }) => {
      const following = all.filter((one) => report === '' || one.report === '' || one.report === report);
      return [...more].some((end) => !following.some(({ begun }) => begun.has(end)));
    });
  }

  /** How many lines of a file another has too, and are counted there. */
  repeatedLines(file: BillFile): number {
    return file.repeatedRequests + (this.#merged.dropped.get(file) ?? 0);
  }

  get lines(): number {
    return this.files.reduce((sum, { lines }) => sum + lines, 0);
  }

  /** What makes the bill doubtful, a sentence each. */
  get warnings(): readonly string[] {
    const isTooLong = this.#known >= MAX_KNOWN_LINES && this.#parts.length > 1;
    const tooLong = `Only the first ${MAX_KNOWN_LINES} lines were compared with those of other files: what comes later may count twice`;
    return [...this.#merged.warnings, ...(isTooLong ? [tooLong] : [])];
  }

  /** What was done about lines that came twice, a sentence each. */
  get notes(): readonly string[] {
    const requests = this.files.filter(({ repeatedRequests }) => repeatedRequests > 0);
    const counted = requests.map(
      ({ name, repeatedRequests }) =>
        `${repeatedRequests} lines of ${name} are requests that came before, and were counted once`,
    );
    return [...this.#merged.notes, ...counted];
  }

  /** In order. */
  get days(): string[] {
    return [...new Set([...this.#covered, ...this.#merged.days.keys()])].sort();
  }

  cells(day: string): ReadonlyMap<string | null, BillCell> {
    return this.#merged.days.get(day) ?? new Map();
  }

  /** What it tells of models, wherever it does. */
  get toldOfModels(): Set<Dimension> {
    const told = new Set<Dimension>();
    for (const cells of this.#merged.days.values())
      for (const [model, cell] of cells)
        if (model !== null) for (const dimension of cell.told) told.add(dimension);
    return told;
  }

  get #merged() {
    this.#sums ??= merged(this.#parts);
    return this.#sums;
  }

  #isKnown(requestId: string): boolean {
    const hash = Bun.hash(requestId);
    if (this.#requestIds.has(hash)) return true;
    if (this.#requestIds.size < MAX_KNOWN_LINES) this.#requestIds.add(hash);
    return false;
  }

  #dayOf(part: Part, day: string, report: string): PartDay {
    const name = `${day} ${report}`;
    let partDay = part.days.get(name);
    if (partDay === undefined) {
      partDay = {
        day,
        report,
        cells: new Map(),
        lines: 0,
        texts: new Set(),
        subjects: new Set(),
        isNamed: true,
      };
      part.days.set(name, partDay);
    }
    return partDay;
  }

  #learn(partDay: PartDay, { text, subject, isNamed }: LineSource): void {
    if (!isNamed) partDay.isNamed = false;
    if (this.#known >= MAX_KNOWN_LINES) return;
    this.#known += 1;
    partDay.texts.add(Bun.hash(text));
    partDay.subjects.add(Bun.hash(subject));
  }

  #cellOf({ cells }: PartDay, model: string | null): BillCell {
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
