/** What others on the machine can do with the files of a gateway. */
import { expect, test } from 'bun:test';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { spawnGateway } from '../../harness.ts';
import { chat } from '../faults/bench.ts';

test('nobody else on the machine may read or write a file of a gateway, whatever its umask', async () => {
  const before = process.umask(0);
  try {
    await using gateway = await spawnGateway();
    await (await chat(gateway, { model: 'acme/small' })).text();
    await gateway.kill('SIGKILL');
    await gateway.restart();
    const names = ['.', ...readdirSync(gateway.dataDir, { recursive: true }).map(String)];
    expect(names).toEqual(expect.arrayContaining(['master.key', 'turnpike.sqlite', 'journal', 'node-id']));
    expect(names.filter((name) => name.startsWith(join('journal', ''))).length).toBeGreaterThan(1);
    const open = names.filter((name) => (statSync(join(gateway.dataDir, name)).mode & 0o077) !== 0);
    expect(open).toEqual([]);
  } finally {
    process.umask(before);
  }
});
