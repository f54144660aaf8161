-- What workspaces may spend, and how fast they may ask.
CREATE TABLE workspace_limits (
  workspace_id             TEXT PRIMARY KEY REFERENCES workspace (id),
  -- Whether what went through callers' own provider keys counts in the workspace's budgets.
  include_byok_in_budgets  INTEGER NOT NULL CHECK (include_byok_in_budgets IN (0, 1)),
  -- JSON: at how many percent of a budget somebody is told.
  alert_percents           TEXT NOT NULL
);

CREATE TABLE workspace_budget (
  workspace_id             TEXT NOT NULL REFERENCES workspace (id),
  period                   TEXT NOT NULL CHECK (period IN ('daily', 'weekly', 'monthly', 'lifetime')),
  id                       TEXT NOT NULL UNIQUE,
  limit_nano_usd           BIGINT NOT NULL CHECK (limit_nano_usd > 0),
  created_at_ms            BIGINT NOT NULL,
  updated_at_ms            BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, period)
);

-- What requests with a tag may cost together.
CREATE TABLE tag_budget (
  id                       TEXT PRIMARY KEY,
  workspace_id             TEXT NOT NULL REFERENCES workspace (id),
  tag_name                 TEXT NOT NULL,
  -- Empty: each value that the tag has may cost that much.
  tag_value                TEXT NOT NULL,
  -- As in src/window.ts: daily, weekly, monthly, quarterly, yearly, fiscal-04, or all.
  window_kind              TEXT NOT NULL,
  limit_nano_usd           BIGINT NOT NULL CHECK (limit_nano_usd > 0),
  created_at_ms            BIGINT NOT NULL,
  updated_at_ms            BIGINT NOT NULL,
  UNIQUE (workspace_id, tag_name, tag_value, window_kind)
);

CREATE TABLE rate_limit (
  id                       TEXT PRIMARY KEY,
  workspace_id             TEXT NOT NULL REFERENCES workspace (id),
  subject                  TEXT NOT NULL CHECK (subject IN ('workspace', 'member', 'api_key', 'model')),
  -- Which member, key or model; empty: each of them, by itself.
  target                   TEXT NOT NULL,
  -- Null: as many as they like.
  requests_per_minute      BIGINT CHECK (requests_per_minute > 0),
  tokens_per_minute        BIGINT CHECK (tokens_per_minute > 0),
  created_at_ms            BIGINT NOT NULL,
  updated_at_ms            BIGINT NOT NULL,
  UNIQUE (workspace_id, subject, target)
);

-- How much of a rate limit the nodes have been granted together, minute by minute. Unused where one process serves alone.
CREATE TABLE rate_window (
  name                     TEXT NOT NULL,
  -- Since 1970, of UTC.
  minute                   BIGINT NOT NULL,
  requests                 BIGINT NOT NULL,
  tokens                   BIGINT NOT NULL,
  PRIMARY KEY (name, minute)
);

CREATE INDEX rate_window_by_minute ON rate_window (minute);

-- Who was told that a budget is used up so far: once for each part of it, in each of its windows, by whichever node sees it first.
CREATE TABLE budget_alert (
  scope_kind               TEXT NOT NULL,
  scope_id                 TEXT NOT NULL,
  window_id                TEXT NOT NULL,
  limit_nano_usd           BIGINT NOT NULL,
  percent                  INTEGER NOT NULL,
  id                       TEXT NOT NULL UNIQUE,
  account_id               TEXT NOT NULL REFERENCES account (id),
  -- Null: of no workspace alone.
  workspace_id             TEXT REFERENCES workspace (id),
  spent_nano_usd           BIGINT NOT NULL,
  at_ms                    BIGINT NOT NULL,
  PRIMARY KEY (scope_kind, scope_id, window_id, limit_nano_usd, percent)
);

CREATE INDEX budget_alert_listing ON budget_alert (account_id, workspace_id, id);

-- What counters had when they began to count, of requests that do not name them.
CREATE TABLE scope_opening (
  scope_kind               TEXT NOT NULL,
  scope_id                 TEXT NOT NULL,
  window_id                TEXT NOT NULL,
  cost_nano_usd            BIGINT NOT NULL,
  byok_nano_usd            BIGINT NOT NULL,
  requests                 BIGINT NOT NULL,
  PRIMARY KEY (scope_kind, scope_id, window_id)
);

-- Each workspace has spent what its keys have, those that are deleted among them. What a child spends is in its parent's counters too.
INSERT INTO scope_opening (scope_kind, scope_id, window_id, cost_nano_usd, byok_nano_usd, requests)
SELECT 'workspace',
  api_key.workspace_id || CASE
    WHEN usage_window.window_id = 'all' THEN ' lifetime'
    WHEN usage_window.window_id LIKE '%W%' THEN ' weekly'
    WHEN length(usage_window.window_id) = 7 THEN ' monthly'
    ELSE ' daily'
  END,
  usage_window.window_id, SUM(usage_window.cost_nano_usd), SUM(usage_window.byok_nano_usd), SUM(usage_window.requests)
FROM usage_window JOIN api_key ON api_key.hash = usage_window.scope_id
WHERE usage_window.scope_kind = 'key' AND api_key.workspace_id IS NOT NULL AND api_key.is_child = 0
GROUP BY api_key.workspace_id, usage_window.window_id;

INSERT INTO usage_window (scope_kind, scope_id, window_id, cost_nano_usd, byok_nano_usd, requests)
SELECT scope_kind, scope_id, window_id, cost_nano_usd, byok_nano_usd, requests FROM scope_opening;
