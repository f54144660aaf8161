/** Builds workload identity: what its routes need, and how access tokens are recognised where an API key may stand. */
import { AccessTokens, tokenParties } from '../auth/access-token.ts';
import type { Attempts } from '../auth/attempts.ts';
import type { Principal } from '../auth/principal.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { createGuardedGet } from '../egress/guarded-get.ts';
import type { Logger } from '../log.ts';
import type { Database } from '../storage/database.ts';
import { forgetOldExchanges } from './exchange.ts';
import { IssuerKeys } from './issuer-keys.ts';
import { SigningKeys } from './signing-keys.ts';

export function buildWorkloadIdentity(services: {
  config: Pick<Config, 'publicUrl' | 'masterKey' | 'egress'>;
  database: Database;
  clock: Clock;
  logger: Logger;
  attempts: Attempts;
  readPrincipal: (keyHash: string) => Promise<Principal | null>;
  readJson: (request: Request) => Promise<unknown>;
}) {
  const { config, clock, database } = services;
  const { privateHosts } = config.egress;
  const signingKeys = new SigningKeys({ database, clock, masterKey: config.masterKey });
  const parties = tokenParties(config.publicUrl);
  return {
    ...services,
    ...{ privateHosts, signingKeys, parties },
    issuerKeys: new IssuerKeys({ get: createGuardedGet({ privateHosts }), clock }),
    accessTokens: new AccessTokens({
      findPublicKey: (kid) => signingKeys.findPublicKey(kid),
      ...{ parties, clock },
    }),
    /** For a job that runs now and then. */
    async maintain(): Promise<void> {
      await signingKeys.maintain();
      await forgetOldExchanges({ database, clock });
    },
  };
}
