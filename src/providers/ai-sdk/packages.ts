/**
 * The packages of the AI SDK that a provider may name in its `format`, and what differs between them. Each is known by its own
 * source and documentation (vercel/ai, `packages/`): what it takes, what it drops, and what it sends.
 */

/** A key of `settings` in turnpike.yaml. */
export interface SdkSetting {
  /** The package's own name of it; a dot leads into an object. */
  readonly option: string;
  /** `json`: the text of an object. */
  readonly type: 'text' | 'boolean' | 'json';
  /** Taken out of every message, and never shown. */
  readonly isSecret?: true;
  /** Where it is looked for when it is not set. */
  readonly variable?: string;
  /** Another setting: where the file has that one, the variable belongs to other credentials. */
  readonly unless?: string;
}

/** One of `anyOf` has to be there with all its settings, in the file or in the environment. */
export interface SdkNeed {
  readonly anyOf: readonly (readonly string[])[];
  readonly remedy: string;
}

/** Kinds of content: those whose bytes can be sent, and those that can be named by an address. */
export interface SdkMedia {
  readonly inline: readonly string[];
  readonly byUrl: readonly string[];
  /** Whether a tool's result may hold the former; else only text. */
  readonly inToolResults: boolean;
}

export interface SdkPackage {
  /** What `import` is given. */
  readonly module: string;
  /** What `npm install` is given: the version that the tests run with and that the lock file names. */
  readonly install: string;
  /** The exported function that makes a provider. */
  readonly factory: string;
  /** The provider's method that makes a model. */
  readonly method: 'languageModel' | 'chat';
  readonly settings: Readonly<Record<string, SdkSetting>>;
  readonly needs: readonly SdkNeed[];
  /** The key of `providerOptions` that it reads. */
  readonly optionsKey: string;
  /** Parameters, under the names of `supported_parameters`, that it sends on. */
  readonly parameters: readonly string[];
  readonly media: SdkMedia;
  /** It refuses a system message behind others. */
  readonly leadingSystemOnly: boolean;
  /** Its vendor refuses calls and results of a conversation that comes without tools, and the package drops them. */
  readonly needsToolsForHistory: boolean;
  /** JSON without a schema is not something that it can ask for. */
  readonly jsonNeedsSchema: boolean;
  /** How one call at a time is asked for; null: it cannot be. */
  readonly oneCallAtATime: { readonly key: string; readonly option: object } | null;
  /** How a budget of thinking is said; null: it knows efforts alone. */
  readonly budget: ((tokens: number) => object) | null;
  /** Of an earlier answer with calls it sends on these alone, without the text beside them. */
  readonly dropsTextBesideCalls: boolean;
  /** Unsigned thoughts of earlier answers go back as they are. */
  readonly takesPlainThoughts: boolean;
}

const SAMPLING = ['temperature', 'top_p', 'top_k'];
const PENALTIES = ['frequency_penalty', 'presence_penalty'];

const API_KEY = (variable: string, unless?: string): SdkSetting => ({
  option: 'apiKey',
  type: 'text',
  isSecret: true,
  variable,
  ...(unless === undefined ? {} : { unless }),
});

const GOOGLE_SETTINGS = {
  project: { option: 'project', type: 'text', variable: 'GOOGLE_VERTEX_PROJECT' },
  location: { option: 'location', type: 'text', variable: 'GOOGLE_VERTEX_LOCATION' },
  client_email: { option: 'googleAuthOptions.credentials.client_email', type: 'text' },
  private_key: { option: 'googleAuthOptions.credentials.private_key', type: 'text', isSecret: true },
  credentials: { option: 'googleAuthOptions.credentials', type: 'json', isSecret: true },
} as const satisfies Record<string, SdkSetting>;

const ONE_CALL_OF_CLAUDE = { key: 'anthropic', option: { disableParallelToolUse: true } };

