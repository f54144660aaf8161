/** The query of `GET /models`, checked: a value that cannot mean anything is a 400 that names its parameter. */
import { invalidRequest } from '../errors.ts';
import { type PicoUsd, parsePriceUsd } from '../money.ts';
import { single } from '../query.ts';

const DEFAULT_PAGE = 500;
const MAX_PAGE = 1000;

const CATEGORIES = [
  'programming',
  'roleplay',
  'marketing',
  'marketing/seo',
  'technology',
  'science',
  'translation',
  'legal',
  'finance',
  'health',
  'trivia',
  'academia',
] as const;

const SORTS = [
  'most-popular',
  'newest',
  'top-weekly',
  'pricing-low-to-high',
  'pricing-high-to-low',
  'context-high-to-low',
  'throughput-high-to-low',
  'latency-low-to-high',
  'intelligence-high-to-low',
  'coding-high-to-low',
  'agentic-high-to-low',
  'design-arena-elo-high-to-low',
] as const;

export type Sort = (typeof SORTS)[number];

const INPUT_MODALITIES = ['text', 'image', 'audio', 'file', 'video'] as const;
const OUTPUT_MODALITIES = [
  'text',
  'image',
  'embeddings',
  'audio',
  'video',
  'rerank',
  'decisions',
  'speech',
  'transcription',
] as const;

/** Scores that we have no data for: a bound on one leaves nothing. */
const SCORES = [
  ['min_intelligence_index', Number.POSITIVE_INFINITY],
  ['max_intelligence_index', Number.POSITIVE_INFINITY],
  ['min_coding_index', Number.POSITIVE_INFINITY],
  ['max_coding_index', Number.POSITIVE_INFINITY],
  ['min_agentic_index', Number.POSITIVE_INFINITY],
  ['max_agentic_index', Number.POSITIVE_INFINITY],
  ['min_tool_success_rate', 1],
  ['max_tool_success_rate', 1],
] as const;

export interface Page {
  readonly offset: number;
  readonly limit: number;
}

export interface ModelsQuery {
  /** Null: the whole list. */
  readonly page: Page | null;
  readonly category: string | null;
  readonly supportedParameters: readonly string[];
  /** Null: all. */
  readonly outputModalities: readonly string[] | null;
  readonly inputModalities: readonly string[];
  readonly sort: Sort | null;
  readonly text: string | null;
  readonly minContextLength: number | null;
  readonly minPrompt: PicoUsd | null;
  readonly maxPrompt: PicoUsd | null;
  readonly minCompletion: PicoUsd | null;
  readonly maxCompletion: PicoUsd | null;
  readonly minAgeDays: number | null;
  readonly maxAgeDays: number | null;
  readonly tokenizer: string | null;
  readonly authors: readonly string[];
  readonly providers: readonly string[];
  readonly distillable: 'true' | 'false' | null;
  readonly zeroRetention: boolean;
  readonly region: 'eu' | 'us' | null;
  /** Whether any benchmark score is bounded. */
  readonly boundsScores: boolean;
  readonly rss: boolean;
  readonly rssChatLinks: boolean;
}

export function parseModelsQuery(query: URLSearchParams): ModelsQuery {
  const scores = SCORES.map(([name, most]) => number(query, name, { least: 0, most }));
  return {
    page: parsePage(query),
    category: oneOf(query, 'category', CATEGORIES),
    supportedParameters: list(query, 'supported_parameters'),
    outputModalities: parseOutputModalities(query),
    inputModalities: listOf(query, 'input_modalities', INPUT_MODALITIES),
    sort: oneOf(query, 'sort', SORTS),
    text: read(query, 'q')?.toLowerCase() ?? null,
    minContextLength: integer(query, 'context', 1),
    minPrompt: pricePerMillion(query, 'min_price'),
    maxPrompt: pricePerMillion(query, 'max_price'),
    minCompletion: pricePerMillion(query, 'min_output_price'),
    maxCompletion: pricePerMillion(query, 'max_output_price'),
    minAgeDays: integer(query, 'min_age_days', 0),
    maxAgeDays: integer(query, 'max_age_days', 0),
    tokenizer: read(query, 'arch')?.toLowerCase() ?? null,
    authors: list(query, 'model_authors').map((author) => author.toLowerCase()),
    providers: list(query, 'providers').map((provider) => provider.toLowerCase()),
    distillable: oneOf(query, 'distillable', ['true', 'false'] as const),
    zeroRetention: oneOf(query, 'zdr', ['true'] as const) === 'true',
    region: oneOf(query, 'region', ['eu', 'us'] as const),
    boundsScores: scores.some((score) => score !== null),
    rss: flag(query, 'use_rss'),
    rssChatLinks: flag(query, 'use_rss_chat_links'),
  };
}

