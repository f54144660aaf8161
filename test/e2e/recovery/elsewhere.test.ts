/** Commands in a shell that lacks the gateway's variables: they find no installation, and must not begin one. */
import { afterAll, expect, test } from 'bun:test';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { turnpike } from '../../turnpike.ts';

const elsewhere = mkdtempSync(join(tmpdir(), 'turnpike-elsewhere-'));
afterAll(() => rmSync(elsewhere, { recursive: true, force: true }));
const dataDir = join(elsewhere, 'data');
const masterKey = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64');

test.each([
  { command: 'keys list' },
  { command: 'keys create --name one' },
  { command: 'users list' },
  { command: 'credits show' },
  { command: 'ledger verify' },
  { command: 'nodes list' },
  { command: 'recover lost-journal' },
  { command: 'backup copy.sqlite' },
])('$command makes nothing where no gateway has been, and says what it lacks', async ({ command }) => {
  for (const env of [{}, { TURNPIKE_MASTER_KEY: masterKey }]) {
    const { code, text } = await turnpike({ dataDir, env }, ...command.split(' '));
    expect(code).toBe(1);
    expect(text).toContain(
      'start the gateway once, or give this command the variables and the directory of the one that runs',
    );
    expect(readdirSync(elsewhere)).toEqual([]);
  }
});

test('what needs no installation goes on without one', async () => {
  expect((await turnpike({ dataDir }, 'catalogue', 'list')).code).toBe(0);
});
