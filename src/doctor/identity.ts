/** Whether providers can verify the tokens that the gateway signs for them: they fetch its keys from its public address. */
import type { Config } from '../config/config.ts';
import { identityIssuer } from '../provider-identity/issuer.ts';
import { type Finding, ok, warn } from './finding.ts';

export function identityFindings({
  providers,
  publicUrl,
}: Pick<Config, 'providers' | 'publicUrl'>): Finding[] {
  const slugs = providers.filter(({ identity }) => identity !== undefined).map(({ slug }) => slug);
  if (slugs.length === 0) return [];
  const issuer = identityIssuer(publicUrl);
  if (publicUrl.startsWith('https:'))
    return [ok('workload identity', `${slugs.join(', ')}: the issuer is ${issuer}`)];
  return [
    warn(
      'workload identity',
      `${slugs.join(', ')}: the issuer is ${issuer}, whose keys no vendor can fetch`,
      'set TURNPIKE_PUBLIC_URL to the https address that the vendors reach, or upload the keys there',
    ),
  ];
}
