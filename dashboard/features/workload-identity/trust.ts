/** Issuers, policies and the keys they lead to, as the gateway tells of them. */

export interface Issuer {
  readonly id: string;
  readonly name: string;
  readonly issuer_url: string;
  /** Null, and `jwks` too: the keys are found by discovery. */
  readonly jwks_url: string | null;
  /** A JWK Set that was pasted. */
  readonly jwks: object | null;
}

export interface Policy {
  readonly id: string;
  readonly name: string;
  readonly issuer_id: string;
  readonly subject: string;
  readonly audience: string;
  readonly required_scope: string | null;
  readonly required_token_type: string | null;
  readonly target_key_hash: string;
  readonly enabled: boolean;
}

/** A key that a policy may lead to. */
export interface TargetKey {
  readonly hash: string;
  readonly name: string;
  /** Its secret, but for the beginning and the end. */
  readonly label: string;
  readonly disabled: boolean;
}

export type IssuerFields = Omit<Issuer, 'id'>;
export type PolicyFields = Omit<Policy, 'id'>;
