/** turnpike.yaml: what it may hold, and what each mistake in it is answered with. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is how the file names a variable.
import { describe, expect, test } from 'bun:test';
import { ConfigError } from './config-error.ts';
import { createReader } from './environment.ts';
import { type FileConfig, parseConfigFile } from './file.ts';

const env = { ACME_KEY: 'canary-7d1f', PLAIN: 'plain', EMPTY: '' };

function parse(text: string): FileConfig {
  return parseConfigFile({ name: 'turnpike.yaml', text }, createReader(env, '/'));
}

function problemsOf(text: string): string[] {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof ConfigError)
      return error.problems.map((problem) => problem.replace('turnpike.yaml:', ''));
    throw error;
  }
  throw new Error('the file was accepted');
}

const provider = (lines: string): string =>
  `providers:\n  - slug: acme\n    base_url: http://x/v1\n    ${lines}\n`;
const endpoint = (lines: string): string => `models:\n  - id: acme/small\n    endpoints:\n      - ${lines}\n`;
const priced = (prices: string): string => endpoint(`{ provider: acme, pricing: { ${prices} } }`);
const override = (entry: string): string =>
  endpoint(
    `{ provider: acme, pricing: { prompt: "0", completion: "0" }, pricing_overrides: [{ ${entry} }] }`,
  );

const sample = `
providers:
  - slug: acme
    name: Acme
    format: openai
    base_url: http://127.0.0.1:9100/v1/
    api_key: \${ACME_KEY}
    data_policy: { training: false, retains_prompts: false }
models:
  - id: acme/small:free
    name: Acme Small
    context_length: 128000
    max_completion_tokens: 16384
    input_modalities: [text, image]
    endpoints:
      - provider: acme
        model: small-2026
        tag: acme/turbo
        pricing: { prompt: "0.00000015", completion: "6e-7" }
        pricing_overrides:
          - { min_prompt_tokens: 200000, utc_start: 0030, utc_end: 830, utc_days: [monday], prompt: "0.0000003" }
`;

test('the documented sample is read, with the place of each entry', () => {
  const config = parse(sample);
  expect(config.providers).toEqual([
    {
      slug: 'acme',
      name: 'Acme',
      format: 'openai',
      baseUrl: 'http://127.0.0.1:9100/v1',
      apiKey: 'canary-7d1f',
      training: false,
      quirks: {},
      retainsPrompts: false,
      stopsWhenCancelled: true,
      at: 'turnpike.yaml:3',
    },
  ]);
  const [model] = config.models;
  expect(model).toMatchObject({
    id: 'acme/small:free',
    contextLength: 128000,
    created: null,
    at: 'turnpike.yaml:10',
  });
  expect(model?.endpoints).toEqual([
    {
      provider: 'acme',
      model: 'small-2026',
      tag: 'acme/turbo',
      pricing: { prompt: '0.00000015', completion: '0.0000006' },
      pricingOverrides: [
        {
          minPromptTokens: 200000,
          utcStart: 30,
          utcEnd: 830,
          utcDays: ['monday'],
          prices: { prompt: '0.0000003' },
        },
      ],
      contextLength: null,
      maxCompletionTokens: null,
      quantization: null,
      supportedParameters: null,
      at: 'turnpike.yaml:16',
    },
  ]);
});

test('a provider that states no policy is taken to train and to retain', () => {
  expect(parse(provider('')).providers[0]).toMatchObject({
    apiKey: null,
    training: true,
    retainsPrompts: true,
  });
});

test.each(['', '# nothing\n', 'providers:\nlimits:\n'])('a file with nothing in it is fine: %j', (text) => {
  expect(parse(text).providers).toEqual([]);
});

test('anchors serve for what repeats', () => {
  const text = `models:
  - id: a/one
    endpoints: [{ provider: a, pricing: &p { prompt: "1", completion: "2" } }]
  - id: a/two
    endpoints: [{ provider: a, pricing: *p }]`;
  expect(parse(text).models[1]?.endpoints[0]?.pricing).toEqual({ prompt: '1', completion: '2' });
});

describe('the environment in the file', () => {
  test('comes in within a text, more than once, and a doubled dollar sign stays out of it', () => {
    const config = parse(provider('name: "${PLAIN}-${PLAIN} $${PLAIN} $5 {x}"'));
    expect(config.providers[0]?.name).toBe('plain-plain ${PLAIN} $5 {x}');
  });

  test('what a variable holds is never taken for YAML or for another variable', () => {
    const text = provider('name: ${X}');
    const read = createReader({ X: '{ a: ${Y} }\nslug: other' }, '/');
    expect(parseConfigFile({ name: 'f', text }, read).providers[0]?.name).toBe('{ a: ${Y} }\nslug: other');
  });

  test('a variable that is not set is told once, with its line', () => {
    expect(problemsOf(provider('api_key: ${NOPE}'))).toEqual([
      '4: providers[0].api_key: the environment variable NOPE is not set; set it, or remove this line',
    ]);
    expect(problemsOf(provider('api_key: ${EMPTY}'))).toHaveLength(1);
  });

  test.each(['${PLAIN', '${}', '${a b}'])('%s is no variable', (name) => {
    expect(problemsOf(provider(`name: "${name}"`))[0]).toContain(
      'providers[0].name: a variable is written as',
    );
  });

  test('a secret in the wrong place never stands in an error', () => {
    const text = `providers:
  - slug: \${ACME_KEY} x
    base_url: \${ACME_KEY}
    format: \${ACME_KEY}
    api_key: a \${ACME_KEY}
models:
  - id: \${ACME_KEY}
    endpoints: [{ provider: acme, pricing: { prompt: "\${ACME_KEY}", completion: "0" } }]
  - id: \${ACME_KEY}
`;
    const problems = problemsOf(text);
    expect(problems.length).toBeGreaterThanOrEqual(7);
    expect(problems.join('\n')).not.toContain('canary');
  });
});

describe('a mistake is told with its line, its key and the fix', () => {
  test.each([
    [
      priced('prompt: "abc", completion: "0"'),
      '"abc" is not a price; write USD a token as a decimal, like "0.00000015", with at most 12 decimals',
    ],
    [
      priced('prompt: "-1", completion: "0"'),
      '"-1" is not a price; write USD a token as a decimal, like "0.00000015", with at most 12 decimals',
    ],
    [
      priced('prompt: "0.0000000000001", completion: "0"'),
      '"0.0000000000001" is not a price; write USD a token as a decimal, like "0.00000015", with at most 12 decimals',
    ],
    [
      priced('prompt: "1e99", completion: "0"'),
      '"1e99" is not a price; write USD a token as a decimal, like "0.00000015", with at most 12 decimals',
    ],
    [
      priced('prompt: 0.00000015, completion: "0"'),
      '"0.00000015" is a number, which may not be exact; quote it: "0.00000015"',
    ],
    [priced('completion: "0"'), 'is missing'],
  ])('price: %s', (text, fault) => {
    expect(problemsOf(text)).toEqual([`4: models[0].endpoints[0].pricing.prompt: ${fault}`]);
  });

  test.each([
    ['ai-sdk', '"ai-sdk" is not a wire format; available: openai, anthropic, google, ai-sdk:<package>'],
    [
      'ai-sdk:bedrock',
      '"ai-sdk:bedrock" names no package that is known; use one of @ai-sdk/amazon-bedrock, @ai-sdk/google-vertex, @ai-sdk/google-vertex/anthropic, @ai-sdk/azure, @ai-sdk/cohere, @ai-sdk/mistral',
    ],
    ['opnai', '"opnai" is not a wire format; available: openai, anthropic, google, ai-sdk:<package>'],
  ])('format %s', (format, fault) => {
    expect(problemsOf(provider(`format: ${format}`))).toEqual([`4: providers[0].format: ${fault}`]);
  });

  test.each([
    ['ftp://x/v1', 'not an http or https address'],
    ['x/v1', 'not an http or https address'],
    ['http://user:canary@x/v1', 'holds a user name or password'],
    ['http://x/v1?key=canary', 'has a "?" or "#" part'],
  ])('base_url %s', (address, fault) => {
    const problems = problemsOf(`providers:\n  - slug: acme\n    base_url: ${address}\n`);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toStartWith(`3: providers[0].base_url: ${fault}`);
    expect(problems[0]).not.toContain('canary');
  });

  test.each([
    ['provders: []', '1: unknown key "provders"; did you mean "providers"?'],
    ['billing:\n  mode: off\n  mod: off', '3: billing: unknown key "mod"; did you mean "mode"?'],
    [
      'billing: { fee_percent: 5.555 }',
      '1: billing.fee_percent: "5.555" is finer than a hundredth of a percent',
    ],
    [
      'billing: { minimum_purchase_usd: 5.001 }',
      '1: billing.minimum_purchase_usd: "5.001" is no whole number of cents',
    ],
    [
      'billing: { minimum_purchase_usd: 50, maximum_purchase_usd: 20 }',
      '1: billing.minimum_purchase_usd: is more than maximum_purchase_usd',
    ],
    ['billing: { mode: free }', '1: billing.mode: "free" is not a choice; use off, prepaid'],
    ['limits: { idle_timeout_ms: 0 }', '1: limits.idle_timeout_ms: "0" is too small; use at least 1'],
    [
      'limits: { idle_timeout_ms: 3000000000 }',
      '1: limits.idle_timeout_ms: "3000000000" is too big; use at most 2147483647',
    ],
    ['limits: { idle_timeout_ms: "5" }', '1: limits.idle_timeout_ms: must be a whole number, without quotes'],
    ['limits: { idle_timeout_ms: 1.5 }', '1: limits.idle_timeout_ms: must be a whole number, without quotes'],
    ['limits: []', '1: limits: must have keys of its own, indented below it'],
    ['providers: x', '1: providers: must be a list: lines that start with "-"'],
    ['- x', '1: must have keys of its own, indented below it'],
    ['a: [', '1: not valid YAML (BAD_INDENT); check indentation, quotes and brackets here'],
    ['drain_timeout_ms: 1\ndrain_timeout_ms: 2', '2: drain_timeout_ms: is written twice; remove one of them'],
    [
      override('prompt: "1"'),
      '4: models[0].endpoints[0].pricing_overrides[0]: has no condition and would always hold; add one of min_prompt_tokens, utc_start, utc_end, utc_days',
    ],
    [
      override('min_prompt_tokens: 5'),
      '4: models[0].endpoints[0].pricing_overrides[0]: changes no price; add one, such as prompt',
    ],
    [
      override('utc_start: 900, prompt: "1"'),
      '4: models[0].endpoints[0].pricing_overrides[0]: utc_start and utc_end belong together; write both',
    ],
    [
      override('utc_start: 960, utc_end: 0, prompt: "1"'),
      '4: models[0].endpoints[0].pricing_overrides[0].utc_start: "960" is not a time of day; write HHMM in UTC, 0 to 2359',
    ],
    [
      'models:\n  - id: Acme/Small',
      '2: models[0].id: "Acme/Small" is not a model id; write author/slug or author/slug:variant in lower case',
    ],
    ['models:\n  - name: x', '2: models[0].id: is missing'],
    ['&a x: &b [*b]', '1: unknown key "x"; remove it'],
  ])('%j', (text, problem) => {
    expect(problemsOf(text)).toContain(problem);
  });

  test('names used twice are refused where they come again', () => {
    const free = 'pricing: { prompt: "0", completion: "0" }';
    const text = `providers:
  - { slug: acme, base_url: http://x }
  - { slug: acme, base_url: http://y }
models:
  - id: a/b
    endpoints:
      - { provider: acme, ${free} }
      - { provider: acme, ${free} }
      - { provider: acme, tag: acme/two, ${free} }
  - id: a/b
`;
    expect(problemsOf(text)).toEqual([
      '3: providers[1].slug: "acme" is already used above; give it another slug',
      '8: models[0].endpoints[1].provider: "acme" is already used above; give this endpoint a tag of its own, like "acme/turbo"',
      '10: models[1].id: "a/b" is already used above; put its endpoints under one model',
    ]);
  });

  test('all of them are told together, in the order of the file', () => {
    const problems = problemsOf(`drain_timeout_ms: x
providers:
  - slug: A
    key: 1
    nam: x
    base_url: x
  - slug: a
`);
    expect(problems.map((problem) => problem.split(': ').slice(0, 2).join(': '))).toEqual([
      '1: drain_timeout_ms',
      '3: providers[0].slug',
      '4: providers[0]',
      '5: providers[0]',
      '6: providers[0].base_url',
      '7: providers[1].base_url',
    ]);
  });

  test.each(['__proto__: { x: 1 }', 'constructor: 1', 'toString: 1'])(
    '%s is an unknown key like any other',
    (text) => {
      expect(problemsOf(text)).toHaveLength(1);
      expect(({} as Record<string, unknown>)['x']).toBeUndefined();
    },
  );
});

test('how people sign up and in, and how mail is sent, is read; left out, invitations bring people in and mail is off', () => {
  const config = parse(`
accounts:
  sign_up: open
  github: { client_id: gh, client_secret: "\${ACME_KEY}" }
  oidc:
    - { id: corp, name: Corp, issuer: https://id.example.com/, client_id: turnpike, client_secret: s3cret }
mail: { smtp_url: "smtp://user:pass@mail.example.com:587", from: "Turnpike <turnpike@example.com>" }
trusted_proxies: [10.0.0.0/8, "::1"]
`);
  expect(config.accounts).toEqual({
    signUp: 'open',
    github: { clientId: 'gh', clientSecret: 'canary-7d1f' },
    google: null,
    oidc: [
      {
        ...{
          id: 'corp',
          name: 'Corp',
          issuer: 'https://id.example.com/',
          clientId: 'turnpike',
          clientSecret: 's3cret',
        },
        ...{ scopes: ['openid', 'email', 'profile'], trustEmail: false },
      },
    ],
  });
  expect(config.mail).toEqual({
    smtpUrl: 'smtp://user:pass@mail.example.com:587',
    from: 'Turnpike <turnpike@example.com>',
  });
  expect(config.trustedProxies).toEqual(['10.0.0.0/8', '::1']);
  expect(parse('')).toMatchObject({
    accounts: { signUp: 'invitation', github: null, google: null, oidc: [] },
    ...{ mail: null, trustedProxies: [] },
  });
});

test.each([
  ['accounts: { sign_up: maybe }', 'accounts.sign_up: "maybe" is not a choice; use open, invitation, closed'],
  [
    'accounts: { oidc: [{ id: github, name: X, issuer: https://x, client_id: a, client_secret: b }] }',
    'accounts.oidc[0].id: "github" is the name of a built-in way to sign in; choose another',
  ],
  ['mail: { smtp_url: "https://canary-7d1f", from: a@example.com }', 'mail.smtp_url: is not a mail server'],
  ['mail: { smtp_url: smtp://x, from: nobody }', 'mail.from: "nobody" is not a sender'],
  ['trusted_proxies: [10.0.0.0/33]', 'trusted_proxies[0]: "10.0.0.0/33" is not an address or a network'],
  ...['javascript', 'HTTPS', 'data', 'vscode://', 'a b', ''].map((scheme): [string, string] => [
    `oauth: { editor_schemes: [vscode, ${JSON.stringify(scheme)}] }`,
    'oauth.editor_schemes[1]: ',
  ]),
  [
    'trusted_proxies: [proxy.internal]',
    'trusted_proxies[0]: "proxy.internal" is not an address or a network',
  ],
])('%s is told with its key', (text, problem) => {
  expect(problemsOf(text).join('\n')).toContain(problem);
  expect(problemsOf(text).join('\n')).not.toContain('canary');
});

test('extensions of the usual editors may sign in, unless the operator names others, or none', () => {
  const schemesOf = (text: string) => parse(text).oauth.editorSchemes;
  expect(schemesOf('')).toEqual(['vscode', 'vscode-insiders', 'vscodium', 'cursor', 'windsurf']);
  expect(schemesOf('oauth: { editor_schemes: [Positron, code-oss] }')).toEqual(['positron', 'code-oss']);
  expect(schemesOf('oauth: { editor_schemes: [] }')).toEqual([]);
});

describe('several keys of a provider', () => {
  const pool = (text: string) => parse(provider(text)).providers[0];

  test('are read with what each may be used for, `api_key` being the first of them', () => {
    const read = pool(
      'api_key: one\n    credentials:\n      - { id: b, api_key: two, max_concurrent: 5, requests_per_minute: 60 }',
    );
    expect(read?.apiKey).toBe('one');
    expect(read?.keys).toEqual([
      { id: 'default', apiKey: 'one', maxConcurrent: null, requestsPerMinute: null },
      { id: 'b', apiKey: 'two', maxConcurrent: 5, requestsPerMinute: 60 },
    ]);
    expect(pool('credentials: [{ id: b, api_key: two }]')?.apiKey).toBe('two');
    expect(pool('api_key: one')?.keys).toBeUndefined();
  });

  test('and the queue and the probes of a backend are read', () => {
    expect(pool('queue: { max_concurrent: 4 }')?.queue).toEqual({
      ...{ maxConcurrent: 4, maxWaiting: 100, maxWaitMs: 30_000 },
    });
    expect(pool('probe: {}')?.probeEveryMs).toBe(10_000);
  });

  test.each([
    ['credentials: []', 'is empty'],
    ['credentials: [{ id: "A B", api_key: x }]', 'is not an id'],
    ['credentials: [{ id: a }]', 'is missing'],
    ['credentials: [{ id: a, api_key: "x y" }]', 'is empty, or has spaces'],
    ['credentials: [{ id: a, api_key: x, max_concurent: 1 }]', 'max_concurrent'],
    ['credentials: [{ id: a, api_key: x, max_concurrent: 0 }]', 'is too small'],
    ['credentials: [{ id: a, api_key: x }, { id: a, api_key: y }]', '"a" is already used above'],
    ['credentials: [{ id: a, api_key: x }, { id: b, api_key: x }]', '"b" has the key of another one'],
    ['api_key: y\n    credentials: [{ id: default, api_key: x }]', '"default" is the name of api_key'],
    ['queue: {}', 'is missing'],
    ['probe: { every_ms: 10 }', 'is too small'],
    ['format: anthropic\n    probe: {}', 'asks servers that speak OpenAI’s API'],
  ])('%s is refused', (text, said) => {
    const problems = problemsOf(provider(text));
    expect(problems.join('\n')).toContain(said);
  });

  test('and a message about a wrong one does not show it', () => {
    expect(problemsOf(provider('credentials: [{ id: a, api_key: "${ACME_KEY} x" }]')).join()).not.toContain(
      'canary',
    );
  });
});
