INSERT INTO generation_scope (generation_id, scope_kind, scope_id) VALUES
  ('gen-1795176000-00120000000000000001', 'budget', 'büdget'),
  ('gen-1795176000-00120000000000000002', 'budget', 'büdget');

INSERT INTO usage_window (scope_kind, scope_id, window_id, cost_nano_usd, byok_nano_usd, requests) VALUES
  ('budget', 'büdget', 'all', 9007199254740993, 1, 2),
  ('budget', 'büdget', '2026-11-20', 9007199254740993, 1, 2),
  ('budget', 'büdget', '2026-W47', 9007199254740993, 1, 2),
  ('budget', 'büdget', '2026-11', 9007199254740993, 1, 2);
