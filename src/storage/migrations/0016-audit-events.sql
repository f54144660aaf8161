-- Who changed what with more rights than a caller's own: written in the transaction of the change itself, and never changed.
CREATE TABLE audit_event (
  id               TEXT PRIMARY KEY,
  account_id       TEXT,
  at_ms            BIGINT NOT NULL,
  -- A user, a key, an app, the operator on the command line, the gateway itself, or somebody unknown.
  actor_kind       TEXT NOT NULL,
  actor            TEXT,
  address          TEXT,
  action           TEXT NOT NULL,
  target_kind      TEXT NOT NULL,
  target           TEXT,
  -- JSON of the members that the change made, moved or removed; no secret is among them.
  before_json      TEXT,
  after_json       TEXT,
  outcome          TEXT NOT NULL
);

CREATE INDEX audit_event_by_account ON audit_event (account_id, at_ms);
CREATE INDEX audit_event_by_target ON audit_event (target_kind, target, at_ms);
