/** A gateway whose providers tell by which key they were called, and what its users do with keys of their own. */
import { type ConfigText, type StartOptions, startGateway, type TestGateway } from '../../harness.ts';

/** Of the fake provider's model at one more provider, `solo`, of which the operator has no key for others. */
export const SOLO = 'solo/only';

export function byokConfig(providerUrl: string, more: ConfigText = {}): ConfigText {
  return {
    egress: { private_hosts: [new URL(providerUrl).host] },
    ...more,
  };
}

export class ByokRig implements AsyncDisposable {
  readonly gateway: TestGateway;

  constructor(gateway: TestGateway) {
    this.gateway = gateway;
  }

  static async start(options: StartOptions = {}): Promise<ByokRig> {
    return new ByokRig(await startGateway(options));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.gateway.stop();
  }

  async call(method: string, path: string, body?: unknown, key = this.gateway.managementKey) {
    const response = await fetch(`${this.gateway.baseUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: text === '' ? null : JSON.parse(text),
    };
  }

  /** The id of a key that was brought. */
  async bring(provider: string, key: string, more: object = {}): Promise<string> {
    const made = await this.call('POST', '/byok', { provider, key, ...more });
    if (made.status !== 201) throw new Error(`${made.status} ${made.text}`);
    return made.json.data.id;
  }

  ask(more: object = {}, key = this.gateway.apiKey) {
    return this.call(
      'POST',
      '/chat/completions',
      { model: 'acme/small', messages: [{ role: 'user', content: 'one two three' }], ...more },
      key,
    );
  }

  /** The keys that the provider was called with since the last time. */
  seen(): (string | undefined)[] {
    const keys = this.gateway.provider.requests.map(
      ({ authorization, model }) => `${model} ${authorization?.replace('Bearer ', '')}`,
    );
    this.gateway.provider.clearRequests();
    return keys;
  }
}
