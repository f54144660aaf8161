/** The libraries that programs are written with: each is driven by a few lines in `drivers/`. */
import { join } from 'node:path';
import type { Client, Feature, Site, Task } from '../client.ts';
import type { NpmPackage } from '../versions.ts';

const LIBRARY: readonly Feature[] = [
  'text',
  'stream',
  'tools',
  'wrong key',
  'spent key',
  '429 once',
  '503 once',
  '529 twice',
  'cut once',
];

const settings = (site: Site, task: Task) => ({
  TURNPIKE_HOST: site.host,
  TURNPIKE_KEY: task.key,
  PROMPT: task.prompt,
});

function library(
  driver: string,
  npm: NpmPackage,
  more: readonly Feature[],
  changes: Partial<Client> = {},
): Client {
  return {
    name: npm,
    package: { npm },
    features: [...LIBRARY, ...more],
    toolName: 'get_weather',
    timeoutMs: 60_000,
    command: (site, task) => ({
      argv: [process.execPath, join(site.npmDir, 'drivers/run.mjs'), driver, task.ask],
      env: settings(site, task),
    }),
    checkModels: (_task, { stdout }) => (stdout.includes('"acme/small"') ? null : 'acme/small is not listed'),
    ...changes,
  };
}

const litellm: Client = {
  ...library('litellm', 'openai', ['embeddings']),
  name: 'LiteLLM',
  package: { python: 'litellm' },
  command: (site, task) => ({
    argv: [join(site.pythonBin ?? '', 'python'), join(site.npmDir, 'drivers/litellm_client.py'), task.ask],
    env: { ...settings(site, task), LITELLM_LOCAL_MODEL_COST_MAP: 'True' },
  }),
};

const openrouter: Client = {
  ...library('openrouter', 'openai', ['responses', 'embeddings', 'models', 'operations']),
  name: 'openrouter (Python)',
  package: { python: 'openrouter' },
  leaves429: true,
  timeoutMs: 120_000,
  command: (site, task) => ({
    argv: [join(site.pythonBin ?? '', 'python'), join(site.npmDir, 'drivers/openrouter_client.py'), task.ask],
    env: {
      ...settings(site, task),
      TURNPIKE_MANAGEMENT_KEY: site.owner.managementKey,
      TURNPIKE_DATA_DIR: site.owner.dataDir,
      TURNPIKE_MEMBER_ID: site.owner.memberId,
    },
  }),
};

export const LIBRARIES: readonly Client[] = [
  library('anthropic-sdk', '@anthropic-ai/sdk', ['models']),
  library('openai', 'openai', ['responses', 'responses stream', 'embeddings', 'models']),
  library('ai-sdk-openai', '@ai-sdk/openai', ['embeddings']),
  library('ai-sdk-anthropic', '@ai-sdk/anthropic', []),
  library('ai-sdk-google', '@ai-sdk/google', ['embeddings']),
  library('ai-sdk-openai-compatible', '@ai-sdk/openai-compatible', ['embeddings']),
  library('ai-sdk-openrouter', '@openrouter/ai-sdk-provider', ['embeddings']),
  library('openrouter-sdk', '@openrouter/sdk', ['responses', 'embeddings', 'models'], { leaves429: true }),
  library('google-genai', '@google/genai', ['embeddings', 'models'], { leaves429: true }),
  library('langchain-openai', '@langchain/openai', ['embeddings']),
  library('langchain-openrouter', '@langchain/openrouter', [], { isBlindToCuts: true }),
  litellm,
  openrouter,
];
