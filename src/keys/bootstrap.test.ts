import { describe, expect, test } from 'bun:test';
import { engines } from '../../test/databases.ts';
import { newKeySecret, parseKeySecret } from '../auth/key-secret.ts';
import { ManualClock } from '../clock.ts';
import { openDatabase } from '../storage/database.ts';
import { ensureInstance } from './bootstrap.ts';

const clock = new ManualClock(Date.parse('2026-11-20T12:00:00Z'));

for (const engine of engines) {
  describe(`the first start on ${engine.name}`, () => {
    test('an empty database gets an account, a workspace and its keys, once', async () => {
      const opened = await engine.open();
      const { database } = opened;
      const management = newKeySecret();
      const made = await ensureInstance({ database, clock, bootstrapManagementKey: management.key });
      const again = await ensureInstance({ database, clock, bootstrapManagementKey: newKeySecret().key });
      expect(again).toEqual({ ...made, firstKey: null });
      const keys = await database.db.selectFrom('api_key').selectAll().orderBy('kind').execute();
      expect(keys.map((key) => [key.kind, key.name, key.hash, key.workspace_id])).toEqual([
        ['api', 'First key', parseKeySecret(made.firstKey!)!.hash, made.workspaceId],
        ['management', 'Bootstrap management key', management.hash, null],
      ]);
      await opened.dispose();
    });

    test('of two processes that start at once one makes everything, and both see the same', async () => {
      const opened = await engine.open();
      const second = await openDatabase(opened);
      const start = (database: typeof second) =>
        ensureInstance({ database, clock, bootstrapManagementKey: null });
      const [one, two] = await Promise.all([start(opened.database), start(second)]);
      expect([one.accountId, one.workspaceId]).toEqual([two.accountId, two.workspaceId]);
      expect([one.firstKey, two.firstKey].filter((key) => key !== null)).toHaveLength(1);
      expect(await second.db.selectFrom('api_key').select('name').execute()).toEqual([{ name: 'First key' }]);
      expect(await second.db.selectFrom('workspace').select('slug').execute()).toHaveLength(1);
      await second.close();
      await opened.dispose();
    });

    test('a malformed bootstrap key is refused in clear words, without its value, and nothing is made', async () => {
      const opened = await engine.open();
      const { database } = opened;
      const wrong = `sk-or-v1-${'0'.repeat(64)}`;
      const refused = await ensureInstance({ database, clock, bootstrapManagementKey: wrong }).catch(
        (error) => error.message,
      );
      expect(refused).toContain('TURNPIKE_BOOTSTRAP_MANAGEMENT_KEY is not a well-formed key');
      expect(refused).not.toContain(wrong);
      expect(await database.db.selectFrom('instance').selectAll().execute()).toEqual([]);
      await opened.dispose();
    });
  });
}
