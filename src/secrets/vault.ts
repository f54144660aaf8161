/**
 * HashiCorp Vault and OpenBao by their HTTP API: `vault:secret/data/turnpike#openai`, a path as it stands behind `/v1/`, or as `vault kv get` takes
 * it. Both versions of the key-value engine, and whatever else answers a read with a `data` object. Signed in to by a token, by AppRole, or
 * by the service account of a pod.
 */
import { readFileSync } from 'node:fs';
import { isJsonObject, type JsonObject } from '../json.ts';
import { createUpstreamClient } from '../upstream/client.ts';
import { sendSmall } from '../upstream/small-request.ts';
import type { UpstreamClient } from '../upstream/upstream.ts';
import type { Environment, SecretManager } from './managers.ts';

const ANSWER_MS = 10_000;
const POD_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';
/** Vault's own words for it. */
const WRONG_VERSION = /versioned K\/V secrets engine/i;

/** By the variables that Vault's own tools read: VAULT_ADDR, VAULT_NAMESPACE and those of one way to sign in. */
export function openVault(env: Environment): SecretManager {
  const address = env['VAULT_ADDR'] ?? '';
  if (!/^https?:\/\/./.test(address)) throw new Error('VAULT_ADDR is not set; set it to Vault’s address');
  return new Vault(env, address.replace(/\/+$/, ''));
}

interface Answer {
  readonly status: number;
  readonly body: JsonObject;
}

class Vault implements SecretManager {
  readonly #env: Environment;
  readonly #address: string;
  readonly #client: UpstreamClient;
  /** One sign-in at a time, whoever waits for it; null: there is no token. */
  #token: Promise<string> | null = null;
  #renewAtMs = 0;

  constructor(env: Environment, address: string) {
    this.#env = env;
    this.#address = address;
    this.#client = createUpstreamClient();
  }

