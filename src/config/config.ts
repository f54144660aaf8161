/** Everything an operator can set, validated and frozen: the rest of the program reads this object and nothing of the environment. */
import type { Weekday } from '../pricing/price.ts';
import type { SdkTarget } from '../providers/ai-sdk/packages.ts';
import type { ProviderIdentity } from '../providers/identity.ts';
import type { ProviderKey, ProviderQueue } from '../providers/provider-key.ts';
import type { QuirkSettings } from '../providers/quirks.ts';
import type { OutboundFormat } from '../providers/wire-format.ts';
import type { OwnKeyFee } from './own-key-fee.ts';
import type { PurchaseRules, StripeAccess } from './purchases.ts';
import type { BudgetsConfig, RoutersConfig } from './routing.ts';

/** Where this gateway stands, as far as guardrails ask: requests come through it alone. */
export type DataRegion = 'global' | 'europe' | 'us';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface ProviderConfig {
  readonly slug: string;
  readonly name: string;
  readonly format: OutboundFormat;
  /** What it does otherwise than its host says; what is not set follows from the host. */
  readonly quirks?: QuirkSettings;
  /** Of the format `ai-sdk` alone: through which package. */
  readonly sdk?: SdkTarget;
  /** Empty: that of its package. */
  readonly baseUrl: string;
  /** The first of `keys`, where it has several. */
  readonly apiKey: string | null;
  readonly keys?: readonly ProviderKey[];
  readonly queue?: ProviderQueue;
  readonly probeEveryMs?: number;
  /** Whether callers' own Claude logins go to it in the place of the key; of `anthropic` alone. */
  readonly passesLogin?: boolean;
  /** How it is signed in to in the place of a key. */
  readonly identity?: ProviderIdentity;
  /** Its models are there for those alone who brought a key of their own. */
  readonly ownKeysOnly?: boolean;
  readonly training: boolean;
  readonly retainsPrompts: boolean;
  readonly stopsWhenCancelled: boolean;
  /** Where it was written, such as `turnpike.yaml:12`; for messages about it. */
  readonly at?: string;
}

/** Decimal strings, USD a unit, under the names of `pricing` in `GET /models` (`prompt`, `completion`, `input_cache_read`, …). */
export type PriceTexts = Readonly<Record<string, string>>;

export interface PriceOverrideConfig {
  readonly minPromptTokens?: number;
  readonly utcStart?: number;
  readonly utcEnd?: number;
  readonly utcDays?: readonly Weekday[];
  readonly prices: PriceTexts;
}

export interface EndpointConfig {
  /** A provider's slug: from `providers`, or one of the catalogue's. */
  readonly provider: string;
  /** The upstream's own name of the model; default: the model's slug after the author. */
  readonly model: string | null;
  readonly tag: string | null;
  readonly pricing: PriceTexts;
  readonly pricingOverrides: readonly PriceOverrideConfig[];
  readonly contextLength: number | null;
  readonly maxCompletionTokens: number | null;
  readonly quantization: string | null;
  readonly supportedParameters: readonly string[] | null;
  /** Where it was written, such as `turnpike.yaml:12`; for messages about it. */
  readonly at?: string;
}

/** A model of the operator's own, or changes to one of the catalogue's; null: not set here. */
export interface ModelConfig {
  readonly id: string;
  readonly name: string | null;
  readonly description: string | null;
  readonly created: number | null;
  readonly contextLength: number | null;
  readonly maxCompletionTokens: number | null;
  readonly inputModalities: readonly string[] | null;
  readonly outputModalities: readonly string[] | null;
  readonly supportedParameters: readonly string[] | null;
  /** Its author lets others train models with its answers. */
  readonly distillableText: boolean | null;
  readonly endpoints: readonly EndpointConfig[];
  /** Where it was written, such as `turnpike.yaml:12`; for messages about it. */
  readonly at?: string;
}

/** An OpenID provider that people may sign in with. */
export interface OidcConfig {
  /** Our own short name of it; part of the callback's address. */
  readonly id: string;
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scopes: readonly string[];
  /** Its e-mail addresses count as verified even where it does not say so. */
  readonly trustEmail: boolean;
}

export interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

export interface AccountsConfig {
  /** Who may make an account without the setup link: anyone, whoever has an invitation, nobody. */
  readonly signUp: 'open' | 'invitation' | 'closed';
  readonly github: ClientCredentials | null;
  readonly google: ClientCredentials | null;
  readonly oidc: readonly OidcConfig[];
}

export interface MailConfig {
  readonly smtpUrl: string;
  readonly from: string;
}

