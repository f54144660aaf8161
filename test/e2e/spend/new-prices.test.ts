/** New prices for a gateway that runs: what is asked after a sync costs what the new list says, to the nano-USD. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../../src/cli/catalogue.ts';
import { type FakeProvider, startFakeProvider } from '../../fake-provider/server.ts';
import { startGateway, type TestGateway } from '../../harness.ts';
import { until } from '../faults/bench.ts';

const model = 'openai/gpt-4o';

let openAi: FakeProvider;
let bench: TestGateway;
beforeAll(async () => {
  openAi = startFakeProvider();
  const provider = { slug: 'openai', base_url: openAi.baseUrl, api_key: 'sk-fake' };
  bench = await startGateway({ config: { providers: [provider] } });
});
afterAll(async () => {
  await bench?.stop();
  openAi?.stop();
});

async function priceListed(): Promise<string> {
  const row = (await (await fetch(`${bench.baseUrl}/models/${model}`)).json()) as {
    pricing: { prompt: string };
  };
  return row.pricing.prompt;
}

async function usageOf(): Promise<{ prompt_tokens: number; completion_tokens: number; cost: number }> {
  const answer = await fetch(`${bench.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bench.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'one two three' }] }),
  });
  return ((await answer.json()) as { usage: Awaited<ReturnType<typeof usageOf>> }).usage;
}

test('without a restart, in the listing and in the bill', async () => {
  expect(await priceListed()).toBe('0.0000025');
  const before = await usageOf();
  expect(before.cost).toBe((before.prompt_tokens * 2500 + before.completion_tokens * 10_000) / 1e9);
  const path = join(bench.dataDir, 'new.json');
  const models = [{ id: 'gpt-4o', match: { equals: 'gpt-4o' }, prices: { input_mtok: 3, output_mtok: 12 } }];
  writeFileSync(path, JSON.stringify([{ id: 'openai', models }]));
  const lines: string[] = [];
  expect(await run(['sync', path], { config: bench.config, print: (line) => lines.push(line) })).toBe(0);
  expect(lines.find((line) => /^openai\/gpt-4o +openai +prompt /.test(line))).toMatch(
    /0\.0000025 +0\.000003$/,
  );
  await until(async () => (await priceListed()) !== '0.0000025');
  expect(await priceListed()).toBe('0.000003');
  const after = await usageOf();
  expect(after.cost).toBe((after.prompt_tokens * 3000 + after.completion_tokens * 12_000) / 1e9);
  expect(bench.logLines.some((line) => line.includes('catalogue_reloaded'))).toBe(true);
});
