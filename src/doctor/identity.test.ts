import { expect, test } from 'bun:test';
import type { ProviderConfig } from '../config/config.ts';
import { identityFindings } from './identity.ts';

const provider = (identity: object | null): ProviderConfig =>
  ({ slug: 'signed', ...(identity === null ? {} : { identity }) }) as ProviderConfig;

test('an issuer that vendors can reach is named, and one that they cannot is warned of', () => {
  const providers = [provider({ exchange: 'openai' })];
  expect(identityFindings({ providers, publicUrl: 'https://llm.example.com' })).toMatchObject([
    {
      check: 'workload identity',
      level: 'ok',
      text: expect.stringContaining('https://llm.example.com/api/v1/identity'),
    },
  ]);
  expect(identityFindings({ providers, publicUrl: 'http://127.0.0.1:4141' })).toMatchObject([
    { level: 'warn' },
  ]);
});

test('nothing is said where every provider has a key', () => {
  expect(identityFindings({ providers: [provider(null)], publicUrl: 'http://x' })).toEqual([]);
});
