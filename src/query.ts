/** Members of a query: the one place that says what a repeated one means, and what a time looks like. */
import { invalidRequest } from './errors.ts';

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z$/;

/** Null: it is not given. Throws a 400 where it is given twice, for nobody can say which was meant. */
export function single(query: URLSearchParams, name: string): string | null {
  const [value = null, ...more] = query.getAll(name);
  if (more.length > 0) throw invalidRequest(`${name}: is given more than once`);
  return value;
}

/** Milliseconds since 1970 of a UTC day or time. Throws a 400 that names the member. */
export function instantOf(name: string, text: string): number {
  const isDay = DAY.test(text);
  const ms = isDay || INSTANT.test(text) ? Date.parse(isDay ? `${text}T00:00:00Z` : text) : Number.NaN;
  // The 30th of February would silently become the 1st of March.
  if (Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(text.slice(0, 10)))
    throw invalidRequest(
      `${name}: must be a day such as 2026-11-01, or a UTC time such as 2026-11-01T08:00:00Z`,
    );
  return ms;
}

/** A page of a list: `offset` from 0, `limit` from 1 to 100. Throws a 400 that names the member. */
export function pageOf(query: URLSearchParams): { readonly offset: number; readonly limit: number } {
  return {
    offset: whole(query, 'offset', { absent: 0, least: 0, most: Number.MAX_SAFE_INTEGER }),
    limit: whole(query, 'limit', { absent: 50, least: 1, most: 100 }),
  };
}

function whole(
  query: URLSearchParams,
  name: string,
  { absent, least, most }: { readonly absent: number; readonly least: number; readonly most: number },
): number {
  const given = single(query, name);
  if (given === null || (given === '' && least === 0)) return absent;
  const value = /^\d{1,15}$/.test(given) ? Number(given) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw invalidRequest(`${name}: must be a whole number from ${least}${most > 1000 ? '' : ` to ${most}`}`);
}