  async read(path: string): Promise<string> {
    const plain = path.replace(/^\/+|\/+$/g, '').replace(/^v1\//, '');
    let found = await this.#get(plain);
    if (found.status === 404 && WRONG_VERSION.test(JSON.stringify(found.body['warnings'] ?? ''))) {
      const [mount = '', ...rest] = plain.split('/');
      found = await this.#get([mount, 'data', ...rest].join('/'));
    }
    if (found.status === 404) throw new Error('Vault has no such secret, or it was deleted');
    if (found.status === 403)
      throw new Error('Vault refuses (403): let the policy of its token read this path');
    if (found.status !== 200) throw new Error(`Vault answers ${found.status}${errorsOf(found.body)}`);
    const { data } = found.body;
    if (!isJsonObject(data)) throw new Error('Vault answers without data');
    // The second version of the key-value engine has metadata beside it.
    const inner = isJsonObject(data['data']) && isJsonObject(data['metadata']) ? data['data'] : data;
    return JSON.stringify(inner);
  }

  close(): void {
    this.#client.close();
  }

  /** A token that has ended is got once more; one that is good and may not read this path stays. */
  async #get(path: string): Promise<Answer> {
    const url = path.split('/').map(encodeURIComponent).join('/');
    const token = await this.#signedIn();
    const used = this.#token;
    const answer = await this.#ask('GET', url, token);
    if (answer.status !== 403 || this.#isStatic()) return answer;
    // By the policy that every token has unless it was taken away.
    const own = await this.#ask('GET', 'auth/token/lookup-self', token);
    if (own.status === 200) return answer;
    // Somebody else who met with it may have another one already.
    if (this.#token === used) this.#forget();
    return await this.#ask('GET', url, await this.#signedIn());
  }

  #forget(): void {
    this.#token = null;
    this.#renewAtMs = 0;
  }

  #isStatic(): boolean {
    return (this.#env['VAULT_TOKEN'] ?? '') !== '' || (this.#env['VAULT_TOKEN_FILE'] ?? '') !== '';
  }

  async #signedIn(): Promise<string> {
    const {
      VAULT_TOKEN: token = '',
      VAULT_TOKEN_FILE: file = '',
      VAULT_ROLE_ID: role_id = '',
      VAULT_SECRET_ID: secret_id = '',
      VAULT_K8S_ROLE: role = '',
    } = this.#env;
    // Read each time: an agent of Vault's writes a new one there before the old one ends.
    if (file !== '') return readSecretFile(file);
    if (token !== '')
      return await this.#renewed(token.startsWith('file:') ? readSecretFile(token.slice(5)) : token);
    this.#token ??= this.#kept(
      role_id !== ''
        ? this.#login('approle', {
            role_id,
            ...(secret_id === '' ? {} : { secret_id: givenOf(secret_id) }),
          })
        : role !== ''
          ? this.#login('kubernetes', { role, jwt: readSecretFile(POD_TOKEN) })
          : Promise.reject(
              new Error(
                'nothing signs in to Vault; set VAULT_TOKEN, VAULT_TOKEN_FILE, VAULT_ROLE_ID or VAULT_K8S_ROLE',
              ),
            ),
    );
    return await this.#renewed(await this.#token);
  }

  /** As long as it does not fail. */
  #kept(login: Promise<string>): Promise<string> {
    login.catch(() => {
      if (this.#token === login) this.#forget();
    });
    return login;
  }

  /** At half of its time, so that it ends only with the process; one that cannot be renewed goes on as long as it may. */
  async #renewed(token: string): Promise<string> {
    if (Date.now() < this.#renewAtMs) return token;
    this.#renewAtMs = Date.now() + 60_000;
    const { status, body } = await this.#ask('POST', 'auth/token/renew-self', token, {});
    const seconds = isJsonObject(body['auth']) ? Number(body['auth']['lease_duration']) : 0;
    if (status === 200 && seconds > 0) this.#renewAtMs = Date.now() + (seconds * 1000) / 2;
    return token;
  }

  async #login(method: string, body: object): Promise<string> {
    const mount = this.#env['VAULT_AUTH_MOUNT'] || method;
    const answer = await this.#ask('POST', `auth/${mount}/login`, null, body);
    const { auth } = answer.body;
    const token = isJsonObject(auth) ? auth['client_token'] : undefined;
    if (answer.status !== 200 || typeof token !== 'string')
      throw new Error(
        `Vault lets nobody in by ${method} (${answer.status}); check the role and what it is given`,
      );
    return token;
  }

  async #ask(method: 'GET' | 'POST', path: string, token: string | null, body?: object): Promise<Answer> {
    const namespace = this.#env['VAULT_NAMESPACE'] ?? '';
    const request = {
      ...(method === 'GET' ? { method } : {}),
      url: `${this.#address}/v1/${path}`,
      headers: {
        'x-vault-request': 'true',
        ...(token === null ? {} : { 'x-vault-token': token }),
        ...(namespace === '' ? {} : { 'x-vault-namespace': namespace }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? '' : JSON.stringify(body),
    };
    const { status, text } = await sendSmall(this.#client, request, ANSWER_MS).catch((thrown: Error) => {
      throw new Error(`Vault cannot be reached at VAULT_ADDR (${thrown.message})`);
    });
    if (status === 503) throw new Error('Vault is sealed or not ready (503)');
    try {
      const parsed: unknown = text === '' ? {} : JSON.parse(text);
      return { status, body: isJsonObject(parsed) ? parsed : {} };
    } catch {
      throw new Error(`Vault answers ${status} with something else than JSON; is VAULT_ADDR its address?`);
    }
  }
}

const givenOf = (text: string) => (text.startsWith('file:') ? readSecretFile(text.slice(5)) : text);

function readSecretFile(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    throw new Error(`${path} cannot be read, which should have what signs in to Vault`);
  }
}

/** Vault's errors are its own words about the path. */
function errorsOf(body: JsonObject): string {
  const { errors } = body;
  return Array.isArray(errors) && typeof errors[0] === 'string' ? ` (${errors[0].slice(0, 200)})` : '';
}
