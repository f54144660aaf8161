/** Providers that are signed in to with our own token: each vendor's exchange as it documents it, its failures, and what never leaves. */
import { afterEach, describe, expect, test } from 'bun:test';
import { type Clock, systemClock } from '../../../src/clock.ts';
import { SigningKeys } from '../../../src/workload-identity/signing-keys.ts';
import { engines } from '../../databases.ts';
import { startGateway, type TestGateway } from '../../harness.ts';
import { everythingIn, filesIn } from '../../kept.ts';
import { identityOf, SUBJECT, startVendor, type VendorName, type Vendors } from './vendors.ts';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

const FORMATS: Record<VendorName, string[]> = {
  openai: ['openai'],
  anthropic: ['anthropic'],
  google: ['google', 'openai', 'ai-sdk:@ai-sdk/google-vertex', 'ai-sdk:@ai-sdk/google-vertex/anthropic'],
  aws: ['ai-sdk:@ai-sdk/amazon-bedrock'],
  azure: ['openai', 'ai-sdk:@ai-sdk/azure'],
};

const SETTINGS: Record<string, object> = {
  'ai-sdk:@ai-sdk/google-vertex': { project: 'p', location: 'europe-west1' },
  'ai-sdk:@ai-sdk/google-vertex/anthropic': { project: 'p', location: 'europe-west1' },
  'ai-sdk:@ai-sdk/amazon-bedrock': { region: 'eu-central-1' },
};

interface Bench {
  readonly gateway: TestGateway;
  readonly vendor: Vendors;
}

interface Wanted {
  readonly format?: string;
  readonly engine?: 'sqlite' | 'postgres';
  readonly clock?: Clock;
  /** Whether the model has a second endpoint, which answers. */
  readonly fallback?: boolean;
}

async function start(name: VendorName, wanted: Wanted = {}): Promise<Bench> {
  const { format = FORMATS[name][0] ?? '', engine = 'sqlite', clock, fallback = false } = wanted;
  let gateway: TestGateway | undefined;
  const vendor = startVendor(name, () => `${gateway?.url}/api/v1/identity`, clock?.nowMs);
  open.push(vendor);
  const pricing = { prompt: '0.000001', completion: '0.000002' };
  gateway = await startGateway({
    engine,
    ...(clock === undefined ? {} : { clock }),
    config: {
      providers: [
        {
          ...{ slug: 'signed', format, base_url: `${vendor.url}/v1` },
          ...(SETTINGS[format] === undefined ? {} : { settings: SETTINGS[format] }),
          workload_identity: identityOf(name, vendor),
        },
      ],
      models: [
        {
          ...{ id: 'signed/model', context_length: 100_000, max_completion_tokens: 1000 },
          endpoints: [
            { provider: 'signed', model: 'm', pricing },
            ...(fallback ? [{ provider: 'acme', model: 'small-2026', pricing }] : []),
          ],
        },
      ],
    },
  });
  open.push(gateway);
  return { gateway, vendor };
}

