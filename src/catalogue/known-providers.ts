/** The providers that need no configuration: where they are, which variable holds their key, and what they do with prompts. */
import type { Quirks } from '../providers/quirks.ts';
import { quirksOf } from '../providers/vendors.ts';
import type { OutboundFormat } from '../providers/wire-format.ts';
import type { FactSource } from './facts.ts';

export interface KnownProvider {
  readonly slug: string;
  readonly name: string;
  readonly format: OutboundFormat;
  /** Those of its host. */
  readonly quirks: Quirks;
  /** The first one that is set switches the provider on. */
  readonly apiKeyVariables: readonly string[];
  readonly baseUrl: string;
  readonly training: boolean;
  readonly retainsPrompts: boolean;
  readonly stopsWhenCancelled: boolean;
  readonly privacyPolicyUrl: string | null;
  readonly termsOfServiceUrl: string | null;
  readonly statusPageUrl: string | null;
  readonly headquarters: string | null;
  readonly datacenters: readonly string[] | null;
  /** Its list in `tokenlens`. */
  readonly dataSource: FactSource;
  /** Its id in `@pydantic/genai-prices`, if it is there. */
  readonly priceSource: string | null;
  /** The author of models whose upstream name states none; null: told from the name. */
  readonly author: string | null;
  /** What stands before a model's name in the upstream's own (`accounts/fireworks/models/`). */
  readonly upstreamPrefix: string;
  /** Names in its price list that its API does not serve: retired, or another product's. */
  readonly notServed: RegExp | null;
}

type Stated = Pick<KnownProvider, 'slug' | 'name' | 'apiKeyVariables' | 'baseUrl' | 'dataSource'> &
  Partial<KnownProvider>;

/** What is not stated is assumed for the worst: prompts are kept, and a closed connection still costs the whole answer. */
function provider(stated: Stated): KnownProvider {
  return Object.freeze({
    format: 'openai',
    quirks: quirksOf(stated.baseUrl),
    training: false,
    retainsPrompts: true,
    stopsWhenCancelled: false,
    privacyPolicyUrl: null,
    termsOfServiceUrl: null,
    statusPageUrl: null,
    headquarters: null,
    datacenters: null,
    priceSource: null,
    author: null,
    upstreamPrefix: '',
    notServed: null,
    ...stated,
  });
}

