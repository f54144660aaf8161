/** GitHub as its secret scanning speaks: keys on P-256 at an address, and reports that are signed with them. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

export interface GithubStandIn extends Disposable {
  /** Of its public keys. */
  readonly keysUrl: string;
  /** How often they were asked for. */
  readonly asked: number;
  readonly identifier: string;
  /** Gives what is asked for a status of its own; null: the keys. */
  failWith: number | null;
  /** A report as GitHub sends it: the body, byte for byte, and what signs it. */
  report(matches: unknown): SignedReport;
  /** Another key signs from now on, which is published too. */
  rotate(): void;
  signed(body: string): SignedReport;
}

export interface SignedReport {
  readonly body: string;
  readonly headers: Record<string, string>;
}

export function startGithub(): GithubStandIn {
  const keys: { identifier: string; publicKey: KeyObject; privateKey: KeyObject }[] = [];
  const add = () => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const der = pair.publicKey.export({ type: 'spki', format: 'der' });
    keys.unshift({ identifier: Bun.SHA256.hash(der, 'hex'), ...pair });
  };
  add();
  let asked = 0;
  const stand = { failWith: null as number | null };
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: () => {
      asked += 1;
      if (stand.failWith !== null) return new Response('', { status: stand.failWith });
      return Response.json({
        public_keys: keys.map(({ identifier, publicKey }, index) => ({
          key_identifier: identifier,
          key: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
          is_current: index === 0,
        })),
      });
    },
  });
  const newest = () => {
    const [key] = keys;
    if (key === undefined) throw new Error('there is no key');
    return key;
  };
  const signed = (body: string): SignedReport => ({
    body,
    headers: {
      'content-type': 'application/json',
      'github-public-key-identifier': newest().identifier,
      'github-public-key-signature': sign('sha256', Buffer.from(body), newest().privateKey).toString(
        'base64',
      ),
    },
  });
  return Object.defineProperties(
    Object.assign(stand, {
      keysUrl: `http://127.0.0.1:${server.port}/meta/public_keys/secret_scanning`,
      report: (matches: unknown) => signed(JSON.stringify(matches)),
      ...{ rotate: add, signed },
      [Symbol.dispose]: () => void server.stop(true),
    }),
    {
      asked: { get: () => asked },
      identifier: { get: () => newest().identifier },
    },
  ) as unknown as GithubStandIn;
}
