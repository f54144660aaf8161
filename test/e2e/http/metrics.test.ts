/** Who may read the figures of a gateway, what stands in them, and that no caller can add to their names. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { parse } from 'yaml';
import { type SpawnedGateway, spawnGateway } from '../../harness.ts';
import { chat } from '../faults/bench.ts';
import { sendRaw } from './raw.ts';

const TOKEN = 'a-token-for-prometheus';

/** Of Prometheus' own there is only `up`. */
const NAMES = /\b(?:turnpike|process)_[a-z_]+/g;

let near: SpawnedGateway;
let exposed: SpawnedGateway;
let guarded: SpawnedGateway;
beforeAll(async () => {
  [near, exposed, guarded] = await Promise.all([
    spawnGateway(),
    spawnGateway({ env: { TURNPIKE_HOST: '0.0.0.0' } }),
    spawnGateway({ env: { TURNPIKE_HOST: '0.0.0.0', TURNPIKE_METRICS_TOKEN: TOKEN } }),
  ]);
});
afterAll(async () => {
  for (const gateway of [near, exposed, guarded]) await gateway.stop();
});

const read = (gateway: SpawnedGateway, headers: Record<string, string> = {}) =>
  fetch(`${gateway.url}/metrics`, { headers });

describe('the figures', () => {
  test('are open to programs of the same machine alone, and to no page in a browser', async () => {
    const answer = await read(near);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    const preflight = await fetch(`${near.url}/metrics`, { method: 'OPTIONS' });
    expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
    expect((await fetch(`${near.url}/health/live`)).headers.get('access-control-allow-origin')).toBeNull();
    expect((await fetch(`${near.url}/api/v1/models`)).headers.get('access-control-allow-origin')).toBe('*');
    expect((await fetch(`${near.url}/api/v1/nothing`)).headers.get('access-control-allow-origin')).toBe('*');
  });

  test.each(['x-forwarded-for', 'forwarded', 'x-real-ip', 'via'])(
    'are not there for who comes by a proxy that adds %s',
    async (name) => {
      expect((await read(near, { [name]: '203.0.113.7' })).status).toBe(404);
    },
  );

  test('are not there for a page whose own name was made to lead to this machine', async () => {
    const { port } = new URL(near.url);
    const ask = async (host: string) => {
      const head = `GET /metrics HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
      return (await sendRaw(near.url, [head])).status;
    };
    for (const ours of [`127.0.0.1:${port}`, `localhost:${port}`, `LOCALHOST:${port}`, `[::1]:${port}`])
      expect([ours, await ask(ours)]).toEqual([ours, 200]);
    for (const theirs of ['page.example', '127.0.0.1.page.example', 'localhost.page.example', '192.0.2.1'])
      expect([theirs, await ask(`${theirs}:${port}`)]).toEqual([theirs, 404]);
  });

  test('are not there where others can connect and no token is set', async () => {
    const answer = await read(exposed);
    expect(answer.status).toBe(404);
    expect(await answer.text()).not.toContain('process_');
    expect((await read(exposed, { authorization: `Bearer ${exposed.managementKey}` })).status).toBe(404);
  });

  test('are shown to whoever has the token, by a proxy too, and to nobody else', async () => {
    const authorization = `Bearer ${TOKEN}`;
    expect((await read(guarded, { authorization })).status).toBe(200);
    expect((await read(guarded, { authorization, 'x-forwarded-for': '203.0.113.7' })).status).toBe(200);
    for (const wrong of ['Bearer x', TOKEN, `Bearer ${TOKEN}x`, `Bearer ${guarded.managementKey}`]) {
      const refused = await read(guarded, { authorization: wrong });
      expect(refused.status).toBe(401);
      expect(refused.headers.get('www-authenticate')).toStartWith('Bearer');
    }
    expect((await read(guarded)).status).toBe(401);
  });

  test('are what the example’s alerts ask for, with the labels that they pick', async () => {
    const rules = await Bun.file(join(import.meta.dir, '../../../examples/prometheus/rules.yml')).text();
    const body = { messages: [{ role: 'user', content: '!fake {"status":500}' }] };
    expect((await chat(near, { model: 'acme/small', body })).status).toBe(502);
    const shown = await (await read(near)).text();
    const { groups } = parse(rules) as { groups: { rules: { expr: string }[] }[] };
    const asked = groups.flatMap((group) => group.rules).flatMap(({ expr }) => expr.match(NAMES) ?? []);
    expect(asked.length).toBeGreaterThan(8);
    for (const name of asked) expect(shown).toContain(`# TYPE ${name.replace(/_bucket$/, '')} `);
    expect(shown).toMatch(/^turnpike_generations_total\{provider="acme",outcome="failed"\} 1$/m);
    expect(shown).toMatch(/^turnpike_http_answers_total\{route="[^"]+",status="502"\} 1$/m);
  });

  test('tell of the process and of its event loop', async () => {
    const shown = await (await read(near)).text();
    const figure = (line: RegExp) => Number(line.exec(shown)?.[1] ?? Number.NaN);
    expect(figure(/^process_cpu_seconds_total ([\d.e-]+)$/m)).toBeGreaterThan(0);
    expect(figure(/^process_resident_memory_bytes (\d+)$/m)).toBeGreaterThan(10_000_000);
    expect(figure(/^process_open_fds (\d+)$/m)).toBeGreaterThan(3);
    expect(figure(/^process_max_fds (\d+)$/m)).toBeGreaterThan(100);
    expect(figure(/^process_start_time_seconds ([\d.]+)$/m)).toBeGreaterThan(1.7e9);
    expect(shown).toMatch(/^turnpike_build_info\{version="[\d.]+",bun="[\d.]+"\} 1$/m);
    // The label is a summary's alone, to those who check what they scrape.
    expect(shown).toContain('# TYPE turnpike_event_loop_delay_seconds summary\n');
    expect(figure(/^turnpike_event_loop_delay_seconds\{quantile="0.99"\} ([\d.e-]+)$/m)).toBeGreaterThan(0);
  });

  test('have as many names as there are routes and providers, whatever callers ask for', async () => {
    const namesOf = async () =>
      (await (await read(near)).text())
        .split('\n')
        .filter((line) => line.startsWith('turnpike_'))
        .map((line) => line.replace(/ \S+$/, ''));
    const ask = async (n: number) => {
      await fetch(`${near.url}/api/v1/${n}`);
      await fetch(`${near.url}/api/v1/models/a${n}/b${n}`);
      await fetch(`${near.url}/api/v1/models`, { method: 'DELETE' });
      await (await chat(near, { model: `nobody/model-${n}`, body: { user: `u${n}` } })).text();
      await (await chat(near, { model: 'turnpike/echo', body: { user: `u${n}` } })).text();
    };
    await ask(0);
    await read(near);
    const before = await namesOf();
    for (let n = 1; n < 20; n += 1) await ask(n);
    expect(await namesOf()).toEqual(before);
  });
});
