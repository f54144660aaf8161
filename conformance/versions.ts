/** The versions that are installed and run: the newest of the day when docs/clients.md was last written. */

export const NPM = {
  '@anthropic-ai/claude-code': '2.1.332',
  '@openai/codex': '0.171.0',
  '@google/gemini-cli': '0.61.0',
  'opencode-ai': '1.18.33',
  '@anthropic-ai/sdk': '1.14.0',
  openai: '7.55.0',
  ai: '7.0.173',
  '@ai-sdk/openai': '4.0.118',
  '@ai-sdk/anthropic': '4.0.105',
  '@ai-sdk/google': '4.0.121',
  '@ai-sdk/openai-compatible': '3.0.92',
  '@openrouter/ai-sdk-provider': '3.1.0',
  '@openrouter/sdk': '1.3.19',
  '@google/genai': '3.3.0',
  '@langchain/core': '1.4.0',
  '@langchain/openai': '1.6.0',
  '@langchain/openrouter': '0.4.11',
  zod: '4.6.7',
} as const;

export const PYPI = { 'aider-chat': '0.86.2', litellm: '1.110.2', openrouter: '1.3.84' } as const;

export type NpmPackage = keyof typeof NPM;
export type PythonPackage = keyof typeof PYPI;
