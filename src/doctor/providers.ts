/** Whether the configured providers can be reached: a connection with its certificate, and nothing that any of them would charge. */
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type Finding, fail, ok, reasonOf, warn } from './finding.ts';

const CONNECT_MS = 5000;

export interface Reachable {
  readonly slug: string;
  readonly baseUrl: string;
}

export async function providers(
  list: readonly Reachable[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<Finding[]> {
  if (list.length === 0) {
    const remedy = 'set a key such as OPENAI_API_KEY, or name one in turnpike.yaml';
    return [warn('providers', 'none is configured: only turnpike/echo answers', remedy)];
  }
  const proxy = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY'].find(
    (name) => (env[name] ?? '') !== '',
  );
  return await Promise.all(
    list.map(async ({ slug, baseUrl }) => {
      const check = `provider ${slug}`;
      const url = new URL(baseUrl);
      if (proxy !== undefined)
        return warn(
          check,
          `${url.host} is reached through ${proxy}, which is not looked into`,
          'send a request to one of its models',
        );
      try {
        await connected(url);
        return ok(
          check,
          `${url.host} can be reached${url.protocol === 'https:' ? ', its certificate is good' : ''}`,
        );
      } catch (thrown) {
        return fail(
          check,
          `${url.host}: ${reasonOf(thrown)}`,
          'check its base_url, DNS, firewall, and the certificates of this machine',
        );
      }
    }),
  );
}

function connected(url: URL): Promise<void> {
  const isTls = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = Number(url.port || (isTls ? 443 : 80));
  return new Promise((resolve, reject) => {
    const socket = isTls ? connectTls({ host, port, servername: host }) : connectTcp({ host, port });
    const late = setTimeout(
      () => socket.destroy(new Error(`no connection within ${CONNECT_MS / 1000} s`)),
      CONNECT_MS,
    );
    socket.once(isTls ? 'secureConnect' : 'connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
    socket.once('close', () => {
      clearTimeout(late);
      reject(new Error('the connection was closed'));
    });
  });
}
