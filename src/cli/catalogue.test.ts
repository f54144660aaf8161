import { expect, test } from 'bun:test';
import type { ModelConfig } from '../config/config.ts';
import { run } from './catalogue.ts';

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
    environmentKeys: (name: string) => (variables.includes(name) ? 'k' : null),
  };
  const code = await run(args, { config, print: (line) => lines.push(line) });
  return { code, lines };
}

test('an unknown command prints the usage and exits 2', async () => {
  const { code, lines } = await runWith(['sync'], [], []);
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
