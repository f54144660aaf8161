import { describe, expect, test } from 'bun:test';
import { knownProviders } from '../catalogue/known-providers.ts';
import { EFFORTS, type Quirks } from './quirks.ts';
import { quirksOf } from './vendors.ts';

/** Every built-in vendor, with what sets it apart from a host that nobody knows. */
const rows: Readonly<Record<string, Partial<Quirks>>> = {
  openai: {
    maxTokensField: 'max_completion_tokens',
    roles: ['system', 'developer'],
    efforts: ['none', 'minimal', 'low', 'medium', 'high', 'xhigh'],
    reasoningHistory: 'none',
    strictMessages: true,
    base64Embeddings: true,
    inputType: false,
    responses: true,
  },
  anthropic: {
    roles: ['system', 'developer'],
    reasoning: 'budget',
    efforts: [],
    reasoningHistory: 'none',
    messageNames: false,
  },
  'google-ai-studio': {
    reasoning: 'google',
    efforts: ['none', 'minimal', 'low', 'medium', 'high'],
    reasoningHistory: 'none',
    messageNames: false,
    inputType: false,
    embeddingsAtOnce: 100,
  },
  mistral: {
    streamOptions: false,
    efforts: ['none', 'high'],
    reasoningHistory: 'thinking_parts',
    messageNames: false,
    nineLetterCallIds: true,
    strictMessages: true,
    dimensionsField: 'output_dimension',
    inputType: false,
  },
  groq: {
    maxTokensField: 'max_completion_tokens',
    efforts: ['none', 'low', 'medium', 'high'],
    reasoningHistory: 'reasoning',
    strictMessages: true,
  },
  deepseek: { reasoning: 'switch', efforts: ['low', 'high', 'max'], missingReasoning: '' },
  xai: { roles: ['system', 'developer'], efforts: ['none', 'low', 'medium', 'high'] },
  together: { reasoning: 'object', reasoningHistory: 'reasoning' },
  fireworks: { efforts: ['none', 'low', 'medium', 'high'] },
  cerebras: {
    maxTokensField: 'max_completion_tokens',
    roles: ['system', 'developer'],
    efforts: ['none', 'low', 'medium', 'high'],
    reasoningHistory: 'reasoning',
    strictMessages: true,
  },
  perplexity: {
    streamOptions: false,
    efforts: ['minimal', 'low', 'medium', 'high'],
    reasoningHistory: 'none',
  },
  deepinfra: { efforts: ['none', 'low', 'medium', 'high'] },
  moonshotai: { reasoning: 'switch', efforts: [], missingReasoning: ' ' },
  'z-ai': { reasoning: 'switch' },
  alibaba: { reasoning: 'enable_thinking', efforts: [], cacheControl: true, embeddingsAtOnce: 10 },
  baseten: { reasoning: 'template', efforts: ['none', 'low', 'medium', 'high'] },
  chutes: { reasoning: 'template', efforts: ['low', 'medium', 'high'] },
  wandb: { reasoning: 'template', efforts: ['low', 'medium', 'high'] },
  venice: { efforts: ['none', 'low', 'medium', 'high'] },
  openrouter: {
    roles: ['system', 'developer'],
    reasoning: 'object',
    reasoningHistory: 'reasoning_details',
    cacheControl: true,
  },
};

const usual: Quirks = {
  maxTokensField: 'max_tokens',
  roles: ['system'],
  streamOptions: true,
  reasoning: 'effort',
  efforts: EFFORTS,
  reasoningHistory: 'reasoning_content',
  missingReasoning: null,
  cacheControl: false,
  messageNames: true,
  nineLetterCallIds: false,
  strictMessages: false,
  base64Embeddings: false,
  dimensionsField: 'dimensions',
  inputType: true,
  embeddingsAtOnce: null,
  responses: false,
};

describe('built-in vendors', () => {
  test('each has its row, and none a row without a vendor', () => {
    expect(knownProviders.map(({ slug }) => slug).sort()).toEqual(Object.keys(rows).sort());
  });

  test.each(knownProviders.map((known) => [known.slug, known] as const))('%s', (slug, known) => {
    expect(known.quirks).toEqual({ ...usual, ...rows[slug] });
  });
});

describe('hosts', () => {
  const openAi = quirksOf('https://api.openai.com/v1');

  test.each([
    ['https://acme.openai.azure.com/openai/v1', openAi],
    ['https://ACME.OpenAI.Azure.com/openai/v1', openAi],
    ['https://acme.services.ai.azure.com/openai/v1', openAi],
    ['https://acme.cognitiveservices.azure.com/openai/v1', openAi],
    ['https://eu.api.openai.com/v1', openAi],
    ['https://api.moonshot.cn/v1', quirksOf('https://api.moonshot.ai/v1')],
    ['https://open.bigmodel.cn/api/paas/v4', quirksOf('https://api.z.ai/api/paas/v4')],
    ['https://dashscope.aliyuncs.com/compatible-mode/v1', quirksOf('https://dashscope-intl.aliyuncs.com/x')],
    ['https://api.together.ai/v1', quirksOf('https://api.together.xyz/v1')],
  ])('%s follows its vendor', (baseUrl, quirks) => {
    expect(quirksOf(baseUrl)).toEqual(quirks);
  });

  test('a name that only ends like a vendor is not that vendor', () => {
    for (const host of [
      'evilapi.openai.com.example.com',
      'openai.azure.com.example.com',
      'xapi.mistral.ai',
    ]) {
      expect(quirksOf(`https://${host}/v1`)).toEqual(usual);
    }
  });

  test.each([
    'http://127.0.0.1:8000/v1',
    'http://localhost:8080/v1',
    'http://vllm:8000/v1',
    'http://10.1.2.3/v1',
    'http://192.168.0.9:1234/v1',
    'http://172.20.0.1/v1',
    'http://[::1]:8000/v1',
    'http://[fd00::1]:8000/v1',
    'http://vllm.ai.svc/v1',
    'http://box.local/v1',
  ])('%s is an engine of the operator', (baseUrl) => {
    expect(quirksOf(baseUrl)).toMatchObject({ reasoning: 'template', strictMessages: false });
  });

  test.each(['http://172.32.0.1/v1', 'https://11.0.0.1/v1', 'https://llm.example.com/v1', 'nonsense'])(
    '%s is nobody in particular',
    (baseUrl) => {
      expect(quirksOf(baseUrl)).toEqual(usual);
    },
  );

  test('Ollama is known by its port and by its cloud', () => {
    for (const baseUrl of ['http://127.0.0.1:11434/v1', 'http://gpu:11434/v1', 'https://ollama.com/v1']) {
      expect(quirksOf(baseUrl)).toMatchObject({ reasoning: 'effort', reasoningHistory: 'reasoning' });
    }
  });
});

test('what the operator sets wins over the host, and the rest stays', () => {
  expect(quirksOf('https://acme.openai.azure.com/openai/v1', { maxTokensField: 'max_tokens' })).toEqual({
    ...quirksOf('https://api.openai.com/v1'),
    maxTokensField: 'max_tokens',
  });
});
