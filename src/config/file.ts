/** turnpike.yaml as part of the configuration: every problem in it is found at once and told with its line and key. */

import type { z } from 'zod';
import { redactText } from '../log.ts';
import { nanoUsdFromNumber } from '../money.ts';
import { SDK_PACKAGES, type SdkTarget, sdkPackageOf } from '../providers/ai-sdk/packages.ts';
import type { QuirkSettings } from '../providers/quirks.ts';
import { isOutbound } from '../providers/wire-format.ts';
import type {
  AccountsConfig,
  ClientCredentials,
  Config,
  EndpointConfig,
  ModelConfig,
  PriceOverrideConfig,
  PriceTexts,
  ProviderConfig,
} from './config.ts';
import { ConfigError } from './config-error.ts';
import type { ReadVariable } from './environment.ts';
import { toOwnKeyFee } from './own-key-fee.ts';
import { toIdentity } from './provider-identity.ts';
import { toPool } from './provider-pool.ts';
import { toPurchaseRules } from './purchases.ts';
import { toBudgets, toRouters } from './routing.ts';
import {
  describeIssue,
  type FileAccounts,
  type FileEndpoint,
  type FileModel,
  type FilePriceOverride,
  type FileProvider,
  fileSchema,
} from './schema.ts';
import { type Path, type Problem, pathText, readYaml, type YamlDocument } from './yaml-document.ts';

export type FileConfig = Pick<
  Config,
  | 'providers'
  | 'models'
  | 'accounts'
  | 'mail'
  | 'oauth'
  | 'routers'
  | 'budgets'
  | 'billing'
  | 'purchases'
  | 'ownKeyFee'
  | 'contentLogging'
  | 'retention'
  | 'leakedKeys'
  | 'limits'
  | 'drainDelayMs'
  | 'drainTimeoutMs'
  | 'trustedProxies'
  | 'egress'
  | 'figures'
>;

export interface ConfigFile {
  /** As messages name it. */
  readonly name: string;
  readonly text: string;
}

export function parseConfigFile({ name, text }: ConfigFile, readVariable: ReadVariable): FileConfig {
  const document = readYaml(text, readVariable);
  const content = document.value ?? {};
  const parsed = document.problems.length === 0 || document.value !== undefined ? validate(content) : null;
  const problems = [...document.problems];
  if (parsed !== null) {
    problems.push(...repetitions(content, document));
    if (!parsed.success)
      problems.push(...parsed.error.issues.flatMap((issue) => issueProblems(issue, document, problems)));
  }
  if (problems.length > 0 || parsed === null || !parsed.success)
    throw new ConfigError(inOrder(problems, name));

  const at = (path: Path): string => `${name}:${document.lineOf(path)}`;
  const {
    providers,
    models,
    accounts,
    mail,
    oauth,
    routers,
    budgets,
    billing,
    byok,
    content_logging,
    retention,
    limits,
    drain_delay_ms,
    drain_timeout_ms,
    trusted_proxies,
    egress,
    figures,
    leaked_keys,
  } = parsed.data;
  return {
    providers: providers.map((provider, index) => toProvider(provider, at(['providers', index]))),
    models: models.map((model, index) => toModel(model, ['models', index], at)),
    accounts: toAccounts(accounts),
    mail: mail === null ? null : { smtpUrl: mail.smtp_url, from: mail.from },
    routers: toRouters(routers),
    budgets: toBudgets(budgets),
    billing: { mode: billing.mode },
    purchases: toPurchaseRules(billing),
    retention: { generationsDays: retention.generations_days },
    ownKeyFee: toOwnKeyFee(byok),
    contentLogging: {
      allowed: content_logging.allowed,
      maxRecordBytes: content_logging.max_record_bytes,
      memoryBytes: content_logging.memory_bytes,
    },
    limits: {
      requestBodyBytes: limits.request_body_bytes,
      firstByteTimeoutMs: limits.first_byte_timeout_ms,
      answerTimeoutMs: limits.answer_timeout_ms,
      idleTimeoutMs: limits.idle_timeout_ms,
      writeStallTimeoutMs: limits.write_stall_timeout_ms,
      clientIdleTimeoutMs: limits.client_idle_timeout_ms,
      slowSenderTimeoutMs: limits.slow_sender_timeout_ms,
      readingBytes: limits.reading_bytes,
      jsonBounds: {
        members: limits.json_members,
        nodes: limits.json_nodes,
        texts: limits.json_texts,
        values: limits.json_values,
        escapes: limits.json_escapes,
      },
      defaultMaxTokens: limits.default_max_tokens,
      holdWaitMs: limits.hold_wait_ms,
      maxHoldNanoUsd: limits.max_hold_usd === null ? null : nanoUsdFromNumber(limits.max_hold_usd),
      freeRequestsPerMinute: limits.free_requests_per_minute,
      freeRequestsPerDay: limits.free_requests_per_day,
      freeRequestsPerDayWithCredits: limits.free_requests_per_day_with_credits,
    },
    oauth: { dynamicRegistration: oauth.dynamic_registration, editorSchemes: oauth.editor_schemes },
    drainDelayMs: drain_delay_ms,
    drainTimeoutMs: drain_timeout_ms,
    trustedProxies: trusted_proxies,
    egress: { privateHosts: egress.private_hosts },
    figures: { tags: figures.tags },
    leakedKeys: { quarantine: leaked_keys.quarantine },
  };
}

