/** `turnpike byok` beside a running gateway, which follows it. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type SpawnedGateway, spawnGateway } from '../../test/harness.ts';
import { turnpike } from '../../test/turnpike.ts';

const SECRET = 'sk-own-cli-0123456789abWxYz';
let gateway: SpawnedGateway;
beforeAll(async () => {
  gateway = await spawnGateway();
}, 120_000);
afterAll(() => gateway?.stop());

const byok = (...args: string[]) => turnpike({ dataDir: gateway.dataDir }, 'byok', ...args);

async function paysOwn(): Promise<boolean> {
  const answer = await fetch(`${gateway.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'acme/small', messages: [{ role: 'user', content: 'Hi' }] }),
  });
  return ((await answer.json()) as { usage: { is_byok: boolean } }).usage.is_byok;
}

async function becomes(expected: boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while ((await paysOwn()) !== expected) {
    if (Date.now() > deadline) throw new Error(`it did not become ${expected}`);
    await Bun.sleep(100);
  }
}

test('a key is added from a file, used, switched off, rotated and deleted, and never printed', async () => {
  const file = join(gateway.dataDir, '..', 'provider.key');
  writeFileSync(file, `${SECRET}\n`);
  expect((await byok('list')).stdout).toContain('There are no keys');
  const added = await byok('add', '--provider', 'acme', '--key-file', file, '--name', 'Ours', '--required');
  expect([added.code, added.stdout]).toEqual([0, expect.stringContaining('sk-...WxYz')]);
  const id = added.stdout.split(' ')[0] ?? '';
  await becomes(true);
  expect((await byok('list')).stdout).toContain(`${id}  acme  sk-...WxYz  required  on  Ours`);
  expect((await byok('disable', id)).code).toBe(0);
  await becomes(false);
  expect((await byok('enable', id)).code).toBe(0);
  await becomes(true);
  writeFileSync(file, 'sk-own-cli-9876543210zyXwVu');
  expect((await byok('rotate', id, '--key-file', file)).stdout).toContain('sk-...XwVu');
  expect((await byok('delete', id)).code).toBe(0);
  await becomes(false);
  expect((await byok('delete', id)).code).toBe(1);
}, 120_000);

test('what makes no sense is refused, and a secret among the arguments is not repeated', async () => {
  for (const args of [
    ['add'],
    ['add', '--provider', 'acme'],
    ['nothing'],
    ['list', 'x'],
    ['add', `--key=${SECRET}`],
  ]) {
    const { code, text } = await byok(...args);
    expect(code).toBe(2);
    expect(text).toContain('usage: turnpike byok');
    expect(text).not.toContain(SECRET);
  }
  const missing = await byok('add', '--provider', 'acme', '--key-file', '/nowhere/at/all');
  expect([missing.code, missing.text]).toEqual([2, expect.stringContaining('cannot be read')]);
}, 120_000);
