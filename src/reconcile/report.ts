/** What a comparison came to, as JSON, as CSV and as text. Counts and amounts are exact. No I/O. */
import { csvLine } from '../csv.ts';
import { formatPicoUsd } from '../money.ts';
import { type Amounts, addAmounts, type Dimension, isNothing, noAmounts } from './amounts.ts';
import type { ReconciliationJson } from './answers.ts';
import type { ComparedRow } from './compare.ts';
import type { FindingKind } from './explain.ts';

export interface ComparedFile {
  readonly name: string;
  /** What it was taken for. */
  readonly format: string;
  readonly lines: number;
  /** Of these, those that another file has too, and that were counted there. */
  readonly repeatedLines: number;
}

export interface Reconciliation {
  readonly provider: { readonly slug: string; readonly name: string };
  readonly zone: string;
  readonly days: readonly string[];
  readonly files: readonly ComparedFile[];
  /** What makes the bill doubtful. */
  readonly warnings: readonly string[];
  /** What was done about lines that came twice. */
  readonly notes: readonly string[];
  readonly billLines: number;
  readonly generations: number;
  readonly rows: readonly ComparedRow[];
}

/** What each kind of finding means, in words for operators. */
export const MEANING: Readonly<Record<FindingKind, string>> = {
  own_keys: 'paid by keys that callers brought, which this bill has too',
  insured: 'answers that failed or were empty: nobody was charged, and the provider did not bill them either',
  failed_requests: 'requests that failed, which the provider did not count',
  failed_attempts: 'calls that failed before another one answered, which the provider counted',
  day_boundary: 'requests over midnight, which the bill has on the other day',
  cancelled: 'answers that clients left early: their tokens were estimated here',
  estimated: 'answers without a count: their tokens were estimated here',
  cache_split: 'the same prompts, counted into other parts: plain, read from a cache, written into one',
  price_change: 'the same tokens at other prices than at that time: the catalogue has had others since',
  rounding: 'rounded',
  not_in_ledger: 'used there, and not through this gateway',
  not_on_bill: 'used through this gateway, and not on the bill',
  unknown_model: 'a model that is none of this provider’s here',
  other_charge: 'charged there for something else than tokens',
  tokens: 'other counts of tokens',
  requests: 'another count of requests',
  price: 'the same tokens at another price than the catalogue’s',
};

/** Whether nothing is left that the ledger does not explain, and all of the bill was there. */
export function agrees({ rows, warnings }: Reconciliation): boolean {
  return warnings.length === 0 && rows.every(({ findings }) => findings.every((one) => one.isExplained));
}

export function reconciliationJson(result: Reconciliation): ReconciliationJson {
  const [from = null] = result.days;
  const bill = noAmounts();
  const ledger = noAmounts();
  const told = new Set<Dimension>();
  for (const row of result.rows) {
    for (const dimension of row.told) {
      told.add(dimension);
      bill[dimension] += row.bill[dimension];
      ledger[dimension] += row.ledger[dimension];
    }
  }
  return {
    provider: result.provider.slug,
    provider_name: result.provider.name,
    ...{ from, to: result.days.at(-1) ?? null, time_zone: result.zone },
    formats: formatsOf(result),
    files: result.files.map(({ name, format, lines, repeatedLines }) => ({
      ...{ name, format, lines, repeated_lines: repeatedLines },
    })),
    ...{ warnings: [...result.warnings], notes: [...result.notes] },
    ...{ bill_lines: result.billLines, generations: result.generations, agrees: agrees(result) },
    totals: [...told].map((dimension) => difference(dimension, bill, ledger)),
    findings: summed(result.rows),
    rows: result.rows.map((row) => ({
      ...{ day: row.day, model: row.model, bill_models: [...row.billNames] },
      amounts: row.told.map((dimension) => difference(dimension, row.bill, row.ledger)),
      findings: row.findings.map(({ kind, isExplained, amounts }) => ({
        ...{ kind, is_explained: isExplained, meaning: MEANING[kind], amounts: shownAmounts(amounts) },
      })),
    })),
  };
}

function formatsOf({ files }: Reconciliation): string[] {
  return [...new Set(files.map(({ format }) => format))];
}

/** By kind, over all days and models: what is unexplained first. */
function summed(rows: readonly ComparedRow[]): ReconciliationJson['findings'] {
  const sums = new Map<FindingKind, { isExplained: boolean; rows: number; amounts: Amounts }>();
  for (const { findings } of rows) {
    for (const { kind, isExplained, amounts } of findings) {
      const sum = sums.get(kind) ?? { isExplained, rows: 0, amounts: noAmounts() };
      sum.rows += 1;
      addAmounts(sum.amounts, amounts);
      sums.set(kind, sum);
    }
  }
  return [...sums]
    .sort(([, one], [, other]) => Number(one.isExplained) - Number(other.isExplained))
    .map(([kind, { isExplained, rows: count, amounts }]) => ({
      ...{ kind, is_explained: isExplained, meaning: MEANING[kind], rows: count },
      amounts: shownAmounts(amounts),
    }));
}

