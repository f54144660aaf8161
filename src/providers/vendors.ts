/**
 * Where those who speak OpenAI's dialect differ, by host: a vendor stays itself under whatever slug the operator gives it. The rules
 * are those of the vendors' own API references and of what their servers answer; a provider's `quirks` in turnpike.yaml override them.
 */
import { EFFORTS, type Effort, type QuirkSettings, type Quirks } from './quirks.ts';

const UP_TO_HIGH: readonly Effort[] = ['none', 'low', 'medium', 'high'];

/** A host that nobody knows: what most take, and nothing that a strict one refuses. */
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

/** vLLM, SGLang, llama.cpp, LM Studio and the like, on the operator's own machines. They leave what they do not know alone. */
const selfHosted: Quirks = { ...usual, reasoning: 'template', efforts: ['low', 'medium', 'high'] };

const openAi: Quirks = {
  ...usual,
  maxTokensField: 'max_completion_tokens',
  roles: ['system', 'developer'],
  efforts: ['none', 'minimal', 'low', 'medium', 'high', 'xhigh'],
  reasoningHistory: 'none',
  strictMessages: true,
  base64Embeddings: true,
  inputType: false,
  responses: true,
};

/** Azure has Responses below `/openai/v1`, and none below one deployment of it. */
const DEPLOYMENT = /\/deployments\//;

const moonshot: Quirks = {
  ...usual,
  // `thinking` and `reasoning_effort` in one request are refused.
  reasoning: 'switch',
  efforts: [],
  // An empty text counts as missing there.
  missingReasoning: ' ',
};

const zAi: Quirks = { ...usual, reasoning: 'switch', efforts: EFFORTS };

const alibaba: Quirks = {
  ...usual,
  reasoning: 'enable_thinking',
  efforts: [],
  cacheControl: true,
  embeddingsAtOnce: 10,
};

/** A name of the host, or with a dot before it every name below, or a colon and a port of any host. First match wins. */
const vendors: readonly (readonly [string, Quirks])[] = [
  ['api.openai.com', openAi],
  ['.api.openai.com', openAi],
  ['.openai.azure.com', openAi],
  ['.services.ai.azure.com', openAi],
  ['.cognitiveservices.azure.com', openAi],
  [
    'api.anthropic.com',
    {
      ...usual,
      roles: ['system', 'developer'],
      reasoning: 'budget',
      efforts: [],
      // Its compatible endpoint shows no thoughts and keeps no cache; both need its own API.
      reasoningHistory: 'none',
      messageNames: false,
    },
  ],
  [
    'generativelanguage.googleapis.com',
    {
      ...usual,
      reasoning: 'google',
      efforts: ['none', 'minimal', 'low', 'medium', 'high'],
      reasoningHistory: 'none',
      messageNames: false,
      inputType: false,
      embeddingsAtOnce: 100,
    },
  ],
  [
    'api.mistral.ai',
    {
      ...usual,
      streamOptions: false,
      efforts: ['none', 'high'],
      reasoningHistory: 'thinking_parts',
      messageNames: false,
      nineLetterCallIds: true,
      strictMessages: true,
      dimensionsField: 'output_dimension',
      inputType: false,
    },
  ],
  [
    'api.groq.com',
    {
      ...usual,
      maxTokensField: 'max_completion_tokens',
      efforts: UP_TO_HIGH,
      reasoningHistory: 'reasoning',
      strictMessages: true,
    },
  ],
  [
    'api.deepseek.com',
    { ...usual, reasoning: 'switch', efforts: ['low', 'high', 'max'], missingReasoning: '' },
  ],
  ['api.x.ai', { ...usual, roles: ['system', 'developer'], efforts: UP_TO_HIGH }],
  ['api.together.xyz', { ...usual, reasoning: 'object', reasoningHistory: 'reasoning' }],
  ['api.together.ai', { ...usual, reasoning: 'object', reasoningHistory: 'reasoning' }],
  ['api.fireworks.ai', { ...usual, efforts: UP_TO_HIGH }],
  [
    'api.cerebras.ai',
    {
      ...usual,
      maxTokensField: 'max_completion_tokens',
      roles: ['system', 'developer'],
      efforts: UP_TO_HIGH,
      reasoningHistory: 'reasoning',
      strictMessages: true,
    },
  ],
  [
    'api.perplexity.ai',
    {
      ...usual,
      // Usage is on every event there, asked for or not.
      streamOptions: false,
      efforts: ['minimal', 'low', 'medium', 'high'],
      reasoningHistory: 'none',
    },
  ],
  ['api.deepinfra.com', { ...usual, efforts: UP_TO_HIGH }],
  ['api.moonshot.ai', moonshot],
  ['api.moonshot.cn', moonshot],
  ['api.z.ai', zAi],
  ['open.bigmodel.cn', zAi],
  ['.aliyuncs.com', alibaba],
  ['inference.baseten.co', { ...usual, reasoning: 'template', efforts: UP_TO_HIGH }],
  ['llm.chutes.ai', selfHosted],
  ['api.inference.wandb.ai', selfHosted],
  ['api.venice.ai', { ...usual, efforts: UP_TO_HIGH }],
  [
    'openrouter.ai',
    {
      ...usual,
      roles: ['system', 'developer'],
      reasoning: 'object',
      reasoningHistory: 'reasoning_details',
      cacheControl: true,
    },
  ],
  [
    'api.voyageai.com',
    { ...usual, base64Embeddings: true, dimensionsField: 'output_dimension', embeddingsAtOnce: 1000 },
  ],
  ['api.cohere.ai', { ...usual, embeddingsAtOnce: 96 }],
  ['api.cohere.com', { ...usual, embeddingsAtOnce: 96 }],
  ['api.siliconflow.cn', { ...usual, embeddingsAtOnce: 64 }],
  ['api.siliconflow.com', { ...usual, embeddingsAtOnce: 64 }],
  ['ollama.com', { ...usual, efforts: UP_TO_HIGH, reasoningHistory: 'reasoning' }],
  [':11434', { ...usual, efforts: UP_TO_HIGH, reasoningHistory: 'reasoning' }],
];

/** The rules of whoever answers at this address, with the operator's own over them. */
export function quirksOf(baseUrl: string, settings: QuirkSettings = {}): Quirks {
  const host = ofHost(baseUrl);
  const known = host.responses && DEPLOYMENT.test(baseUrl) ? { ...host, responses: false } : host;
  return { ...known, ...settings };
}

function ofHost(baseUrl: string): Quirks {
  const url = URL.parse(baseUrl);
  if (url === null) return usual;
  const host = url.hostname.toLowerCase();
  for (const [pattern, quirks] of vendors) {
    const matches = pattern.startsWith('.')
      ? host.endsWith(pattern)
      : pattern.startsWith(':')
        ? url.port === pattern.slice(1)
        : host === pattern;
    if (matches) return quirks;
  }
  return isOwnNetwork(host) ? selfHosted : usual;
}

/** Names without a dot, names that only a private network resolves, and private addresses (RFC 1918, 4193, 6762). */
function isOwnNetwork(host: string): boolean {
  return (
    /^(?:[^.:]+|.+\.(?:local|internal|lan|svc|localhost|home\.arpa))$/.test(host) ||
    /^(?:127|10)\.|^192\.168\.|^172\.(?:1[6-9]|2\d|3[01])\.|^\[(?:::1|f[cd])/.test(host)
  );
}
