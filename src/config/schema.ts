/** The shape of turnpike.yaml, and what to say about each thing that does not fit; `{value}` in a message is the text of the file. */
import { isIP } from 'node:net';
import { z } from 'zod';
import { DEFAULT_JSON_BOUNDS } from '../json.ts';
import { formatPriceUsd, type PicoUsd, parsePriceUsd } from '../money.ts';
import { SDK_FORMAT, SDK_PACKAGES, sdkPackageOf } from '../providers/ai-sdk/packages.ts';
import { isSafeAddress } from '../providers/identity.ts';
import { isQuoted, QUOTED } from '../providers/provider-key.ts';
import { REASONING_HISTORIES, REASONING_STYLES } from '../providers/quirks.ts';
import { TAG_NAME } from '../tag-name.ts';
import { formatFault, settingFaults } from './format.ts';
import { ownKeys } from './own-key-fee.ts';
import { identityFault, providerIdentity } from './provider-identity.ts';
import { poolFault, poolMembers, probeFault } from './provider-pool.ts';
import { billing } from './purchases.ts';
import { budgets, routers } from './routing.ts';
import { isHeaderSafe, object } from './schema-object.ts';

const SLUG = '[a-z0-9][a-z0-9._-]*';
const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;
const conditionKeys = ['min_prompt_tokens', 'utc_start', 'utc_end', 'utc_days'];
const MAX_TIMER_MS = 2_147_483_647;
const MIB = 1024 * 1024;
const BUILT_IN_SIGN_INS = new Set(['github', 'google', 'credential']);
/** Far above any real price, and its pico-USD still fit a signed 64-bit column. */
const MAX_PRICE_PICO_USD: PicoUsd = 1_000_000n * 10n ** 12n;

function matching(pattern: string, what: string) {
  return z.string().regex(new RegExp(`^${pattern}$`), { error: `{value} is not ${what}` });
}

const slug = matching(SLUG, 'a slug; use a-z, 0-9, ".", "_" and "-", starting with a letter or a digit');
const text = z.string().min(1, { error: 'is empty; write a text or remove the key' });
const words = z.array(matching('[a-z0-9][a-z0-9_]*', 'a name of this list; use a-z, 0-9 and "_"'));
const tokens = z.int().min(1);

const price = z
  .custom<string>((value) => value !== undefined && typeof value !== 'number', {
    error: ({ input }) =>
      input === undefined
        ? 'is missing'
        : `{value} is a number, which may not be exact; quote it: ${JSON.stringify(decimal(input))}`,
    abort: true,
  })
  .refine((value) => isPrice(value), {
    error:
      '{value} is not a price; write USD a token as a decimal, like "0.00000015", with at most 12 decimals',
  })
  .transform((value) => decimal(value));

function isPrice(value: unknown): boolean {
  const parsed = typeof value === 'string' ? parsePriceUsd(value) : null;
  return parsed !== null && parsed <= MAX_PRICE_PICO_USD;
}

function decimal(value: unknown): string {
  const parsed = parsePriceUsd(String(value));
  return parsed === null ? '0.00000015' : formatPriceUsd(parsed);
}

const optionalPrices = {
  request: price.optional(),
  image: price.optional(),
  image_output: price.optional(),
  image_token: price.optional(),
  audio: price.optional(),
  audio_output: price.optional(),
  input_audio_cache: price.optional(),
  input_cache_read: price.optional(),
  input_cache_write: price.optional(),
  input_cache_write_1h: price.optional(),
  internal_reasoning: price.optional(),
  web_search: price.optional(),
};

const timeOfDay = z.int().refine((value) => value >= 0 && value < 2400 && value % 100 < 60, {
  error: '{value} is not a time of day; write HHMM in UTC, 0 to 2359',
});

const pricingOverride = object({
  min_prompt_tokens: z.int().min(0).optional(),
  utc_start: timeOfDay.optional(),
  utc_end: timeOfDay.optional(),
  utc_days: z.array(z.enum(weekdays)).min(1).optional(),
  prompt: price.optional(),
  completion: price.optional(),
  ...optionalPrices,
})
  .refine((entry) => (entry.utc_start === undefined) === (entry.utc_end === undefined), {
    error: 'utc_start and utc_end belong together; write both',
  })
  .refine((entry) => Object.keys(entry).some((key) => conditionKeys.includes(key)), {
    error: `has no condition and would always hold; add one of ${conditionKeys.join(', ')}`,
  })
  .refine((entry) => Object.keys(entry).some((key) => !conditionKeys.includes(key)), {
    error: 'changes no price; add one, such as prompt',
  });

