/** Facts about models from `tokenlens` (models.dev): one list a provider, loaded only when it is needed. */

import type { Pricing, UnitPrices } from '../pricing/price.ts';
import { priceFromUsdPerMillion } from '../pricing/units.ts';

/** What one provider's list says of one model. */
export interface ModelFacts {
  readonly upstreamModel: string;
  readonly name: string;
  /** Unix seconds; 0: unknown. */
  readonly released: number;
  readonly knowledgeCutoff: string | null;
  readonly contextLength: number;
  readonly maxCompletionTokens: number | null;
  readonly inputModalities: readonly string[];
  readonly inputsAreKnown: boolean;
  readonly outputModalities: readonly string[];
  readonly reasoning: boolean;
  readonly temperature: boolean;
  readonly tools: boolean;
  readonly pricing: Pricing | null;
}

interface RawModel {
  readonly id: string;
  readonly name: string;
  readonly reasoning: boolean;
  readonly temperature: boolean;
  readonly tool_call: boolean;
  readonly knowledge?: string;
  readonly release_date: string;
  readonly modalities: { readonly input: readonly string[]; readonly output: readonly string[] };
  readonly cost?: {
    readonly input: number;
    readonly output: number;
    readonly cache_read?: number;
    readonly cache_write?: number;
    readonly reasoning?: number;
  };
  readonly limit: { readonly context: number; readonly output: number };
}

type RawList = Readonly<Record<string, RawModel>>;

/** Each import is written out, so that a bundler can see it and nothing is loaded that is not asked for. */
const lists = {
  alibaba: async () => (await import('tokenlens/providers/alibaba')).alibabaModels.models,
  anthropic: async () => (await import('tokenlens/providers/anthropic')).anthropicModels.models,
  baseten: async () => (await import('tokenlens/providers/baseten')).basetenModels.models,
  cerebras: async () => (await import('tokenlens/providers/cerebras')).cerebrasModels.models,
  chutes: async () => (await import('tokenlens/providers/chutes')).chutesModels.models,
  deepinfra: async () => (await import('tokenlens/providers/deepinfra')).deepinfraModels.models,
  deepseek: async () => (await import('tokenlens/providers/deepseek')).deepseekModels.models,
  'fireworks-ai': async () => (await import('tokenlens/providers/fireworks-ai')).fireworks_aiModels.models,
  google: async () => (await import('tokenlens/providers/google')).googleModels.models,
  groq: async () => (await import('tokenlens/providers/groq')).groqModels.models,
  mistral: async () => (await import('tokenlens/providers/mistral')).mistralModels.models,
  moonshotai: async () => (await import('tokenlens/providers/moonshotai')).moonshotaiModels.models,
  openai: async () => (await import('tokenlens/providers/openai')).openaiModels.models,
  openrouter: async () => (await import('tokenlens/providers/openrouter')).openrouterModels.models,
  perplexity: async () => (await import('tokenlens/providers/perplexity')).perplexityModels.models,
  togetherai: async () => (await import('tokenlens/providers/togetherai')).togetheraiModels.models,
  venice: async () => (await import('tokenlens/providers/venice')).veniceModels.models,
  wandb: async () => (await import('tokenlens/providers/wandb')).wandbModels.models,
  xai: async () => (await import('tokenlens/providers/xai')).xaiModels.models,
  zai: async () => (await import('tokenlens/providers/zai')).zaiModels.models,
} as const satisfies Record<string, () => Promise<RawList>>;

export type FactSource = keyof typeof lists;

export async function loadFacts(source: FactSource): Promise<readonly ModelFacts[]> {
  const list: RawList = await lists[source]();
  return Object.values(list).map(factsOf);
}

function factsOf(raw: RawModel): ModelFacts {
  return {
    upstreamModel: raw.id,
    name: raw.name,
    released: Math.max(0, Math.floor(Date.parse(raw.release_date) / 1000)) || 0,
    knowledgeCutoff: fullDate(raw.knowledge),
    contextLength: raw.limit.context,
    maxCompletionTokens: raw.limit.output > 0 ? raw.limit.output : null,
    inputModalities: raw.modalities.input.map(modality),
    inputsAreKnown: raw.modalities.input.length > 0,
    outputModalities: raw.modalities.output.map(modality),
    reasoning: raw.reasoning,
    temperature: raw.temperature,
    tools: raw.tool_call,
    pricing: pricingOf(raw.cost),
  };
}

function modality(name: string): string {
  return name === 'pdf' ? 'file' : name;
}

/** `YYYY`, `YYYY-MM` or `YYYY-MM-DD`: a cutoff known to the month means its first day. */
function fullDate(text: string | undefined): string | null {
  const match = /^(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?$/.exec(text ?? '');
  return match === null ? null : `${match[1]}-${match[2] ?? '01'}-${match[3] ?? '01'}`;
}

function pricingOf(cost: RawModel['cost']): Pricing | null {
  if (cost === undefined) return null;
  const read = (usdPerMillion: number | undefined) =>
    usdPerMillion === undefined ? null : priceFromUsdPerMillion(usdPerMillion);
  const prompt = read(cost.input);
  const completion = read(cost.output);
  if (prompt === null || completion === null) return null;
  const cacheRead = read(cost.cache_read);
  const cacheWrite = read(cost.cache_write);
  const reasoning = read(cost.reasoning);
  const base: UnitPrices = {
    prompt,
    completion,
    ...(cacheRead !== null && { inputCacheRead: cacheRead }),
    ...(cacheWrite !== null && { inputCacheWrite: cacheWrite }),
    ...(reasoning !== null && { internalReasoning: reasoning }),
  };
  return { base, overrides: [] };
}
