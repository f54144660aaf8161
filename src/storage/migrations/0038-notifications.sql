-- What happened that somebody wants to hear of, written in the transaction of what it tells, and its way to them.
CREATE TABLE notification (
  id                 TEXT PRIMARY KEY,
  account_id         TEXT NOT NULL REFERENCES account (id),
  -- Null: of the account as a whole.
  workspace_id       TEXT,
  kind               TEXT NOT NULL,
  -- Whom it is about; null: nobody in particular.
  user_id            TEXT,
  -- A JSON object, as webhooks get it.
  data               TEXT NOT NULL,
  -- What is told once however often it is seen; null: each time.
  once_key           TEXT,
  created_at_ms      BIGINT NOT NULL,
  -- When it was given to those who want it; null: not yet.
  spread_at_ms       BIGINT
);

CREATE UNIQUE INDEX notification_once ON notification (account_id, once_key);
CREATE INDEX notification_waiting ON notification (spread_at_ms, created_at_ms);
CREATE INDEX notification_age ON notification (created_at_ms);

-- Programs that are told.
CREATE TABLE webhook (
  id                 TEXT PRIMARY KEY,
  account_id         TEXT NOT NULL REFERENCES account (id),
  -- Null: what happens in any workspace.
  workspace_id       TEXT REFERENCES workspace (id),
  name               TEXT NOT NULL,
  -- JSON: where it is told and what it is signed with, sealed; empty once it is deleted. Addresses are often secrets themselves.
  sealed_target      TEXT NOT NULL,
  -- JSON: a list of kinds; null: all.
  kinds              TEXT,
  disabled           INTEGER NOT NULL CHECK (disabled IN (0, 1)),
  -- Why the gateway switched it off by itself; null: it did not.
  disabled_because   TEXT CHECK (disabled_because IN ('failing', 'gone', 'sealed')),
  -- Since when nothing arrived there; null: the last one did.
  failing_since_ms   BIGINT,
  created_by         TEXT,
  created_at_ms      BIGINT NOT NULL,
  updated_at_ms      BIGINT NOT NULL,
  deleted_at_ms      BIGINT
);

CREATE INDEX webhook_by_account ON webhook (account_id, created_at_ms);

-- One notification on its way to one webhook, or by mail to one person.
CREATE TABLE notification_delivery (
  id                 TEXT PRIMARY KEY,
  account_id         TEXT NOT NULL REFERENCES account (id),
  notification_id    TEXT NOT NULL REFERENCES notification (id),
  webhook_id         TEXT REFERENCES webhook (id),
  user_id            TEXT,
  state              TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed')),
  attempts           INTEGER NOT NULL,
  -- When it is tried next; while a node tries it, when another may.
  due_at_ms          BIGINT NOT NULL,
  -- Of the last attempt: what was answered, or in words why nothing was.
  last_status        INTEGER,
  last_problem       TEXT,
  created_at_ms      BIGINT NOT NULL,
  ended_at_ms        BIGINT,
  CHECK ((webhook_id IS NULL) <> (user_id IS NULL))
);

CREATE INDEX notification_delivery_due ON notification_delivery (state, due_at_ms);
CREATE INDEX notification_delivery_of_webhook ON notification_delivery (webhook_id, created_at_ms);
CREATE INDEX notification_delivery_of_notification ON notification_delivery (notification_id);

-- What somebody wants by mail other than is usual.
CREATE TABLE notification_preference (
  account_id         TEXT NOT NULL REFERENCES account (id),
  user_id            TEXT NOT NULL,
  kind               TEXT NOT NULL,
  by_mail            INTEGER NOT NULL CHECK (by_mail IN (0, 1)),
  PRIMARY KEY (account_id, user_id, kind)
);

-- What an account wants other than is usual.
CREATE TABLE notification_setting (
  account_id         TEXT PRIMARY KEY REFERENCES account (id),
  -- Of a key's limit: from which part on it counts as nearly used up.
  key_limit_percent  INTEGER NOT NULL CHECK (key_limit_percent BETWEEN 1 AND 99)
);