const endpoint = object({
  provider: slug,
  model: text.optional(),
  tag: matching(
    `${SLUG}(/${SLUG}){0,2}`,
    'a tag; write it like "acme", "acme/turbo" or "acme/flex"',
  ).optional(),
  pricing: object({ prompt: price, completion: price, ...optionalPrices }),
  pricing_overrides: z.array(pricingOverride).optional(),
  context_length: tokens.optional(),
  max_completion_tokens: tokens.optional(),
  quantization: matching('[a-z0-9]+', 'a quantization; write it like "fp8"').optional(),
  supported_parameters: words.optional(),
});

const model = object({
  id: matching(
    `${SLUG}/${SLUG}(:${SLUG})?`,
    'a model id; write author/slug or author/slug:variant in lower case',
  ),
  name: text.optional(),
  description: z.string().optional(),
  created: z.int().min(0, { error: 'must be seconds since 1970' }).optional(),
  context_length: tokens.optional(),
  max_completion_tokens: tokens.optional(),
  input_modalities: words.min(1).optional(),
  output_modalities: words.min(1).optional(),
  supported_parameters: words.optional(),
  distillable_text: z.boolean().optional(),
  endpoints: z.array(endpoint).optional(),
});

const format = z.string().check((check) => {
  const fault = formatFault(check.value);
  if (fault !== null) check.issues.push({ code: 'custom', input: check.value, message: `{value} ${fault}` });
});

/** Never shown in a message: it may hold a password. */
const baseUrl = z.string().check((check) => {
  const fault = baseUrlFault(check.value);
  if (fault !== null) check.issues.push({ code: 'custom', input: check.value, message: fault });
});

