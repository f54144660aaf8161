/** Our SQL on `sign_in_method` and `passkey`, which better-auth writes: what somebody signs in with. */
import type { Db, Trx } from '../../storage/database.ts';
import { PASSWORD_PROVIDER } from '../../storage/schema.ts';

export type WayIn =
  | { readonly kind: 'password' }
  | { readonly kind: 'passkey' }
  | { readonly kind: 'provider'; readonly providerId: string };
export type WayInRow = WayIn & { readonly id: string; readonly createdAt: string | null };

/** Served by `sign_in_method_of_user` and `passkey_of_user`; the oldest first. */
export async function listWaysIn(db: Db, userId: string): Promise<WayInRow[]> {
  const methods = await db
    .selectFrom('sign_in_method')
    .select(['id', 'provider_id', 'created_at'])
    .where('user_id', '=', userId)
    .orderBy('created_at')
    .orderBy('id')
    .execute();
  const passkeys = await db
    .selectFrom('passkey')
    .select(['id', 'created_at'])
    .where('user_id', '=', userId)
    .execute();
  return [
    ...methods.map(({ id, provider_id, created_at }) => ({
      ...{ id, createdAt: isoOf(created_at) },
      ...(provider_id === PASSWORD_PROVIDER
        ? { kind: 'password' as const }
        : { kind: 'provider' as const, providerId: provider_id }),
    })),
    ...passkeys.map(({ id, created_at }) => ({ id, createdAt: isoOf(created_at), kind: 'passkey' as const })),
  ];
}

/**
 * Held until the commit: of two transactions that each take one way in away, the second sees what the first has left. As in
 * `lockRole`, the write changes nothing and locks the row on both engines.
 */
export async function lockUser(trx: Trx, userId: string): Promise<void> {
  await trx
    .updateTable('user')
    .set((user) => ({ name: user.ref('name') }))
    .where('id', '=', userId)
    .execute();
}

export async function deleteWayIn(trx: Trx, { kind, id }: WayInRow): Promise<void> {
  const table = kind === 'passkey' ? 'passkey' : 'sign_in_method';
  await trx.deleteFrom(table).where('id', '=', id).execute();
}

function isoOf(stamp: string | Date | null): string | null {
  return stamp === null ? null : new Date(stamp).toISOString();
}
