/** Secret managers as they answer: Vault by its HTTP API, AWS and Google through their own clients. */
import { afterAll, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { secretReference } from '../config/secret-reference.ts';
import { type Environment, SecretManagers } from './managers.ts';

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}

const asked: Asked[] = [];
let answer: (asked: Asked) => Response = () => new Response('', { status: 500 });
const server = Bun.serve({
  ...{ hostname: '127.0.0.1', port: 0 },
  fetch: async (request) => {
    const { pathname: path } = new URL(request.url);
    const one = { method: request.method, path, headers: request.headers, body: await request.text() };
    asked.push(one);
    return answer(one);
  },
});
const url = `http://127.0.0.1:${server.port}`;
const dir = mkdtempSync(join(tmpdir(), 'turnpike-secrets-'));
beforeEach(() => void asked.splice(0));
afterAll(async () => {
  await server.stop(true);
  rmSync(dir, { recursive: true, force: true });
});

async function read(text: string, env: Environment): Promise<string> {
  const reference = secretReference(text);
  if (reference === null) throw new Error(`${text} is no reference`);
  const managers = new SecretManagers(env);
  try {
    return await managers.read(reference);
  } finally {
    managers.close();
  }
}

describe('Vault', () => {
  const env = { VAULT_ADDR: url, VAULT_TOKEN: 'hvs.root' };
  /** As Vault answers (API documentation, "KV secrets engine - version 2", "Read secret version"). */
  const v2 = (data: object) => ({
    ...{ request_id: '0', lease_id: '', renewable: false, lease_duration: 0 },
    data: {
      data,
      metadata: {
        ...{ created_time: '2018-03-22T02:24:06.945319214Z', custom_metadata: null, deletion_time: '' },
        ...{ destroyed: false, version: 2 },
      },
    },
    ...{ wrap_info: null, warnings: null, auth: null },
  });
  const isLogin = ({ path }: Asked) => path.endsWith('/login');
  const renewal = ({ path }: Asked) => path === '/v1/auth/token/renew-self';
  const serving = (secret: (asked: Asked) => Response) => {
    answer = (one) => (renewal(one) ? Response.json({ auth: { lease_duration: 3600 } }) : secret(one));
  };

  test('a secret of the second version is read with the token, and its field found', async () => {
    serving(() => Response.json(v2({ openai: 'sk-1', anthropic: 'sk-2' })));
    expect(await read('vault:secret/data/turnpike#anthropic', env)).toBe('sk-2');
    const [last] = asked.filter((one) => !renewal(one));
    expect([last?.method, last?.path, last?.headers.get('x-vault-token')]).toEqual([
      'GET',
      '/v1/secret/data/turnpike',
      'hvs.root',
    ]);
  });

  test('a path as `vault kv get` takes it is found too', async () => {
    serving(({ path }) =>
      path === '/v1/secret/data/turnpike'
        ? Response.json(v2({ key: 'sk-1' }))
        : Response.json(
            {
              ...{ request_id: '0', data: null, errors: [] },
              warnings: [
                "Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API endpoints to use. If using the Vault CLI, use 'vault kv get' for this operation.",
              ],
            },
            { status: 404 },
          ),
    );
    expect(await read('vault:secret/turnpike', env)).toBe('sk-1');
  });

  test('a secret of the first version, which may have members called data, is taken as it is', async () => {
    serving(() => Response.json({ data: { data: 'sk-1', other: 'x' } }));
    expect(await read('vault:kv/turnpike#data', env)).toBe('sk-1');
  });

  test('AppRole signs in once, and again when its token has ended', async () => {
    let tokens = 0;
    serving((one) => {
      if (isLogin(one)) {
        tokens += 1;
        return Response.json({
          auth: { client_token: `hvs.${tokens}`, lease_duration: 1200, renewable: true },
        });
      }
      return one.headers.get('x-vault-token') === 'hvs.2'
        ? Response.json(v2({ key: 'sk-1' }))
        : Response.json({ errors: ['permission denied'] }, { status: 403 });
    });
    const roles = {
      VAULT_ADDR: url,
      VAULT_ROLE_ID: 'role',
      VAULT_SECRET_ID: 'secret',
      VAULT_NAMESPACE: 'team',
    };
    expect(await read('vault:secret/data/turnpike', roles)).toBe('sk-1');
    const [login] = asked;
    expect([login?.path, JSON.parse(login?.body ?? '')]).toEqual([
      '/v1/auth/approle/login',
      { role_id: 'role', secret_id: 'secret' },
    ]);
    expect(asked.every(({ headers }) => headers.get('x-vault-namespace') === 'team')).toBe(true);
  });

  test('many that are read at once sign in once, and a path that is refused throws no good token away', async () => {
    const good = new Set<string>();
    let tokens = 0;
    serving((one) => {
      const token = one.headers.get('x-vault-token') ?? '';
      if (isLogin(one)) {
        tokens += 1;
        good.add(`hvs.${tokens}`);
        return Response.json({ auth: { client_token: `hvs.${tokens}`, lease_duration: 1200 } });
      }
      if (!good.has(token) || one.path.endsWith('/forbidden'))
        return Response.json({ errors: ['permission denied'] }, { status: 403 });
      return Response.json(one.path.endsWith('/lookup-self') ? { data: {} } : v2({ key: 'sk-1' }));
    });
    const managers = new SecretManagers({
      VAULT_ADDR: url,
      VAULT_ROLE_ID: 'role',
      VAULT_SECRET_ID: 'secret',
    });
    const readAll = (...names: string[]) =>
      Promise.all(
        names.map(async (name) => {
          const reference = secretReference(`vault:secret/data/${name}`);
          return reference === null
            ? ''
            : await managers.read(reference).catch(({ message }: Error) => message);
        }),
      );
    expect(await readAll('a', 'b', 'c', 'd')).toEqual(['sk-1', 'sk-1', 'sk-1', 'sk-1']);
    expect(tokens).toBe(1);
    expect(await readAll('forbidden', 'a')).toEqual([expect.stringContaining('Vault refuses (403)'), 'sk-1']);
    expect(tokens).toBe(1);
    // One that has ended is got once more, whoever meets with it.
    good.clear();
    expect(await readAll('a', 'b', 'c')).toEqual(['sk-1', 'sk-1', 'sk-1']);
    expect(tokens).toBe(2);
    managers.close();
  });

  test('a sign-in that failed is tried again', async () => {
    let isDown = true;
    serving((one) => {
      if (isLogin(one))
        return isDown
          ? Response.json({ errors: ['no'] }, { status: 400 })
          : Response.json({ auth: { client_token: 'hvs.1', lease_duration: 1200 } });
      return Response.json(v2({ key: 'sk-1' }));
    });
    const managers = new SecretManagers({ VAULT_ADDR: url, VAULT_ROLE_ID: 'role' });
    const reference = secretReference('vault:secret/data/x');
    if (reference === null) throw new Error('it is no reference');
    expect(managers.read(reference)).rejects.toThrow('Vault lets nobody in');
    await managers.read(reference).catch(() => undefined);
    isDown = false;
    expect(await managers.read(reference)).toBe('sk-1');
    managers.close();
  });

  test('the token of an agent is read from its file each time', async () => {
    const file = join(dir, 'token');
    writeFileSync(file, 'hvs.first\n');
    serving((one) => Response.json(v2({ key: one.headers.get('x-vault-token') ?? '' })));
    expect(await read('vault:secret/data/x', { VAULT_ADDR: url, VAULT_TOKEN_FILE: file })).toBe('hvs.first');
    writeFileSync(file, 'hvs.second\n');
    expect(await read('vault:secret/data/x', { VAULT_ADDR: url, VAULT_TOKEN_FILE: file })).toBe('hvs.second');
  });

  test.each([
    ['vault:secret/data/x', { VAULT_TOKEN: 'x' }, () => new Response(), 'VAULT_ADDR is not set'],
    ['vault:secret/data/x', { VAULT_ADDR: url }, () => new Response(), 'nothing signs in to Vault'],
    ['vault:', env, () => new Response(), 'it names no secret'],
    [
      'vault:secret/data/x',
      { ...env, VAULT_ADDR: 'http://127.0.0.1:9' },
      () => new Response(),
      'Vault cannot be reached',
    ],
    [
      'vault:secret/data/x',
      env,
      () => Response.json({ errors: [] }, { status: 404 }),
      'Vault has no such secret',
    ],
    [
      'vault:secret/data/x',
      env,
      () => Response.json({ errors: ['1 error occurred'] }, { status: 403 }),
      'Vault refuses (403)',
    ],
    [
      'vault:secret/data/x',
      env,
      () => Response.json({ errors: ['Vault is sealed'] }, { status: 503 }),
      'Vault is sealed or not ready',
    ],
    ['vault:secret/data/x', env, () => new Response('<html>', { status: 200 }), 'something else than JSON'],
    [
      'vault:secret/data/x',
      env,
      () => Response.json(v2({ a: 'sk-secret', b: 'sk-other' })),
      'it has several values: add "#" and the name of one (a, b)',
    ],
    [
      'vault:secret/data/x#c',
      env,
      () => Response.json(v2({ a: 'sk-secret' })),
      'it has no text called "c"; it has a',
    ],
    ['vault:secret/data/x#a', env, () => Response.json(v2({ a: '' })), 'its value is empty'],
  ] as const)('%s with %j: says what is wrong and no secret', async (text, given, reply, message) => {
    serving((one) => (renewal(one) ? Response.json({}) : reply()));
    const error = await read(text, given).then(String, (thrown: Error) => thrown.message);
    expect(error).toContain(message);
    expect(error).not.toMatch(/sk-|hvs/);
  });
});