function validate(content: unknown) {
  return fileSchema.safeParse(content, { error: describeIssue });
}

function inOrder(problems: readonly Problem[], name: string): string[] {
  return [...problems].sort((a, b) => a.line - b.line).map(({ line, text }) => `${name}:${line}: ${text}`);
}

function issueProblems(issue: z.core.$ZodIssue, document: YamlDocument, told: readonly Problem[]): Problem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.message.split('\n').map((message, index) => ({
      line: document.lineOf([...issue.path, issue.keys[index] ?? '']),
      text: prefixed(issue.path, message),
    }));
  }
  // A variable that is not set leaves an empty text behind, which needs no second complaint.
  const line = document.lineOf(issue.path);
  if (told.some((problem) => problem.text.startsWith(`${pathText(issue.path)}: `))) return [];
  return [
    {
      line,
      text: prefixed(
        issue.path,
        issue.message.replace('{value}', () => shownSource(document, issue.path)),
      ),
    },
  ];
}

function prefixed(path: Path, message: string): string {
  return path.length === 0 ? message : `${pathText(path)}: ${message}`;
}

/** Names given twice. It looks at the unchecked content, so that these are told together with everything else. */
function repetitions(content: unknown, document: YamlDocument): Problem[] {
  const found: Problem[] = [];
  /** `keys`: where the name stands, or else its default. */
  const check = (list: unknown, path: Path, keys: readonly string[], remedy: string): void => {
    const seen = new Set<unknown>();
    for (const [index, entry] of entriesOf(list)) {
      const key = keys.find((candidate) => typeof member(entry, candidate) === 'string');
      if (key === undefined) continue;
      const name = member(entry, key);
      const place = [...path, index, key];
      const message = `${shownSource(document, place)} is already used above; ${remedy}`;
      if (seen.has(name)) found.push({ line: document.lineOf(place), text: prefixed(place, message) });
      seen.add(name);
    }
  };
  const models = member(content, 'models');
  check(member(content, 'providers'), ['providers'], ['slug'], 'give it another slug');
  check(member(member(content, 'accounts'), 'oidc'), ['accounts', 'oidc'], ['id'], 'give it another id');
  check(models, ['models'], ['id'], 'put its endpoints under one model');
  for (const [index, model] of entriesOf(models)) {
    const remedy = 'give this endpoint a tag of its own, like "acme/turbo"';
    check(member(model, 'endpoints'), ['models', index, 'endpoints'], ['tag', 'provider'], remedy);
  }
  return found;
}

/** A value as the file has it: what the environment put in its place may be a secret. */
function shownSource(document: YamlDocument, path: Path): string {
  const source = document.sourceOf(path);
  return source === undefined ? 'this' : JSON.stringify(redactText(source));
}

