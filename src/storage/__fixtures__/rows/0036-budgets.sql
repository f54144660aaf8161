INSERT INTO workspace_limits (workspace_id, include_byok_in_budgets, alert_percents) VALUES
  ('workspace-default', 1, '[1,50,99,100]');

INSERT INTO workspace_budget (workspace_id, period, id, limit_nano_usd, created_at_ms, updated_at_ms) VALUES
  ('workspace-default', 'daily', '0190a000-0000-7000-8000-000000000011', 8000000000000000000, 1795176000000, 1795176000000),
  ('workspace-default', 'lifetime', '0190a000-0000-7000-8000-000000000012', 9000000000000000000, 1795176000000, 1795176000001);

INSERT INTO tag_budget (id, workspace_id, tag_name, tag_value, window_kind, limit_nano_usd, created_at_ms, updated_at_ms) VALUES
  ('0190a000-0000-7000-8000-000000000013', 'workspace-default', 'project', '', 'quarterly', 5000000000, 1795176000000, 1795176000000),
  ('0190a000-0000-7000-8000-000000000014', 'workspace-default', 'project', 'Ours, "quoted" ключ', 'fiscal-04', 1, 1795176000000, 1795176000001);

INSERT INTO rate_limit (id, workspace_id, subject, target, requests_per_minute, tokens_per_minute, created_at_ms, updated_at_ms) VALUES
  ('0190a000-0000-7000-8000-000000000015', 'workspace-default', 'workspace', '', 60, NULL, 1795176000000, 1795176000000),
  ('0190a000-0000-7000-8000-000000000016', 'workspace-default', 'member', 'user-1', NULL, 9007199254740991, 1795176000000, 1795176000000);

INSERT INTO budget_alert (scope_kind, scope_id, window_id, limit_nano_usd, percent, id, account_id, workspace_id, spent_nano_usd, at_ms) VALUES
  ('workspace', 'workspace-default daily', '2026-11-20', 1, 50, '0190a000-0000-7000-8000-000000000017', 'account-org', 'workspace-default', 1, 1795176000000),
  ('guardrail_key', 'account-org guardrail-1 hash-1', 'all', 9000000000000000000, 100, '0190a000-0000-7000-8000-000000000018', 'account-org', NULL, 9000000000000000000, 1795176000001);

INSERT INTO scope_opening (scope_kind, scope_id, window_id, cost_nano_usd, byok_nano_usd, requests) VALUES
  ('workspace', 'workspace-of-before lifetime', 'all', 0, 0, 0);

INSERT INTO rate_window (name, minute, requests, tokens) VALUES
  ('0190a000-0000-7000-8000-000000000015 workspace-default', 29919600, 60, 0);