describe('AWS Secrets Manager', () => {
  const given = {
    AWS_REGION: 'eu-central-1',
    AWS_ENDPOINT_URL_SECRETS_MANAGER: url,
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  };
  // Its client finds credentials in the process' own environment.
  Object.assign(process.env, given);
  afterAll(() => {
    for (const name of Object.keys(given)) delete process.env[name];
  });
  const json = (body: object, status = 200) =>
    Response.json(body, { status, headers: { 'content-type': 'application/x-amz-json-1.1' } });

  test('its own client asks for the current version, signed', async () => {
    // API reference, GetSecretValue, "Sample Response".
    answer = () =>
      json({
        ...{
          ARN: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:turnpike-a1b2c3',
          Name: 'turnpike',
        },
        ...{ CreatedDate: 1.523477145713e9, VersionStages: ['AWSCURRENT'] },
        VersionId: 'a1b2c3d4-5678-90ab-cdef-EXAMPLE11111',
        SecretString: '{\n  "openai":"sk-1",\n  "anthropic":"sk-2"\n}\n',
      });
    expect(await read('aws-sm:turnpike#openai', given)).toBe('sk-1');
    const [one] = asked;
    expect(one?.headers.get('x-amz-target')).toBe('secretsmanager.GetSecretValue');
    expect(JSON.parse(one?.body ?? '')).toEqual({ SecretId: 'turnpike' });
    expect(one?.headers.get('authorization')).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/secretsmanager\/aws4_request/,
    );
  });

  test('a secret that is one text, and one that is bytes', async () => {
    answer = () => json({ Name: 'x', SecretString: 'sk-1' });
    expect(await read('aws-sm:x', given)).toBe('sk-1');
    answer = () => json({ Name: 'x', SecretBinary: Buffer.from('sk-2').toString('base64') });
    expect(await read('aws-sm:x', given)).toBe('sk-2');
  });

  test.each([
    ['ResourceNotFoundException', 'there is no such secret in this region'],
    ['AccessDeniedException', 'access is denied: allow secretsmanager:GetSecretValue'],
    ['InvalidRequestException', 'it is marked for deletion'],
    ['UnrecognizedClientException', 'nothing signs in to AWS'],
  ])('%s is told with its remedy', async (type, message) => {
    answer = () => json({ __type: type, Message: 'Secrets Manager says sk-secret' }, 400);
    const error = await read('aws-sm:x', given).then(String, (thrown: Error) => thrown.message);
    expect(error).toContain(message);
    expect(error).not.toContain('sk-secret');
  });
});

