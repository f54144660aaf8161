/**
 * Loads, at the start, the packages that the configuration names, and makes a provider of each: what is missing or does not fit
 * stops the start with a remedy, and no request ever finds out. Whoever configures none loads nothing.
 */
import type { LanguageModelV4 } from '@ai-sdk/provider';
import { isJsonObject, textOrNull } from '../../json.ts';
import type { ProviderIdentity } from '../identity.ts';
import { ProviderError } from '../provider-error.ts';
import { withoutSecret } from '../redaction.ts';
import { exchangedOptions, type ReadCredential, secretsOfCredential } from './exchanged.ts';
import type { PackageFetch } from './package-fetch.ts';
import { SDK_PACKAGES, type SdkPackage, type SdkSetting, type SdkTarget } from './packages.ts';

/** The version of the interface between the AI SDK and its provider packages that the adapter speaks. */
const SPECIFICATION = 'v4';

/** A provider of the catalogue whose format is `ai-sdk`. */
export interface SdkProviderConfig {
  readonly sdk: SdkTarget;
  /** Empty: the package's own. */
  readonly baseUrl: string;
  readonly apiKey: string | null;
  /** Present where what is got in exchange for our own token takes the place of every key. */
  readonly identity?: ProviderIdentity;
}

export interface LoadedProvider {
  readonly traits: SdkPackage;
  /** What the package was told or finds in the environment: taken out of whatever its vendor says. */
  readonly secrets: readonly string[];
  model(id: string): LanguageModelV4;
  /** The same package for somebody's own key. Throws a ProviderError for one that it cannot use. */
  withOwn(config: SdkProviderConfig): LoadedProvider;
}

export type LoadedProviders = ReadonlyMap<string, LoadedProvider>;

export interface LoadOptions {
  readonly fetch: PackageFetch;
  /** A variable of the environment, or null. */
  readonly readVariable: (variable: string) => string | null;
  /** By the slug of a provider with a workload identity: what it is signed in to with now. */
  readonly credentialOf?: ReadCredential;
  /** Default: `import`. */
  readonly load?: (module: string) => Promise<object>;
}

/** `problems`, one line each, stop the start. */
export async function loadSdkProviders(
  providers: readonly SdkProviderConfig[],
  { fetch, readVariable, credentialOf = () => null, load = (module) => import(module) }: LoadOptions,
): Promise<{ readonly loaded: Map<string, LoadedProvider>; readonly problems: readonly string[] }> {
  const loaded = new Map<string, LoadedProvider>();
  const remedy = installing(providers);
  const problems: string[] = [];
  for (const provider of providers) {
    const { slug, packageName } = provider.sdk;
    const traits = SDK_PACKAGES[packageName];
    if (traits === undefined) throw new Error(`There is no package "${packageName}" in the list`);
    const settings = settingsOf(traits, provider, readVariable);
    const secrets = secretsOf(traits, settings);
    const missing = missingOf(traits, provider, settings);
    const { identity } = provider;
    const options = {
      ...optionsOf(traits, provider.baseUrl, settings, fetch),
      ...(identity === undefined ? {} : exchangedOptions(traits, settings, () => credentialOf(slug))),
    };
    const built = missing.length > 0 ? missing : await build(traits, options, load, remedy);
    if (Array.isArray(built)) {
      for (const problem of built) problems.push(`provider "${slug}": ${cleaned(problem, secrets)}`);
    } else {
      const { model, create } = built;
      const withOwn = (own: SdkProviderConfig) => ownProvider(traits, create, own, { fetch, readVariable });
      if (identity === undefined) loaded.set(slug, { traits, secrets, model, withOwn });
      else
        loaded.set(slug, {
          traits,
          withOwn,
          get secrets() {
            return secretsOfCredential(credentialOf(slug));
          },
          model,
        });
    }
  }
  return { loaded, problems };
}

/** Of the environment, which has the operator's own keys, no more is read than where the provider is. */
function ownProvider(
  traits: SdkPackage,
  create: (options: object) => unknown,
  config: SdkProviderConfig,
  { fetch, readVariable }: Pick<LoadOptions, 'fetch' | 'readVariable'>,
): LoadedProvider {
  const settings = settingsOf(traits, config, readVariable);
  const secrets = secretsOf(traits, settings);
  const [missing] = missingOf(traits, config, settings);
  const unusable = (detail: string) =>
    new ProviderError('unreachable', {
      fault: 'account',
      message: 'A stored provider key could not be used',
      detail: cleaned(detail, secrets),
      neverSent: true,
    });
  if (missing !== undefined) throw unusable(missing);
  try {
    const made = create(optionsOf(traits, config.baseUrl, settings, fetch));
    const provider: LoadedProvider = {
      traits,
      secrets,
      model: modelsOf(made, traits),
      withOwn: (own) => ownProvider(traits, create, own, { fetch, readVariable }),
    };
    return provider;
  } catch (thrown) {
    throw unusable(textOf(thrown));
  }
}

