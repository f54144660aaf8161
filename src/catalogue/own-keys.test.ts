import { expect, test } from 'bun:test';
import { spawnGateway } from '../../test/harness.ts';
import { newKeySecret } from '../auth/key-secret.ts';
import { ConfigError } from '../config/config-error.ts';
import { withoutOwnKeys } from './own-keys.ts';

const OWN = newKeySecret().key;
const isOwnKey = (key: string) => Promise.resolve(key === OWN);

function environment(variables: Record<string, string>) {
  const environmentKeys = (name: string) => variables[name] ?? null;
  return { providers: [], models: [], environmentKeys };
}

test('a variable with a key of this gateway is as if it were not set, and the others are as they were', async () => {
  const ignored: string[] = [];
  const config = await withoutOwnKeys(
    environment({ OPENROUTER_API_KEY: OWN, ANTHROPIC_API_KEY: OWN, OPENAI_API_KEY: 'sk-proj-1' }),
    { isOwnKey, onIgnored: (variable) => ignored.push(variable) },
  );
  expect(ignored.sort()).toEqual(['ANTHROPIC_API_KEY', 'OPENROUTER_API_KEY']);
  expect(['OPENROUTER_API_KEY', 'ANTHROPIC_API_KEY', 'OPENAI_API_KEY'].map(config.environmentKeys)).toEqual([
    null,
    null,
    'sk-proj-1',
  ]);
});

test('a key of this gateway that turnpike.yaml gives to a provider is a mistake in it', async () => {
  const provider = {
    slug: 'acme',
    name: 'Acme',
    format: 'openai' as const,
    baseUrl: 'http://127.0.0.1:9/v1',
    apiKey: OWN,
    training: false,
    retainsPrompts: false,
    stopsWhenCancelled: true,
  };
  const made = withoutOwnKeys(
    { ...environment({}), providers: [provider] },
    { isOwnKey, onIgnored: () => {} },
  );
  const thrown = await made.catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(ConfigError);
  expect(String(thrown)).toContain('providers[0].api_key');
  expect(String(thrown)).not.toContain(OWN);
});

test('who starts the gateway where a client keeps its key switches no provider on with it', async () => {
  await using gateway = await spawnGateway({
    env: { TURNPIKE_BOOTSTRAP_MANAGEMENT_KEY: OWN, OPENROUTER_API_KEY: OWN },
  });
  expect(gateway.stderr).toContain('own_key_ignored');
  expect(gateway.stderr).not.toContain(OWN);
  const models = await (await fetch(`${gateway.baseUrl}/models`)).text();
  expect(models).toContain('turnpike/echo');
  expect(models).not.toContain('anthropic/');
});
