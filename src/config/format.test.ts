import { describe, expect, test } from 'bun:test';
import { ConfigError } from './config-error.ts';
import { createReader } from './environment.ts';
import { parseConfigFile } from './file.ts';

const parse = (lines: string, variables: Readonly<Record<string, string>> = {}) =>
  parseConfigFile(
    { name: 'turnpike.yaml', text: `providers:\n  - slug: acme\n${lines}` },
    createReader(variables, '/'),
  ).providers[0];

function problemsOf(lines: string): string[] {
  try {
    parse(lines);
  } catch (error) {
    if (error instanceof ConfigError)
      return error.problems.map((problem) => problem.replace('turnpike.yaml:', ''));
    throw error;
  }
  throw new Error('the file was accepted');
}

const bedrock = '    format: ai-sdk:@ai-sdk/amazon-bedrock\n';

test('a provider behind a package needs no address, and keeps its settings', () => {
  const provider = parse(
    `${bedrock}    settings:\n      region: eu-central-1\n      secret_access_key: \${AWS_SECRET}\n`,
    { AWS_SECRET: 'canary' },
  );
  expect(provider).toMatchObject({
    format: 'ai-sdk',
    baseUrl: '',
    sdk: {
      slug: 'acme',
      packageName: '@ai-sdk/amazon-bedrock',
      settings: { region: 'eu-central-1', secret_access_key: 'canary' },
    },
    quirks: { reasoning: 'budget' },
  });
});

describe('a mistake is told with its line and the fix', () => {
  test.each([
    ['    format: openai\n', '2: providers[0].base_url: is missing'],
    ['    name: Acme\n', '2: providers[0].base_url: is missing'],
    [
      `${bedrock}    settings:\n      regoin: eu-central-1\n`,
      '5: providers[0].settings.regoin: unknown setting; did you mean "region"?',
    ],
    [
      `${bedrock}    settings:\n      api_key: canary\n`,
      '5: providers[0].settings.api_key: unknown setting; this format takes region, access_key_id, secret_access_key, session_token',
    ],
    [
      `${bedrock}    settings:\n      region: 7\n`,
      '5: providers[0].settings.region: must be a text; put it in quotes',
    ],
    [
      '    format: ai-sdk:@ai-sdk/azure\n    settings:\n      deployment_urls: "yes"\n',
      '5: providers[0].settings.deployment_urls: must be true or false',
    ],
    [
      '    format: ai-sdk:@ai-sdk/google-vertex\n    settings:\n      credentials: canary\n',
      '5: providers[0].settings.credentials: must be the text of a JSON object',
    ],
    [
      '    base_url: http://x/v1\n    settings:\n      region: eu\n',
      '5: providers[0].settings.region: this format takes no settings; remove it',
    ],
  ])('%j', (lines, problem) => {
    expect(problemsOf(lines)).toEqual([problem]);
  });

  test('together with every other one', () => {
    expect(problemsOf('    format: openai\n    nmae: x\n').length).toBe(2);
  });
});