/** Every setting that there is, from the file or from the environment, as `needs` name them. */
function settingsOf(
  { settings }: SdkPackage,
  { sdk, apiKey, identity }: SdkProviderConfig,
  readVariable: LoadOptions['readVariable'],
): Map<string, string | boolean> {
  const found = new Map<string, string | boolean>(apiKey === null ? [] : [['api_key', apiKey]]);
  for (const [name, { variable, unless, isSecret }] of Object.entries(settings)) {
    if (found.has(name)) continue;
    // A key of the environment is for others.
    if (
      (identity !== undefined || (sdk.isOwn === true && sdk.settings[name] === undefined)) &&
      isSecret === true
    )
      continue;
    const isOthers = unless !== undefined && sdk.settings[unless] !== undefined;
    const value = sdk.settings[name] ?? (variable === undefined || isOthers ? null : readVariable(variable));
    if (value !== null && value !== '') found.set(name, value);
  }
  return found;
}

function missingOf(
  { needs, settings }: SdkPackage,
  { baseUrl, identity }: SdkProviderConfig,
  found: ReadonlyMap<string, unknown>,
): string[] {
  const has = (name: string) =>
    name === 'base_url'
      ? baseUrl !== ''
      : found.has(name) || (identity !== undefined && settings[name]?.isSecret === true);
  return needs.filter(({ anyOf }) => !anyOf.some((all) => all.every(has))).map(({ remedy }) => remedy);
}

function secretsOf({ settings }: SdkPackage, found: ReadonlyMap<string, string | boolean>): string[] {
  const secrets = [...found].flatMap(([name, value]) => {
    const setting = settings[name];
    if (setting?.isSecret !== true) return [];
    if (setting.type !== 'json') return [String(value)];
    const given: unknown = JSON.parse(String(value));
    return isJsonObject(given) ? SECRET_MEMBERS.flatMap((member) => textOrNull(given[member]) ?? []) : [];
  });
  // What stands around a key in PEM is in every such key, and in ordinary sentences.
  return [...new Set(secrets.map((secret) => secret.replace(/-----[A-Z ]+-----/g, '').trim()))];
}

/** Of Google's files of credentials, whatever kind they are of. */
const SECRET_MEMBERS = ['private_key', 'client_secret', 'refresh_token'];

/** All in one command: npm takes away what an earlier one of this kind has put there. */
function installing(providers: readonly SdkProviderConfig[]): string {
  const packages = new Set(providers.flatMap(({ sdk }) => SDK_PACKAGES[sdk.packageName]?.install ?? []));
  return `run: npm install --no-save --omit=dev --save-prod ${[...packages].join(' ')}`;
}

interface BuiltProvider {
  readonly model: (id: string) => LanguageModelV4;
  /** The package's factory, for others of its kind. */
  readonly create: (options: object) => unknown;
}

function modelsOf(made: unknown, { method }: SdkPackage): (id: string) => LanguageModelV4 {
  return (id) => (made as Record<string, (id: string) => LanguageModelV4>)[method]?.(id) as LanguageModelV4;
}

/** What makes a model, or why nothing does. */
async function build(
  traits: SdkPackage,
  options: object,
  load: (module: string) => Promise<object>,
  remedy: string,
): Promise<BuiltProvider | string[]> {
  let exports: object;
  try {
    exports = await load(traits.module);
  } catch (thrown) {
    const isMissing = /cannot find (?:package|module)|ERR_MODULE_NOT_FOUND/i.test(textOf(thrown));
    return [
      isMissing
        ? `the package ${traits.module} is not installed; ${remedy}`
        : `the package ${traits.module} cannot be loaded (${textOf(thrown)}); ${remedy}`,
    ];
  }
  const create: unknown = Reflect.get(exports, traits.factory);
  if (typeof create !== 'function') return [`this version of ${traits.module} is not known; ${remedy}`];
  try {
    const made: unknown = create(options);
    const model = modelsOf(made, traits);
    const probe = model('a-model') as Partial<LanguageModelV4> | undefined;
    return probe?.specificationVersion === SPECIFICATION
      ? { model, create: create as BuiltProvider['create'] }
      : [`this version of ${traits.module} speaks another version of the AI SDK's interface; ${remedy}`];
  } catch (thrown) {
    return [textOf(thrown)];
  }
}

function optionsOf(
  traits: SdkPackage,
  baseUrl: string,
  found: ReadonlyMap<string, string | boolean>,
  fetch: PackageFetch,
): object {
  const options: Record<string, unknown> = { fetch, generateId: ownCallId };
  // Where there is none, an empty one keeps a package from taking one from the environment by itself.
  if (traits.settings['api_key'] !== undefined) options['apiKey'] = '';
  if (baseUrl !== '') options['baseURL'] = baseUrl;
  for (const [name, value] of found) {
    const setting = traits.settings[name];
    if (setting !== undefined) put(options, setting.option.split('.'), converted(value, name, setting));
  }
  return options;
}

/** Of a call that its vendor gave none. */
function ownCallId(): string {
  return `call_${crypto.randomUUID().replaceAll('-', '')}`;
}

function converted(value: string | boolean, name: string, { type }: SdkSetting): unknown {
  if (type === 'json') return JSON.parse(String(value));
  // A key in a variable has its line ends written as `\n`, as the JSON that it was copied from.
  return name === 'private_key' ? String(value).replaceAll('\\n', '\n') : value;
}

function put(into: Record<string, unknown>, [name = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    into[name] = value;
    return;
  }
  const inner = (into[name] ?? {}) as Record<string, unknown>;
  into[name] = inner;
  put(inner, rest, value);
}

function cleaned(text: string, secrets: readonly string[]): string {
  return secrets.reduce(withoutSecret, text);
}

function textOf(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.message.split('\n', 1)[0] ?? '') : String(thrown);
}
