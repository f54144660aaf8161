/** The harness itself: that it starts, can be killed, comes back on its data, and leaves nothing behind. */
import { expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { spawnGateway, startGateway } from './harness.ts';

async function hello(baseUrl: string, apiKey: string): Promise<Response> {
  return await fetch(`${baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'acme/small', messages: [{ role: 'user', content: 'Hello there' }] }),
  });
}

for (const engine of ['sqlite', 'postgres'] as const) {
  test(`a gateway on ${engine} answers a chat and leaves neither files nor a port behind`, async () => {
    const running = await startGateway({ engine });
    const answer = await hello(running.baseUrl, running.apiKey);
    expect(answer.status).toBe(200);
    expect(running.provider.requests).toHaveLength(1);
    await running.stop();
    expect(existsSync(running.dataDir)).toBe(false);
    expect(await fetch(running.url).catch(() => 'refused')).toBe('refused');
  });
}

test('a spawned gateway keeps its key and its generations over a SIGKILL', async () => {
  await using spawned = await spawnGateway();
  const answer = await hello(spawned.baseUrl, spawned.apiKey);
  const id = answer.headers.get('x-generation-id');
  expect(await spawned.kill('SIGKILL')).toBe(null);
  await spawned.restart();
  const found = await fetch(`${spawned.baseUrl}/generation?id=${id}`, {
    headers: { authorization: `Bearer ${spawned.apiKey}` },
  });
  expect(found.status).toBe(200);
  expect(await spawned.kill('SIGTERM')).toBe(0);
});
