/** What the keyboard does everywhere. */
import { type Entry, NAVIGATION } from './navigation.ts';

/** By the address of the page: after `g`. */
const KEYS: Readonly<Record<string, string>> = {
  '/': 'o',
  '/activity': 'a',
  '/logs': 'l',
  '/keys': 'k',
  '/models': 'm',
  '/chat': 'p',
  '/settings/account': 's',
};

export const GOES_TO: readonly (Entry & { key: string })[] = NAVIGATION.flatMap(({ entries }) =>
  entries.flatMap((entry) => {
    const key = KEYS[entry.to];
    return key === undefined ? [] : [{ ...entry, key }];
  }),
);
