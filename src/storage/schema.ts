/** The tables as Kysely sees them: the same names and meanings as in migrations/. Money columns are bigint, all other integers number. */

import type { ColumnType } from 'kysely';
import type { AccountLogoTable, AccountTable } from './account-tables.ts';
import type { AuditEventTable, AuditHeadTable, AuditLinkTable } from './audit-tables.ts';
import type { BillingTables } from './billing-tables.ts';
import type { ByokKeyTable, MasterKeyChangeTable } from './byok-table.ts';
import type {
  CarriedDebitTable,
  CarriedScopeSpendTable,
  CarriedSpendTable,
  CarriedThroughTable,
} from './carried-tables.ts';
import type {
  ContentKeyTable,
  ContentLoggingTable,
  ContentRecordTable,
  GenerationFeedbackTable,
} from './content-tables.ts';
import type { FederationTables } from './federation-tables.ts';
import type { FigureTables } from './figure-tables.ts';
import type { GuardrailKeyTable, GuardrailMemberTable, GuardrailTable } from './guardrail-tables.ts';
import type { LimitTables } from './limit-tables.ts';
import type { NotificationTables } from './notification-tables.ts';
import type { ScimTables } from './scim-tables.ts';
import type { WorkspaceRole, WorkspaceTables } from './workspace-tables.ts';

export type Bit = 0 | 1;

export interface InstanceTable {
  id: 1;
  instance_id: string;
  account_id: string;
  /** Opened by the master key of everything that is sealed here; null until the first start that knows of it. */
  sealed_key_check: string | null;
  created_at_ms: number;
}

export type KeyKind = 'api' | 'management';
export type LimitReset = 'daily' | 'weekly' | 'monthly';

export interface ApiKeyTable {
  hash: string;
  account_id: string;
  workspace_id: string | null;
  kind: KeyKind;
  name: string;
  label: string;
  disabled: Bit;
  limit_nano_usd: bigint | null;
  limit_reset: LimitReset | null;
  include_byok_in_limit: Bit;
  creator_user_id: string | null;
  external_user: string | null;
  external_api_key_hash: string | null;
  created_at_ms: number;
  updated_at_ms: number | null;
  expires_at_ms: number | null;
  deleted_at_ms: number | null;
  version: number;
  cut_streams_when_revoked: Bit;
  /** A host, or the name that an admin gave to an app. */
  made_for: string | null;
  /** Whether its creator, as a member, may change its bounds no more. */
  bounded_by_admin: Bit;
  /** Whether it was made for an app, by a code or for a device. */
  is_delegated: Bit;
  /** The key whose consent made it; null: none. */
  parent_key_hash: string | null;
  /** Of the present secret of a key that was rotated; null: `hash` is. */
  secret_hash: string | null;
  rotated_at_ms: number | null;
  /** Whether a key made it for itself, and its spend counts against that key's limit too. */
  is_child: Bit;
  /** JSON: the models that it may ask for. Null: all. */
  allowed_models: string | null;
  /** What it says itself of requests that money stands in the way of; null: nothing. */
  on_exhaust: 'refuse' | 'downgrade' | null;
  /** The id of the model that takes over. */
  on_exhaust_model: string | null;
}

export interface ChangeCounterTable {
  id: 1;
  seq: number;
}

export interface ChangeLogTable {
  seq: number;
  subject: string;
  subject_id: string;
  at_ms: number;
}

export interface IdempotentAnswerTable {
  account_id: string;
  idempotency_key: string;
  request_hash: string;
  sealed_answer: string;
  created_at_ms: number;
}

