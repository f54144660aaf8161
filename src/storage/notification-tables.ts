/** The tables of what is told to people and programs, and of leaked keys. */
import type { Bit } from './schema.ts';

export interface NotificationTable {
  id: string;
  account_id: string;
  workspace_id: string | null;
  kind: string;
  user_id: string | null;
  /** A JSON object. */
  data: string;
  once_key: string | null;
  created_at_ms: number;
  spread_at_ms: number | null;
}

export interface WebhookTable {
  id: string;
  account_id: string;
  workspace_id: string | null;
  name: string;
  /** Empty once it is deleted. */
  sealed_target: string;
  /** JSON: a list of kinds. Null: all. */
  kinds: string | null;
  disabled: Bit;
  disabled_because: 'failing' | 'gone' | 'sealed' | null;
  failing_since_ms: number | null;
  created_by: string | null;
  created_at_ms: number;
  updated_at_ms: number;
  deleted_at_ms: number | null;
}

export interface NotificationDeliveryTable {
  id: string;
  account_id: string;
  notification_id: string;
  webhook_id: string | null;
  user_id: string | null;
  state: 'waiting' | 'delivered' | 'failed';
  attempts: number;
  due_at_ms: number;
  last_status: number | null;
  last_problem: string | null;
  created_at_ms: number;
  ended_at_ms: number | null;
}

export interface NotificationPreferenceTable {
  account_id: string;
  user_id: string;
  kind: string;
  by_mail: Bit;
}

export interface NotificationSettingTable {
  account_id: string;
  key_limit_percent: number;
}

export interface KeyLeakTable {
  secret_hash: string;
  account_id: string;
  key_hash: string;
  source: string;
  place: string | null;
  url: string | null;
  state: 'quarantined' | 'reported' | 'secret_ended' | 'restored' | 'replaced';
  was_disabled: Bit;
  was_bounded: Bit;
  found_at_ms: number;
  ended_at_ms: number | null;
}

export interface NotificationTables {
  notification: NotificationTable;
  webhook: WebhookTable;
  notification_delivery: NotificationDeliveryTable;
  notification_preference: NotificationPreferenceTable;
  notification_setting: NotificationSettingTable;
  key_leak: KeyLeakTable;
}
