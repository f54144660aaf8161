/** Secrets in Vault: read at the start, put into place again while requests run, and kept while Vault is away. */
import { afterEach, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { becomesTrueWithin } from '../../../src/clock.ts';
import { type FakeProvider, startFakeProvider } from '../../fake-provider/server.ts';
import { type SpawnedGateway, spawnGateway } from '../../harness.ts';
import { turnpike } from '../../turnpike.ts';

const PATIENCE_MS = 20_000;
const KEYS = { first: 'sk-first-3f8a1c', second: 'sk-second-9b2d7e' };

/** Of the second version of the key-value engine. */
function startVault() {
  const values: Record<string, string> = {};
  let isAway = false;
  /** Told of the next question, which is never answered. */
  let hang: (() => void) | null = null;
  const server = Bun.serve({
    ...{ hostname: '127.0.0.1', port: 0 },
    fetch: (request) => {
      const { pathname } = new URL(request.url);
      if (hang !== null) {
        hang();
        return new Promise<Response>(() => undefined);
      }
      if (isAway) return Response.json({ errors: ['Vault is sealed'] }, { status: 503 });
      if (pathname !== '/v1/secret/data/turnpike') return Response.json({ errors: [] }, { status: 404 });
      return Response.json({ data: { data: values, metadata: { version: 1 } } });
    },
  });
  return {
    values,
    url: `http://127.0.0.1:${server.port}`,
    setAway: (away: boolean) => {
      isAway = away;
    },
    /** From now on nothing is answered. Resolves with the first question. */
    hangs: () =>
      new Promise<void>((resolve) => {
        hang = resolve;
      }),
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});
function keep<T extends AsyncDisposable>(one: T): T {
  open.push(one);
  return one;
}

function configOf(provider: FakeProvider) {
  return {
    providers: [
      {
        slug: 'vaulted',
        name: 'Vaulted',
        base_url: provider.baseUrl,
        api_key: 'vault:secret/data/turnpike#acme',
      },
    ],
    models: [
      {
        ...{ id: 'vaulted/small', context_length: 128_000 },
        endpoints: [
          {
            provider: 'vaulted',
            model: 'vaulted-2026',
            pricing: { prompt: '0.000001', completion: '0.000002' },
          },
        ],
      },
    ],
  };
}

async function rig(env: Record<string, string> = {}) {
  const vault = keep(startVault());
  vault.values['acme'] = KEYS.first;
  const provider = startFakeProvider();
  keep({ [Symbol.asyncDispose]: async () => void (await provider.stop()) });
  const gateway = keep(
    await spawnGateway({
      config: configOf(provider),
      env: { VAULT_ADDR: vault.url, VAULT_TOKEN_FILE: tokenFile(), ...env },
    }),
  );
  return { vault, provider, gateway };
}

function tokenFile(): string {
  const dir = mkdtempSync(join(tmpdir(), 'turnpike-vault-'));
  keep({ [Symbol.asyncDispose]: async () => rmSync(dir, { recursive: true, force: true }) });
  const path = join(dir, 'token');
  writeFileSync(path, 'hvs.token');
  return path;
}

/** With which key the provider is asked. */
async function keyUsed(gateway: SpawnedGateway, provider: FakeProvider): Promise<string | null> {
  const answer = await fetch(`${gateway.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'vaulted/small', messages: [{ role: 'user', content: 'Hi' }] }),
  });
  if (answer.status !== 200) throw new Error(await answer.text());
  return provider.requests.at(-1)?.authorization ?? null;
}

const hasSaid = (gateway: SpawnedGateway, event: string, times = 1) =>
  becomesTrueWithin(() => gateway.stderr.split(`"event":"${event}"`).length > times, PATIENCE_MS);

test('a key that was rotated in Vault is used after SIGHUP, and the old one as long as Vault is away', async () => {
  const { vault, provider, gateway } = await rig();
  expect(await keyUsed(gateway, provider)).toBe(`Bearer ${KEYS.first}`);

  vault.setAway(true);
  process.kill(gateway.pid, 'SIGHUP');
  expect(await hasSaid(gateway, 'secret_not_readable')).toBe(true);
  expect(await keyUsed(gateway, provider)).toBe(`Bearer ${KEYS.first}`);

  vault.setAway(false);
  vault.values['acme'] = KEYS.second;
  process.kill(gateway.pid, 'SIGHUP');
  expect(await hasSaid(gateway, 'secrets_renewed')).toBe(true);
  expect(gateway.stderr).toContain('"event":"secret_readable_again"');
  expect(await keyUsed(gateway, provider)).toBe(`Bearer ${KEYS.second}`);
  for (const key of Object.values(KEYS)) expect(gateway.stdout + gateway.stderr).not.toContain(key);
});

test('it is also found by itself, and a file that a mount has written anew with it', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'turnpike-mounted-'));
  keep({ [Symbol.asyncDispose]: async () => rmSync(dir, { recursive: true, force: true }) });
  const mounted = join(dir, 'metrics-token');
  writeFileSync(mounted, 'a-first-token-of-metrics\n');
  const { vault, provider, gateway } = await rig({
    TURNPIKE_SECRETS_REFRESH_SECONDS: '1',
    TURNPIKE_METRICS_TOKEN: `file:${mounted}`,
  });
  const metrics = async (token: string) =>
    (
      await fetch(`${gateway.url}/metrics`, {
        headers: { authorization: `Bearer ${token}`, 'x-forwarded-for': '203.0.113.7' },
      })
    ).status;
  expect(await metrics('a-first-token-of-metrics')).toBe(200);
  vault.values['acme'] = KEYS.second;
  writeFileSync(mounted, 'a-second-token-of-metrics\n');
  expect(await hasSaid(gateway, 'secrets_renewed')).toBe(true);
  expect(await becomesTrueWithin(() => gateway.stderr.includes('secrets_renewed'), PATIENCE_MS)).toBe(true);
  expect(await keyUsed(gateway, provider)).toBe(`Bearer ${KEYS.second}`);
  expect(await metrics('a-second-token-of-metrics')).toBe(200);
  expect(await metrics('a-first-token-of-metrics')).toBe(401);
});

test('a start without a secret is refused, by setting and remedy; doctor says the same of a reference', async () => {
  const vault = keep(startVault());
  const dir = mkdtempSync(join(tmpdir(), 'turnpike-refused-'));
  keep({ [Symbol.asyncDispose]: async () => rmSync(dir, { recursive: true, force: true }) });
  const provider = startFakeProvider();
  keep({ [Symbol.asyncDispose]: async () => void (await provider.stop()) });
  writeFileSync(join(dir, 'turnpike.yaml'), JSON.stringify(configOf(provider)));
  const dataDir = join(dir, 'data');
  const env = {
    VAULT_ADDR: vault.url,
    VAULT_TOKEN_FILE: tokenFile(),
    OPENAI_API_KEY: 'vault:secret/data/elsewhere#openai',
    TURNPIKE_METRICS_TOKEN: 'vault:secret/data/turnpike#metrics',
  };
  vault.values['metrics'] = 'short';
  const refused = await turnpike({ dataDir, env }, 'serve');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain(
    'turnpike.yaml:1: providers[0].api_key: vault:secret/data/turnpike#acme cannot be read: it has no text called "acme"; it has metrics',
  );
  expect(refused.stderr).toContain('TURNPIKE_METRICS_TOKEN: must have at least 16 characters');
  expect(refused.text).not.toContain('short');
  vault.values['metrics'] = 'a-token-that-is-long-enough';
  vault.values['acme'] = KEYS.first;
  const later = await turnpike({ dataDir, env }, 'serve');
  expect(later.stderr).toContain(
    'OPENAI_API_KEY: vault:secret/data/elsewhere#openai cannot be read: Vault has no such secret',
  );
  const doctor = await turnpike({ dataDir, env }, 'doctor', '--json');
  const { findings } = JSON.parse(doctor.stdout);
  expect(findings).toContainEqual({
    ...{ check: 'secret', level: 'ok', text: 'vault:secret/data/turnpike#acme can be read', remedy: null },
  });
  expect(findings).toContainEqual(
    expect.objectContaining({
      ...{ check: 'secret', level: 'FAIL' },
      text: expect.stringContaining(
        'vault:secret/data/elsewhere#openai cannot be read: Vault has no such secret',
      ),
    }),
  );
  for (const secret of [KEYS.first, 'a-token-that-is-long-enough', 'hvs.token'])
    expect(refused.text + later.text + doctor.text).not.toContain(secret);
});

test('a manager that hangs puts off no stop', async () => {
  const { vault, gateway } = await rig({ TURNPIKE_SECRETS_REFRESH_SECONDS: '3600' });
  const asked = vault.hangs();
  process.kill(gateway.pid, 'SIGHUP');
  await asked;
  // Vault would be given up after ten seconds.
  const startedAt = performance.now();
  expect(await gateway.kill('SIGTERM')).toBe(0);
  expect(performance.now() - startedAt).toBeLessThan(8000);
});
