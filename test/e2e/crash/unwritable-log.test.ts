/** A disk that is full for the log alone: lines are lost, requests are not. */
import { expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFakeProvider } from '../../fake-provider/server.ts';
import { freePort } from '../../free-port.ts';
import { configText } from '../../harness.ts';
import { testedProgram } from '../../turnpike.ts';
import { chat, getJson, until } from '../faults/bench.ts';

const KEY = /sk-or-v1-[0-9a-f]{64}/;

test('a gateway whose log cannot be written serves, records and stops as ever', async () => {
  await using stack = new AsyncDisposableStack();
  const directory = stack.adopt(mkdtempSync(join(tmpdir(), 'turnpike-log-')), (path) =>
    rmSync(path, { recursive: true, force: true }),
  );
  const provider = stack.adopt(startFakeProvider(), (fake) => fake.stop());
  writeFileSync(join(directory, 'turnpike.yaml'), JSON.stringify(configText(provider)));
  const port = await freePort();
  const child = Bun.spawn([process.execPath, '--no-orphans', await testedProgram(), 'serve'], {
    cwd: directory,
    env: {
      PATH: process.env['PATH'] ?? '',
      TURNPIKE_PORT: String(port),
      TURNPIKE_DATA_DIR: join(directory, 'data'),
      TURNPIKE_LOG_LEVEL: 'debug',
    },
    // Every write to it fails with ENOSPC.
    stdio: ['ignore', 'pipe', Bun.file('/dev/full')],
  });
  stack.defer(() => child.kill('SIGKILL'));
  let said = '';
  void (async () => {
    for await (const bytes of child.stdout) said += Buffer.from(bytes).toString();
  })();
  const baseUrl = `http://127.0.0.1:${port}/api/v1`;
  expect(await until(() => KEY.test(said) || child.exitCode !== null)).toBe(true);
  const caller = { baseUrl, apiKey: KEY.exec(said)?.[0] ?? '' };
  const isReady = async () =>
    (await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => null))?.status === 200;
  expect(await until(isReady)).toBe(true);

  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, n) => chat(caller, { model: 'acme/small', stream: n % 2 === 0 })),
  );
  for (const answer of answers) {
    expect(answer.status).toBe(200);
    await answer.text();
  }
  // A failure is what a log is for, and no reason for another one.
  const failed = await chat(caller, { model: 'acme/small', fake: { status: 500 } });
  expect(failed.status).toBe(502);
  for (const answer of answers) {
    const { data } = await getJson(caller, `/generation?id=${answer.headers.get('x-generation-id')}`);
    expect(data.total_cost).toBeGreaterThan(0);
  }
  child.kill('SIGTERM');
  expect(await child.exited).toBe(0);
});
