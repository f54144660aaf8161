import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ModelConfig } from '../config/config.ts';
import { run } from './catalogue.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'turnpike-catalogue-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const overpriced: ModelConfig = {
  id: 'openai/gpt-4o',
  name: null,
  description: null,
  created: null,
  contextLength: null,
  maxCompletionTokens: null,
  inputModalities: null,
  outputModalities: null,
  supportedParameters: null,
  distillableText: null,
  endpoints: [
    {
      provider: 'openai',
      model: null,
      tag: null,
      pricing: { prompt: '0.1', completion: '0.00001' },
      pricingOverrides: [],
      contextLength: null,
      maxCompletionTokens: null,
      quantization: null,
      supportedParameters: null,
    },
  ],
};

async function runWith(args: string[], models: ModelConfig[], variables: string[]) {
  const lines: string[] = [];
  const config = {
    providers: [],
    models,
    dataDir,
    environmentKeys: (name: string) => (variables.includes(name) ? 'k' : null),
  };
  const code = await run(args, { config, print: (line) => lines.push(line) });
  return { code, lines };
}

test('an unknown command prints the usage and exits 2', async () => {
  const { code, lines } = await runWith(['synch'], [], []);
  expect(code).toBe(2);
  expect(lines[0]).toStartWith('Usage:');
});

test('list shows the built-in model and its price', async () => {
  const { code, lines } = await runWith(['list'], [], []);
  expect(code).toBe(0);
  expect(lines[1]).toBe('turnpike/echo  turnpike  0       0');
});

test('check exits 1 where turnpike.yaml disagrees with the lists, and names the price', async () => {
  const { code, lines } = await runWith(['check'], [overpriced], ['OPENAI_API_KEY']);
  expect(code).toBe(1);
  const line = lines.find((text) => /^openai\/gpt-4o +openai +prompt/.test(text));
  expect(line).toMatch(/0\.0000025 +0\.0000025 +0\.1$/);
});

test('check exits 0 where only the lists disagree', async () => {
  const { code } = await runWith(['check'], [], ['OPENAI_API_KEY']);
  expect(code).toBe(0);
});

describe('sync', () => {
  /** A list of one model of OpenAI's, at this price a million tokens. */
  function fileOf(input_mtok: unknown): string {
    const path = join(dataDir, 'new-prices.json');
    const models = [{ id: 'gpt-4o', match: { equals: 'gpt-4o' }, prices: { input_mtok, output_mtok: 12 } }];
    writeFileSync(path, JSON.stringify([{ id: 'openai', name: 'OpenAI', api_pattern: '', models }]));
    return path;
  }
  const syncFile = (path: string) => runWith(['sync', path], [], ['OPENAI_API_KEY']);

  test('of a file shows what changes, and from then on those are the prices', async () => {
    const { code, lines } = await syncFile(fileOf(3));
    expect(code).toBe(0);
    expect(lines.find((line) => /^openai\/gpt-4o +openai +prompt /.test(line))).toMatch(
      /0\.0000025 +0\.000003$/,
    );
    expect(lines.at(-1)).toContain('within seconds');
    const listed = await runWith(['list'], [], ['OPENAI_API_KEY']);
    expect(listed.lines.find((line) => /^openai\/gpt-4o +openai/.test(line))).toMatch(
      /0\.000003 +0\.000012$/,
    );
    expect((await syncFile(fileOf(3))).lines[0]).toBe('No price changes.');
  });

  test('of the data package goes back to its prices', async () => {
    await syncFile(fileOf(3));
    const { code, lines } = await runWith(['sync'], [], ['OPENAI_API_KEY']);
    expect(code).toBe(0);
    expect(lines.find((line) => /^openai\/gpt-4o +openai +prompt /.test(line))).toMatch(
      /0\.000003 +0\.0000025$/,
    );
    const listed = await runWith(['list'], [], ['OPENAI_API_KEY']);
    expect(listed.lines.find((line) => /^openai\/gpt-4o +openai/.test(line))).toContain('0.0000025');
  });

  test('of a file that is wrong says where, and changes nothing', async () => {
    const { code, lines } = await syncFile(fileOf(-3));
    expect(code).toBe(1);
    expect(lines).toEqual(['providers[0].models[0].prices.input_mtok: must be a price in USD, at least 0']);
    expect((await syncFile(join(dataDir, 'nowhere.json'))).lines[0]).toEndWith('cannot be read: ENOENT');
    expect(readdirSync(dataDir)).toEqual(['new-prices.json']);
  });

  test('takes the place of one that cannot be read, which every other command refuses', async () => {
    writeFileSync(join(dataDir, 'price-list.json'), '{"from":"file","provid');
    const { code, lines } = await runWith(['list'], [], []);
    expect([code, lines[0]]).toEqual([
      1,
      expect.stringContaining('write it anew with `turnpike catalogue sync`'),
    ]);
    expect((await runWith(['sync'], [], [])).code).toBe(0);
    expect((await runWith(['list'], [], [])).code).toBe(0);
  });
});
