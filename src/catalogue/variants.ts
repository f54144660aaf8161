/**
 * Suffixes of a model's id. Those of the catalogue (`:free`, `:batch`, `:thinking`, `:extended`) are part of an id and name an entry
 * of its own; those of routing work on every id and are no part of it.
 */
const ROUTING_SUFFIXES: ReadonlySet<string> = new Set(['nitro', 'floor', 'exacto', 'online']);

const CATALOGUE_SUFFIX = /:(?:free|batch|thinking|extended)$/;

/** The id without its catalogue suffix, or null where it has none. */
export function withoutCatalogueSuffix(id: string): string | null {
  return CATALOGUE_SUFFIX.test(id) ? id.replace(CATALOGUE_SUFFIX, '') : null;
}

export interface FoundVariant<T> {
  readonly found: T;
  /** The routing suffixes in the order written, joined by a colon; null: none. */
  readonly variant: string | null;
}

/** Finds the id without its routing suffixes, which may stand anywhere among the others. */
export function findVariant<T>(id: string, find: (id: string) => T | null): FoundVariant<T> | null {
  const exact = find(id);
  if (exact !== null) return { found: exact, variant: null };
  const [slug = '', ...suffixes] = id.split(':');
  if (new Set(suffixes).size !== suffixes.length) return null;
  const routing = suffixes.filter((suffix) => ROUTING_SUFFIXES.has(suffix));
  if (routing.length === 0) return null;
  const own = suffixes.filter((suffix) => !ROUTING_SUFFIXES.has(suffix));
  const found = find([slug, ...own].join(':'));
  return found === null ? null : { found, variant: routing.join(':') };
}
