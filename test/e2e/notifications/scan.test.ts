/** `turnpike scan --database`: of the keys in files it says which work now, masked, beside a gateway that serves. */
import { expect, test } from 'bun:test';
import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { newKeySecret } from '../../../src/auth/key-secret.ts';
import { callerOf } from '../../call.ts';
import { makeKey, spawnGateway } from '../../harness.ts';
import { turnpike } from '../../turnpike.ts';

test('those that work are told apart from those that were rotated, disabled, expired, deleted or never ours', async () => {
  await using gateway = await spawnGateway();
  const call = callerOf(() => gateway);
  const live = await makeKey(gateway);
  const rotated = await makeKey(gateway);
  const overlapping = await makeKey(gateway);
  const disabled = await makeKey(gateway);
  const deleted = await makeKey(gateway);
  const expired = await makeKey(gateway, { expires_at: new Date(Date.now() + 1500).toISOString() });
  const parent = await makeKey(gateway);
  const child = (await call('POST', '/key/children', { name: 'child' }, parent.key)).json.key as string;
  const fresh = (await call('POST', `/keys/${rotated.hash}/rotate`, {})).json.key as string;
  await call('POST', `/keys/${overlapping.hash}/rotate`, { old_valid_for_seconds: 3600 });
  await call('PATCH', `/keys/${disabled.hash}`, { disabled: true });
  await call('PATCH', `/keys/${parent.hash}`, { disabled: true });
  await call('DELETE', `/keys/${deleted.hash}`);
  const foreign = newKeySecret().key;
  while ((await call('GET', '/key', undefined, expired.key)).status === 200) await Bun.sleep(50);

  const folder = dirname(gateway.dataDir);
  const file = join(folder, 'found.env');
  const scan = async (keys: readonly string[], ...more: string[]) => {
    writeFileSync(file, keys.join('\n'));
    const ran = await turnpike({ dataDir: gateway.dataDir }, 'scan', '--database', ...more, file);
    rmSync(file);
    for (const key of keys) expect(ran.text).not.toContain(key);
    return ran;
  };
  const dead = [rotated, disabled, deleted, expired, parent].map(({ key }) => key).concat(child, foreign);
  const works = [live.key, fresh, overlapping.key];
  const json = await scan([...works, ...dead], '--json');
  expect(json.code).toBe(1);
  expect(
    (JSON.parse(json.stdout) as { line: number; is_live: boolean }[]).map(({ is_live }) => is_live),
  ).toEqual([...works.map(() => true), ...dead.map(() => false)]);
  const lines = await scan([live.key, disabled.key]);
  expect([lines.code, lines.stdout]).toEqual([1, expect.stringContaining('2 keys, of which 1 works')]);
  const none = await scan(dead);
  expect([none.code, none.stdout]).toEqual([0, expect.stringContaining('of which 0 work')]);
});

test('without a database, and beside one that is empty, it says so and calls nothing safe', async () => {
  await using gateway = await spawnGateway();
  const folder = dirname(gateway.dataDir);
  const file = join(folder, 'found.env');
  writeFileSync(file, newKeySecret().key);
  const ran = await turnpike({ dataDir: join(folder, 'nowhere') }, 'scan', '--database', file);
  expect(ran.code).not.toBe(0);
  expect(ran.text).not.toContain('works no more');
});
