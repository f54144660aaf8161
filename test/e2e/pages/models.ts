/** The states of the models' pages. */
import { type Answers, data, type PageState, refusal, somebody } from './page-states.ts';

const model = (id: string, changes: object = {}) => ({
  ...{ id, name: id, description: '', created: 1_760_000_000, context_length: 128_000 },
  architecture: { input_modalities: ['text'], output_modalities: ['text'] },
  pricing: { prompt: '0.000001', completion: '0.000004' },
  top_provider: { max_completion_tokens: 16_384 },
  supported_parameters: ['max_tokens', 'temperature'],
  ...changes,
});

const SONNET = model('anthropic/claude-sonnet-4.5', {
  ...{ name: 'Anthropic: Claude Sonnet 4.5', context_length: 1_000_000, created: 1_759_104_000 },
  description: 'A model for agents and code, with an answer of up to 64,000 tokens.',
  architecture: { input_modalities: ['text', 'image', 'file'], output_modalities: ['text'] },
  pricing: { prompt: '0.000003', completion: '0.000015', input_cache_read: '0.0000003' },
  top_provider: { max_completion_tokens: 64_000 },
  supported_parameters: ['max_tokens', 'temperature', 'tools', 'tool_choice', 'reasoning'],
});
const MODELS = [
  SONNET,
  model('openai/gpt-4o-mini', {
    name: 'OpenAI: GPT-4o mini',
    pricing: { prompt: '0.00000015', completion: '0.0000006' },
  }),
  model('local/llama', {
    name: 'Llama on this machine',
    pricing: { prompt: '0', completion: '0' },
    context_length: null,
  }),
  model('openai/text-embedding-3-small', {
    name: 'OpenAI: Text Embedding 3 Small',
    architecture: { input_modalities: ['text'], output_modalities: ['embeddings'] },
  }),
  model('a-vendor-with-a-long-name/a-model-with-a-name-that-goes-on-and-on-2026-11-20-preview', {
    name: 'A vendor with a long name: a model with a name that goes on and on (preview of 20 November)',
  }),
  ...Array.from({ length: 80 }, (_, at) => model(`vendor/model-${at}`, { name: `Vendor: Model ${at}` })),
];
const percentiles = (p50: number) => ({ p50, p75: p50 * 1.3, p90: p50 * 1.8, p99: p50 * 3 });
const endpoint = (provider_name: string, changes: object = {}) => ({
  ...{ tag: provider_name.toLowerCase(), provider_name, quantization: null, context_length: 200_000 },
  ...{ max_completion_tokens: 64_000, supported_parameters: ['tools'], pricing: SONNET.pricing },
  ...{ uptime_last_30m: null, uptime_last_1d: null, latency_last_30m: null, throughput_last_30m: null },
  ...changes,
});

const LISTED: Answers = { ...somebody({ role: 'member' }), 'GET /api/v1/models': data(MODELS) };
const OFFERED: Answers = {
  ...LISTED,
  'GET /api/v1/models/anthropic/claude-sonnet-4.5/endpoints': data({
    endpoints: [
      endpoint('Anthropic', {
        ...{
          uptime_last_30m: 99.6,
          latency_last_30m: percentiles(1240),
          throughput_last_30m: percentiles(61.4),
        },
      }),
      endpoint('Bedrock', { tag: 'bedrock/eu-central-1', quantization: 'fp8', uptime_last_30m: 82.1 }),
    ],
  }),
};
const PAGE = '/models/anthropic/claude-sonnet-4.5';

export const models: readonly PageState[] = [
  { name: 'models', path: '/models', answers: LISTED, shows: '85 of 85 models' },
  {
    name: 'models-none',
    path: '/models',
    answers: { ...somebody(), 'GET /api/v1/models': data([]) },
    shows: 'No models yet',
  },
  { name: 'models-unlike', path: '/models?q=zzz', answers: LISTED, shows: 'No model is like that' },
  {
    name: 'models-compared',
    path: '/models?compare=anthropic/claude-sonnet-4.5,openai/gpt-4o-mini,local/llama&tools=1',
    answers: LISTED,
    shows: 'Longest answer',
  },
  {
    name: 'models-broken',
    path: '/models',
    answers: { ...somebody(), 'GET /api/v1/models': refusal(503, 'unavailable', 'no') },
    shows: 'The models could not be loaded',
  },
  { name: 'model', path: PAGE, answers: OFFERED, shows: 'bedrock/eu-central-1 · fp8' },
  {
    name: 'model-python',
    path: PAGE,
    answers: OFFERED,
    act: (page) => page.getByRole('tab', { name: 'Python' }).click(),
    shows: 'from openai import OpenAI',
  },
  { name: 'model-unserved', path: PAGE, answers: LISTED, shows: 'The providers could not be loaded' },
  {
    name: 'model-gone',
    path: '/models/nobody/nothing',
    answers: LISTED,
    shows: 'There is no such model here',
  },
];