function entriesOf(list: unknown): [number, unknown][] {
  return Array.isArray(list) ? [...list.entries()] : [];
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

function toAccounts({ sign_up, github, google, oidc }: FileAccounts): AccountsConfig {
  const toCredentials = (written: FileAccounts['github']): ClientCredentials | null =>
    written === null ? null : { clientId: written.client_id, clientSecret: written.client_secret };
  return {
    signUp: sign_up,
    github: toCredentials(github),
    google: toCredentials(google),
    oidc: oidc.map((provider) => ({
      id: provider.id,
      name: provider.name,
      issuer: provider.issuer,
      clientId: provider.client_id,
      clientSecret: provider.client_secret,
      scopes: provider.scopes,
      trustEmail: provider.trust_email,
    })),
  };
}

function toProvider(provider: FileProvider, at: string): ProviderConfig {
  return {
    slug: provider.slug,
    name: provider.name ?? provider.slug,
    ...toFormat(provider),
    baseUrl: provider.base_url ?? '',
    ...toPool(provider),
    ...(provider.pass_through_login === true ? { passesLogin: true } : {}),
    ...(provider.own_keys_only === true ? { ownKeysOnly: true } : {}),
    ...toIdentityOf(provider),
    // A provider that states no policy is taken to be the worse one, so that it never passes for private.
    training: provider.data_policy?.training ?? true,
    retainsPrompts: provider.data_policy?.retains_prompts ?? true,
    stopsWhenCancelled: provider.stops_when_cancelled ?? true,
    at,
  };
}

function toIdentityOf(provider: FileProvider): Pick<ProviderConfig, 'identity'> {
  const { slug, base_url: baseUrl = '', settings = {}, workload_identity: file } = provider;
  if (file === undefined) return {};
  const { region } = settings;
  return {
    identity: toIdentity(file, { slug, baseUrl, region: typeof region === 'string' ? region : undefined }),
  };
}

function toFormat(provider: FileProvider): Pick<ProviderConfig, 'format' | 'quirks' | 'sdk'> {
  const { slug, format = 'openai', settings = {} } = provider;
  const quirks = toQuirks(provider.quirks);
  const packageName = sdkPackageOf(format);
  if (packageName === null) return { format: isOutbound(format) ? format : 'openai', quirks };
  const sdk: SdkTarget = { slug, packageName, settings };
  // Whether it can be given a budget to think with is not a matter of its host.
  const reasoning = SDK_PACKAGES[packageName]?.budget == null ? 'effort' : 'budget';
  const maxTokensField = packageName === '@ai-sdk/azure' ? 'max_completion_tokens' : 'max_tokens';
  return { format: 'ai-sdk', sdk, quirks: { reasoning, maxTokensField, ...quirks } };
}

function toQuirks(quirks: FileProvider['quirks'] = {}): QuirkSettings {
  return {
    ...(quirks.max_tokens_field === undefined ? {} : { maxTokensField: quirks.max_tokens_field }),
    ...(quirks.roles === undefined ? {} : { roles: quirks.roles }),
    ...(quirks.stream_options === undefined ? {} : { streamOptions: quirks.stream_options }),
    ...(quirks.reasoning === undefined ? {} : { reasoning: quirks.reasoning }),
    ...(quirks.reasoning_history === undefined ? {} : { reasoningHistory: quirks.reasoning_history }),
    ...(quirks.cache_control === undefined ? {} : { cacheControl: quirks.cache_control }),
    ...(quirks.base64_embeddings === undefined ? {} : { base64Embeddings: quirks.base64_embeddings }),
    ...(quirks.embeddings_at_once === undefined ? {} : { embeddingsAtOnce: quirks.embeddings_at_once }),
    ...(quirks.responses === undefined ? {} : { responses: quirks.responses }),
  };
}

function toModel(model: FileModel, path: Path, at: (path: Path) => string): ModelConfig {
  return {
    id: model.id,
    name: model.name ?? null,
    description: model.description ?? null,
    created: model.created ?? null,
    contextLength: model.context_length ?? null,
    maxCompletionTokens: model.max_completion_tokens ?? null,
    inputModalities: model.input_modalities ?? null,
    outputModalities: model.output_modalities ?? null,
    supportedParameters: model.supported_parameters ?? null,
    distillableText: model.distillable_text ?? null,
    endpoints: (model.endpoints ?? []).map((entry, index) =>
      toEndpoint(entry, at([...path, 'endpoints', index])),
    ),
    at: at(path),
  };
}

function toEndpoint(endpoint: FileEndpoint, at: string): EndpointConfig {
  return {
    provider: endpoint.provider,
    model: endpoint.model ?? null,
    tag: endpoint.tag ?? null,
    pricing: writtenPrices(endpoint.pricing),
    pricingOverrides: (endpoint.pricing_overrides ?? []).map(toPriceOverride),
    contextLength: endpoint.context_length ?? null,
    maxCompletionTokens: endpoint.max_completion_tokens ?? null,
    quantization: endpoint.quantization ?? null,
    supportedParameters: endpoint.supported_parameters ?? null,
    at,
  };
}

function toPriceOverride(override: FilePriceOverride): PriceOverrideConfig {
  const { min_prompt_tokens, utc_start, utc_end, utc_days, ...prices } = override;
  return {
    ...(min_prompt_tokens === undefined ? {} : { minPromptTokens: min_prompt_tokens }),
    ...(utc_start === undefined ? {} : { utcStart: utc_start }),
    ...(utc_end === undefined ? {} : { utcEnd: utc_end }),
    ...(utc_days === undefined ? {} : { utcDays: utc_days }),
    prices: writtenPrices(prices),
  };
}

function writtenPrices(prices: Readonly<Record<string, string | undefined>>): PriceTexts {
  const written: Record<string, string> = {};
  for (const [key, price] of Object.entries(prices)) {
    if (price !== undefined) written[key] = price;
  }
  return written;
}
