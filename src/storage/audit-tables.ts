/** The tables of what was done, and by whom. */

export interface AuditEventTable {
  id: string;
  account_id: string | null;
  at_ms: number;
  actor_kind: string;
  actor: string | null;
  address: string | null;
  action: string;
  target_kind: string;
  target: string | null;
  before_json: string | null;
  after_json: string | null;
  outcome: string;
}

export interface AuditLinkTable {
  seq: number;
  event_id: string;
  hash: string;
}

export interface AuditHeadTable {
  id: number;
  seq: number;
  hash: string;
  at_ms: number;
}
