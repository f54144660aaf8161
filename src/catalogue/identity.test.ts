import { expect, test } from 'bun:test';
import { canonicalId, compareVersions, familyPlace, knownIds } from './identity.ts';

const known = knownIds([
  'anthropic/claude-sonnet-4',
  'anthropic/claude-sonnet-4.5',
  'anthropic/claude-3.7-sonnet',
  'openai/gpt-4o',
  'openai/gpt-4o-2024-05-13',
  'meta-llama/llama-3.3-70b-instruct',
  'z-ai/glm-4.5-air',
  'qwen/qwen3-coder',
  'deepseek/deepseek-chat-v3-0324',
  '~openai/gpt-latest',
]);

function idOf(upstream: string, author: string | null = null, upstreamPrefix = ''): string {
  const origin = { defaultAuthor: author, fallbackAuthor: 'someone', upstreamPrefix };
  return canonicalId(upstream, origin, known).id;
}

test('dates and dashes in an upstream name are set aside', () => {
  expect(idOf('claude-sonnet-4-20250514', 'anthropic')).toBe('anthropic/claude-sonnet-4');
  expect(idOf('claude-sonnet-4-5-20250929', 'anthropic')).toBe('anthropic/claude-sonnet-4.5');
  expect(idOf('claude-3-7-sonnet-20250219', 'anthropic')).toBe('anthropic/claude-3.7-sonnet');
  expect(idOf('gpt-4o-2024-08-06', 'openai')).toBe('openai/gpt-4o');
});

test('a dated version that has an id of its own keeps it', () => {
  expect(idOf('gpt-4o-2024-05-13', 'openai')).toBe('openai/gpt-4o-2024-05-13');
});

test('hosts of other authors’ models lead to the same ids', () => {
  expect(idOf('llama-3.3-70b-versatile')).toBe('meta-llama/llama-3.3-70b-instruct');
  expect(idOf('meta-llama/Llama-3.3-70B-Instruct-Turbo')).toBe('meta-llama/llama-3.3-70b-instruct');
  expect(idOf('zai-org/GLM-4.5-Air')).toBe('z-ai/glm-4.5-air');
  expect(idOf('Qwen/Qwen3-Coder-480B-A35B-Instruct-FP8')).toBe('qwen/qwen3-coder');
  const fireworks = 'accounts/fireworks/models/';
  expect(idOf(`${fireworks}glm-4p5-air`, null, fireworks)).toBe('z-ai/glm-4.5-air');
  expect(idOf(`${fireworks}deepseek-v3-0324`, null, fireworks)).toBe('deepseek/deepseek-v3-0324');
});

test('a model that nobody else knows is named after its author, or its provider', () => {
  expect(idOf('Brand-New')).toBe('someone/brand-new');
  expect(idOf('gpt-99', 'openai')).toBe('openai/gpt-99');
});

test('a family is the words of a name, its version the numbers', () => {
  expect(familyPlace('claude-opus-4.5')).toEqual({ family: 'claude-opus', version: [4, 5] });
  expect(familyPlace('claude-3.5-sonnet')).toEqual({ family: 'claude-sonnet', version: [3, 5] });
  expect(familyPlace('gemini-2.5-pro-preview')).toEqual({ family: 'gemini-pro', version: [2, 5] });
  expect(familyPlace('gpt-4o:free')).toBeNull();
  expect(compareVersions([4, 10], [4, 9])).toBeGreaterThan(0);
  expect(compareVersions([5], [4, 9])).toBeGreaterThan(0);
});
