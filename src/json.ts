/** What JSON.parse may give, and how to look at it without trusting it. */

export type JsonObject = Record<string, unknown>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
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