/** A generation with all its columns, as the view `generations` shows it. */
export interface GenerationTable {
  id: string;
  account_id: string;
  workspace_id: string | null;
  key_hash: string;
  request_id: string;
  created_at_ms: number;
  api_type: string;
  /** By which API it was asked for; null: an earlier version's. */
  door: string | null;
  model: string;
  model_permaslug: string;
  router: string | null;
  provider_slug: string | null;
  provider_name: string | null;
  endpoint_tag: string | null;
  upstream_id: string | null;
  streamed: Bit;
  cancelled: Bit;
  /** 1: the token counts are ours, because the provider reported none. */
  estimated: Bit;
  is_byok: Bit;
  finish_reason: string | null;
  native_finish_reason: string | null;
  service_tier: string | null;
  prompt_tokens: number;
  completion_tokens: number;
  reasoning_tokens: number;
  cached_tokens: number;
  cache_write_tokens: number;
  image_count: number;
  /** What the caller is charged, and where its own provider key paid, the list price. */
  cost_nano_usd: bigint;
  /** What the same work costs at the provider, at the catalogue's prices. */
  upstream_cost_nano_usd: bigint;
  /** What cached reads saved (negative: what cache writes cost extra). */
  cache_discount_nano_usd: bigint;
  /** Time to the provider's first byte. */
  latency_ms: number | null;
  generation_time_ms: number | null;
  http_referer: string | null;
  app_title: string | null;
  app_categories: string | null;
  user_agent: string | null;
  session_id: string | null;
  /** What the caller calls it: a JSON object of texts, see `metering/tags.ts`. */
  tags: string | null;
  /** As the client calls the agent that made the request, and the one that it works for. */
  agent_id: string | null;
  parent_agent_id: string | null;
  /** What the client wanted it for, in its own word: `subagent`, `compaction`. */
  agent_class: string | null;
  /** Keyed hash of the request's `user`, never the text itself. */
  end_user: string | null;
  external_user: string | null;
  /** JSON: `[{provider, tag, status, latency_ms}]`, one entry an attempt. */
  attempts: string;
  /** What the provider's count came to beyond the hold: never charged. */
  overshoot_nano_usd: bigint;
  /** The ledger transaction that charged it; null for rows older than the ledger. */
  ledger_transaction_id: string | null;
  /** What is charged for a request that the caller's own provider key paid. */
  byok_fee_nano_usd: bigint;
  /** JSON: in which order endpoints were to be tried, see `metering/plan-text.ts`; null: there was one alone, or it is not known. */
  plan: string | null;
}

/** What of a generation is searched for and summed up; all else is in `rest`. */
export interface RecordTable {
  id: string;
  account_id: string;
  key_hash: string;
  created_at_ms: number;
  model: string;
  is_byok: Bit;
  cost_nano_usd: bigint;
  overshoot_nano_usd: bigint;
  ledger_transaction_id: string | null;
  /** A JSON object with the other columns, where they say something. */
  rest: string;
  /** Whether usage_hour counts it. */
  is_rolled_up: Bit;
}

export interface UsageWindowTable {
  scope_kind: string;
  scope_id: string;
  window_id: string;
  cost_nano_usd: bigint;
  byok_nano_usd: bigint;
  requests: number;
}

/** A scope that a generation counted in, where its row does not tell it. */
export interface GenerationScopeTable {
  generation_id: string;
  scope_kind: string;
  scope_id: string;
}

export interface JournalPositionTable {
  node_id: string;
  seq: number;
  /** New with every process: only the one that it names may flush. */
  epoch: string;
}

export interface LedgerEntryTable {
  transaction_id: string;
  book: string;
  account_id: string;
  kind: string;
  amount_nano_usd: bigint;
  reason: string;
  created_at_ms: number;
}

export interface ScopeLeaseTable {
  scope_kind: string;
  scope_id: string;
  window_id: string;
  node_id: string;
  amount_nano_usd: bigint;
  expires_at_ms: number;
  /** Changes with every grant. */
  grant_id: string;
}

export interface OauthAppTable {
  id: number;
  origin: string;
  created_at_ms: number;
}

export interface OauthAppCounterTable {
  id: 1;
  last_app_id: number;
}

export type ChallengeMethod = 'S256' | 'plain';

export interface OauthClientTable {
  client_id: string;
  account_id: string;
  name: string;
  /** Null: a public client. */
  secret_hash: string | null;
  /** JSON: a list of texts. */
  redirect_uris: string;
  is_dynamic: Bit;
  /** JSON: a list of texts. Null: all that there are. */
  grant_types: string | null;
  created_at_ms: number;
  last_used_at_ms: number | null;
}

export interface OauthClientKeyTable {
  key_hash: string;
  client_id: string;
  scope: string | null;
}

export interface OauthCodeTable {
  code_hash: string;
  app_id: number | null;
  account_id: string;
  authorising_key_hash: string | null;
  user_id: string | null;
  callback_url: string | null;
  client_id: string | null;
  redirect_uri: string | null;
  scope: string | null;
  code_challenge: string | null;
  code_challenge_method: ChallengeMethod | null;
  created_at_ms: number;
  expires_at_ms: number;
  verifier_attempts: number;
  used_at_ms: number | null;
  /** Keyed hash of the source that used it. */
  used_from: string | null;
  minted_key_hash: string | null;
  key_name: string;
  key_limit_nano_usd: bigint | null;
  key_limit_reset: LimitReset | null;
  key_expires_at_ms: number | null;
  workspace_id: string;
}

export interface OauthDeviceTable {
  device_code_hash: string;
  user_code_hash: string;
  client_id: string;
  scope: string | null;
  created_at_ms: number;
  expires_at_ms: number;
  poll_interval_ms: number;
  last_polled_at_ms: number | null;
  decision: 'approved' | 'denied' | null;
  account_id: string | null;
  user_id: string | null;
  used_at_ms: number | null;
  key_name: string;
  key_limit_nano_usd: bigint | null;
  key_limit_reset: LimitReset | null;
  key_expires_at_ms: number | null;
  workspace_id: string | null;
}

