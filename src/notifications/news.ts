/** What is told, as webhooks get it: the kinds, and what is in each. No secret has a place in any of it. */

/** A key as those who hear of it know it: its public hash, its name, and its secret, masked. */
export interface NamedKey {
  readonly key_hash: string;
  readonly key_name: string;
  readonly key_label: string;
}

interface Spent {
  /** Of the limit, in whole percent. */
  readonly percent: number;
  readonly limit_usd: number;
  readonly spent_usd: number;
  /** `all`, `2026-11-20`, `2026-W47` or `2026-11`. */
  readonly window: string;
}

interface OutOfUse {
  readonly provider: string;
  /** The operator's name of one of several keys; null: the only one. */
  readonly credential: string | null;
  /** Null: every model. */
  readonly model: string | null;
}

export type WideReason = 'never_used' | 'stale' | 'no_limit_and_no_expiry' | 'leaked';

export interface NewsData {
  readonly 'key.limit_near': NamedKey & Spent;
  readonly 'key.limit_reached': NamedKey & Spent;
  readonly 'key.leaked': NamedKey & {
    readonly source: string;
    readonly place: string | null;
    readonly url: string | null;
    /** `reported`: it goes on working. `secret_ended`: an earlier secret of a key that works on. */
    readonly action: 'quarantined' | 'reported' | 'secret_ended';
  };
  readonly 'key.created': NamedKey & { readonly by: string };
  readonly 'key.disabled': NamedKey & { readonly by: string };
  readonly 'keys.report': {
    readonly total: number;
    readonly findings: readonly (NamedKey & { readonly reason: WideReason })[];
  };
  readonly 'credits.low': { readonly percent: number; readonly balance_usd: number };
  readonly 'credits.top_up_stopped': { readonly reason: string };
  readonly 'budget.spent': Spent & { readonly scope: string; readonly name: string };
  readonly 'provider.benched': OutOfUse & { readonly reason: string };
  readonly 'provider.back': OutOfUse;
  readonly 'own_key.refused': {
    readonly own_key_id: string;
    readonly name: string | null;
    readonly provider: string;
    /** What the provider answered. */
    readonly status: number | null;
  };
  readonly 'sign_in.new_place': { readonly address: string; readonly browser: string | null };
  readonly 'webhook.disabled': {
    readonly webhook_id: string;
    readonly name: string;
    readonly because: 'failing' | 'gone';
  };
  readonly 'webhook.test': { readonly message: string };
}

export type NewsKind = keyof NewsData;

interface KindRow {
  /** As the settings name it. */
  readonly label: string;
  /** Who may have it by mail: whoever it is about, the admins of the account, both; null: nobody. */
  readonly mailedTo: 'person' | 'admins' | 'both' | null;
  /** Unless somebody says otherwise. */
  readonly isMailed: boolean;
}

/** Every kind, in the order in which settings show them. */
export const NEWS: Readonly<Record<NewsKind, KindRow>> = {
  'key.leaked': { label: 'A key was found in public', mailedTo: 'both', isMailed: true },
  'key.limit_near': { label: 'A key has nearly reached its limit', mailedTo: 'both', isMailed: true },
  'key.limit_reached': { label: 'A key has reached its limit', mailedTo: 'both', isMailed: true },
  'key.created': { label: 'Somebody else made a key of yours', mailedTo: 'person', isMailed: true },
  'key.disabled': { label: 'Somebody else disabled a key of yours', mailedTo: 'person', isMailed: true },
  'keys.report': { label: 'Keys that nobody seems to need', mailedTo: 'admins', isMailed: true },
  'credits.low': { label: 'Credits run low', mailedTo: 'admins', isMailed: true },
  'credits.top_up_stopped': {
    label: 'Automatic top-up was switched off',
    mailedTo: 'admins',
    isMailed: true,
  },
  'budget.spent': { label: 'A budget is nearly used up', mailedTo: 'admins', isMailed: true },
  'provider.benched': { label: 'A provider is out of use', mailedTo: 'admins', isMailed: false },
  'provider.back': { label: 'A provider is back', mailedTo: 'admins', isMailed: false },
  'own_key.refused': { label: 'A provider refused a key of ours', mailedTo: 'admins', isMailed: true },
  'sign_in.new_place': { label: 'You signed in from a new browser', mailedTo: 'person', isMailed: true },
  'webhook.disabled': { label: 'A webhook was switched off', mailedTo: 'admins', isMailed: true },
  'webhook.test': { label: 'A test', mailedTo: null, isMailed: false },
};

export const NEWS_KINDS = Object.keys(NEWS) as readonly NewsKind[];
/** What somebody may choose to be told: all but a test, which goes where it was asked for. */
export const CHOSEN_KINDS = NEWS_KINDS.filter((kind) => kind !== 'webhook.test');

export const isNewsKind = (text: string): text is NewsKind => Object.hasOwn(NEWS, text);
