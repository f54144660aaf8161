/** A process that may open no more files: that is this machine's trouble, and no provider is blamed for it. */
import { expect, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { type SpawnedGateway, spawnGateway } from '../../harness.ts';
import { chat, type Json } from '../faults/bench.ts';

function allowFiles({ pid }: SpawnedGateway, more: number): void {
  const open = readdirSync(`/proc/${pid}/fd`).length;
  const ran = spawnSync('prlimit', ['--pid', String(pid), `--nofile=${open + more}:`]);
  expect(ran.status).toBe(0);
}

test('without a descriptor for another connection a request is refused as ours, with 503, and the provider stays in use', async () => {
  await using gateway = await spawnGateway();
  const ask = async () => {
    const response = await chat(gateway, { model: 'acme/small' });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Json };
  };
  allowFiles(gateway, 30);
  const answers = await Promise.all(Array.from({ length: 40 }, ask));
  const refused = answers.filter(({ status }) => status !== 200);
  expect(refused.length).toBeGreaterThan(0);
  for (const { status, headers, body } of refused) {
    expect([status, Number(headers.get('retry-after'))]).toEqual([503, 1]);
    expect(body.error.message).toContain('This gateway');
  }
  allowFiles(gateway, 1000);
  expect((await ask()).status).toBe(200);
});

test('started without the script that lifts the cap on outgoing requests, it says so', async () => {
  await using capped = await spawnGateway({ env: { BUN_CONFIG_MAX_HTTP_REQUESTS: '' } });
  expect(capped.stderr).toContain('"event":"outgoing_requests_capped","most":256');
  await using lifted = await spawnGateway();
  expect(lifted.stderr).not.toContain('outgoing_requests_capped');
});