/** What is wrong with the address of an API, in words that do not repeat it; null: nothing. */
export function baseUrlFault(address: string, example = 'https://api.example.com/v1'): string | null {
  const url = URL.parse(address);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    return `not an http or https address; write it like "${example}"`;
  }
  if (url.username !== '' || url.password !== '')
    return 'holds a user name or password; remove them from the address';
  if (/[?#]/.test(address)) return 'has a "?" or "#" part; remove it';
  return null;
}

export function withoutTrailingSlash(address: string): string {
  return new URL(address).href.replace(/\/+$/, '');
}

/** Where this provider differs from others of its format; what is missing goes by its host. */
const quirks = object({
  max_tokens_field: z.enum(['max_tokens', 'max_completion_tokens']).optional(),
  roles: z.array(z.enum(['system', 'developer'])).optional(),
  stream_options: z.boolean().optional(),
  reasoning: z.enum(REASONING_STYLES).optional(),
  reasoning_history: z.enum(REASONING_HISTORIES).optional(),
  cache_control: z.boolean().optional(),
  responses: z.boolean().optional(),
  base64_embeddings: z.boolean().optional(),
  embeddings_at_once: z.int().min(1).max(2048).optional(),
});

/** Somebody's own token is Anthropic's business alone, and nobody's on the way. */
function loginFault(name: string, wire: string | undefined, address: string): string | null {
  if (name !== 'anthropic' || wire !== 'anthropic')
    return 'is for the provider whose slug and format are both anthropic; remove it here';
  return address === '' || isSafeAddress(address)
    ? null
    : 'sends tokens of people to this base_url, which must be https';
}

const provider = object({
  slug,
  name: text.optional(),
  format: format.optional(),
  base_url: baseUrl
    .transform((address) => (baseUrlFault(address) === null ? withoutTrailingSlash(address) : address))
    .optional(),
  api_key: z
    .string()
    .refine(isHeaderSafe, { error: 'is empty, or has spaces or characters that no key has' })
    .refine((key) => !isQuoted(key), { error: QUOTED })
    .optional(),
  settings: z.record(z.string(), z.unknown()).optional(),
  data_policy: object({
    training: z.boolean().optional(),
    retains_prompts: z.boolean().optional(),
  }).optional(),
  stops_when_cancelled: z.boolean().optional(),
  pass_through_login: z.boolean().optional(),
  own_keys_only: z.boolean().optional(),
  workload_identity: providerIdentity.optional(),
  quirks: quirks.optional(),
  ...poolMembers,
})
  .refine(({ format: name = '', base_url }) => base_url !== undefined || name.startsWith(SDK_FORMAT), {
    error: 'is missing',
    path: ['base_url'],
    when: ({ value }) => typeof value === 'object' && value !== null,
  })
  .check((check) => {
    const { slug: name, format: wire, base_url: address = '', pass_through_login: passes } = check.value;
    const fault = passes === true ? loginFault(name, wire, address) : null;
    if (fault !== null)
      check.issues.push({ code: 'custom', input: passes, path: ['pass_through_login'], message: fault });
  })
  .check((check) => {
    const { workload_identity: identity, format: wire, api_key, settings = {} } = check.value;
    if (identity === undefined) return;
    const known = SDK_PACKAGES[sdkPackageOf(wire ?? '') ?? '']?.settings ?? {};
    const hasKey =
      api_key !== undefined || Object.keys(settings).some((key) => known[key]?.isSecret === true);
    const fault = identityFault(identity, { format: wire, hasKey });
    if (fault !== null)
      check.issues.push({ code: 'custom', input: identity, path: ['workload_identity'], message: fault });
  })
  .check((check) => {
    const fault = probeFault(check.value);
    if (fault !== null)
      check.issues.push({ code: 'custom', input: check.value.probe, path: ['probe'], message: fault });
  })
  .check((check) => {
    const fault = poolFault(check.value);
    if (fault !== null)
      check.issues.push({
        code: 'custom',
        input: check.value.credentials,
        path: ['credentials'],
        message: fault,
      });
  })
  .check((check) => {
    const { format: name = '', settings = {} } = check.value;
    for (const [key, fault] of settingFaults(name, settings)) {
      check.issues.push({ code: 'custom', input: settings[key], path: ['settings', key], message: fault });
    }
  })
  .transform(({ settings, ...others }) => ({
    ...others,
    ...(settings === undefined ? {} : { settings: settings as Record<string, string | boolean> }),
  }));

const secret = z.string().refine(isHeaderSafe, { error: 'is empty, or has spaces or control characters' });
const credentials = object({ client_id: secret, client_secret: secret });

const oidcProvider = object({
  id: matching('[a-z0-9][a-z0-9-]{0,31}', 'an id; use a-z, 0-9 and "-"').refine(
    (id) => !BUILT_IN_SIGN_INS.has(id),
    {
      error: '{value} is the name of a built-in way to sign in; choose another',
    },
  ),
  name: text,
  issuer: baseUrl,
  client_id: secret,
  client_secret: secret,
  scopes: z.array(z.string().min(1)).default(['openid', 'email', 'profile']),
  trust_email: z.boolean().default(false),
});

const mail = object({
  smtp_url: z.string().refine((value) => /^smtps?:\/\/./.test(value) && URL.canParse(value), {
    error: 'is not a mail server; write smtp://user:password@host:587, or smtps:// for TLS from the start',
  }),
  from: z.string().regex(/^[^\r\n]*[^\s@<>]+@[^\s@<>]+>?$/, {
    error: '{value} is not a sender; write "Turnpike <turnpike@example.com>"',
  }),
});

const timeoutMs = z.int().min(1).max(MAX_TIMER_MS);
const count = z.int().min(0);
const bound = z.int().min(100).max(10_000_000);
/** Bun counts the idle seconds of a connection in a byte. */
const MAX_CONNECTION_TIMER_MS = 255_000;
const clientIdleMs = z
  .int()
  .refine((value) => value === 0 || (value >= 1000 && value <= MAX_CONNECTION_TIMER_MS), {
    error: '{value} is not between 1000 and 255000, which is the most that the runtime counts; 0 means never',
  });

const proxy = z.string().refine(isAddressOrNetwork, {
  error: '{value} is not an address or a network; write one like "10.0.0.5" or "10.0.0.0/8"',
});

function isAddressOrNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

const EDITOR_SCHEMES = ['vscode', 'vscode-insiders', 'vscodium', 'cursor', 'windsurf'];
/** What browsers, and not an editor, answer to; some of it runs as a script. */
const BROWSER_SCHEMES = new Set([
  ...['http', 'https', 'ws', 'wss', 'ftp', 'file', 'filesystem', 'blob', 'data', 'javascript', 'vbscript'],
  ...['about', 'view-source', 'chrome', 'chrome-extension', 'moz-extension', 'edge', 'mailto', 'tel', 'sms'],
]);
const editorScheme = z
  .string()
  .toLowerCase()
  .refine((value) => /^[a-z][a-z0-9+.-]{1,63}$/.test(value) && !BROWSER_SCHEMES.has(value), {
    error: '{value} is not the scheme of an editor; write it like "vscode"',
  });

const hostAndPort = z
  .string()
  .toLowerCase()
  .regex(/^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]):[1-9]\d{0,4}$/, {
    error: '{value} is not a host with its port; write it like "idp.internal:443"',
  });

/** Shorter, and what a node brings back from its journal after a week could be older than what is kept. */
export const MIN_RETENTION_DAYS = 7;
export const MAX_RETENTION_DAYS = 36_500;

