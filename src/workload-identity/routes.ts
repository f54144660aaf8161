/** Workload identity over HTTP: the token exchange, the keys that its tokens are signed with, and whom an account trusts. */

import { type Attempts, sourceOf } from '../auth/attempts.ts';
import { isoFromMs } from '../clock.ts';
import { TurnpikeError } from '../errors.ts';
import { publicRoute, type Route, type SessionCall, sessionRoute } from '../http/route.ts';
import { UUID } from '../keys/key-fields.ts';
import { shownHashesOf } from '../keys/key-names.ts';
import { listWorkloadKeys } from '../keys/workload-keys.ts';
import type { Grant } from '../oauth/token-endpoint.ts';
import type { Issuer, Policy } from './answers.ts';
import { type ExchangeServices, exchangeToken } from './exchange.ts';
import { type FederationBodies, federationBodies } from './fields.ts';
import { SCOPE } from './mint.ts';
import { ACCESS_TOKEN_URN, parseExchangeRequest } from './request.ts';
import type { SigningKeys } from './signing-keys.ts';
import { type IssuerRow, listIssuers, listPolicies, type PolicyRow } from './store.ts';
import {
  changeIssuer,
  changePolicy,
  createIssuer,
  createPolicy,
  removeIssuer,
  removePolicy,
} from './trust.ts';

export interface FederationRouteServices extends ExchangeServices {
  readonly attempts: Attempts;
  readonly signingKeys: SigningKeys;
  /** Hosts that the operator vouches for. */
  readonly privateHosts: readonly string[];
  readonly readJson: (request: Request) => Promise<unknown>;
}

/** Of one address; a build farm behind one has this many jobs start in a minute. */
const EXCHANGES = { max: 300, windowMs: 60_000 };
const ISSUERS = '/api/dashboard/workload-identity/issuers';
const POLICIES = '/api/dashboard/workload-identity/policies';
const TARGET_KEYS = '/api/dashboard/workload-identity/target-keys';

/** For the token endpoint. */
export function createTokenExchange(services: FederationRouteServices): Grant {
  return async (fields, { clientAddress }) => {
    await services.attempts.count(`token-exchange ${sourceOf(clientAddress)}`, EXCHANGES);
    const exchanged = await exchangeToken(services, parseExchangeRequest(fields));
    return Response.json(
      {
        access_token: exchanged.accessToken,
        expires_in: exchanged.expiresInSeconds,
        issued_token_type: ACCESS_TOKEN_URN,
        scope: SCOPE,
        token_type: 'Bearer',
      },
      { headers: { 'cache-control': 'no-store' } },
    );
  };
}

export function workloadIdentityRoutes(services: FederationRouteServices): Route[] {
  const { db } = services.database;
  const bodies = federationBodies(services.privateHosts);
  return [
    publicRoute('GET', '/api/v1/oauth/jwks', async () =>
      Response.json(
        { keys: await services.signingKeys.published() },
        { headers: { 'cache-control': 'public, max-age=300' } },
      ),
    ),
    sessionRoute('GET', ISSUERS, 'admin', async ({ session }) =>
      Response.json({ data: (await listIssuers(db, session.accountId)).map(issuerJson) }),
    ),
    sessionRoute('POST', ISSUERS, 'admin', (call) => addIssuer(services, bodies, call)),
    sessionRoute('PATCH', `${ISSUERS}/:id`, 'admin', (call) => editIssuer(services, bodies, call)),
    sessionRoute('DELETE', `${ISSUERS}/:id`, 'admin', async (call) => {
      await removeIssuer(services, call.session.accountId, idOf(call));
      return deleted(services, call, 'issuer');
    }),
    sessionRoute('GET', POLICIES, 'admin', async ({ session }) =>
      Response.json({ data: await policiesJson(services, await listPolicies(db, session.accountId)) }),
    ),
    sessionRoute('POST', POLICIES, 'admin', (call) => addPolicy(services, bodies, call)),
    sessionRoute('PATCH', `${POLICIES}/:id`, 'admin', (call) => editPolicy(services, bodies, call)),
    sessionRoute('DELETE', `${POLICIES}/:id`, 'admin', async (call) => {
      await removePolicy(services, call.session.accountId, idOf(call));
      return deleted(services, call, 'policy');
    }),
    // What a policy may name as its target.
    sessionRoute('GET', TARGET_KEYS, 'admin', async ({ session }) => {
      const keys = await listWorkloadKeys(db, session.accountId);
      const ids = keys.map(({ hash }) => hash);
      const shown = await shownHashesOf(db, session.accountId, ids);
      const data = keys.map((row) => ({
        hash: shown.get(row.hash) ?? row.hash,
        name: row.name,
        label: row.label,
        workspace_id: row.workspace_id,
        disabled: row.disabled === 1,
      }));
      return Response.json({ data });
    }),
  ];
}

