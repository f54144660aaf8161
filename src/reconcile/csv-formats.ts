/**
 * The CSV files that bills come in, told by their columns: the exports of OpenAI's usage and cost pages, of Anthropic's Console, of
 * OpenRouter's activity page, and a plain one of anybody's own making. No I/O.
 */
import { invalidRequest } from '../errors.ts';
import type { Amounts, Dimension } from './amounts.ts';
import type { BillLine, LineSource } from './bill.ts';
import { dayOfText, mustBeUsd, type Numbers } from './fields.ts';

/** A row by the names of its columns, in lower case; '' where it has nothing. */
export type Row = (column: string) => string;

export interface CsvFormat {
  readonly name: string;
  /** Whether its days are UTC's, whatever zone was asked for. */
  readonly isUtc: boolean;
  /** Null: the row is about nothing. A day alone: nothing was used on it. */
  readonly read: (row: Row, where: string, zone: string, numbers: Numbers) => BillLine | string | null;
}

type Columns = readonly (readonly [dimension: Dimension, column: string])[];

/** Half a cent: the Console writes costs with two decimals. */
const HALF_A_CENT_PICO_USD = 5_000_000_000n;

const ANTHROPIC_USAGE: Columns = [
  ['input', 'usage_input_tokens_no_cache'],
  ['cache_write_5m', 'usage_input_tokens_cache_write_5m'],
  ['cache_write_1h', 'usage_input_tokens_cache_write_1h'],
  ['cached_read', 'usage_input_tokens_cache_read'],
  ['output', 'usage_output_tokens'],
];
/** `input_tokens` has the cached ones in it, by the reference of OpenAI's usage API. */
const OPENAI_USAGE: Columns = [
  ['requests', 'num_model_requests'],
  ['prompt', 'input_tokens'],
  ['cached_read', 'input_cached_tokens'],
  ['output', 'output_tokens'],
];
const OPENROUTER_ACTIVITY: Columns = [
  ['requests', 'requests'],
  ['prompt', 'prompt_tokens'],
  ['cached_read', 'cached_tokens'],
  ['output', 'completion_tokens'],
  ['reasoning', 'reasoning_tokens'],
];
const OPENROUTER_GENERATIONS: Columns = [
  ['prompt', 'tokens_prompt'],
  ['output', 'tokens_completion'],
  ['reasoning', 'tokens_reasoning'],
  ['cached_read', 'tokens_cached'],
];

/** Of the plain form: the columns by which each amount may go, the first of them is what the documentation names. */
export const PLAIN_COLUMNS: Readonly<Record<Dimension, readonly string[]>> = {
  requests: ['requests', 'num_requests', 'request_count'],
  prompt: ['prompt_tokens', 'total_input_tokens'],
  input: ['uncached_input_tokens', 'input_tokens'],
  cached_read: ['cached_read_tokens', 'cache_read_tokens', 'cached_tokens', 'cache_read_input_tokens'],
  cache_write: ['cache_write_tokens', 'cache_creation_tokens', 'cache_creation_input_tokens'],
  cache_write_5m: ['cache_write_5m_tokens'],
  cache_write_1h: ['cache_write_1h_tokens'],
  output: ['output_tokens', 'completion_tokens'],
  reasoning: ['reasoning_tokens'],
  cost: ['cost_usd', 'cost', 'amount_usd'],
};
const PLAIN_DAYS = ['day', 'date'];

/** Columns that say how much, and not of what. */
const AMOUNTS: ReadonlySet<string> = new Set([
  ...[ANTHROPIC_USAGE, OPENAI_USAGE, OPENROUTER_ACTIVITY, OPENROUTER_GENERATIONS].flatMap((columns) =>
    columns.map(([, column]) => column),
  ),
  ...Object.values(PLAIN_COLUMNS).flat(),
  ...['amount_value', 'usage', 'byok_usage_inference', 'cost_total'],
]);
/** Columns that name a part of the bill that no other part has. */
const NAMES = /(?:^|_)(?:project|workspace|api_key|user)(?:_|$)/;

/** How a row is told from those of other files. */
export function sourceOf(report: string, columns: readonly string[], row: Row): LineSource {
  const cells = columns.map((column) => [column, row(column)] as const);
  const requestId = row('generation_id');
  return {
    report,
    text: JSON.stringify(cells),
    subject: JSON.stringify(cells.filter(([column]) => !AMOUNTS.has(column))),
    isNamed: cells.some(([column, cell]) => cell !== '' && NAMES.test(column)),
    ...(requestId === '' ? {} : { requestId }),
  };
}

/** A column's name as it is known: spreadsheets write `Cost (USD)`. */
export function columnName(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_|_$/g, '');
}

