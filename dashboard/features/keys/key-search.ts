/** What the list of keys is narrowed to: in the address, so that it can be kept and sent. */

export type StateFilter = 'enabled' | 'disabled';

export interface KeySearch {
  /** From 1. */
  readonly page?: number;
  readonly search?: string;
  readonly state?: StateFilter;
  /** A user's id. */
  readonly owner?: string;
  readonly order?: 'name' | 'limit_spent';
}

/** Whatever an address holds: what means nothing here is left out. */
export function validateKeySearch(given: Record<string, unknown>): KeySearch {
  const page = Number(given['page'] ?? 1);
  const { search, state, owner, order } = given;
  return {
    ...(Number.isSafeInteger(page) && page > 1 && page < 1e9 ? { page } : {}),
    ...(typeof search === 'string' && search !== '' ? { search: search.slice(0, 200) } : {}),
    ...(state === 'enabled' || state === 'disabled' ? { state } : {}),
    ...(typeof owner === 'string' && owner !== '' ? { owner } : {}),
    ...(order === 'name' || order === 'limit_spent' ? { order } : {}),
  };
}

export const isNarrowed = ({ search, state, owner }: KeySearch): boolean =>
  search !== undefined || state !== undefined || owner !== undefined;
