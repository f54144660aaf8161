/** What an operator may set in the environment, and what each mistake is answered with. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { newKeySecret } from '../auth/key-secret.ts';
import type { Config } from './config.ts';
import { ConfigError } from './config-error.ts';
import type { Environment } from './environment.ts';
import { loadConfig } from './load.ts';

const masterKey = Buffer.alloc(32, 7).toString('base64');
let cwd = '';
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'turnpike-config-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

function load(env: Environment = {}): Config {
  return loadConfig({ env: { TURNPIKE_MASTER_KEY: masterKey, ...env }, cwd });
}

function problemsOf(env: Environment): readonly string[] {
  try {
    load(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error('the configuration was accepted');
}

function mount(name: string, content: string): string {
  const path = join(cwd, name);
  writeFileSync(path, content);
  return path;
}

test('an empty environment gives the documented defaults', () => {
  const config = load();
  expect(config).toMatchObject({
    host: '127.0.0.1',
    port: 4141,
    publicUrl: 'http://127.0.0.1:4141',
    dataDir: join(cwd, 'data'),
    databaseUrl: null,
    bootstrapManagementKey: null,
    logLevel: 'info',
    providers: [],
    models: [],
    billing: { mode: 'off' },
    limits: {
      requestBodyBytes: 33_554_432,
      firstByteTimeoutMs: 180_000,
      answerTimeoutMs: 600_000,
      idleTimeoutMs: 300_000,
      writeStallTimeoutMs: 60_000,
      defaultMaxTokens: 4096,
      freeRequestsPerMinute: 20,
      freeRequestsPerDay: 50,
      freeRequestsPerDayWithCredits: 1000,
    },
    drainDelayMs: 0,
    drainTimeoutMs: 30_000,
    warnings: [],
  });
  expect(config.masterKey).toEqual(new Uint8Array(32).fill(7));
});

test('every setting is read, and the result is frozen all the way down', () => {
  const { key } = newKeySecret();
  const config = load({
    TURNPIKE_HOST: '0.0.0.0',
    TURNPIKE_PORT: '8080',
    TURNPIKE_PUBLIC_URL: 'https://ai.example.com/gateway/',
    TURNPIKE_DATA_DIR: 'state',
    TURNPIKE_DATABASE_URL: 'postgres://u:p@db/turnpike',
    TURNPIKE_BOOTSTRAP_MANAGEMENT_KEY: key,
    TURNPIKE_LOG_LEVEL: 'debug',
  });
  expect(config).toMatchObject({
    host: '0.0.0.0',
    port: 8080,
    publicUrl: 'https://ai.example.com/gateway',
    dataDir: join(cwd, 'state'),
    databaseUrl: 'postgres://u:p@db/turnpike',
    bootstrapManagementKey: key,
    logLevel: 'debug',
  });
  expect(Object.isFrozen(config) && Object.isFrozen(config.limits) && Object.isFrozen(config.providers)).toBe(
    true,
  );
  expect(statSync(config.dataDir).mode & 0o777).toBe(0o700);
});

test('a public address below a path is taken for the API, with a warning that the pages are not there', () => {
  const warningsOf = (url: string) => load({ TURNPIKE_PUBLIC_URL: url }).warnings;
  expect(warningsOf('https://ai.example.com/')).toEqual([]);
  expect(warningsOf('https://ai.example.com/gateway/')).toEqual([
    expect.stringContaining('TURNPIKE_PUBLIC_URL has the path /gateway'),
  ]);
});

test.each([
  ['0.0.0.0', 'http://127.0.0.1:4141'],
  ['::', 'http://[::1]:4141'],
  ['[fd00::5]', 'http://[fd00::5]:4141'],
  ['gateway.internal', 'http://gateway.internal:4141'],
])('listening on %s, clients are sent to %s', (host, url) => {
  expect(load({ TURNPIKE_HOST: host }).publicUrl).toBe(url);
});

test('an empty variable counts as unset', () => {
  expect(load({ TURNPIKE_PORT: '', TURNPIKE_CONFIG: '', TURNPIKE_PRT: '' }).port).toBe(4141);
});

test('a mistyped setting is refused with the right name', () => {
  expect(problemsOf({ TURNPIKE_PROT: '1', TURNPIKE_ZZZZZZZZZZ: '1' })).toEqual([
    'TURNPIKE_PROT: there is no such setting; did you mean "TURNPIKE_PORT"?',
    'TURNPIKE_ZZZZZZZZZZ: there is no such setting; unset it',
  ]);
});

test('the variables Kubernetes sets for a service called turnpike are passed over', () => {
  const config = load({
    TURNPIKE_PORT: 'tcp://10.0.0.1:4141',
    TURNPIKE_SERVICE_HOST: '10.0.0.1',
    TURNPIKE_SERVICE_PORT: '4141',
    TURNPIKE_SERVICE_PORT_HTTP: '4141',
    TURNPIKE_PORT_4141_TCP: 'tcp://10.0.0.1:4141',
    TURNPIKE_PORT_4141_TCP_ADDR: '10.0.0.1',
    TURNPIKE_POSTGRES_PORT: 'tcp://10.0.0.2:5432',
  });
  expect(config.port).toBe(4141);
});

describe('a wrong value is told with its fix', () => {
  test.each([
    [{ TURNPIKE_PORT: 'abc' }, 'TURNPIKE_PORT: "abc" is not a port; use a number from 1 to 65535'],
    [{ TURNPIKE_PORT: '65536' }, 'TURNPIKE_PORT: "65536" is not a port; use a number from 1 to 65535'],
    [{ TURNPIKE_PORT: '0' }, 'TURNPIKE_PORT: "0" is not a port; use a number from 1 to 65535'],
    [{ TURNPIKE_LOG_LEVEL: 'inof' }, 'TURNPIKE_LOG_LEVEL: "inof" is not a level; did you mean "info"?'],
    [
      { TURNPIKE_LOG_LEVEL: 'everything' },
      'TURNPIKE_LOG_LEVEL: "everything" is not a level; use debug, info, warn, error',
    ],
    [
      { TURNPIKE_PUBLIC_URL: 'ai.example.com' },
      'TURNPIKE_PUBLIC_URL: not an http or https address; write it like "https://ai.example.com"',
    ],
    [
      { TURNPIKE_HOST: 'http://x' },
      'TURNPIKE_HOST: "http://x" is not a host; use an address or a name, like 127.0.0.1 or 0.0.0.0',
    ],
  ])('%j', (env, problem) => {
    expect(problemsOf(env)).toEqual([problem]);
  });

  test('every problem of environment and file is told at once, and nothing is created', () => {
    mount('turnpike.yaml', 'billing: { mode: free }\ndrain_timeout_ms: -1\n');
    const problems = problemsOf({ TURNPIKE_PORT: 'x', TURNPIKE_HSOT: 'y', TURNPIKE_MASTER_KEY: '' });
    expect(problems).toHaveLength(4);
    expect(existsSync(join(cwd, 'data'))).toBe(false);
  });

  test('a secret never stands in the error about it', () => {
    const canary = 'canary5f2e';
    const problems = problemsOf({
      TURNPIKE_DATABASE_URL: `mysql://u:${canary}@db`,
      TURNPIKE_BOOTSTRAP_MANAGEMENT_KEY: `sk-or-v1-${canary}`,
      TURNPIKE_PUBLIC_URL: `https://u:${canary}@example.com`,
      TURNPIKE_PORT: `file:${mount('port', canary)}`,
    });
    expect(problems).toHaveLength(4);
    expect(problems.join('\n')).not.toContain(canary);
    expect(() => load({ TURNPIKE_MASTER_KEY: canary })).toThrow(
      /^TURNPIKE_MASTER_KEY: not a key of 32 bytes(?!.*canary)/,
    );
  });

  test('a key with a wrong checksum is no bootstrap key', () => {
    expect(problemsOf({ TURNPIKE_BOOTSTRAP_MANAGEMENT_KEY: `sk-or-v1-${'0'.repeat(64)}` })[0]).toContain(
      'checksum',
    );
  });
});

describe('file:', () => {
  test('a mounted secret is read, and loses only its line end', () => {
    const path = mount('db', 'postgres://u:p w@db/x\r\n');
    expect(load({ TURNPIKE_DATABASE_URL: `file:${path}` }).databaseUrl).toBe('postgres://u:p w@db/x');
  });

  test('the mark that an editor puts before a text is no part of the secret', () => {
    const path = mount('master', `\uFEFF${Buffer.alloc(32, 7).toString('base64')}\r\n`);
    expect(load({ TURNPIKE_MASTER_KEY: `file:${path}` }).masterKey).toEqual(new Uint8Array(32).fill(7));
  });

  test('one that is missing or empty is an error, not a default', () => {
    const missing = join(cwd, 'none');
    const empty = mount('empty', '\n');
    expect(
      problemsOf({ TURNPIKE_DATABASE_URL: `file:${missing}`, TURNPIKE_LOG_LEVEL: `file:${empty}` }),
    ).toEqual([
      `TURNPIKE_DATABASE_URL: cannot read ${missing} (ENOENT); check the path and its permissions`,
      `TURNPIKE_LOG_LEVEL: ${empty} is empty; write the value into it or unset TURNPIKE_LOG_LEVEL`,
    ]);
  });
});

describe('provider keys', () => {
  test('are looked up by variable, mounted ones too, and stand in no dump of the configuration', () => {
    const config = load({
      OPENAI_API_KEY: 'sk-one',
      GEMINI_API_KEY: `file:${mount('gemini', 'two\n')}`,
      GROQ_API_KEY: '',
    });
    expect(config.environmentKeys('OPENAI_API_KEY')).toBe('sk-one');
    expect(config.environmentKeys('GEMINI_API_KEY')).toBe('two');
    expect(config.environmentKeys('GROQ_API_KEY')).toBeNull();
    expect(config.environmentKeys('MISTRAL_API_KEY')).toBeNull();
    expect(Bun.inspect(config)).not.toContain('sk-one');
  });

  test('one that cannot be a header is refused without being shown', () => {
    const config = load({
      ...{ OPENAI_API_KEY: 'sk one\n', GEMINI_API_KEY: 'file:/nonexistent/key' },
      GROQ_API_KEY: '"gsk_0123"',
    });
    // letta-ai/letta#3069.
    expect(() => config.environmentKeys('GROQ_API_KEY')).toThrow(
      /^GROQ_API_KEY: is in quotation marks(?!.*gsk)/,
    );
    expect(() => config.environmentKeys('OPENAI_API_KEY')).toThrow(/^OPENAI_API_KEY: has spaces(?!.*sk one)/);
    expect(() => config.environmentKeys('GEMINI_API_KEY')).toThrow('cannot read /nonexistent/key');
  });
});

describe('TURNPIKE_CONFIG', () => {
  test('names the file, which must then exist', () => {
    mkdirSync(join(cwd, 'etc'));
    mount('etc/mine.yaml', 'drain_timeout_ms: 5');
    expect(load({ TURNPIKE_CONFIG: 'etc/mine.yaml' }).drainTimeoutMs).toBe(5);
    expect(problemsOf({ TURNPIKE_CONFIG: 'other.yaml' })).toEqual([
      'TURNPIKE_CONFIG: other.yaml: cannot read the file (ENOENT); check the path and its permissions',
    ]);
  });

  test('unset, ./turnpike.yaml is taken when it is there', () => {
    mount('turnpike.yaml', 'drain_timeout_ms: 6');
    expect(load().drainTimeoutMs).toBe(6);
  });
});

test('without a master key one is made, with a warning; commands that only look make nothing', () => {
  expect(() => loadConfig({ env: {}, cwd, createMissing: false })).toThrow('TURNPIKE_MASTER_KEY: unset');
  expect(existsSync(join(cwd, 'data'))).toBe(false);
  const first = loadConfig({ env: {}, cwd });
  expect(first.warnings).toHaveLength(1);
  const second = loadConfig({ env: {}, cwd, createMissing: false });
  expect(second.masterKey).toEqual(first.masterKey);
  expect(second.warnings).toEqual([]);
});

test('a data directory into which every user may write is told of', () => {
  loadConfig({ env: {}, cwd });
  chmodSync(join(cwd, 'data'), 0o777);
  const { warnings } = loadConfig({ env: {}, cwd });
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain('chmod 700');
  chmodSync(join(cwd, 'data'), 0o750);
  expect(loadConfig({ env: {}, cwd }).warnings).toEqual([]);
});

test('a token for the metrics that could be guessed, or be no header, is refused without being shown', () => {
  for (const token of ['short', 'with a space in the middle']) {
    expect(() => loadConfig({ env: { TURNPIKE_METRICS_TOKEN: token }, cwd })).toThrow(
      'TURNPIKE_METRICS_TOKEN: must have',
    );
    expect(() => loadConfig({ env: { TURNPIKE_METRICS_TOKEN: token }, cwd })).not.toThrow(token);
  }
});

test('how long generations are kept comes from the environment, else from the file, and is for ever else', () => {
  const kept = (env: Record<string, string> = {}) => loadConfig({ env, cwd }).retention.generationsDays;
  expect(kept()).toBeNull();
  mount('turnpike.yaml', 'retention: { generations_days: 400 }');
  expect(kept()).toBe(400);
  expect(kept({ TURNPIKE_RETENTION_GENERATIONS_DAYS: '90' })).toBe(90);
  for (const days of ['6', '36501', '-1', '1.5', 'ninety']) {
    expect(() => kept({ TURNPIKE_RETENTION_GENERATIONS_DAYS: days })).toThrow(
      'is no number of days from 7 to 36500',
    );
  }
  mount('turnpike.yaml', 'retention: { generations_days: 6 }');
  expect(() => kept()).toThrow('retention.generations_days');
});

test('a secret of the payment provider is read, is nothing where it is blank, and is never shown', () => {
  expect(load().stripe).toEqual({
    ...{ secretKey: null, webhookSecret: null, apiUrl: 'https://api.stripe.com' },
  });
  const config = load({
    TURNPIKE_STRIPE_SECRET_KEY: 'sk_test_1',
    TURNPIKE_STRIPE_WEBHOOK_SECRET: `file:${mount('webhook', 'whsec_1\n')}`,
    TURNPIKE_STRIPE_API_URL: 'http://127.0.0.1:12111/',
  });
  expect(config.stripe).toEqual({
    ...{ secretKey: 'sk_test_1', webhookSecret: 'whsec_1', apiUrl: 'http://127.0.0.1:12111' },
  });
  for (const blank of ['', '   ']) {
    const half = load({ TURNPIKE_STRIPE_SECRET_KEY: 'sk_test_1', TURNPIKE_STRIPE_WEBHOOK_SECRET: blank });
    expect(half.stripe.webhookSecret).toBeNull();
    expect(half.warnings.filter((line) => line.includes('nothing can be bought')).length).toBe(1);
  }
  expect(problemsOf({ TURNPIKE_STRIPE_SECRET_KEY: 'sk test' })).toEqual([
    expect.stringMatching(/^TURNPIKE_STRIPE_SECRET_KEY: has spaces(?!.*sk test)/),
  ]);
  expect(problemsOf({ TURNPIKE_STRIPE_API_URL: 'https://api.stripe.com/v1' })).toEqual([
    'TURNPIKE_STRIPE_API_URL: has a path; name the host alone',
  ]);
});

test('prices that no request is charged at are taken with a warning', () => {
  mount(
    'turnpike.yaml',
    `providers: [{ slug: acme, base_url: "https://acme.example/v1", api_key: "k" }]
models:
  - id: acme/one
    context_length: 1000
    endpoints:
      - provider: acme
        pricing: { prompt: "0", completion: "0", input_cache_write_1h: "0.1", image_token: "0.1" }
        pricing_overrides: [{ min_prompt_tokens: 5, web_search: "0.01", input_audio_cache: "0" }]
      - { provider: acme, tag: acme/two, pricing: { prompt: "0", completion: "0", audio: "0" } }`,
  );
  expect(load().warnings).toEqual([
    'turnpike.yaml:6: acme/one at acme: image_token, input_audio_cache will be shown, but nothing is charged at it',
  ]);
});

test('the example file loads with the keys it names', () => {
  const example = resolve(import.meta.dir, '../../turnpike.example.yaml');
  const config = load({ TURNPIKE_CONFIG: example, OPENAI_API_KEY: 'sk-a', ANTHROPIC_API_KEY: 'sk-b' });
  expect(config.providers.map(({ slug }) => slug)).toEqual(['openai', 'anthropic', 'ollama', 'vllm']);
  expect(config.models.flatMap(({ endpoints }) => endpoints)).toHaveLength(4);
  expect(config.limits).toEqual(load().limits);
});
