/** Tells somebody that their account was signed in to from a browser that had not been used for it. */
import type { Clock } from '../../clock.ts';
import { tellNews } from '../../notifications/tell.ts';
import type { Database } from '../../storage/database.ts';
import type { SignedIn } from '../sessions/sessions.ts';
import { findCreatedAtMs } from '../user-store.ts';

/** Whoever has just made their account comes from where they made it. */
const NEW_FOR_MS = 10 * 60_000;
/** In the order in which they are looked for: the later ones stand in what the earlier ones send, too. */
const BROWSERS = [
  ['Edg', 'Edge'],
  ['OPR', 'Opera'],
  ['Firefox', 'Firefox'],
  ['Chrome', 'Chrome'],
  ['Safari', 'Safari'],
] as const;

export interface SignInPlace {
  readonly address: string;
  readonly userAgent: string | null;
}

export function createNewPlace({ database, clock }: { readonly database: Database; readonly clock: Clock }) {
  return async ({ accountId, userId }: SignedIn, { address, userAgent }: SignInPlace): Promise<void> => {
    const nowMs = clock.nowMs();
    const createdAtMs = await findCreatedAtMs(database.db, userId);
    if (createdAtMs === null || nowMs - createdAtMs < NEW_FOR_MS) return;
    await tellNews(database.db, {
      ...{ kind: 'sign_in.new_place', accountId, userId, nowMs },
      data: { address, browser: browserOf(userAgent ?? '') },
    });
  };
}

/** A name of ours, and nothing of what somebody has sent; null: none that we know. */
function browserOf(userAgent: string): string | null {
  return BROWSERS.find(([mark]) => userAgent.includes(`${mark}/`))?.[1] ?? null;
}
