/**
 * What a bill comes in, files and their pages, as one: a day of a report that two of them have is counted once where they say the same of it, and
 * told where nothing says whether they do. No I/O.
 */
import { addAmounts, noAmounts } from './amounts.ts';
import type { BillCell, BillFile } from './bill.ts';

type Cells = Map<string | null, BillCell>;
type Hash = number | bigint;

/** What one part says of a day in one report. */
export interface PartDay {
  readonly day: string;
  readonly report: string;
  readonly cells: Cells;
  lines: number;
  /** Its lines, and what they are of, as hashes. */
  readonly texts: Set<Hash>;
  readonly subjects: Set<Hash>;
  /** Whether all of them name what they are of. */
  isNamed: boolean;
}

export interface Part {
  readonly file: BillFile;
  readonly days: Map<string, PartDay>;
}

interface Kept {
  readonly part: Part;
  readonly partDay: PartDay;
}

/** By two files: on which days. */
type Pairs = Map<
  string,
  { readonly one: string; readonly other: string; lines: number; readonly days: string[] }
>;

/** The parts as one bill; `dropped`: how many lines of a file are in another, where they were counted. */
export function merged(parts: readonly Part[]) {
  const byDay = new Map<string, Kept[]>();
  const [repeated, contradicting, unnamed]: [Pairs, Pairs, Pairs] = [new Map(), new Map(), new Map()];
  const dropped = new Map<BillFile, number>();
  const drop = ({ part, partDay }: Kept, { part: kept }: Kept) => {
    dropped.set(part.file, (dropped.get(part.file) ?? 0) + partDay.lines);
    note(repeated, part, kept, partDay);
  };
  for (const part of parts)
    for (const [name, partDay] of part.days) {
      const next: Kept = { part, partDay };
      const kept = byDay.get(name) ?? [];
      const same = kept.find((one) => says(one.partDay, partDay));
      if (same !== undefined) {
        drop(next, same);
        continue;
      }
      const less = kept.filter((one) => says(partDay, one.partDay));
      for (const one of less) drop(one, next);
      const others = kept.filter((one) => !less.includes(one));
      for (const one of others) {
        if (one.part.file === part.file) continue;
        const [these, those] = [one.partDay, partDay];
        if (common(these.subjects, those.subjects) === 0) continue;
        note(these.isNamed && those.isNamed ? contradicting : unnamed, part, one.part, partDay);
      }
      byDay.set(name, [...others, next]);
    }
  const days = new Map<string, Cells>();
  for (const kept of byDay.values()) for (const { partDay } of kept) addCells(days, partDay);
  return {
    ...{ days, dropped },
    notes: [
      ...[...repeated.values()].map(
        ({ one, other, lines, days: some }) =>
          `${lines} lines of ${one} ${one === other ? 'are there twice' : `are in ${other} too`} and were counted once: ${shown(some)}`,
      ),
      ...[...unnamed.values()].map(
        ({ one, other, days: some }) =>
          `${one} and ${other} tell of the same days and models without saying of which project or workspace, ${shown(some)}: they were added up as parts of one bill`,
      ),
    ],
    warnings: [...contradicting.values()].map(
      ({ one, other, days: some }) =>
        `${one} and ${other} tell different amounts of the same project or workspace and model, ${shown(some)}: both were counted. Leave out the one that was made before the day was over`,
    ),
  };
}

/**
 * Whether one says all that the other does. Of lines that do not name what they are of, only a whole day is known again: two projects may have
 * one line that is the same.
 */
function says(one: PartDay, other: PartDay): boolean {
  if (other.texts.size === 0 || common(one.texts, other.texts) < other.texts.size) return false;
  return (one.isNamed && other.isNamed) || (one.texts.size === other.texts.size && one.lines === other.lines);
}

function common(one: ReadonlySet<Hash>, other: ReadonlySet<Hash>): number {
  let count = 0;
  for (const each of other) if (one.has(each)) count += 1;
  return count;
}

function note(pairs: Pairs, part: Part, other: Part, { day, lines }: PartDay): void {
  const [one, two] = [part.file.name, other.file.name];
  const pair = pairs.get(`${one}\n${two}`) ?? { one, other: two, lines: 0, days: [] };
  pair.lines += lines;
  pair.days.push(day);
  pairs.set(`${one}\n${two}`, pair);
}

function addCells(days: Map<string, Cells>, { day, cells }: PartDay): void {
  const sums: Cells = days.get(day) ?? new Map();
  for (const [model, { told, amounts, slackPicoUsd, mayBeOther }] of cells) {
    const sum = sums.get(model) ?? {
      told: new Set(),
      amounts: noAmounts(),
      slackPicoUsd: 0n,
      mayBeOther: false,
    };
    for (const dimension of told) sum.told.add(dimension);
    addAmounts(sum.amounts, amounts);
    sum.slackPicoUsd += slackPicoUsd;
    sum.mayBeOther ||= mayBeOther;
    sums.set(model, sum);
  }
  days.set(day, sums);
}

function shown(days: readonly string[]): string {
  const [first, last] = [days.toSorted()[0], days.toSorted().at(-1)];
  return first === last ? `${first}` : `${first} to ${last}`;
}