export type Role = 'owner' | 'admin' | 'member';

/** A time as better-auth keeps it: ISO 8601 as text on SQLite, TIMESTAMPTZ on PostgreSQL. Written as ISO text on both. */
type Stamp = ColumnType<string | Date, string, string>;
/** A boolean as better-auth keeps it: 0 or 1 on SQLite. */
type Flag = ColumnType<boolean | number | null, never, boolean | number>;

export interface UserTable {
  id: string;
  name: string;
  email: string;
  email_verified: Flag;
  two_factor_enabled: Flag;
  /** Whether nobody has shown yet that the address is theirs. */
  email_claimed: Bit;
  created_at: Stamp;
  updated_at: Stamp;
}

export interface SessionTable {
  id: string;
  token: string;
  user_id: string;
  ip_address: string | null;
  user_agent: string | null;
  expires_at: Stamp;
  created_at: Stamp;
  updated_at: Stamp;
}

/** better-auth's name for a password among the sign-in methods. */
export const PASSWORD_PROVIDER = 'credential';

export interface SignInMethodTable {
  id: string;
  provider_id: string;
  user_id: string;
  /** The hash of a password. */
  password: string | null;
  created_at: Stamp;
}

export interface PasskeyTable {
  id: string;
  user_id: string;
  created_at: ColumnType<string | Date | null, string, string>;
}

export interface EmailChangeTable {
  user_id: string;
  token_hash: string;
  email: string;
  expires_at_ms: number;
}

/** What waits to be shown again: links to set a password, half sign-ins. */
export interface VerificationTable {
  id: string;
  value: string;
}

export interface TwoFactorTable {
  id: string;
  user_id: string;
}

export interface MemberTable {
  account_id: string;
  user_id: string;
  role: Role;
  created_at_ms: number;
}

export interface InvitationTable {
  id: string;
  token_hash: string;
  account_id: string;
  /** Null: whoever has the link. */
  email: string | null;
  role: Role;
  invited_by_user_id: string | null;
  created_at_ms: number;
  expires_at_ms: number;
  used_at_ms: number | null;
  used_by_user_id: string | null;
  /** Whether the link went to the mailbox that it names and nowhere else. */
  is_mailed: Bit;
  /** The workspace that its user joins beside the organisation; null: none. */
  workspace_id: string | null;
  workspace_role: WorkspaceRole | null;
}

export interface AttemptCountTable {
  subject: string;
  attempts: number;
  window_ends_at_ms: number;
}

export interface Tables
  extends FigureTables,
    WorkspaceTables,
    ScimTables,
    NotificationTables,
    LimitTables,
    BillingTables,
    FederationTables {
  byok_key: ByokKeyTable;
  guardrail: GuardrailTable;
  guardrail_key: GuardrailKeyTable;
  guardrail_member: GuardrailMemberTable;
  master_key_change: MasterKeyChangeTable;
  content_logging: ContentLoggingTable;
  content_key: ContentKeyTable;
  content_record: ContentRecordTable;
  generation_feedback: GenerationFeedbackTable;
  audit_event: AuditEventTable;
  audit_link: AuditLinkTable;
  audit_head: AuditHeadTable;
  instance: InstanceTable;
  account: AccountTable;
  account_logo: AccountLogoTable;
  api_key: ApiKeyTable;
  change_counter: ChangeCounterTable;
  change_log: ChangeLogTable;
  idempotent_answer: IdempotentAnswerTable;
  generation_record: RecordTable;
  /** A view, to read. */
  generations: GenerationTable;
  generation_scope: GenerationScopeTable;
  usage_window: UsageWindowTable;
  journal_position: JournalPositionTable;
  ledger_entry: LedgerEntryTable;
  carried_spend: CarriedSpendTable;
  carried_scope_spend: CarriedScopeSpendTable;
  carried_debit: CarriedDebitTable;
  carried_through: CarriedThroughTable;
  scope_lease: ScopeLeaseTable;
  oauth_app: OauthAppTable;
  oauth_app_counter: OauthAppCounterTable;
  oauth_client: OauthClientTable;
  oauth_client_key: OauthClientKeyTable;
  oauth_code: OauthCodeTable;
  oauth_device: OauthDeviceTable;
  user: UserTable;
  session: SessionTable;
  sign_in_method: SignInMethodTable;
  passkey: PasskeyTable;
  verification: VerificationTable;
  email_change: EmailChangeTable;
  two_factor: TwoFactorTable;
  member: MemberTable;
  invitation: InvitationTable;
  attempt_count: AttemptCountTable;
}