async function addIssuer(
  services: FederationRouteServices,
  bodies: FederationBodies,
  call: SessionCall,
): Promise<Response> {
  const fields = bodies.newIssuer(await services.readJson(call.request));
  const row = await createIssuer(services, call.session.accountId, fields);
  return changed(services, call, 'issuer_created', row.id, issuerJson(row), 201);
}

async function editIssuer(
  services: FederationRouteServices,
  bodies: FederationBodies,
  call: SessionCall,
): Promise<Response> {
  const changes = bodies.issuerPatch(await services.readJson(call.request));
  const row = await changeIssuer(services, call.session.accountId, idOf(call), changes);
  return changed(services, call, 'issuer_changed', row.id, issuerJson(row), 200);
}

async function addPolicy(
  services: FederationRouteServices,
  bodies: FederationBodies,
  call: SessionCall,
): Promise<Response> {
  const fields = bodies.newPolicy(await services.readJson(call.request));
  const row = await createPolicy(services, call.session.accountId, fields);
  return changed(services, call, 'policy_created', row.id, await policyJson(services, row), 201);
}

async function editPolicy(
  services: FederationRouteServices,
  bodies: FederationBodies,
  call: SessionCall,
): Promise<Response> {
  const changes = bodies.policyPatch(await services.readJson(call.request));
  const row = await changePolicy(services, call.session.accountId, idOf(call), changes);
  return changed(services, call, 'policy_changed', row.id, await policyJson(services, row), 200);
}

function changed(
  services: FederationRouteServices,
  call: SessionCall,
  change: string,
  id: string,
  data: object,
  status: number,
): Response {
  noteChange(services, call, change, id);
  return Response.json({ data }, { status });
}

function deleted(services: FederationRouteServices, call: SessionCall, what: string): Response {
  noteChange(services, call, `${what}_deleted`, idOf(call));
  return Response.json({ deleted: true });
}

/** An id that cannot be one names nothing; PostgreSQL would not even look. */
function idOf({ params }: SessionCall): string {
  const id = params.id ?? '';
  if (!UUID.test(id)) throw new TurnpikeError('not_found');
  return id.toLowerCase();
}

/** Whoever changes whom an account trusts leaves a trace. */
function noteChange(
  { logger }: FederationRouteServices,
  { session }: SessionCall,
  change: string,
  id: string,
): void {
  const { accountId, userId } = session;
  logger.info('workload_identity_changed', { change, id, accountId, userId });
}

function issuerJson(row: IssuerRow): Issuer {
  return {
    id: row.id,
    name: row.name,
    issuer_url: row.issuer_url,
    jwks_url: row.jwks_url,
    jwks: row.pinned_jwks === null ? null : JSON.parse(row.pinned_jwks),
    ...timesJson(row),
  };
}

/** All of one account. */
async function policiesJson(
  { database }: FederationRouteServices,
  rows: readonly PolicyRow[],
): Promise<Policy[]> {
  const [first] = rows;
  if (first === undefined) return [];
  const ids = rows.map(({ target_key_hash }) => target_key_hash);
  const shown = await shownHashesOf(database.db, first.account_id, ids);
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    issuer_id: row.issuer_id,
    subject: row.subject,
    audience: row.audience,
    required_scope: row.required_scope,
    required_token_type: row.required_token_type,
    condition: null,
    target_key_hash: shown.get(row.target_key_hash) ?? row.target_key_hash,
    enabled: row.enabled === 1,
    ...timesJson(row),
  }));
}

async function policyJson(services: FederationRouteServices, row: PolicyRow): Promise<Policy> {
  const [policy] = await policiesJson(services, [row]);
  if (policy === undefined) throw new Error('a policy has its JSON');
  return policy;
}

function timesJson(row: { created_at_ms: number; updated_at_ms: number | null }) {
  return {
    created_at: isoFromMs(row.created_at_ms),
    updated_at: row.updated_at_ms === null ? null : isoFromMs(row.updated_at_ms),
  };
}
