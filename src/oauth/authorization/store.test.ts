import { describe, expect, test } from 'bun:test';
import { engines } from '../../../test/databases.ts';
import { migrate, migrations } from '../../storage/migrate.ts';
import type { ApiKeyTable } from '../../storage/schema.ts';
import { findCode } from './store.ts';

describe.each(engines.map((engine) => [engine.name, engine] as const))('on %s', (_, engine) => {
  test('codes that were made before users could consent are still good, and their keys known for what they are', async () => {
    const opened = await engine.open({ migrated: false });
    try {
      const { database } = opened;
      await migrate(database, migrations.slice(0, 4));
      const { db } = database;
      const made = { created_at_ms: 1 };
      await db
        .insertInto('account')
        .values({ id: 'a', kind: 'personal', name: 'A', ...made })
        .execute();
      const workspace = { id: 'w', account_id: 'a', name: 'W', slug: 'w', is_default: 1, ...made } as const;
      await db.insertInto('workspace').values(workspace).execute();
      const key = {
        ...{ account_id: 'a', workspace_id: 'w', kind: 'api', name: 'K', label: 'K', disabled: 0 },
        ...{ limit_nano_usd: null, limit_reset: null, include_byok_in_limit: 0, creator_user_id: null },
        ...{ external_user: null, external_api_key_hash: null, created_at_ms: 1, updated_at_ms: null },
        ...{ expires_at_ms: null, deleted_at_ms: null, version: 1, cut_streams_when_revoked: 0 },
      };
      // As the table was then.
      const keys = ['k', 'm'].map((hash) => ({ hash, ...key }) as ApiKeyTable);
      await db.insertInto('api_key').values(keys).execute();
      await db
        .insertInto('oauth_app')
        .values({ id: 7, origin: 'https://x', ...made })
        .execute();
      const code = {
        ...{
          code_hash: 'c',
          app_id: 7,
          account_id: 'a',
          authorising_key_hash: 'k',
          callback_url: 'https://x/cb',
        },
        ...{ code_challenge: 'x', code_challenge_method: 'S256', created_at_ms: 1, expires_at_ms: 2 },
        ...{ verifier_attempts: 3, used_at_ms: 2, minted_key_hash: 'm', key_name: 'N', workspace_id: 'w' },
        ...{ key_limit_nano_usd: 5n, key_limit_reset: 'daily', key_expires_at_ms: 9 },
      } as const;
      await db
        .insertInto('oauth_code')
        .values(code as never)
        .execute();
      await migrate(database);
      const found: unknown = await findCode(db, 'c');
      expect(found).toEqual({
        ...code,
        ...{ user_id: null, client_id: null, redirect_uri: null, scope: null, used_from: null },
      });
      const known = await db
        .selectFrom('api_key')
        .select(['hash', 'is_delegated', 'parent_key_hash'])
        .orderBy('hash')
        .execute();
      expect(known).toEqual([
        { hash: 'k', is_delegated: 0, parent_key_hash: null },
        { hash: 'm', is_delegated: 1, parent_key_hash: 'k' },
      ]);
    } finally {
      await opened.dispose();
    }
  });
});
