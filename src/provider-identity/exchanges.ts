/**
 * What each vendor is sent in exchange for its token, and how its answer reads. Pure. Sources: OpenAI, "Workload identity token
 * exchange"; Anthropic, "WIF reference" and its SDK's `lib/credentials`; Google, Security Token Service `v1.token` and IAM Credentials
 * `generateAccessToken`; AWS, STS `AssumeRoleWithWebIdentity`; Microsoft, "client credentials flow with a federated credential".
 */
import { isJsonObject, type JsonObject } from '../json.ts';
import type { ProviderIdentity, VendorCredential } from '../providers/identity.ts';
import type { SmallRequest } from '../upstream/small-request.ts';

export interface Obtained {
  readonly credential: VendorCredential;
  readonly expiresAtMs: number;
}

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const JWT_TYPE = 'urn:ietf:params:oauth:token-type:jwt';
const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token';
const CLOUD_PLATFORM = 'https://www.googleapis.com/auth/cloud-platform';
const IMPERSONATED_SECONDS = 3600;

/** `assertion`: our own signed token. */
export function exchangeRequest(identity: ProviderIdentity, assertion: string): SmallRequest {
  const url = identity.tokenUrl;
  switch (identity.exchange) {
    case 'openai':
      return json(url, {
        grant_type: TOKEN_EXCHANGE,
        subject_token_type: JWT_TYPE,
        subject_token: assertion,
        identity_provider_id: identity.identityProviderId,
        service_account_id: identity.serviceAccountId,
      });
    case 'anthropic': {
      const { workspaceId } = identity;
      const request = json(url, {
        grant_type: JWT_BEARER,
        assertion,
        federation_rule_id: identity.federationRuleId,
        organization_id: identity.organizationId,
        service_account_id: identity.serviceAccountId,
        ...(workspaceId === null ? {} : { workspace_id: workspaceId }),
      });
      const headers = { ...request.headers, 'anthropic-beta': 'oauth-2025-04-20,oidc-federation-2026-04-01' };
      return { ...request, headers };
    }
    case 'google':
      return form(url, {
        grant_type: TOKEN_EXCHANGE,
        audience: identity.workloadProvider,
        scope: CLOUD_PLATFORM,
        requested_token_type: ACCESS_TOKEN_TYPE,
        subject_token_type: JWT_TYPE,
        subject_token: assertion,
      });
    case 'aws':
      return form(url, {
        Action: 'AssumeRoleWithWebIdentity',
        Version: '2011-06-15',
        RoleArn: identity.roleArn,
        RoleSessionName: identity.sessionName,
        DurationSeconds: String(identity.durationSeconds),
        WebIdentityToken: assertion,
      });
    case 'azure':
      return form(url, {
        grant_type: 'client_credentials',
        client_id: identity.clientId,
        scope: identity.scope,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
      });
  }
}

/** Null: it is not what the vendor documents. `askedAtMs`: lifetimes count from there at the latest. */
export function readObtained(identity: ProviderIdentity, text: string, askedAtMs: number): Obtained | null {
  return identity.exchange === 'aws' ? readAws(text) : readToken(text, askedAtMs);
}

/** Google's second step: the token of the service account that the pool's identity may act as. */
export function impersonationRequest(url: string, poolToken: string): SmallRequest {
  const request = json(url, { scope: [CLOUD_PLATFORM], lifetime: `${IMPERSONATED_SECONDS}s` });
  return { ...request, headers: { ...request.headers, authorization: `Bearer ${poolToken}` } };
}

export function readImpersonated(text: string): Obtained | null {
  const body = parsed(text);
  const token = sendable(body?.['accessToken']);
  const expiresAtMs = instant(body?.['expireTime']);
  return token === null || expiresAtMs === null
    ? null
    : { credential: { kind: 'bearer', token }, expiresAtMs };
}

function readToken(text: string, askedAtMs: number): Obtained | null {
  const body = parsed(text);
  const token = sendable(body?.['access_token']);
  const type = body?.['token_type'] ?? 'Bearer';
  // Entra ID's first version, and proxies, write the number as a text.
  const seconds = Number(body?.['expires_in']);
  if (token === null || typeof type !== 'string' || type.toLowerCase() !== 'bearer') return null;
  if (!Number.isFinite(seconds) || seconds <= 0) return null;
  return { credential: { kind: 'bearer', token }, expiresAtMs: askedAtMs + seconds * 1000 };
}

/** STS answers in XML, whose texts here hold neither attributes nor sections of their own. */
function readAws(text: string): Obtained | null {
  const inner = /<Credentials>([\s\S]*?)<\/Credentials>/.exec(text)?.[1] ?? '';
  const member = (name: string): string | null =>
    sendable(unescaped(new RegExp(`<${name}>([^<]*)</${name}>`).exec(inner)?.[1]?.trim() ?? ''));
  const accessKeyId = member('AccessKeyId');
  const secretAccessKey = member('SecretAccessKey');
  const sessionToken = member('SessionToken');
  const expiresAtMs = instant(member('Expiration'));
  if (accessKeyId === null || secretAccessKey === null || sessionToken === null || expiresAtMs === null)
    return null;
  return { credential: { kind: 'aws', accessKeyId, secretAccessKey, sessionToken }, expiresAtMs };
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => ENTITIES[name] ?? '');
}

/**
 * Why a vendor refused, for the operator's log: its code alone, a word of a known shape, as its sentences may quote the token.
 * `AADSTS700213`, `invalid_grant`, `AccessDenied`.
 */
export function refusalCode(text: string): string | null {
  const xml = /<Code>([A-Za-z.]{1,80})<\/Code>/.exec(text)?.[1];
  if (xml !== undefined) return xml;
  const body = parsed(text);
  const { error, error_description: description } = body ?? {};
  const entra = typeof description === 'string' ? /^AADSTS\d{4,8}/.exec(description)?.[0] : undefined;
  if (entra !== undefined) return entra;
  const code = isJsonObject(error) ? (error['code'] ?? error['type'] ?? error['status']) : error;
  return typeof code === 'string' && /^[a-zA-Z][a-zA-Z_.-]{1,60}$/.test(code) ? code : null;
}

function parsed(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}

const MOST_TOKEN_CHARACTERS = 32 * 1024;

/** What can stand in a header. */
function sendable(value: unknown): string | null {
  return typeof value === 'string' && value.length <= MOST_TOKEN_CHARACTERS && /^[\x21-\x7e]+$/.test(value)
    ? value
    : null;
}

function instant(value: unknown): number | null {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isFinite(ms) ? ms : null;
}

function json(url: string, body: JsonObject): SmallRequest {
  return {
    url,
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
  };
}

function form(url: string, fields: Readonly<Record<string, string>>): SmallRequest {
  return {
    url,
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: '*/*' },
    body: new URLSearchParams(fields).toString(),
  };
}
