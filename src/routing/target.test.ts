import { expect, test } from 'bun:test';
import { quirksOf } from '../providers/vendors.ts';
import { endpointOf, providerOf } from './__fixtures__/endpoints.ts';
import { targetOf } from './target.ts';

const historyOf = (baseUrl: string, supportedParameters: string[]) => {
  const provider = { ...providerOf(), baseUrl, quirks: quirksOf(baseUrl) };
  return targetOf({ ...endpointOf({ provider }), supportedParameters }).quirks.reasoningHistory;
};

test('thoughts go back to a strict vendor for a model that thinks, and for one of which nothing is known', () => {
  for (const baseUrl of ['https://api.groq.com/openai/v1', 'https://api.cerebras.ai/v1']) {
    expect(historyOf(baseUrl, ['temperature', 'reasoning'])).toBe('reasoning');
    expect(historyOf(baseUrl, [])).toBe('reasoning');
    expect(historyOf(baseUrl, ['temperature'])).toBe('none');
  }
});

test('thoughts go back to any other vendor, whatever its model is said to take', () => {
  expect(historyOf('https://api.deepseek.com', ['temperature'])).toBe('reasoning_content');
  expect(historyOf('https://api.mistral.ai/v1', ['temperature'])).toBe('thinking_parts');
  expect(historyOf('https://api.together.xyz/v1', ['temperature'])).toBe('reasoning');
});

test('a target is made once for an endpoint', () => {
  const endpoint = endpointOf();
  expect(targetOf(endpoint)).toBe(targetOf(endpoint));
});
