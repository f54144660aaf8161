/** Whether the gateway can tell its clients apart, where a reverse proxy must stand before it. */
import type { Config } from '../config/config.ts';
import { isLoopback } from '../egress/address.ts';
import { type Finding, ok, warn } from './finding.ts';

const CHECK = 'trusted proxies';

/** Clients speak TLS, or come from elsewhere, where the gateway itself does neither: then somebody passes their requests on. */
export function proxies({
  publicUrl,
  host,
  trustedProxies,
}: Pick<Config, 'publicUrl' | 'host' | 'trustedProxies'>): Finding {
  const everybody = trustedProxies.filter((entry) => entry.endsWith('/0'));
  if (everybody.length > 0)
    return warn(
      CHECK,
      `${everybody.join(', ')}: whatever address a caller makes up is believed`,
      'name in trusted_proxies only the addresses that the proxy connects from',
    );
  if (trustedProxies.length > 0)
    return ok(CHECK, `X-Forwarded-For is believed from ${trustedProxies.join(', ')}`);
  const { protocol, hostname } = new URL(publicUrl);
  const isOnThisMachine = isLoopback(host);
  if (protocol !== 'https:' && !(isOnThisMachine && !isLoopback(hostname)))
    return ok(CHECK, 'none: clients are known by the addresses that they connect from');
  return warn(
    CHECK,
    `none, though only a proxy can serve ${publicUrl}: all clients seem to have its address, and share its limits of attempts`,
    isOnThisMachine
      ? 'set trusted_proxies: ["127.0.0.1", "::1"] for a proxy on this machine, which must set X-Forwarded-For'
      : 'name in trusted_proxies the addresses that the proxy connects from',
  );
}