export const knownProviders: readonly KnownProvider[] = Object.freeze([
  provider({
    slug: 'openai',
    name: 'OpenAI',
    apiKeyVariables: ['OPENAI_API_KEY'],
    baseUrl: 'https://api.openai.com/v1',
    stopsWhenCancelled: true,
    privacyPolicyUrl: 'https://openai.com/policies/privacy-policy/',
    termsOfServiceUrl: 'https://openai.com/policies/row-terms-of-use/',
    statusPageUrl: 'https://status.openai.com/',
    headquarters: 'US',
    dataSource: 'openai',
    priceSource: 'openai',
    author: 'openai',
    notServed: /^(gpt-oss|gpt-3|gpt-4-|chatgpt)/,
  }),
  provider({
    slug: 'anthropic',
    format: 'anthropic',
    name: 'Anthropic',
    apiKeyVariables: ['ANTHROPIC_API_KEY'],
    baseUrl: 'https://api.anthropic.com/v1',
    stopsWhenCancelled: true,
    privacyPolicyUrl: 'https://www.anthropic.com/legal/privacy',
    termsOfServiceUrl: 'https://www.anthropic.com/legal/commercial-terms',
    statusPageUrl: 'https://status.anthropic.com/',
    headquarters: 'US',
    dataSource: 'anthropic',
    priceSource: 'anthropic',
    author: 'anthropic',
    notServed: /^claude-(2|v1)/,
  }),
  provider({
    slug: 'google-ai-studio',
    name: 'Google AI Studio',
    format: 'google',
    apiKeyVariables: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'],
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
    // The same key serves the unpaid tier, whose terms allow training.
    training: true,
    privacyPolicyUrl: 'https://policies.google.com/privacy',
    termsOfServiceUrl: 'https://ai.google.dev/gemini-api/terms',
    headquarters: 'US',
    dataSource: 'google',
    priceSource: 'google',
    author: 'google',
    // The rest of Google's list is its cloud's: other authors' models, and names from before the version came first.
    notServed: /^(?!gemini-\d|gemini-embedding|gemma-\d)|-maas$/,
  }),
  provider({
    slug: 'mistral',
    name: 'Mistral',
    apiKeyVariables: ['MISTRAL_API_KEY'],
    baseUrl: 'https://api.mistral.ai/v1',
    privacyPolicyUrl: 'https://mistral.ai/terms/#privacy-policy',
    termsOfServiceUrl: 'https://mistral.ai/terms/',
    statusPageUrl: 'https://status.mistral.ai/',
    headquarters: 'FR',
    dataSource: 'mistral',
    priceSource: 'mistral',
    author: 'mistralai',
  }),
  provider({
    slug: 'groq',
    name: 'Groq',
    apiKeyVariables: ['GROQ_API_KEY'],
    baseUrl: 'https://api.groq.com/openai/v1',
    privacyPolicyUrl: 'https://groq.com/privacy-policy/',
    termsOfServiceUrl: 'https://groq.com/terms-of-use/',
    statusPageUrl: 'https://groqstatus.com/',
    headquarters: 'US',
    dataSource: 'groq',
    priceSource: 'groq',
  }),
  provider({
    slug: 'deepseek',
    name: 'DeepSeek',
    apiKeyVariables: ['DEEPSEEK_API_KEY'],
    baseUrl: 'https://api.deepseek.com/v1',
    training: true,
    stopsWhenCancelled: true,
    statusPageUrl: 'https://status.deepseek.com/',
    headquarters: 'CN',
    dataSource: 'deepseek',
    priceSource: 'deepseek',
    author: 'deepseek',
  }),
  provider({
    slug: 'xai',
    name: 'xAI',
    apiKeyVariables: ['XAI_API_KEY'],
    baseUrl: 'https://api.x.ai/v1',
    stopsWhenCancelled: true,
    privacyPolicyUrl: 'https://x.ai/legal/privacy-policy',
    termsOfServiceUrl: 'https://x.ai/legal/terms-of-service-enterprise',
    statusPageUrl: 'https://status.x.ai/',
    headquarters: 'US',
    dataSource: 'xai',
    priceSource: 'x-ai',
    author: 'x-ai',
  }),
  provider({
    slug: 'together',
    name: 'Together',
    apiKeyVariables: ['TOGETHER_API_KEY'],
    baseUrl: 'https://api.together.xyz/v1',
    stopsWhenCancelled: true,
    privacyPolicyUrl: 'https://www.together.ai/privacy',
    termsOfServiceUrl: 'https://www.together.ai/terms-of-service',
    statusPageUrl: 'https://status.together.ai/',
    headquarters: 'US',
    dataSource: 'togetherai',
    priceSource: 'together',
  }),
  provider({
    slug: 'fireworks',
    name: 'Fireworks',
    apiKeyVariables: ['FIREWORKS_API_KEY'],
    baseUrl: 'https://api.fireworks.ai/inference/v1',
    stopsWhenCancelled: true,
    privacyPolicyUrl: 'https://fireworks.ai/privacy-policy',
    termsOfServiceUrl: 'https://fireworks.ai/terms-of-service',
    statusPageUrl: 'https://status.fireworks.ai/',
    headquarters: 'US',
    dataSource: 'fireworks-ai',
    priceSource: 'fireworks',
    upstreamPrefix: 'accounts/fireworks/models/',
  }),
  provider({
    slug: 'cerebras',
    name: 'Cerebras',
    apiKeyVariables: ['CEREBRAS_API_KEY'],
    baseUrl: 'https://api.cerebras.ai/v1',
    privacyPolicyUrl: 'https://www.cerebras.ai/privacy-policy',
    termsOfServiceUrl: 'https://www.cerebras.ai/terms-of-service',
    statusPageUrl: 'https://status.cerebras.ai/',
    headquarters: 'US',
    dataSource: 'cerebras',
    priceSource: 'cerebras',
  }),
  provider({
    slug: 'perplexity',
    name: 'Perplexity',
    apiKeyVariables: ['PERPLEXITY_API_KEY'],
    // No version in the path: the upstream's own is `/chat/completions`.
    baseUrl: 'https://api.perplexity.ai',
    privacyPolicyUrl: 'https://www.perplexity.ai/hub/legal/privacy-policy',
    statusPageUrl: 'https://status.perplexity.com/',
    headquarters: 'US',
    dataSource: 'perplexity',
    priceSource: 'perplexity',
    author: 'perplexity',
  }),
  provider({
    slug: 'deepinfra',
    name: 'DeepInfra',
    apiKeyVariables: ['DEEPINFRA_API_KEY'],
    baseUrl: 'https://api.deepinfra.com/v1/openai',
    stopsWhenCancelled: true,
    privacyPolicyUrl: 'https://deepinfra.com/privacy',
    termsOfServiceUrl: 'https://deepinfra.com/terms',
    headquarters: 'US',
    dataSource: 'deepinfra',
  }),
  provider({
    slug: 'moonshotai',
    name: 'Moonshot AI',
    apiKeyVariables: ['MOONSHOT_API_KEY'],
    baseUrl: 'https://api.moonshot.ai/v1',
    headquarters: 'CN',
    dataSource: 'moonshotai',
    priceSource: 'moonshotai',
    author: 'moonshotai',
  }),
  provider({
    slug: 'z-ai',
    name: 'Z.AI',
    apiKeyVariables: ['ZAI_API_KEY', 'ZHIPU_API_KEY'],
    baseUrl: 'https://api.z.ai/api/paas/v4',
    headquarters: 'CN',
    dataSource: 'zai',
    priceSource: 'zai',
    author: 'z-ai',
  }),
  provider({
    slug: 'alibaba',
    name: 'Alibaba',
    apiKeyVariables: ['DASHSCOPE_API_KEY'],
    baseUrl: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
    headquarters: 'CN',
    dataSource: 'alibaba',
    author: 'qwen',
  }),
  provider({
    slug: 'baseten',
    name: 'BaseTen',
    apiKeyVariables: ['BASETEN_API_KEY'],
    baseUrl: 'https://inference.baseten.co/v1',
    headquarters: 'US',
    dataSource: 'baseten',
    priceSource: 'baseten',
  }),
  provider({
    slug: 'chutes',
    name: 'Chutes',
    apiKeyVariables: ['CHUTES_API_KEY'],
    baseUrl: 'https://llm.chutes.ai/v1',
    training: true,
    stopsWhenCancelled: true,
    dataSource: 'chutes',
  }),
  provider({
    slug: 'wandb',
    name: 'Weights & Biases',
    apiKeyVariables: ['WANDB_API_KEY'],
    baseUrl: 'https://api.inference.wandb.ai/v1',
    headquarters: 'US',
    dataSource: 'wandb',
  }),
  provider({
    slug: 'venice',
    name: 'Venice',
    apiKeyVariables: ['VENICE_API_KEY'],
    baseUrl: 'https://api.venice.ai/api/v1',
    headquarters: 'US',
    dataSource: 'venice',
  }),
  provider({
    slug: 'openrouter',
    name: 'OpenRouter',
    apiKeyVariables: ['OPENROUTER_API_KEY'],
    baseUrl: 'https://openrouter.ai/api/v1',
    // It cancels where the provider behind it does, which we cannot see.
    privacyPolicyUrl: 'https://openrouter.ai/privacy',
    termsOfServiceUrl: 'https://openrouter.ai/terms',
    statusPageUrl: 'https://status.openrouter.ai/',
    headquarters: 'US',
    dataSource: 'openrouter',
    priceSource: 'openrouter',
    // A name without its author is another list's.
    notServed: /^(~|[^/]*$)/,
  }),
]);

export function findKnownProvider(slug: string): KnownProvider | null {
  return knownProviders.find((known) => known.slug === slug) ?? null;
}
