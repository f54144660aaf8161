/** Whom callers speak to and what their providers speak: one request of each pair, and the turnpike.yaml that has all of them. */
import { type Ask, INSTRUCTIONS, type Kind, QUESTION, type UpstreamPlace } from './candidates.ts';

export interface Pair {
  readonly name: string;
  /** Passed on as it is; else both ways are translated. */
  readonly isNative: boolean;
  /** Vectors come whole. */
  readonly streams: boolean;
  ask(kind: Kind): Ask;
}

type Door = (model: string, isStream: boolean) => Ask;

const json = (path: string, body: object): Ask => ({ path, body: JSON.stringify(body) });
const streamed = (isStream: boolean) => (isStream ? { stream: true } : {});
const MESSAGES = [
  { role: 'system', content: INSTRUCTIONS },
  { role: 'user', content: QUESTION },
];

const chat: Door = (model, isStream) =>
  json('/api/v1/chat/completions', {
    ...{ model, messages: MESSAGES, temperature: 0.7, max_tokens: 256 },
    ...streamed(isStream),
  });
const messages: Door = (model, isStream) =>
  json('/api/v1/messages', {
    ...{ model, system: INSTRUCTIONS, messages: MESSAGES.slice(1), temperature: 0.7, max_tokens: 256 },
    ...streamed(isStream),
  });
const responses: Door = (model, isStream) =>
  json('/api/v1/responses', {
    ...{ model, instructions: INSTRUCTIONS, input: QUESTION, temperature: 0.7, max_output_tokens: 256 },
    ...streamed(isStream),
  });
const gemini: Door = (model, isStream) =>
  json(`/api/v1beta/models/${model}:${isStream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`, {
    systemInstruction: { parts: [{ text: INSTRUCTIONS }] },
    contents: [{ role: 'user', parts: [{ text: QUESTION }] }],
    generationConfig: { temperature: 0.7, maxOutputTokens: 256 },
  });
const embeddings: Door = (model) => json('/api/v1/embeddings', { model, input: QUESTION });

/** By the slug of its provider: what it speaks, and below which path. */
const PROVIDERS = {
  openai: { format: 'openai', path: '/v1' },
  openairesponses: { format: 'openai', path: '/v1', more: 'quirks: { responses: true }' },
  anthropic: { format: 'anthropic', path: '' },
  google: { format: 'google', path: '/v1beta' },
  bedrock: { format: 'ai-sdk:@ai-sdk/amazon-bedrock', path: '', more: 'settings: { region: eu-central-1 }' },
} as const;

type Provider = keyof typeof PROVIDERS;

export const PASS_THROUGH = 'chat -> chat';

const of = (name: string, door: Door, provider: Provider, isNative = false): Pair => ({
  ...{ name, isNative, streams: door !== embeddings },
  ask: (kind) => door(`${provider}/${door === embeddings ? 'vectors' : `bench-${kind}`}`, kind !== 'json'),
});

export const PAIRS: readonly Pair[] = [
  of(PASS_THROUGH, chat, 'openai', true),
  of('messages -> messages', messages, 'anthropic', true),
  of('responses -> responses', responses, 'openairesponses', true),
  of('gemini -> gemini', gemini, 'google', true),
  of('embeddings -> embeddings', embeddings, 'openai', true),
  of('messages -> chat', messages, 'openai'),
  of('responses -> chat', responses, 'openai'),
  of('gemini -> chat', gemini, 'openai'),
  of('chat -> messages', chat, 'anthropic'),
  of('responses -> messages', responses, 'anthropic'),
  of('chat -> gemini', chat, 'google'),
  of('messages -> gemini', messages, 'google'),
  of('chat -> Bedrock by the AI SDK', chat, 'bedrock'),
];

export function pairsConfig({ port }: UpstreamPlace): string {
  const providers = Object.entries(PROVIDERS).map(([slug, { format, path, ...rest }]) => {
    const more = 'more' in rest ? `, ${rest.more}` : '';
    return `
  - { slug: ${slug}, format: "${format}", base_url: "http://127.0.0.1:${port}${path}", api_key: bench${more} }`;
  });
  const price = 'pricing: { prompt: "0.00000015", completion: "0.0000006" }';
  const models = Object.keys(PROVIDERS).flatMap((slug) =>
    (['json', 'paced'] as const).map(
      (kind) => `
  - id: ${slug}/bench-${kind}
    context_length: 128000
    max_completion_tokens: 16384
    endpoints: [{ provider: ${slug}, model: bench-${kind}, ${price} }]`,
    ),
  );
  return `providers:${providers.join('')}
models:${models.join('')}
  - id: openai/vectors
    context_length: 8192
    output_modalities: [embeddings]
    endpoints: [{ provider: openai, model: vectors, ${price} }]
`;
}
