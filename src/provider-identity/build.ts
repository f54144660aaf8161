/** Builds what signs in to providers with our own token, and the keys that it is signed with. */
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Logger } from '../log.ts';
import type { Database } from '../storage/database.ts';
import type { UpstreamClient } from '../upstream/upstream.ts';
import { SigningKeys } from '../workload-identity/signing-keys.ts';
import { identityIssuer } from './issuer.ts';
import { ProviderCredentials } from './provider-credentials.ts';

export function buildProviderIdentity(services: {
  config: Pick<Config, 'providers' | 'publicUrl' | 'masterKey'>;
  database: Database;
  clock: Clock;
  logger: Logger;
  client: UpstreamClient;
}) {
  const { config, database, clock } = services;
  const signingKeys = new SigningKeys({ database, clock, masterKey: config.masterKey, purpose: 'providers' });
  return {
    signingKeys,
    publicUrl: config.publicUrl,
    /** Whether any provider is signed in to so: else nobody needs to know of an issuer. */
    isUsed: config.providers.some(({ identity }) => identity !== undefined),
    credentials: new ProviderCredentials(config.providers, {
      ...services,
      signer: () => signingKeys.signer(),
      issuer: identityIssuer(config.publicUrl),
    }),
  };
}