export function csvFormatOf(header: readonly string[]): CsvFormat {
  const has = (...names: string[]) => names.every((name) => header.includes(name));
  if (has('usage_date_utc', 'usage_input_tokens_no_cache'))
    return tokens('Anthropic Console, tokens', 'usage_date_utc', 'model_version', ANTHROPIC_USAGE);
  if (has('usage_date_utc', 'token_type', 'cost_usd'))
    return { name: 'Anthropic Console, costs', isUtc: true, read: anthropicCost };
  if (has('start_time', 'amount_value')) return { name: 'OpenAI, costs', isUtc: true, read: openAiCost };
  if (has('start_time', 'num_model_requests'))
    return tokens('OpenAI, usage', 'start_time', 'model', OPENAI_USAGE);
  if (has('generation_id', 'created_at', 'cost_total'))
    return { name: 'OpenRouter, generations', isUtc: true, read: openRouterGeneration };
  if (has('date', 'usage', 'completion_tokens'))
    return { name: 'OpenRouter, activity', isUtc: true, read: openRouterActivity };
  const day = PLAIN_DAYS.find((name) => has(name));
  if (day !== undefined && has('model')) return plain(day, header);
  throw invalidRequest(
    'line 1: is the head of no known bill; a plain one has the columns day and model, and some of requests, input_tokens, ' +
      'cached_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens and cost_usd',
  );
}

function tokens(name: string, day: string, model: string, columns: Columns): CsvFormat {
  return {
    name,
    isUtc: true,
    read: (row, where, _, numbers) => {
      const date = dayOfText(row(day), 'UTC', where);
      const amounts = countsOf(row, where, numbers, columns);
      return Object.keys(amounts).length === 0 ? date : { day: date, model: row(model) || null, amounts };
    },
  };
}

function countsOf(row: Row, where: string, numbers: Numbers, columns: Columns): Partial<Amounts> {
  const amounts: Partial<Amounts> = {};
  for (const [dimension, column] of columns) {
    const text = row(column);
    if (text !== '') amounts[dimension] = numbers.count(text, where, column);
  }
  return amounts;
}

function anthropicCost(row: Row, where: string, _: string, numbers: Numbers): BillLine {
  const cost = numbers.cost(row('cost_usd'), where, 'cost_usd');
  const isTokens = row('token_type') !== '';
  return {
    day: dayOfText(row('usage_date_utc'), 'UTC', where),
    model: isTokens ? row('model') || null : row('cost_type') || row('usage_type') || 'other',
    amounts: { cost },
    mayBeOther: !isTokens,
    slackPicoUsd: cost % (2n * HALF_A_CENT_PICO_USD) === 0n ? HALF_A_CENT_PICO_USD : 0n,
  };
}

function openAiCost(row: Row, where: string, _: string, numbers: Numbers): BillLine | string {
  const day = dayOfText(row('start_time'), 'UTC', where);
  const text = row('amount_value');
  if (text === '') return day;
  mustBeUsd(row('amount_currency'), where);
  return costLine(day, numbers.cost(text, where, 'amount_value'), row('line_item') || null);
}

/** OpenAI names a cost by the model and the kind of its tokens, `gpt-4o-2024-08-06, input`, or by what else was charged. */
export function costLine(day: string, cost: bigint, item: string | null): BillLine {
  if (item === null) return { day, model: null, amounts: { cost } };
  const model = item.replace(
    /,\s*(?:cached |uncached )?(?:input|output|cached|reasoning)(?:_\w+)?\b[^,]*$/i,
    '',
  );
  return { day, model: model.trim(), amounts: { cost }, mayBeOther: true };
}

function openRouterActivity(row: Row, where: string, _: string, numbers: Numbers): BillLine {
  return {
    day: dayOfText(row('date'), 'UTC', where),
    model: row('model') || row('model_permaslug') || null,
    amounts: {
      ...countsOf(row, where, numbers, OPENROUTER_ACTIVITY),
      cost: numbers.cost(row('usage'), where, 'usage'),
    },
  };
}

function openRouterGeneration(row: Row, where: string, _: string, numbers: Numbers): BillLine {
  return {
    // Its times are UTC and say nothing of it.
    day: dayOfText(row('created_at'), 'UTC', where),
    model: row('model_permaslug') || row('model') || null,
    amounts: {
      ...countsOf(row, where, numbers, OPENROUTER_GENERATIONS),
      requests: 1n,
      cost: numbers.cost(row('cost_total'), where, 'cost_total'),
    },
  };
}

function plain(day: string, header: readonly string[]): CsvFormat {
  const columns = Object.entries(PLAIN_COLUMNS).flatMap(([dimension, names]) => {
    const column = names.find((name) => header.includes(name));
    return column === undefined ? [] : [[dimension as Dimension, column] as const];
  });
  const tellsCache = columns.some(([dimension]) => dimension.startsWith('cache'));
  const told = columns.map(([dimension, column]) =>
    // Where nothing is said of caches, what went in is all that went in.
    dimension === 'input' && !tellsCache ? (['prompt', column] as const) : ([dimension, column] as const),
  );
  if (columns.length === 0)
    throw invalidRequest('line 1: has no column to compare, such as requests, output_tokens or cost_usd');
  return {
    name: 'plain CSV',
    isUtc: false,
    read: (row, where, zone, numbers) => {
      const counts = countsOf(
        row,
        where,
        numbers,
        told.filter(([dimension]) => dimension !== 'cost'),
      );
      const cost = columns.find(([dimension]) => dimension === 'cost')?.[1];
      const costText = cost === undefined ? '' : row(cost);
      const amounts =
        cost === undefined || costText === ''
          ? counts
          : { ...counts, cost: numbers.cost(costText, where, cost) };
      const date = dayOfText(row(day), zone, where);
      return Object.keys(amounts).length === 0 ? date : { day: date, model: row('model') || null, amounts };
    },
  };
}