function difference(dimension: Dimension, bill: Amounts, ledger: Amounts) {
  const shown = (amount: bigint) => shownAmount(dimension, amount);
  const [billed, known] = [bill[dimension], ledger[dimension]];
  return { name: dimension, bill: shown(billed), ledger: shown(known), difference: shown(billed - known) };
}

/** Decimal text, of USD where it is a cost: no reader's numbers lose a digit of it. */
export function shownAmount(dimension: Dimension, amount: bigint): string {
  return dimension === 'cost' ? formatPicoUsd(amount) : String(amount);
}

function shownAmounts(amounts: Partial<Amounts>): Record<string, string> {
  return Object.fromEntries(
    (Object.entries(amounts) as [Dimension, bigint][])
      .filter(([, amount]) => amount !== 0n)
      .map(([dimension, amount]) => [dimension, shownAmount(dimension, amount)]),
  );
}

const CSV_COLUMNS = [
  ...[
    'day',
    'model',
    'bill_models',
    'amount',
    'bill',
    'ledger',
    'difference',
    'explained',
    'unexplained',
    'why',
  ],
];

/** A line for each amount of each model on each day. */
export function reconciliationCsv({ rows }: Reconciliation): string {
  const lines = rows.flatMap((row) =>
    row.told.map((dimension) => {
      const own = row.findings.filter(({ amounts }) => (amounts[dimension] ?? 0n) !== 0n);
      const sum = (isExplained: boolean) =>
        own.reduce(
          (total, one) => total + (one.isExplained === isExplained ? (one.amounts[dimension] ?? 0n) : 0n),
          0n,
        );
      const shown = (amount: bigint) => numberCell(shownAmount(dimension, amount));
      return csvLine([
        ...[row.day, row.model ?? 'all models', row.billNames.join(' '), dimension],
        ...[shown(row.bill[dimension]), shown(row.ledger[dimension])],
        shown(row.bill[dimension] - row.ledger[dimension]),
        ...[shown(sum(true)), shown(sum(false)), own.map(({ kind }) => kind).join(' ')],
      ]);
    }),
  );
  return csvLine(CSV_COLUMNS) + lines.join('');
}

/** A number to every reader: only texts are kept from being taken for formulas, and a negative amount is none. */
function numberCell(text: string): bigint | number | string {
  return /^-?\d+$/.test(text) ? BigInt(text) : text.startsWith('-') ? Number(text) : text;
}

/** Of so many rows with something off, the others are in the JSON and CSV forms. */
const SHOWN_ROWS = 200;

export function reconciliationText(result: Reconciliation): string[] {
  const { provider, days, billLines, generations, rows, warnings, notes, files } = result;
  const lines = [
    `${provider.name}, ${days[0] ?? 'no day'} to ${days.at(-1) ?? 'none'} (${result.zone}): ${billLines} lines of ${formatsOf(result).join(' and ')}, ${generations} generations`,
    ...(files.length < 2
      ? []
      : files.map(({ name, format, lines: all }) => `  ${JSON.stringify(name)}: ${all} lines of ${format}`)),
    ...notes.map((one) => `note: ${one}`),
    ...warnings.map((warning) => `warning: ${warning}`),
  ];
  const off = rows.filter(({ findings }) => findings.length > 0);
  const unexplained = off.filter(({ findings }) => findings.some((one) => !one.isExplained));
  for (const [title, some] of [
    ['Unexplained', unexplained],
    ['Explained', off.filter((row) => !unexplained.includes(row))],
  ] as const) {
    if (some.length === 0) continue;
    lines.push('', `${title}:`);
    for (const row of some.slice(0, SHOWN_ROWS)) {
      lines.push(`  ${row.day}  ${JSON.stringify(row.model ?? 'all models')}`);
      for (const { kind, isExplained, amounts } of row.findings)
        lines.push(`    ${isExplained ? ' ' : '!'} ${kind}: ${amountsText(amounts)} (${MEANING[kind]})`);
    }
    if (some.length > SHOWN_ROWS) lines.push(`  and ${some.length - SHOWN_ROWS} more: see --format csv`);
  }
  const { totals } = reconciliationJson(result);
  lines.push(
    '',
    ...totals.map(
      ({ name, bill, ledger, difference: off }) =>
        `${name}: ${bill} on the bill, ${ledger} in the ledger, ${off} between them`,
    ),
  );
  lines.push(
    unexplained.length === 0
      ? 'Nothing is unexplained.'
      : `${unexplained.length} of ${rows.length} days and models have something unexplained.`,
  );
  return lines;
}

function amountsText(amounts: Partial<Amounts>): string {
  if (isNothing(amounts)) return 'nothing';
  return Object.entries(shownAmounts(amounts))
    .map(
      ([name, amount]) => `${amount.startsWith('-') ? '' : '+'}${amount} ${name === 'cost' ? 'USD' : name}`,
    )
    .join(', ');
}
