/** Suffixes of a model's id: dynamic ones work on any model and stack with static ones (`x/y:free:online`), which are ids. */

/** Never part of an id. */
const alwaysDynamic: ReadonlySet<string> = new Set(['nitro', 'floor', 'exacto', 'online']);
/** Part of an id where the catalogue has it, else a wish. */
const dynamicUnlessListed: ReadonlySet<string> = new Set(['thinking', 'extended']);

export interface FoundVariant<T> {
  readonly found: T;
  /** The dynamic suffixes in the order written, joined by a colon; null: none. */
  readonly variant: string | null;
}

/** Finds the id, with as few of its suffixes taken for dynamic ones as possible. */
export function findVariant<T>(id: string, find: (id: string) => T | null): FoundVariant<T> | null {
  const exact = find(id);
  if (exact !== null) return { found: exact, variant: null };
  const [slug = '', ...suffixes] = id.split(':');
  if (suffixes.length === 0 || new Set(suffixes).size !== suffixes.length) return null;
  for (const isDynamic of [
    (suffix: string) => alwaysDynamic.has(suffix),
    (suffix: string) => alwaysDynamic.has(suffix) || dynamicUnlessListed.has(suffix),
  ]) {
    const dynamic = suffixes.filter(isDynamic);
    const own = suffixes.filter((suffix) => !isDynamic(suffix));
    const found = dynamic.length === 0 ? null : find([slug, ...own].join(':'));
    if (found !== null) return { found, variant: dynamic.join(':') };
  }
  return null;
}