function ask({ gateway }: Pick<Bench, 'gateway'>, body: Record<string, unknown> = {}): Promise<Response> {
  return fetch(`${gateway.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'signed/model', messages: [{ role: 'user', content: 'hi' }], ...body }),
    keepalive: false,
  });
}

async function text(answer: Response): Promise<string> {
  const body = (await answer.json()) as { choices: { message: { content: string } }[] };
  expect(answer.status).toBe(200);
  return body.choices[0]?.message.content ?? '';
}

const pairs = (Object.keys(FORMATS) as VendorName[]).flatMap((name) =>
  FORMATS[name].map((format) => [name, format] as const),
);

describe('an exchange with', () => {
  test.each(pairs)('%s serves a provider of the format %s, once for many requests', async (name, format) => {
    const bench = await start(name, { format });
    if (format.endsWith('anthropic') && format !== 'anthropic') {
      // Its API answers in Anthropic's words; that our token reaches it is what is asked here.
      await ask(bench);
      expect(bench.vendor.api.at(-1)?.headers['authorization']).toBe(`Bearer ${bench.vendor.given.at(-1)}`);
      return;
    }
    const answers = await Promise.all(Array.from({ length: 8 }, async () => await text(await ask(bench))));
    expect(answers).toEqual(Array.from({ length: 8 }, () => 'hello'));
    expect(await text(await ask(bench))).toBe('hello');
    expect(bench.vendor.given).toHaveLength(1);
    expect(bench.vendor.exchanges).toHaveLength(name === 'google' ? 2 : 1);
    expect(bench.vendor.api).toHaveLength(9);
    const [{ headers } = { headers: {} as Record<string, string> }] = bench.vendor.api;
    expect(headers['x-api-key'] ?? headers['x-goog-api-key'] ?? headers['api-key']).toBeUndefined();
    if (name === 'anthropic') expect(headers['anthropic-beta']).toBe('oauth-2025-04-20');
    if (name === 'aws') {
      expect(headers['x-amz-security-token']).toBe(bench.vendor.given[0] ?? '');
      expect(headers['authorization']).toContain('Credential=ASgeIAIOSFODNN7EXAMPLE/');
    }
  });
});

/** Stands still until it is moved. */
function movable(): Clock & { move(ms: number): void } {
  let movedMs = 0;
  return {
    nowMs: () => Date.now() + movedMs,
    move: (ms) => {
      movedMs += ms;
    },
  };
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error('it did not come to hold within ten seconds');
    await Bun.sleep(5);
  }
}

describe('a token', () => {
  test('is renewed behind the backs of requests in the last part of its life, and they wait for nothing', async () => {
    const clock = movable();
    const { gateway, vendor } = await start('openai', { clock });
    vendor.takes = (token) => vendor.given.includes(token);
    expect(await text(await ask({ gateway }))).toBe('hello');
    clock.move(3_500_000);
    const gate = Promise.withResolvers<void>();
    vendor.fault = async () => {
      await gate.promise;
      return null;
    };
    // The exchange hangs, and the request is served all the same.
    expect(await text(await ask({ gateway }))).toBe('hello');
    expect(vendor.api.at(-1)?.headers['authorization']).toBe(`Bearer ${vendor.given[0]}`);
    gate.resolve();
    await until(() => vendor.given.length === 2);
    // It is on its way to the gateway, which shows the earlier one until it is there.
    await until(() => vendor.shown.length === 2);
    do expect(await text(await ask({ gateway }))).toBe('hello');
    while (vendor.api.at(-1)?.headers['authorization'] !== `Bearer ${vendor.given[1]}`);
    expect(vendor.given).toHaveLength(2);
  });

  test('that has ended is waited for by all, and exchanged once', async () => {
    const clock = movable();
    const { gateway, vendor } = await start('openai', { clock });
    expect(await text(await ask({ gateway }))).toBe('hello');
    clock.move(3_700_000);
    const answers = await Promise.all(
      Array.from({ length: 10 }, async () => (await ask({ gateway })).status),
    );
    expect(answers).toEqual(Array.from({ length: 10 }, () => 200));
    expect(vendor.given).toHaveLength(2);
    expect(new Set(vendor.shown.map(({ jti }) => jti)).size).toBe(2);
  });

  test('that the vendor revokes is replaced for the next request, and not at every refusal', async () => {
    const clock = movable();
    const { gateway, vendor } = await start('openai', { clock });
    expect(await text(await ask({ gateway }))).toBe('hello');
    vendor.takes = (token) => vendor.given.indexOf(token) > 0;
    // A token that is new is not blamed.
    expect((await ask({ gateway })).status).toBe(502);
    expect((await ask({ gateway })).status).toBe(502);
    expect(vendor.given).toHaveLength(1);
    clock.move(60_000);
    expect((await ask({ gateway })).status).toBe(502);
    expect(await text(await ask({ gateway }))).toBe('hello');
    expect(vendor.given).toHaveLength(2);
  });
});

const GARBAGE: readonly (readonly [string, () => Response | Promise<Response>])[] = [
  [
    'a refusal',
    () => Response.json({ error: 'invalid_grant', error_description: 'canary' }, { status: 401 }),
  ],
  [
    'a refusal as Entra has it',
    () =>
      Response.json(
        {
          error: 'invalid_client',
          error_description:
            'AADSTS700213: No matching federated identity record found for presented assertion subject canary',
        },
        { status: 400 },
      ),
  ],
  ['too many', () => new Response('canary', { status: 429 })],
  ['an error of its own', () => new Response('<html>canary</html>', { status: 503 })],
  ['a redirect', () => new Response(null, { status: 302, headers: { location: 'http://127.0.0.1:1/' } })],
  ['no JSON', () => new Response('canary')],
  ['no token', () => Response.json({ token_type: 'Bearer', expires_in: 3600 })],
  ['a token that no header can hold', () => Response.json({ access_token: 'a\r\nb', expires_in: 3600 })],
  [
    'a token of another type',
    () => Response.json({ access_token: 'x', token_type: 'mac', expires_in: 3600 }),
  ],
  ['no end', () => Response.json({ access_token: 'x', token_type: 'Bearer' })],
  ['an end that is none', () => Response.json({ access_token: 'x', expires_in: 'Infinity' })],
  ['an end that has been', () => Response.json({ access_token: 'x', expires_in: -5 })],
  ['an endless answer', () => new Response('x'.repeat(3 * 1024 * 1024))],
];

describe('where the exchange fails', () => {
  test.each(GARBAGE)('with %s, the caller reads our words, and the vendor rests', async (_, answer) => {
    const bench = await start('openai');
    bench.vendor.fault = answer;
    const refused = await ask(bench);
    expect(refused.status).toBe(502);
    const said = await refused.text();
    expect(said).toContain('The provider does not serve this gateway at the moment');
    expect(said).not.toMatch(/canary|invalid_|AADSTS|exchange|token/);
    expect((await ask(bench)).status).toBe(502);
    expect(bench.vendor.exchanges).toHaveLength(1);
    expect(bench.vendor.api).toEqual([]);
    const logged = bench.gateway.logLines.filter((line) => line.includes('provider_sign_in_failed'));
    expect(logged).toHaveLength(1);
    expect(logged.join('')).not.toContain('canary');
  });

  test('another endpoint of the model serves, and nothing is charged for the one that did not', async () => {
    const bench = await start('openai', { fallback: true });
    bench.vendor.fault = () => new Response(null, { status: 500 });
    const answer = await ask(bench, { provider: { order: ['signed', 'acme'] } });
    expect(answer.status).toBe(200);
    expect(bench.vendor.exchanges).toHaveLength(1);
    expect(bench.vendor.api).toEqual([]);
  });

  test('it is tried again when its rest is over', async () => {
    const clock = movable();
    const bench = await start('openai', { clock });
    bench.vendor.fault = () => new Response(null, { status: 500 });
    expect((await ask(bench)).status).toBe(502);
    bench.vendor.fault = null;
    clock.move(1100);
    expect(await text(await ask(bench))).toBe('hello');
  });

  test('a step of it that hangs is given up, and the next endpoint serves', async () => {
    const bench = await start('google', { fallback: true });
    const gate = Promise.withResolvers<Response>();
    bench.vendor.fault = ({ path }) => (path === '/impersonate' ? gate.promise : null);
    const answer = await ask(bench, { provider: { order: ['signed', 'acme'] } });
    expect(answer.status).toBe(200);
    expect(
      bench.gateway.logLines.some(
        (line) => line.includes('provider_sign_in_failed') && line.includes('timeout'),
      ),
    ).toBe(true);
    gate.resolve(new Response());
  }, 40_000);
});

test('what vendors verify us by says what Discovery wants, and its keys are not those of access tokens', async () => {
  const { gateway, vendor } = await start('azure');
  await ask({ gateway });
  const document = await (
    await fetch(`${gateway.url}/api/v1/identity/.well-known/openid-configuration`)
  ).json();
  expect(document).toMatchObject({
    issuer: `${gateway.url}/api/v1/identity`,
    jwks_uri: `${gateway.url}/api/v1/identity/jwks`,
    id_token_signing_alg_values_supported: ['RS256'],
  });
  const keysAt = async (path: string) =>
    ((await (await fetch(`${gateway.baseUrl}${path}`)).json()) as { keys: Record<string, string>[] }).keys;
  const own = await keysAt('/identity/jwks');
  expect(own.map((key) => Object.keys(key).sort())).toEqual([['alg', 'e', 'kid', 'kty', 'n', 'use']]);
  const others = await keysAt('/oauth/jwks');
  expect(others.map(({ alg }) => alg)).toEqual(['ES256']);
  expect(vendor.shown[0]).toMatchObject({ sub: SUBJECT, aud: 'api://AzureADTokenExchange' });
  expect(Number(vendor.shown[0]?.exp) - Number(vendor.shown[0]?.iat)).toBe(300);
});

test('nodes of one database sign with keys that each of them publishes', async () => {
  const { gateway, vendor } = await start('openai', { engine: 'postgres' });
  expect(await text(await ask({ gateway }))).toBe('hello');
  // Another node reads them from the database, and makes none of its own.
  const { database, config } = gateway;
  const clock = systemClock;
  const other = new SigningKeys({ database, clock, masterKey: config.masterKey, purpose: 'providers' });
  const published = (await (await fetch(`${gateway.baseUrl}/identity/jwks`)).json()) as {
    keys: { kid: string }[];
  };
  expect<unknown>({ keys: await other.published() }).toEqual(published);
  expect(published.keys.map(({ kid }) => kid)).toContain((await other.signer()).kid);
  const tokens = new SigningKeys({ database, clock, masterKey: config.masterKey });
  const access = await tokens.signer();
  expect(access.algorithm).toBe('ES256');
  expect(await tokens.findPublicKey((await other.signer()).kid)).toBeNull();
  expect(vendor.given).toHaveLength(1);
});

test('what the gateway shows to vendors is no key at its own doors', async () => {
  const { gateway, vendor } = await start('azure');
  await ask({ gateway });
  const assertion = new URLSearchParams(vendor.exchanges[0]?.text).get('client_assertion');
  const answer = await fetch(`${gateway.baseUrl}/key`, { headers: { authorization: `Bearer ${assertion}` } });
  expect(answer.status).toBe(401);
});

test.each(engines.map(({ name }) => [name] as const))(
  'on %s, no log line, answer, row or file holds a token, ours or the vendor’s',
  async (engine) => {
    const seen: string[] = [];
    for (const name of ['openai', 'anthropic', 'google', 'aws'] as const) {
      const { gateway, vendor } = await start(name, { engine });
      seen.push(await (await ask({ gateway })).text());
      vendor.takes = () => false;
      seen.push(
        await (await ask({ gateway })).text(),
        await (await ask({ gateway, ...{} }, { stream: true })).text(),
      );
      const ours = vendor.exchanges.map(
        ({ text: sent }) => /eyJ[\w.-]{40,}/.exec(decodeURIComponent(sent))?.[0] ?? '',
      );
      await fetch(`${gateway.baseUrl}/key`, { headers: { authorization: `Bearer ${gateway.apiKey}` } });
      const kept = [...seen, ...gateway.logLines, await everythingIn(gateway), filesIn(gateway.dataDir)].join(
        '\n',
      );
      for (const secret of [...vendor.given, ...ours.filter((one) => one !== '')]) {
        expect(secret.length).toBeGreaterThan(20);
        expect(kept).not.toContain(secret);
        expect(kept).not.toContain(secret.slice(-16));
      }
    }
  },
  60_000,
);
