/** A registered app as the gateway tells of it. */

export interface App {
  readonly id: string;
  readonly client_id: string;
  readonly name: string;
  readonly redirect_uris: readonly string[];
  /** It cannot keep a secret, and has none. */
  readonly is_public: boolean;
  /** It registered itself. */
  readonly is_dynamic: boolean;
  readonly created_at: string;
  readonly last_used_at: string | null;
}

/** Just made, or with a new secret. */
export interface AppWithSecret extends App {
  /** In this answer and in no other; null for a public app. */
  readonly client_secret: string | null;
}