describe('Google Secret Manager', () => {
  const credentials = join(dir, 'credentials.json');
  const token = join(dir, 'subject-token');
  writeFileSync(token, 'a-token-of-the-pod');
  // Workload Identity Federation, whose addresses its file names.
  writeFileSync(
    credentials,
    JSON.stringify({
      ...{ type: 'external_account', subject_token_type: 'urn:ietf:params:oauth:token-type:jwt' },
      audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/p',
      token_url: `${url}/v1/token`,
      credential_source: { file: token },
    }),
  );
  const given = {
    GOOGLE_APPLICATION_CREDENTIALS: credentials,
    GOOGLE_CLOUD_PROJECT: 'acme',
    CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER: url,
  };
  Object.assign(process.env, given);
  afterAll(() => {
    for (const name of Object.keys(given)) delete process.env[name];
  });
  const serving = (reply: () => Response) => {
    answer = ({ path }) =>
      path === '/v1/token'
        ? Response.json({
            ...{ access_token: 'ya29.token', token_type: 'Bearer', expires_in: 3600 },
            issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
          })
        : reply();
  };

  test('its own client asks for the latest version, signed in', async () => {
    serving(() =>
      Response.json({
        name: 'projects/1/secrets/openai/versions/3',
        payload: { data: Buffer.from('sk-1\n').toString('base64') },
      }),
    );
    expect(await read('gcp-sm:openai', given)).toBe('sk-1');
    const last = asked.at(-1);
    expect(last?.path).toBe('/v1/projects/acme/secrets/openai/versions/latest:access');
    expect(last?.headers.get('authorization')).toBe('Bearer ya29.token');
    expect(await read('gcp-sm:projects/other/secrets/openai/versions/3', given)).toBe('sk-1');
    expect(asked.at(-1)?.path).toBe('/v1/projects/other/secrets/openai/versions/3:access');
  });

  test.each([
    [404, 'NOT_FOUND', 'there is no such secret or version'],
    [403, 'PERMISSION_DENIED', 'access is denied: give the role roles/secretmanager.secretAccessor'],
    [400, 'FAILED_PRECONDITION', 'the version is disabled or destroyed'],
  ])('%i %s is told with its remedy', async (code, status, message) => {
    serving(() => Response.json({ error: { code, status, message: 'it says sk-secret' } }, { status: code }));
    const error = await read('gcp-sm:x', given).then(String, (thrown: Error) => thrown.message);
    expect(error).toContain(message);
    expect(error).not.toContain('sk-secret');
  });

  test('a name that is none is not asked for', async () => {
    expect(read('gcp-sm:projects/acme/openai', given)).rejects.toThrow(
      'write projects/<project>/secrets/<name>',
    );
  });
});