export function parsePage(query: URLSearchParams): Page | null {
  const offset = integer(query, 'offset', 0);
  const limit = integer(query, 'limit', 1, MAX_PAGE);
  return offset === null && limit === null ? null : { offset: offset ?? 0, limit: limit ?? DEFAULT_PAGE };
}

/** Null: all. Absent means text, which hides what answers with something else. */
export function parseOutputModalities(query: URLSearchParams): readonly string[] | null {
  if (read(query, 'output_modalities') === 'all') return null;
  const wanted = listOf(query, 'output_modalities', OUTPUT_MODALITIES);
  return wanted.length === 0 ? ['text'] : wanted;
}

/** Clients write "not set" as an absent parameter, an empty one, or the word. */
function read(query: URLSearchParams, name: string): string | null {
  const value = single(query, name)?.trim() ?? '';
  return value === '' || value === 'null' ? null : value;
}

function list(query: URLSearchParams, name: string): readonly string[] {
  const parts = read(query, name)?.split(',') ?? [];
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

function listOf(query: URLSearchParams, name: string, allowed: readonly string[]): readonly string[] {
  const parts = list(query, name);
  const unknown = parts.find((part) => !allowed.includes(part));
  if (unknown !== undefined) throw invalidRequest(`${name} must be a list of: ${allowed.join(', ')}`);
  return parts;
}

function oneOf<T extends string>(query: URLSearchParams, name: string, allowed: readonly T[]): T | null {
  const value = read(query, name);
  if (value === null) return null;
  const match = allowed.find((candidate) => candidate === value);
  if (match === undefined) throw invalidRequest(`${name} must be one of: ${allowed.join(', ')}`);
  return match;
}

function flag(query: URLSearchParams, name: string): boolean {
  return read(query, name) === 'true';
}

function integer(query: URLSearchParams, name: string, least: number, most?: number): number | null {
  const value = read(query, name);
  if (value === null) return null;
  const parsed = Number(value);
  const inRange = parsed >= least && parsed <= (most ?? Number.MAX_SAFE_INTEGER);
  if (!/^\d+$/.test(value) || !inRange) {
    const range = most === undefined ? `${least} or more` : `from ${least} to ${most}`;
    throw invalidRequest(`${name} must be an integer, ${range}`);
  }
  return parsed;
}

function number(
  query: URLSearchParams,
  name: string,
  { least, most }: { least: number; most: number },
): number | null {
  const value = read(query, name);
  if (value === null) return null;
  const parsed = Number(value);
  if (!Number.isFinite(parsed) || parsed < least || parsed > most) {
    const range = most === Number.POSITIVE_INFINITY ? `${least} or more` : `from ${least} to ${most}`;
    throw invalidRequest(`${name} must be a number, ${range}`);
  }
  return parsed;
}

/** Compared exactly: here prices are USD a million tokens, in the list USD a token. */
function pricePerMillion(query: URLSearchParams, name: string): PicoUsd | null {
  const value = read(query, name);
  if (value === null) return null;
  const price = /^\d{1,9}(\.\d{1,6})?$/.test(value) ? parsePriceUsd(`${value}e-6`) : null;
  if (price === null) {
    throw invalidRequest(`${name} must be USD per million tokens: 0 or more, at most 6 decimals`);
  }
  return price;
}
