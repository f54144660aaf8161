/**
 * The JSON that bills come in: pages of OpenAI's `organization/usage/…` and `organization/costs`, of Anthropic's `usage_report/messages` and
 * `cost_report`, OpenRouter's `/activity`, and lists of plain rows. No I/O.
 */
import { invalidRequest } from '../errors.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import type { Amounts, Dimension } from './amounts.ts';
import type { Bill, BillLine, LineSource } from './bill.ts';
import { columnName, costLine, csvFormatOf, sourceOf } from './csv-formats.ts';
import { dayOfText, mustBeUsd, POINTS, shown } from './fields.ts';

export interface PageRead {
  readonly format: string;
  readonly isUtc: boolean;
  /** What the next page is asked for with; null: there is none. */
  readonly nextPage: string | null;
}

type Members = readonly (readonly [dimension: Dimension, member: string])[];

const OPENAI: Members = [
  ['requests', 'num_model_requests'],
  ['prompt', 'input_tokens'],
  ['cached_read', 'input_cached_tokens'],
  ['cache_write', 'input_cache_write_tokens'],
  ['output', 'output_tokens'],
];
const ANTHROPIC: Members = [
  ['input', 'uncached_input_tokens'],
  ['cached_read', 'cache_read_input_tokens'],
  ['output', 'output_tokens'],
];
const ANTHROPIC_WRITES: Members = [
  ['cache_write_5m', 'ephemeral_5m_input_tokens'],
  ['cache_write_1h', 'ephemeral_1h_input_tokens'],
];

/** Adds what one page says. Throws a 400 for what is no page of a bill. */
export function readPage(bill: Bill, page: unknown, zone: string): PageRead {
  const rows = isJsonObject(page) ? page['data'] : page;
  if (!Array.isArray(rows)) throw invalidRequest('This JSON is no bill: it has no list called data');
  bill.beginPart();
  const hasMore = isJsonObject(page) && page['has_more'] === true;
  const formats = rows.map((row, at) => readRow(bill, row, `data[${at}]`, zone));
  const [first = { format: 'an empty page', isUtc: true }] = formats;
  const begun = rows.map((row) =>
    isJsonObject(row) ? momentOf(row['start_time'] ?? row['starting_at']) : '',
  );
  const last: unknown = rows.at(-1);
  const end = isJsonObject(last) ? momentOf(last['end_time'] ?? last['ending_at']) : '';
  bill.addPage(reportOf(rows), begun, hasMore ? end || 'an unknown end' : null);
  return { ...first, nextPage: hasMore && isJsonObject(page) ? textOf(page['next_page']) : null };
}

/** Which of a provider's reports a page is of: its results name themselves, or have amounts of money or of tokens. */
function reportOf(rows: readonly unknown[]): string {
  for (const row of rows) {
    const results = isJsonObject(row) ? row['results'] : null;
    const [result] = Array.isArray(results) ? results : [];
    if (isJsonObject(result)) return reportOfResult(result);
  }
  return '';
}

function reportOfResult(result: JsonObject): string {
  return textOf(result['object']) ?? (result['amount'] === undefined ? 'usage' : 'costs');
}

const momentOf = (value: unknown) => (typeof value === 'number' ? String(value) : (textOf(value) ?? ''));

type Format = Pick<PageRead, 'format' | 'isUtc'>;

function readRow(bill: Bill, row: unknown, where: string, zone: string): Format {
  if (!isJsonObject(row)) throw invalidRequest(`${where}: is no object`);
  const { results, start_time: seconds, starting_at: iso } = row;
  if (!Array.isArray(results)) return readFlat(bill, row, where, zone);
  if (typeof seconds === 'number') {
    const day = dayOfText(String(seconds), 'UTC', where);
    bill.cover(day);
    for (const [at, result] of results.entries())
      addResult(bill, openAiLine, day, row, result, `${where}.results[${at}]`);
    return { format: 'OpenAI’s usage and costs', isUtc: true };
  }
  const day = dayOfText(textOf(iso) ?? '', 'UTC', where);
  bill.cover(day);
  for (const [at, result] of results.entries())
    addResult(bill, anthropicLine, day, row, result, `${where}.results[${at}]`);
  return { format: 'Anthropic’s usage and cost reports', isUtc: true };
}