export const fileSchema = object({
  providers: z.array(provider).default([]),
  models: z.array(model).default([]),
  accounts: object({
    sign_up: z.enum(['open', 'invitation', 'closed']).default('invitation'),
    github: credentials.nullable().default(null),
    google: credentials.nullable().default(null),
    oidc: z.array(oidcProvider).default([]),
  }).prefault({}),
  mail: mail.nullable().default(null),
  routers,
  budgets,
  billing,
  retention: object({
    generations_days: z.int().min(MIN_RETENTION_DAYS).max(MAX_RETENTION_DAYS).nullable().default(null),
  }).prefault({}),
  byok: ownKeys,
  content_logging: object({
    allowed: z.boolean().default(true),
    max_record_bytes: z
      .int()
      .min(1024)
      .max(64 * MIB)
      .default(4 * MIB),
    memory_bytes: z
      .int()
      .min(MIB)
      .default(64 * MIB),
  }).prefault({}),
  limits: object({
    request_body_bytes: z
      .int()
      .min(1024)
      .max(1024 * MIB)
      .default(32 * MIB),
    first_byte_timeout_ms: timeoutMs.default(180_000),
    answer_timeout_ms: timeoutMs.default(600_000),
    idle_timeout_ms: timeoutMs.default(300_000),
    write_stall_timeout_ms: timeoutMs.default(60_000),
    client_idle_timeout_ms: clientIdleMs.default(90_000),
    slow_sender_timeout_ms: z.int().min(1000).max(MAX_CONNECTION_TIMER_MS).default(15_000),
    reading_bytes: z
      .int()
      .min(MIB)
      .default(256 * MIB),
    json_members: bound.default(DEFAULT_JSON_BOUNDS.members),
    json_nodes: bound.default(DEFAULT_JSON_BOUNDS.nodes),
    json_texts: bound.default(DEFAULT_JSON_BOUNDS.texts),
    json_values: bound.default(DEFAULT_JSON_BOUNDS.values),
    json_escapes: bound.default(DEFAULT_JSON_BOUNDS.escapes),
    default_max_tokens: tokens.default(4096),
    max_hold_usd: z.number().positive().max(1_000_000).nullable().default(null),
    hold_wait_ms: z.int().min(0).max(60_000).default(5000),
    free_requests_per_minute: count.default(20),
    free_requests_per_day: count.default(50),
    free_requests_per_day_with_credits: count.default(1000),
  }).prefault({}),
  oauth: object({
    dynamic_registration: z.boolean().default(false),
    editor_schemes: z.array(editorScheme).default(EDITOR_SCHEMES),
  }).prefault({}),
  drain_delay_ms: z.int().min(0).max(MAX_TIMER_MS).default(0),
  drain_timeout_ms: z.int().min(0).max(MAX_TIMER_MS).default(30_000),
  trusted_proxies: z.array(proxy).default([]),
  egress: object({ private_hosts: z.array(hostAndPort).default([]) }).prefault({}),
  leaked_keys: object({ quarantine: z.boolean().default(true) }).prefault({}),
  figures: object({
    tags: z
      .array(
        z.string().regex(TAG_NAME, 'must be a name of letters, digits and _.:/- of at most 64 characters'),
      )
      .max(30)
      .default([]),
  }).prefault({}),
});

export type FileContent = z.output<typeof fileSchema>;
export type FileProvider = FileContent['providers'][number];
export type FileAccounts = FileContent['accounts'];
export type FileModel = FileContent['models'][number];
export type FileEndpoint = NonNullable<FileModel['endpoints']>[number];
export type FilePriceOverride = NonNullable<FileEndpoint['pricing_overrides']>[number];

/** What to say of the faults that carry no words of their own. */
export function describeIssue(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.input === undefined) return 'is missing';
  switch (issue.code) {
    case 'invalid_type':
      return expectations[issue.expected] ?? `must be of type ${issue.expected}`;
    case 'too_small':
      return issue.origin === 'array'
        ? 'is empty; write at least one'
        : `{value} is too small; use at least ${issue.minimum}`;
    case 'too_big':
      return `{value} is too big; use at most ${issue.maximum}`;
    case 'invalid_value':
      return `{value} is not a choice; use ${issue.values.map(String).join(', ')}`;
    default:
      return undefined;
  }
}

const expectations: Readonly<Record<string, string>> = {
  string: 'must be a text; put it in quotes',
  int: 'must be a whole number, without quotes',
  number: 'must be a whole number, without quotes',
  boolean: 'must be true or false',
  array: 'must be a list: lines that start with "-"',
  object: 'must have keys of its own, indented below it',
};