export interface Config {
  readonly host: string;
  readonly port: number;
  /** As clients reach us, no trailing slash; default `http://host:port`. */
  readonly publicUrl: string;
  readonly dataDir: string;
  /** Null: SQLite in the data directory. */
  readonly databaseUrl: string | null;
  /** 32 bytes; seals what must be kept secret at rest. */
  readonly masterKey: Uint8Array;
  /** Where it came from, for messages: a variable or a path. */
  readonly masterKeySource: string;
  /** Made by this start, in that path. */
  readonly masterKeyIsNew: boolean;
  readonly bootstrapManagementKey: string | null;
  /** What shows that somebody may read `/metrics` from elsewhere; null: nobody may. */
  readonly metricsToken: string | null;
  readonly logLevel: LogLevel;
  /** How often secrets are read again that stand in files or secret managers. */
  readonly secretsRefreshMs: number;
  /** turnpike.yaml as it was at the start, its secrets by name. */
  readonly file: { readonly name: string; readonly text: string };
  readonly dataRegion: DataRegion;
  /** Addresses and networks of reverse proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
  readonly egress: {
    /** Hosts as `host:port` from which documents may be fetched though they are private, and without TLS. */
    readonly privateHosts: readonly string[];
  };
  readonly figures: {
    /** Of a request's metadata, what is kept and what figures are told apart by. */
    readonly tags: readonly string[];
  };
  readonly providers: readonly ProviderConfig[];
  readonly models: readonly ModelConfig[];
  readonly accounts: AccountsConfig;
  readonly leakedKeys: {
    /** Whether keys that were found in public are disabled; otherwise their owners are told alone. */
    readonly quarantine: boolean;
  };
  /** Where the public keys are that GitHub signs its reports of found secrets with; null: it is not listened to. */
  readonly secretScanningKeysUrl: string | null;
  /** Null: links are printed for the operator instead of being mailed. */
  readonly mail: MailConfig | null;
  readonly oauth: {
    /** Whether apps may register themselves (RFC 7591). */
    readonly dynamicRegistration: boolean;
    /** Of editors, in lower case: the consent page may answer to their links. */
    readonly editorSchemes: readonly string[];
  };
  readonly routers: RoutersConfig;
  readonly budgets: BudgetsConfig;
  readonly billing: { readonly mode: 'off' | 'prepaid' };
  readonly purchases: PurchaseRules;
  readonly stripe: StripeAccess;
  /** How many days generations are kept at least; null: for ever. */
  readonly retention: { readonly generationsDays: number | null };
  /** For what goes through keys that accounts bring for providers; null: none. */
  readonly ownKeyFee: OwnKeyFee | null;
  /** Of prompts and answers, which are kept only where a workspace has asked for it. */
  readonly contentLogging: {
    /** False: nobody may ask for it. */
    readonly allowed: boolean;
    /** Bytes of one request and its answer; what is larger is not kept. */
    readonly maxRecordBytes: number;
    /** Bytes of all that is not stored yet; what is too much is not kept. */
    readonly memoryBytes: number;
  };
  readonly limits: {
    /** Bytes of a request body; more is 413. */
    readonly requestBodyBytes: number;
    /** Milliseconds until a provider's first byte; then the next endpoint is tried, or 504. */
    readonly firstByteTimeoutMs: number;
    /** Until a whole answer, which is not streamed, is complete. */
    readonly answerTimeoutMs: number;
    /** Milliseconds without a byte from a provider in mid-answer. */
    readonly idleTimeoutMs: number;
    /** Milliseconds a client may refuse to read a stream. */
    readonly writeStallTimeoutMs: number;
    /** Milliseconds that a client's connection may stay open between two requests; 0: as long as it likes. */
    readonly clientIdleTimeoutMs: number;
    /** Milliseconds for the first bytes of a connection, and the grace of a body that comes slowly. */
    readonly slowSenderTimeoutMs: number;
    /** Bytes of bodies that all requests together may have in memory while they are read; more is 503. */
    readonly readingBytes: number;
    /** The most that one JSON body may hold; more is 400. */
    readonly jsonBounds: {
      readonly members: number;
      readonly nodes: number;
      readonly texts: number;
      readonly values: number;
      readonly escapes: number;
    };
    /** Output tokens of a request that names none, where the model states no maximum. */
    readonly defaultMaxTokens: number;
    /** The most that one request may hold of a scope with a limit; null: as much as is left. */
    readonly maxHoldNanoUsd: bigint | null;
    /** How long a request waits for money that others hold. */
    readonly holdWaitMs: number;
    /** `:free` requests: the two OpenRouter limits, on by default. */
    readonly freeRequestsPerMinute: number;
    readonly freeRequestsPerDay: number;
    readonly freeRequestsPerDayWithCredits: number;
  };
  /** Milliseconds after SIGTERM in which requests are still taken, so that balancers can learn that this node goes. */
  readonly drainDelayMs: number;
  /** Milliseconds that running requests get from then on. */
  readonly drainTimeoutMs: number;
  /** The key in a provider's usual variable (`OPENAI_API_KEY`), or null when it is unset; a function, so that no dump shows keys. */
  readonly environmentKeys: (variable: string) => string | null;
  /** What the operator should be told at the start, one line each. */
  readonly warnings: readonly string[];
}
