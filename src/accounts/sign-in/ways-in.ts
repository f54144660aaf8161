/**
 * What somebody signs in with: a password, passkeys, accounts at providers. The last that works stays, and the user hears by mail of
 * each that comes or goes.
 */
import { TurnpikeError } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { Mailer } from '../../mail/mail.ts';
import { wayInAddedLetter, wayInRemovedLetter } from '../../mail/mail-texts.ts';
import type { Database } from '../../storage/database.ts';
import { findUserById } from '../user-store.ts';
import type { Provider } from './providers.ts';
import { deleteWayIn, listWaysIn, lockUser, type WayIn, type WayInRow } from './way-in-store.ts';

export type ListedWayIn = WayInRow & { readonly isLast: boolean };

export interface WaysIn {
  list(userId: string): Promise<readonly ListedWayIn[]>;
  /** What works besides the password, as letters call it. */
  besidesPassword(userId: string): Promise<readonly string[]>;
  /** 404 for one of somebody else, as for one that does not exist. */
  remove(userId: string, wanted: { readonly kind: PlainWayIn['kind']; readonly id: string }): Promise<void>;
  /** To be called once it is there. Whoever has just signed up with it needs no mail. */
  added(userId: string, what: PlainWayIn): Promise<void>;
}

/** A password has rules and mails of its own. */
type PlainWayIn = Exclude<WayIn, { kind: 'password' }>;

export function createWaysIn(services: {
  readonly database: Database;
  readonly mailer: Mailer;
  readonly providers: readonly Provider[];
  readonly publicUrl: string;
  readonly logger: Logger;
}): WaysIn {
  const { database, mailer, publicUrl, logger } = services;
  const providers = new Map(services.providers.map((provider) => [provider.id, provider]));
  const accountPage = `${publicUrl}/settings/account`;

  /**
   * The rule of what counts as a way in. An account at a provider that the operator has taken away is none. Neither is the link to a
   * new password: without a mail server nobody gets one by themselves.
   */
  function counts(way: WayInRow): boolean {
    return way.kind !== 'provider' || providers.has(way.providerId);
  }

  const isLast = (way: WayInRow, ways: readonly WayInRow[]): boolean =>
    !ways.some((other) => other.id !== way.id && counts(other));

  const nameOf = (way: PlainWayIn): string =>
    way.kind === 'passkey' ? 'a passkey' : (providers.get(way.providerId)?.name ?? way.providerId);

  const note = (event: string, userId: string, way: PlainWayIn): void =>
    logger.info(event, { userId, by: way.kind === 'passkey' ? 'passkey' : way.providerId });

  return {
    async list(userId) {
      const ways = await listWaysIn(database.db, userId);
      return ways.map((way) => ({ ...way, isLast: isLast(way, ways) }));
    },
    async besidesPassword(userId) {
      const ways = await listWaysIn(database.db, userId);
      const names = ways.flatMap((way) => (way.kind !== 'password' && counts(way) ? [nameOf(way)] : []));
      return [...new Set(names)];
    },
    async remove(userId, wanted) {
      const removed = await database.transaction(async (trx) => {
        await lockUser(trx, userId);
        const ways = await listWaysIn(trx, userId);
        const way = ways.find(({ kind, id }) => kind === wanted.kind && id === wanted.id);
        if (way === undefined || way.kind === 'password') throw new TurnpikeError('not_found');
        if (isLast(way, ways)) throw lastWayIn();
        await deleteWayIn(trx, way);
        return way;
      });
      note('way_in_removed', userId, removed);
      const user = await findUserById(database.db, userId);
      if (user !== undefined) mailer.send(user.email, wayInRemovedLetter(nameOf(removed), accountPage));
    },
    async added(userId, what) {
      note('way_in_added', userId, what);
      const ways = await listWaysIn(database.db, userId);
      if (ways.length < 2) return;
      const user = await findUserById(database.db, userId);
      if (user !== undefined) mailer.send(user.email, wayInAddedLetter(nameOf(what), accountPage));
    },
  };
}

function lastWayIn(): TurnpikeError {
  return new TurnpikeError('conflict', {
    message: 'Nothing else would let you in. Set a password or add another way to sign in first',
    metadata: { reason: 'last_way_in' },
  });
}
