/** The catalogue's nouns: providers, models, and the endpoints that join them. Frozen once built; prices are integers. */
import type { Pricing } from '../pricing/price.ts';
import type { SdkTarget } from '../providers/ai-sdk/packages.ts';
import type { ProviderIdentity } from '../providers/identity.ts';
import type { ProviderKey, ProviderQueue } from '../providers/provider-key.ts';
import type { Quirks } from '../providers/quirks.ts';
import type { WireFormat } from '../providers/wire-format.ts';
import type { ServiceTier } from './service-tiers.ts';

export interface Provider {
  /** The name used in `provider.order`, `only` and `ignore`. */
  readonly slug: string;
  readonly name: string;
  readonly format: WireFormat;
  /** What this vendor does otherwise than others of its wire format. */
  readonly quirks: Quirks;
  /** Of the wire format `ai-sdk` alone: through which package. */
  readonly sdk?: SdkTarget;
  /** Without a trailing slash, up to and with the version: `https://api.openai.com/v1`. Empty: that of its package. */
  readonly baseUrl: string;
  /** Null: the provider asks for none (a local Ollama or vLLM). */
  readonly apiKey: string | null;
  /** Where it has several, or one with a limit; `apiKey` is then the first of them. */
  readonly keys?: readonly ProviderKey[];
  /** Where it takes only so much at once. */
  readonly queue?: ProviderQueue;
  /** How often it is asked whether it is up, and which models it has; absent: never. */
  readonly probeEveryMs?: number;
  /** Whether callers' own Claude logins go to it in the place of the key. */
  readonly passesLogin?: boolean;
  /** How it is signed in to in the place of a key. */
  readonly identity?: ProviderIdentity;
  /** The operator has nothing there for others: only those who brought a key of their own may use it. */
  readonly ownKeysOnly?: boolean;
  readonly training: boolean;
  readonly retainsPrompts: boolean;
  /** Whether closing the connection stops the work and the bill; otherwise we read on for the usage. */
  readonly stopsWhenCancelled: boolean;
  readonly privacyPolicyUrl: string | null;
  readonly termsOfServiceUrl: string | null;
  readonly statusPageUrl: string | null;
  /** ISO 3166-1 alpha-2. */
  readonly headquarters: string | null;
  readonly datacenters: readonly string[] | null;
}

export interface Endpoint {
  /** The slug usable in `provider.order`: `openai`, `deepinfra/turbo`. Unique within a model. */
  readonly tag: string;
  readonly provider: Provider;
  /** The upstream's own name of the model. */
  readonly upstreamModel: string;
  readonly pricing: Pricing;
  /** Absent: the usual one. Others serve only who asks for them. */
  readonly serviceTier?: ServiceTier;
  /** Where the provider offers several: what each costs. */
  readonly tierPricing?: Readonly<Partial<Record<ServiceTier | 'default', Pricing>>>;
  readonly contextLength: number;
  readonly maxCompletionTokens: number | null;
  readonly maxPromptTokens: number | null;
  readonly quantization: string | null;
  readonly supportedParameters: readonly string[];
  readonly supportsImplicitCaching: boolean;
}

export interface ReasoningFacts {
  readonly mandatory: boolean;
  readonly defaultEnabled?: boolean;
  readonly supportedEfforts?: readonly string[] | null;
}

export interface Model {
  /** Routable slug: `openai/gpt-4o`, `x/y:free`. */
  readonly id: string;
  readonly canonicalSlug: string;
  readonly name: string;
  readonly description: string;
  /** Unix seconds. */
  readonly created: number;
  readonly contextLength: number | null;
  readonly inputModalities: readonly string[];
  /** Whether somebody has said what it takes; else `inputModalities` names the least that every model does. */
  readonly inputsAreKnown: boolean;
  readonly outputModalities: readonly string[];
  readonly tokenizer: string;
  readonly instructType: string | null;
  readonly knowledgeCutoff: string | null;
  readonly expirationDate: string | null;
  readonly huggingFaceId: string | null;
  readonly reasoning: ReasoningFacts | null;
  /** Its author lets others train models with its answers. False also where nobody has said so. */
  readonly distillable: boolean;
  /** In order of listing; the planner orders them by preference. Never empty in a listed model. */
  readonly endpoints: readonly Endpoint[];
}
