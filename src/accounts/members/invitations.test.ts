import { expect, test } from 'bun:test';
import { sql } from 'kysely';
import { postgresEngine } from '../../../test/lease-node.ts';
import { systemClock } from '../../clock.ts';
import { newId } from '../../ids.ts';
import { lockAccount, lockWorkspace } from '../../tenancy/tenants.ts';
import type { InvitationRow } from './invitation-store.ts';
import { redeemInvitation } from './invitations.ts';

test('whoever joins a workspace while a group is mapped to it waits for that, and neither for the other', async () => {
  await using stack = new AsyncDisposableStack();
  const { database } = stack.adopt(await postgresEngine().open(), (opened) => opened.dispose());
  const { db } = database;
  const [accountId, workspaceId, userId] = [newId(), newId(), newId()];
  const email = 'new@example.com';
  await db
    .insertInto('account')
    .values({ id: accountId, kind: 'organisation', name: 'Acme', created_at_ms: 1 } as never)
    .execute();
  const workspace = { id: workspaceId, account_id: accountId, name: 'W', slug: 'w' };
  await db
    .insertInto('workspace')
    .values({ ...workspace, is_default: 0, created_at_ms: 1 } as never)
    .execute();
  const now = new Date().toISOString();
  await db
    .insertInto('user')
    .values({
      id: userId,
      name: 'New',
      email,
      email_verified: true,
      created_at: now,
      updated_at: now,
    } as never)
    .execute();
  const invitation: InvitationRow = {
    ...{ id: newId(), token_hash: 'hash', account_id: accountId, email, role: 'member', is_mailed: 1 },
    ...{ invited_by_user_id: null, created_at_ms: 1, expires_at_ms: Date.now() + 60_000, used_at_ms: null },
    ...{ used_by_user_id: null, workspace_id: workspaceId, workspace_role: 'member' },
  };
  await db.insertInto('invitation').values(invitation).execute();
  let joining = Promise.resolve(false);
  // As whoever maps a group does.
  await database.transaction(async (trx) => {
    await lockAccount(trx, accountId);
    joining = database.transaction((other) =>
      redeemInvitation({ clock: systemClock }, other, invitation, userId),
    );
    joining.catch(() => undefined);
    for (let waiting = 0; waiting === 0; ) {
      const { rows } = await sql<{ count: number }>`
        SELECT COUNT(*)::int AS count FROM pg_locks WHERE NOT granted`.execute(db);
      waiting = rows[0]?.count ?? 0;
    }
    expect((await lockWorkspace(trx, accountId, workspaceId))?.slug).toBe('w');
  });
  expect(await joining).toBe(true);
  const joined = await db.selectFrom('workspace_member').select('user_id').execute();
  expect(joined).toEqual([{ user_id: userId }]);
});
