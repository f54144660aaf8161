/** Makes a gateway trust an issuer, and asks it for access tokens. */

import { hashOf } from '../../../src/auth/key-secret.ts';
import { systemClock } from '../../../src/clock.ts';
import type { Database } from '../../../src/storage/database.ts';
import type { IssuerFields, PolicyFields } from '../../../src/workload-identity/fields.ts';
import { changePolicy, createIssuer, createPolicy } from '../../../src/workload-identity/trust.ts';
import type { TestGateway } from '../../harness.ts';

export const AUDIENCE = 'https://turnpike.example.com';

export interface Trust {
  readonly issuerId: string;
  readonly policyId: string;
  readonly accountId: string;
  pause(): Promise<void>;
}

type Issuer = Partial<IssuerFields> & Pick<IssuerFields, 'issuer_url'>;
type Policy = Partial<PolicyFields> & Pick<PolicyFields, 'subject'>;

/** A policy that leads to the gateway's first key, unless it says otherwise. */
export async function trust(gateway: TestGateway, issuer: Issuer, policy: Policy): Promise<Trust> {
  const services = { database: gateway.database, clock: systemClock };
  const accountId = await accountOf(gateway.database);
  const { id: issuerId } = await createIssuer(services, accountId, {
    name: 'CI',
    jwks_url: null,
    pinned_jwks: null,
    ...issuer,
  });
  const { id: policyId } = await createPolicy(services, accountId, {
    name: 'Deployments',
    audience: AUDIENCE,
    required_scope: null,
    required_token_type: null,
    target_key_hash: hashOf(gateway.apiKey),
    enabled: 1,
    ...policy,
    issuer_id: issuerId,
  });
  return {
    ...{ issuerId, policyId, accountId },
    pause: async () => void (await changePolicy(services, accountId, policyId, { enabled: 0 })),
  };
}

async function accountOf(database: Database): Promise<string> {
  const row = await database.db.selectFrom('instance').select('account_id').executeTakeFirstOrThrow();
  return row.account_id;
}

export const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const JWT_TYPE = 'urn:ietf:params:oauth:token-type:jwt';

export interface ExchangeAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

export async function exchange(
  gateway: Pick<TestGateway, 'baseUrl'>,
  fields: Record<string, string>,
): Promise<ExchangeAnswer> {
  const response = await fetch(`${gateway.baseUrl}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: GRANT_TYPE, subject_token_type: JWT_TYPE, ...fields }),
  });
  const body = (await response.json()) as Record<string, unknown>;
  return { status: response.status, headers: response.headers, body };
}

/** An access token, or the reason why there is none. */
export async function accessTokenFor(
  gateway: Pick<TestGateway, 'baseUrl'>,
  policyId: string,
  subjectToken: string,
): Promise<string> {
  const { status, body } = await exchange(gateway, {
    federation_policy_id: policyId,
    subject_token: subjectToken,
  });
  const { access_token: token } = body;
  if (status !== 200 || typeof token !== 'string')
    throw new Error(`no access token: ${status} ${JSON.stringify(body)}`);
  return token;
}