function addResult(
  bill: Bill,
  lineOf: (day: string, result: JsonObject, where: string) => BillLine,
  day: string,
  { start_time: seconds, starting_at: iso }: JsonObject,
  value: unknown,
  where: string,
): void {
  const result = objectOf(value, where);
  const entries = Object.entries(result);
  const names = entries.filter(([name, one]) => name !== 'amount' && !isAmount(one));
  const source: LineSource = {
    report: reportOfResult(result),
    text: JSON.stringify([seconds, iso, entries]),
    subject: JSON.stringify([seconds, iso, names]),
    isNamed: NAMES.some((name) => textOf(result[name]) !== null),
  };
  bill.add(lineOf(day, result, where), source);
}

const isAmount = (value: unknown) => typeof value === 'number' || isJsonObject(value);
/** Members that name a part of the bill that no other part has. */
const NAMES = ['project_id', 'workspace_id', 'api_key_id', 'user_id'];

function openAiLine(day: string, result: JsonObject, where: string): BillLine {
  if (result['object'] === 'organization.costs.result') {
    const amount = objectOf(result['amount'], `${where}.amount`);
    mustBeUsd(amount['currency'], where);
    return costLine(
      day,
      POINTS.cost(numberText(amount['value'], where), where, 'amount.value'),
      textOf(result['line_item']),
    );
  }
  return { day, model: textOf(result['model']), amounts: countsOf(result, where, OPENAI) };
}

/** `amount` is in cents, by the reference of the cost report. */
function anthropicLine(day: string, result: JsonObject, where: string): BillLine {
  if (result['amount'] !== undefined) {
    mustBeUsd(result['currency'], where);
    const cost = POINTS.cost(numberText(result['amount'], where), where, 'amount', 'cents');
    const model = textOf(result['model']);
    const type = textOf(result['cost_type']);
    const isOther = model === null && type !== null && type !== 'tokens';
    return { day, model: isOther ? type : model, amounts: { cost }, mayBeOther: isOther };
  }
  const writes = isJsonObject(result['cache_creation'])
    ? countsOf(result['cache_creation'], where, ANTHROPIC_WRITES)
    : {};
  return {
    day,
    model: textOf(result['model']),
    amounts: { ...countsOf(result, where, ANTHROPIC), ...writes },
  };
}

/** The same rows as in CSV: OpenRouter's activity, and plain ones. */
function readFlat(bill: Bill, row: JsonObject, where: string, zone: string): Format {
  const cells = new Map(Object.entries(row).map(([name, value]) => [columnName(name), cellOf(value)]));
  const names = [...cells.keys()];
  const format = csvFormatOf(names);
  const cell = (name: string) => cells.get(name) ?? '';
  const line = format.read(cell, where, format.isUtc ? 'UTC' : zone, POINTS);
  if (typeof line === 'string') bill.cover(line);
  else if (line !== null) bill.add(line, sourceOf(format.name, names, cell));
  return { format: format.name, isUtc: format.isUtc };
}

function countsOf(result: JsonObject, where: string, members: Members): Partial<Amounts> {
  const amounts: Partial<Amounts> = {};
  for (const [dimension, member] of members) {
    const value = result[member];
    if (value !== undefined && value !== null)
      amounts[dimension] = POINTS.count(cellOf(value), where, member);
  }
  return amounts;
}

/** The shortest text of a number is the one that the bill meant. */
function cellOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function numberText(value: unknown, where: string): string {
  if (typeof value === 'number' || typeof value === 'string') return String(value);
  throw invalidRequest(`${where}: has no amount: ${shown(JSON.stringify(value) ?? 'undefined')}`);
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function objectOf(value: unknown, where: string): JsonObject {
  if (isJsonObject(value)) return value;
  throw invalidRequest(`${where}: is no object`);
}
