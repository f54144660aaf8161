import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { sqlitePath } from '../../../src/storage/database-files.ts';
import { OWNER, tokenOf, Visitor } from '../../accounts.ts';
import { type SpawnedGateway, spawnGateway } from '../../harness.ts';

const LINK = /Create the owner's account \(one-time link\): (\S+)/g;

/** Printed a moment after the gateway is ready. */
async function setupLinks(gateway: SpawnedGateway, count: number): Promise<string[]> {
  for (;;) {
    const links = [...gateway.stdout.matchAll(LINK)].map((match) => match[1] ?? '');
    if (links.length >= count) return links;
    await Bun.sleep(20);
  }
}

test('each start without an owner prints a fresh link and voids the one before; with an owner there is none', async () => {
  await using gateway = await spawnGateway();
  const [first = ''] = await setupLinks(gateway, 1);
  expect(first).toStartWith(`${gateway.url}/setup?token=`);
  await gateway.kill('SIGTERM');
  await gateway.restart();
  const [, second = ''] = await setupLinks(gateway, 2);
  expect(second).not.toBe(first);
  const visitor = new Visitor(gateway.url);
  const signUp = (link: string) =>
    visitor.post('/api/auth/sign-up/email', { ...OWNER, invitation_token: tokenOf(link) });
  expect((await signUp(first)).status).toBe(403);
  expect((await signUp(second)).status).toBe(200);
  expect(await visitor.session()).toMatchObject({ account: { role: 'owner' } });

  const serves = () => gateway.stdout.match(/Turnpike serves/g)?.length ?? 0;
  await gateway.kill('SIGTERM');
  await gateway.restart();
  await gateway.kill('SIGTERM');
  expect(serves()).toBe(3);
  expect(await setupLinks(gateway, 2)).toHaveLength(2);
  for (const link of [first, second]) expect(gateway.stderr).not.toContain(tokenOf(link));
  // Gateways inside of tests hash passwords cheaply; a real one does not.
  using database = new Database(sqlitePath(gateway.dataDir), { readonly: true });
  const [row] = database.query<{ password: string }, []>('SELECT password FROM sign_in_method').all();
  expect(row?.password).toStartWith('$argon2id$v=19$m=19456,t=2,p=1$');
}, 120_000);
