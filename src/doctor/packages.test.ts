import { expect, test } from 'bun:test';
import type { ProviderConfig } from '../config/config.ts';
import { packages } from './packages.ts';

const provider = (slug: string, packageName: string, apiKey: string | null): ProviderConfig => ({
  slug,
  name: slug,
  format: 'ai-sdk',
  sdk: { slug, packageName, settings: {} },
  baseUrl: '',
  apiKey,
  training: true,
  retainsPrompts: true,
  stopsWhenCancelled: true,
});

test('a package that can be used is named, and one that cannot stops a start', async () => {
  const found = await packages({
    providers: [
      provider('cohere', '@ai-sdk/cohere', 'a-key'),
      provider('bedrock', '@ai-sdk/amazon-bedrock', 'a-key'),
    ],
    environmentKeys: () => null,
  });
  expect(found.map(({ level, text }) => [level, text])).toEqual([
    ['ok', '@ai-sdk/cohere can be loaded'],
    ['FAIL', 'provider "bedrock": set settings.region, or AWS_REGION'],
  ]);
});

test('where none is configured, nothing is said', async () => {
  expect(await packages({ providers: [], environmentKeys: () => null })).toEqual([]);
});
