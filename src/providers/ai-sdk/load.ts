/**
 * Loads, at the start, the packages that the configuration names, and makes a provider of each: what is missing or does not fit
 * stops the start with a remedy, and no request ever finds out. Whoever configures none loads nothing.
 */
import type { LanguageModelV4 } from '@ai-sdk/provider';
import { withoutSecret } from '../redaction.ts';
import type { PackageFetch } from './package-fetch.ts';
import { SDK_PACKAGES, type SdkPackage, type SdkTarget } from './packages.ts';

/** The version of the interface between the AI SDK and its provider packages that the adapter speaks. */
const SPECIFICATION = 'v4';

/** A provider of the catalogue whose format is `ai-sdk`. */
export interface SdkProviderConfig {
  readonly sdk: SdkTarget;
  /** Empty: the package's own. */
  readonly baseUrl: string;
  readonly apiKey: string | null;
}

export interface LoadedProvider {
  readonly traits: SdkPackage;
  /** What the package was told or finds in the environment: taken out of whatever its vendor says. */
  readonly secrets: readonly string[];
  model(id: string): LanguageModelV4;
}

export type LoadedProviders = ReadonlyMap<string, LoadedProvider>;

export interface LoadOptions {
  readonly fetch: PackageFetch;
  /** A variable of the environment, or null. */
  readonly readVariable: (variable: string) => string | null;
  /** Default: `import`. */
  readonly load?: (module: string) => Promise<object>;
}

/** `problems`, one line each, stop the start. */
export async function loadSdkProviders(
  providers: readonly SdkProviderConfig[],
  { fetch, readVariable, load = (module) => import(module) }: LoadOptions,
): Promise<{ readonly loaded: LoadedProviders; readonly problems: readonly string[] }> {
  const loaded = new Map<string, LoadedProvider>();
  const problems: string[] = [];
  for (const provider of providers) {
    const { slug, packageName } = provider.sdk;
    const traits = SDK_PACKAGES[packageName];
    if (traits === undefined) throw new Error(`There is no package "${packageName}" in the list`);
    const missing = missingOf(traits, provider, readVariable);
    const secrets = secretsOf(traits, provider, readVariable);
    const found = missing.length > 0 ? missing : await build(traits, provider, fetch, load);
    if (Array.isArray(found)) {
      for (const problem of found) problems.push(`provider "${slug}": ${cleaned(problem, secrets)}`);
    } else loaded.set(slug, { traits, secrets, model: found as (id: string) => LanguageModelV4 });
  }
  return { loaded, problems };
}

function missingOf(
  { settings, needs }: SdkPackage,
  { sdk, baseUrl, apiKey }: SdkProviderConfig,
  readVariable: LoadOptions['readVariable'],
): string[] {
  const has = (name: string): boolean => {
    if (name === 'base_url') return baseUrl !== '';
    if (name === 'api_key' && apiKey !== null) return true;
    if (sdk.settings[name] !== undefined) return true;
    const variable = settings[name]?.variable;
    return variable !== undefined && readVariable(variable) !== null;
  };
  return needs.filter(({ anyOf }) => !anyOf.some((all) => all.every(has))).map(({ remedy }) => remedy);
}

/** Also those that the package reads from the environment: its vendor may repeat them. */
function secretsOf(
  { settings }: SdkPackage,
  { sdk, apiKey }: SdkProviderConfig,
  readVariable: LoadOptions['readVariable'],
): string[] {
  const secrets = new Set<string>(apiKey === null ? [] : [apiKey]);
  for (const [name, { isSecret, variable }] of Object.entries(settings)) {
    if (isSecret !== true) continue;
    const value = sdk.settings[name] ?? (variable === undefined ? null : readVariable(variable));
    if (typeof value === 'string' && value !== '') secrets.add(value);
  }
  return [...secrets];
}

/** What makes a model, or why nothing does. */
async function build(
  traits: SdkPackage,
  provider: SdkProviderConfig,
  fetch: PackageFetch,
  load: (module: string) => Promise<object>,
): Promise<((id: string) => unknown) | string[]> {
  const install = `run: npm install ${traits.install}`;
  let exports: object;
  try {
    exports = await load(traits.module);
  } catch (thrown) {
    const isMissing = /cannot find (?:package|module)|ERR_MODULE_NOT_FOUND/i.test(textOf(thrown));
    return [
      isMissing
        ? `the package ${traits.module} is not installed; ${install}`
        : `the package ${traits.module} cannot be loaded (${textOf(thrown)}); ${install}`,
    ];
  }
  const create: unknown = Reflect.get(exports, traits.factory);
  if (typeof create !== 'function') return [`this version of ${traits.module} is not known; ${install}`];
  try {
    const made: unknown = create(optionsOf(traits, provider, fetch));
    const makeModel = (id: string): unknown =>
      (made as Record<string, (id: string) => unknown>)[traits.method]?.(id);
    const probe = makeModel('a-model') as Partial<LanguageModelV4> | undefined;
    return probe?.specificationVersion === SPECIFICATION
      ? makeModel
      : [`this version of ${traits.module} speaks another version of the AI SDK's interface; ${install}`];
  } catch (thrown) {
    return [textOf(thrown)];
  }
}

function optionsOf(
  traits: SdkPackage,
  { sdk, baseUrl, apiKey }: SdkProviderConfig,
  fetch: PackageFetch,
): object {
  const options: Record<string, unknown> = { fetch, generateId: ownCallId };
  if (baseUrl !== '') options['baseURL'] = baseUrl;
  if (apiKey !== null && traits.settings['api_key'] !== undefined) options['apiKey'] = apiKey;
  for (const [name, value] of Object.entries(sdk.settings)) {
    const setting = traits.settings[name];
    if (setting !== undefined) put(options, setting.option.split('.'), value);
  }
  return options;
}

/** Of a call that its vendor gave none. */
function ownCallId(): string {
  return `call_${crypto.randomUUID().replaceAll('-', '')}`;
}

function put(
  into: Record<string, unknown>,
  [name = '', ...rest]: readonly string[],
  value: string | boolean,
): void {
  if (rest.length > 0) {
    const inner = (into[name] ?? {}) as Record<string, unknown>;
    into[name] = inner;
    put(inner, rest, value);
    // A key in a variable has its line ends written as `\n`, as the JSON that it was copied from.
  } else into[name] = name === 'private_key' ? String(value).replaceAll('\\n', '\n') : value;
}

function cleaned(text: string, secrets: readonly string[]): string {
  return secrets.reduce(withoutSecret, text);
}

function textOf(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.message.split('\n', 1)[0] ?? '') : String(thrown);
}
