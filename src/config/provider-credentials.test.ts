/** How providers are signed in to other than with a key: what turnpike.yaml may say, and what stops the start. */
import { describe, expect, test } from 'bun:test';
import type { ProviderConfig } from './config.ts';
import { ConfigError } from './config-error.ts';
import { createReader } from './environment.ts';
import { parseConfigFile } from './file.ts';

type Written = Record<string, unknown>;

function parse(provider: Written): ProviderConfig {
  const file = { name: 'turnpike.yaml', text: JSON.stringify({ providers: [provider] }) };
  const [made] = parseConfigFile(file, createReader({}, '/')).providers;
  if (made === undefined) throw new Error('there is no provider');
  return made;
}

function problemsOf(provider: Written): string {
  try {
    parse(provider);
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown.problems.join('\n');
    throw thrown;
  }
  throw new Error('the file was accepted');
}

const openai = { slug: 'o', base_url: 'https://api.openai.com/v1' };
const identity = { exchange: 'openai', identity_provider_id: 'idp_1', service_account_id: 'svc_1' };
const anthropic = { slug: 'anthropic', format: 'anthropic', base_url: 'https://api.anthropic.com/v1' };

describe('workload_identity', () => {
  test('needs little more than the ids of the vendor', () => {
    expect(parse({ ...openai, workload_identity: identity }).identity).toEqual({
      exchange: 'openai',
      subject: 'provider:o',
      audience: 'https://api.openai.com/v1',
      tokenUrl: 'https://auth.openai.com/oauth/token',
      identityProviderId: 'idp_1',
      serviceAccountId: 'svc_1',
    });
    const bedrock = parse({
      ...{ slug: 'b', format: 'ai-sdk:@ai-sdk/amazon-bedrock', settings: { region: 'eu-central-1' } },
      workload_identity: { exchange: 'aws', role_arn: 'arn:aws:iam::123456789012:role/turnpike' },
    });
    expect(bedrock.identity).toMatchObject({
      ...{ tokenUrl: 'https://sts.eu-central-1.amazonaws.com/', audience: 'sts.amazonaws.com' },
    });
  });

  test.each<[string, Written, string]>([
    ['an unknown exchange', { exchange: 'okta' }, 'workload_identity.exchange: "okta" is not a choice'],
    [
      'an id that is missing',
      { exchange: 'openai', identity_provider_id: 'x' },
      'service_account_id: is missing',
    ],
    [
      'a key of another exchange',
      { ...identity, role_arn: 'arn:aws:iam::123456789012:role/x' },
      'unknown key "role_arn"',
    ],
    [
      'a token sent in the clear',
      { ...identity, token_url: 'http://auth.example.com/t' },
      'not an https address',
    ],
    [
      'an exchange for another format',
      { exchange: 'aws', role_arn: 'arn:aws:iam::123456789012:role/x' },
      'aws is for ai-sdk:@ai-sdk/amazon-bedrock',
    ],
  ])('%s stops the start', (_, written, problem) => {
    expect(problemsOf({ ...openai, workload_identity: written })).toContain(problem);
  });

  test('and a stored key exclude each other', () => {
    expect(problemsOf({ ...openai, api_key: 'sk-1', workload_identity: identity })).toContain(
      'takes the place of api_key',
    );
    expect(
      problemsOf({
        ...{ slug: 'b', format: 'ai-sdk:@ai-sdk/amazon-bedrock' },
        settings: { region: 'eu-central-1', access_key_id: 'a', secret_access_key: 'b' },
        workload_identity: { exchange: 'aws', role_arn: 'arn:aws:iam::123456789012:role/x' },
      }),
    ).toContain('takes the place of api_key');
  });
});

describe('pass_through_login', () => {
  test('is off unless it is said', () => {
    expect(parse(anthropic).passesLogin).toBeUndefined();
    expect(parse({ ...anthropic, pass_through_login: true }).passesLogin).toBe(true);
  });

  test.each<[string, Written]>([
    ['another slug', { slug: 'claude' }],
    ['another format', { format: 'openai' }],
    ['an address in the clear', { base_url: 'http://proxy.example.com/v1' }],
  ])('with %s stops the start', (_, changes) => {
    expect(problemsOf({ ...anthropic, ...changes, pass_through_login: true })).toContain(
      'pass_through_login',
    );
  });
});
