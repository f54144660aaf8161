/** A key for a provider that somebody brought, as the gateway tells of it: the secret is never in it. */

export interface OwnKey {
  readonly id: string;
  readonly provider: string;
  /** Null: of every workspace. */
  readonly workspace_id: string | null;
  readonly label: string;
  readonly name: string | null;
  readonly disabled: boolean;
  readonly is_fallback: boolean;
  readonly is_required: boolean;
  readonly is_byok_only: boolean;
  readonly declared_zdr: boolean | null;
  readonly sort_order: number;
  readonly allowed_models: readonly string[] | null;
  readonly allowed_api_key_hashes: readonly string[] | null;
  readonly allowed_user_ids: readonly string[] | null;
  readonly created_at: string;
  readonly base_url: string | null;
  readonly last_used_at: string | null;
}

/** The shape of a provider's keys. */
export type SecretKind = 'plain' | 'regional' | 'azure' | 'amazon-bedrock' | 'google-vertex';

/** Of what goes through own keys. */
export interface Fee {
  readonly percent: number;
  /** At most one of both is a number. */
  readonly free_usd_per_month: number | null;
  readonly free_requests_per_month: number | null;
}

export interface Provider {
  readonly slug: string;
  readonly name: string;
  readonly kind: SecretKind;
  readonly models: number;
  /** Nobody but those who brought a key may use it. */
  readonly own_keys_only: boolean;
}

export const titleOf = ({ name, label }: OwnKey): string => name ?? label;
