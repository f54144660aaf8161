/** Whether the environment sends an origin through a proxy, which `fetch` then does: it knows how. */
import type { Origin } from './origin.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * By HTTP_PROXY, HTTPS_PROXY and NO_PROXY, in either case. NO_PROXY takes what is certain alone: `*`, a host, or a domain with
 * all below it, each with or without a port. For everything else `fetch` decides, as it does for an origin that it is given.
 */
export function isProxied(origin: Origin, environment: Environment): boolean {
  const proxy = setting(environment, origin.isTls ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  return proxy !== null && !isExempt(origin, setting(environment, 'NO_PROXY') ?? '');
}

function setting(environment: Environment, name: string): string | null {
  const value = environment[name.toLowerCase()] || environment[name];
  return value === undefined || value.trim() === '' ? null : value;
}

function isExempt({ hostname, port }: Origin, noProxy: string): boolean {
  return noProxy
    .toLowerCase()
    .split(',')
    .map((entry) => entry.trim())
    .some((entry) => {
      if (entry === '*') return true;
      const withPort = /^(?:\[([^\]]+)\]|([^:]+))(?::([0-9]+))?$/.exec(entry);
      const domain = (withPort?.[1] ?? withPort?.[2] ?? entry).replace(/^\*?\./, '');
      if (withPort?.[3] !== undefined && Number(withPort[3]) !== port) return false;
      return domain !== '' && (hostname === domain || hostname.endsWith(`.${domain}`));
    });
}
