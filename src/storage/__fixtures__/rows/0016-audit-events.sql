INSERT INTO audit_event (
  id, account_id, at_ms, actor_kind, actor, address, action, target_kind, target, before_json, after_json, outcome
) VALUES
  ('event-1', 'account-org', 1795176000000, 'user', 'user-owner', '2001:db8::1', 'key.updated', 'api_key', 'e2478f520365cd481f4f696caabbe01d1994581ac7bd477dcc927bd7afae1287', '{"name":"Ä"}', '{"name":"🚀"}', 'done'),
  ('event-2', NULL, 1600000000000, 'operator', NULL, NULL, 'schema.migrated', 'schema', NULL, NULL, NULL, 'done');
