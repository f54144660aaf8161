INSERT INTO generation_feedback (generation_id, key_hash, category, account_id, comment, created_at_ms) VALUES
  ('gen-1795176000-00010000000000000001', 'e2478f520365cd481f4f696caabbe01d1994581ac7bd477dcc927bd7afae1287', 'other', 'account-org', '=HYPERLINK("x") Ä 🚀', 1795176000000),
  ('gen-1795176000-00010000000000000001', 'e2478f520365cd481f4f696caabbe01d1994581ac7bd477dcc927bd7afae1287', 'latency', 'account-org', NULL, 1600000000000);
