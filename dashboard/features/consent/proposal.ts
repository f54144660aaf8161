/** What an app asks for, and what its user may make of it. */

export type LimitReset = 'daily' | 'weekly' | 'monthly';

export interface Proposal {
  readonly app: {
    readonly name: string;
    /** In ASCII, with its port, and with its scheme where that is an editor's; null where no callback tells who asks. */
    readonly host: string | null;
    readonly is_local: boolean;
    /** As it was registered here; null: nobody registered it. */
    readonly client_name: string | null;
    /** It registered itself under that name, which may be anybody's. */
    readonly is_dynamic: boolean;
  };
  readonly headless: boolean;
  readonly key: {
    readonly label: string;
    readonly limit: number | null;
    readonly usage_limit_type: LimitReset | null;
    readonly expires_at: string | null;
    readonly workspace_id: string;
  };
  readonly workspaces: readonly { readonly id: string; readonly name: string }[];
  readonly account: { readonly id: string; readonly name: string };
  /** Names this one showing of the page; a device has none. */
  readonly consent_id?: string;
}

/** Asked by an extension, to which its editor hands the answer on: the browser stays where it is. */
export function isOfEditor({ app }: Pick<Proposal, 'app'>): boolean {
  return app.host?.includes('://') ?? false;
}

/** What the app says and its user cannot change: it goes back as it came, and nothing else of the address does. */
export const REQUEST_FIELDS = [
  'callback_url',
  'redirect_uri',
  'response_type',
  'client_id',
  'state',
  'scope',
  'code_challenge',
  'code_challenge_method',
] as const;
