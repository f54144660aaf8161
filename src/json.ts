/** What JSON.parse may give, and how to look at it without trusting it. */

export type JsonObject = Record<string, unknown>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What the language has had since ES2025, and its types have not. */
interface RawJson {
  parse(
    text: string,
    reviver: (name: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
  isRawJSON(value: unknown): boolean;
  rawJSON(text: string): unknown;
}
const rawJson = JSON as unknown as RawJson;

/** From so many characters on an integer may be one that a double does not hold. */
export const LONG_NUMBER_CHARACTERS = 16;
const LONG_NUMBER = /\d{16}/;

/**
 * `JSON.parse`, but integers beyond 2^53 keep their digits when they are written again: ids of that size stand in the arguments of
 * tools and in schemas, and a rounded one is another id. Members of the top level are numbers as ever, for they are read here. Throws
 * as `JSON.parse` does.
 */
export function parseExact(text: string): unknown {
  return LONG_NUMBER.test(text) ? parseLongNumbers(text) : JSON.parse(text);
}

/** As `parseExact`, for a text that is known to have a long number. */
export function parseLongNumbers(text: string): unknown {
  const value: unknown = rawJson.parse(text, exactInteger);
  if (isJsonObject(value)) {
    for (const name in value)
      if (rawJson.isRawJSON(value[name])) value[name] = Number(JSON.stringify(value[name]));
  }
  return value;
}

function exactInteger(_: string, value: unknown, { source }: { source?: string }): unknown {
  if (typeof value !== 'number' || source === undefined || Number.isSafeInteger(value)) return value;
  return /^-?\d+$/.test(source) ? rawJson.rawJSON(source) : value;
}

export function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** Whether both databases take all its texts: PostgreSQL refuses NUL, and half a character has no UTF-8 form. */
export function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0');
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([name, member]) => isStorable(name) && isStorable(member));
}

/** The most that one body may hold of what costs time to build; more is a 400 that names the bound. */
export interface JsonBounds {
  /** Names of members, over all objects. */
  readonly members: number;
  /** Objects and lists. */
  readonly nodes: number;
  /** Texts that are values. */
  readonly texts: number;
  /** Values of every kind, of which numbers are the cheapest: 100,000 take some ten milliseconds on their way through. */
  readonly values: number;
  /** Characters of texts that are written as escapes, each of which takes as long as a hundred that are not. */
  readonly escapes: number;
}

export const DEFAULT_JSON_BOUNDS: JsonBounds = {
  members: 40_000,
  nodes: 40_000,
  texts: 40_000,
  values: 100_000,
  escapes: 1_000_000,
};