export const SDK_PACKAGES: Readonly<Record<string, SdkPackage>> = {
  '@ai-sdk/amazon-bedrock': {
    module: '@ai-sdk/amazon-bedrock',
    install: '@ai-sdk/amazon-bedrock@5.0.101',
    factory: 'createAmazonBedrock',
    method: 'languageModel',
    settings: {
      api_key: API_KEY('AWS_BEARER_TOKEN_BEDROCK', 'access_key_id'),
      region: { option: 'region', type: 'text', variable: 'AWS_REGION' },
      access_key_id: {
        option: 'accessKeyId',
        type: 'text',
        isSecret: true,
        variable: 'AWS_ACCESS_KEY_ID',
      },
      secret_access_key: {
        option: 'secretAccessKey',
        type: 'text',
        isSecret: true,
        variable: 'AWS_SECRET_ACCESS_KEY',
      },
      session_token: {
        option: 'sessionToken',
        type: 'text',
        isSecret: true,
        variable: 'AWS_SESSION_TOKEN',
        unless: 'access_key_id',
      },
    },
    needs: [
      {
        anyOf: [['region'], ['base_url', 'api_key']],
        remedy: 'set settings.region, or AWS_REGION',
      },
      {
        anyOf: [['api_key'], ['access_key_id', 'secret_access_key']],
        remedy:
          'set api_key to a Bedrock API key, or settings.access_key_id and settings.secret_access_key, or their AWS_ variables',
      },
    ],
    optionsKey: 'amazonBedrock',
    parameters: SAMPLING,
    media: { inline: ['image', 'video', 'file'], byUrl: [], inToolResults: true },
    leadingSystemOnly: true,
    needsToolsForHistory: true,
    jsonNeedsSchema: true,
    oneCallAtATime: ONE_CALL_OF_CLAUDE,
    budget: (budgetTokens) => ({ reasoningConfig: { type: 'enabled', budgetTokens } }),
    dropsTextBesideCalls: false,
    takesPlainThoughts: false,
  },
  '@ai-sdk/google-vertex': {
    module: '@ai-sdk/google-vertex',
    install: '@ai-sdk/google-vertex@5.0.141',
    factory: 'createGoogleVertex',
    method: 'languageModel',
    settings: { api_key: API_KEY('GOOGLE_VERTEX_API_KEY', 'project'), ...GOOGLE_SETTINGS },
    needs: [
      {
        anyOf: [['api_key'], ['base_url'], ['project', 'location']],
        remedy: 'set settings.project and settings.location, or api_key for express mode',
      },
    ],
    optionsKey: 'googleVertex',
    parameters: [...SAMPLING, ...PENALTIES, 'seed'],
    media: {
      inline: ['image', 'audio', 'video', 'file'],
      byUrl: ['image', 'audio', 'video', 'file'],
      inToolResults: true,
    },
    leadingSystemOnly: true,
    needsToolsForHistory: false,
    jsonNeedsSchema: false,
    oneCallAtATime: null,
    budget: (thinkingBudget) => ({ thinkingConfig: { thinkingBudget } }),
    dropsTextBesideCalls: false,
    takesPlainThoughts: false,
  },
  '@ai-sdk/google-vertex/anthropic': {
    module: '@ai-sdk/google-vertex/anthropic',
    install: '@ai-sdk/google-vertex@5.0.141',
    factory: 'createGoogleVertexAnthropic',
    method: 'languageModel',
    settings: GOOGLE_SETTINGS,
    needs: [
      {
        anyOf: [['base_url'], ['project', 'location']],
        remedy: 'set settings.project and settings.location',
      },
    ],
    optionsKey: 'anthropic',
    parameters: SAMPLING,
    media: { inline: ['image', 'file'], byUrl: [], inToolResults: true },
    leadingSystemOnly: true,
    needsToolsForHistory: false,
    jsonNeedsSchema: true,
    oneCallAtATime: ONE_CALL_OF_CLAUDE,
    budget: (budgetTokens) => ({ thinking: { type: 'enabled', budgetTokens } }),
    dropsTextBesideCalls: false,
    takesPlainThoughts: false,
  },
  '@ai-sdk/azure': {
    module: '@ai-sdk/azure',
    install: '@ai-sdk/azure@4.0.85',
    factory: 'createAzure',
    method: 'chat',
    settings: {
      api_key: API_KEY('AZURE_API_KEY'),
      resource_name: { option: 'resourceName', type: 'text', variable: 'AZURE_RESOURCE_NAME' },
      api_version: { option: 'apiVersion', type: 'text' },
      deployment_urls: { option: 'useDeploymentBasedUrls', type: 'boolean' },
    },
    needs: [
      { anyOf: [['api_key']], remedy: 'set api_key, or AZURE_API_KEY' },
      { anyOf: [['base_url'], ['resource_name']], remedy: 'set settings.resource_name, or base_url' },
    ],
    optionsKey: 'openai',
    parameters: ['temperature', 'top_p', ...PENALTIES, 'seed'],
    media: { inline: ['image', 'audio', 'file'], byUrl: ['image'], inToolResults: false },
    leadingSystemOnly: false,
    needsToolsForHistory: false,
    jsonNeedsSchema: false,
    oneCallAtATime: { key: 'openai', option: { parallelToolCalls: false } },
    budget: null,
    dropsTextBesideCalls: false,
    takesPlainThoughts: false,
  },
  '@ai-sdk/cohere': {
    module: '@ai-sdk/cohere',
    install: '@ai-sdk/cohere@4.0.52',
    factory: 'createCohere',
    method: 'languageModel',
    settings: { api_key: API_KEY('COHERE_API_KEY') },
    needs: [{ anyOf: [['api_key']], remedy: 'set api_key, or COHERE_API_KEY' }],
    optionsKey: 'cohere',
    parameters: [...SAMPLING, ...PENALTIES, 'seed'],
    media: { inline: ['image'], byUrl: ['image'], inToolResults: false },
    leadingSystemOnly: false,
    needsToolsForHistory: false,
    jsonNeedsSchema: false,
    oneCallAtATime: null,
    budget: (tokenBudget) => ({ thinking: { type: 'enabled', tokenBudget } }),
    dropsTextBesideCalls: true,
    takesPlainThoughts: false,
  },
  '@ai-sdk/mistral': {
    module: '@ai-sdk/mistral',
    install: '@ai-sdk/mistral@4.0.87',
    factory: 'createMistral',
    method: 'languageModel',
    settings: { api_key: API_KEY('MISTRAL_API_KEY') },
    needs: [{ anyOf: [['api_key']], remedy: 'set api_key, or MISTRAL_API_KEY' }],
    optionsKey: 'mistral',
    parameters: ['temperature', 'top_p', ...PENALTIES, 'seed'],
    media: { inline: ['image', 'file'], byUrl: ['image', 'file'], inToolResults: false },
    leadingSystemOnly: false,
    needsToolsForHistory: false,
    jsonNeedsSchema: false,
    oneCallAtATime: { key: 'mistral', option: { parallelToolCalls: false } },
    budget: null,
    dropsTextBesideCalls: false,
    takesPlainThoughts: true,
  },
};

/** Which package a provider speaks through, and what it was told in turnpike.yaml. */
export interface SdkTarget {
  /** The provider's, by which its loaded package is found. */
  readonly slug: string;
  /** A key of `SDK_PACKAGES`. */
  readonly packageName: string;
  readonly settings: Readonly<Record<string, string | boolean>>;
  /** Of somebody's own key: nothing else that the operator has told the package, or the environment holds, is used. */
  readonly isOwn?: true;
}

export const SDK_FORMAT = 'ai-sdk:';

/** `ai-sdk:@ai-sdk/cohere` to the package's name; null: it is none of the known ones. */
export function sdkPackageOf(format: string): string | null {
  const name = format.startsWith(SDK_FORMAT) ? format.slice(SDK_FORMAT.length) : '';
  return Object.hasOwn(SDK_PACKAGES, name) ? name : null;
}
