/** Tables of workload identity: whose tokens are taken for which key, and what our own are signed with. */
import type { Bit } from './schema.ts';

export interface FederationIssuerTable {
  id: string;
  account_id: string;
  name: string;
  issuer_url: string;
  jwks_url: string | null;
  /** A JWK Set as JSON. */
  pinned_jwks: string | null;
  created_at_ms: number;
  updated_at_ms: number | null;
}

export interface FederationPolicyTable {
  id: string;
  account_id: string;
  issuer_id: string;
  name: string;
  subject: string;
  audience: string;
  required_scope: string | null;
  required_token_type: string | null;
  target_key_hash: string;
  enabled: Bit;
  created_at_ms: number;
  updated_at_ms: number | null;
}

export interface FederationExchangeTable {
  policy_id: string;
  token_hash: string;
  expires_at_ms: number;
}

export interface SigningKeyTable {
  turn: number;
  kid: string;
  public_jwk: string;
  sealed_private_jwk: string;
  created_at_ms: number;
  signs_from_ms: number;
  signs_until_ms: number;
}

export interface FederationTables {
  federation_issuer: FederationIssuerTable;
  federation_policy: FederationPolicyTable;
  federation_exchange: FederationExchangeTable;
  signing_key: SigningKeyTable;
}
