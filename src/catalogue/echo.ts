/** The built-in model: free, deterministic, always there, so that a first request works before any provider is configured. */
import { quirksOf } from '../providers/vendors.ts';
import type { Model, Provider } from './model.ts';

const CONTEXT_LENGTH = 128_000;

export const ECHO_PROVIDER: Provider = {
  slug: 'turnpike',
  name: 'Turnpike',
  format: 'echo',
  quirks: quirksOf(''),
  // It never leaves the process.
  baseUrl: '',
  apiKey: null,
  training: false,
  retainsPrompts: false,
  stopsWhenCancelled: true,
  privacyPolicyUrl: null,
  termsOfServiceUrl: null,
  statusPageUrl: null,
  headquarters: null,
  datacenters: null,
};

export const ECHO_MODEL: Model = {
  id: 'turnpike/echo',
  canonicalSlug: 'turnpike/echo',
  name: 'Turnpike: Echo',
  description: 'Answers with what it was sent. Free, deterministic and built in, for trying things out.',
  created: 1_735_689_600,
  contextLength: CONTEXT_LENGTH,
  inputModalities: ['text'],
  inputsAreKnown: false,
  outputModalities: ['text'],
  tokenizer: 'Other',
  instructType: null,
  knowledgeCutoff: null,
  expirationDate: null,
  huggingFaceId: null,
  reasoning: null,
  distillable: true,
  endpoints: [
    {
      tag: 'turnpike',
      provider: ECHO_PROVIDER,
      upstreamModel: 'echo',
      pricing: { base: { prompt: 0n, completion: 0n }, overrides: [] },
      contextLength: CONTEXT_LENGTH,
      maxCompletionTokens: null,
      maxPromptTokens: null,
      quantization: null,
      supportedParameters: ['max_tokens', 'max_completion_tokens'],
      supportsImplicitCaching: false,
    },
  ],
};
