-- The schema on SQLite once every migration has run, for people to read: migrations/ is what makes it.
-- `npm run schema` writes this file, and schema.test.ts compares it.

CREATE TABLE account (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('personal', 'organisation')),
  name TEXT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  time_zone TEXT NOT NULL DEFAULT 'UTC',
  is_model_catalogue_filtered INTEGER NOT NULL DEFAULT 0,
  key_rotation_days INTEGER,
  is_key_rotation_enforced INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE account_logo (
  account_id TEXT PRIMARY KEY REFERENCES account (id),
  hash TEXT NOT NULL,
  png TEXT NOT NULL,
  updated_at_ms BIGINT NOT NULL
);

CREATE TABLE api_key (
  hash TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id),
  workspace_id TEXT REFERENCES workspace (id),
  kind TEXT NOT NULL CHECK (kind IN ('api', 'management')),
  name TEXT NOT NULL,
  label TEXT NOT NULL,
  disabled INTEGER NOT NULL CHECK (disabled IN (0, 1)),
  limit_nano_usd BIGINT CHECK (limit_nano_usd >= 0),
  limit_reset TEXT CHECK (limit_reset IN ('daily', 'weekly', 'monthly')),
  include_byok_in_limit INTEGER NOT NULL CHECK (include_byok_in_limit IN (0, 1)),
  creator_user_id TEXT,
  external_user TEXT,
  external_api_key_hash TEXT,
  created_at_ms BIGINT NOT NULL,
  updated_at_ms BIGINT,
  expires_at_ms BIGINT,
  deleted_at_ms BIGINT,
  version BIGINT NOT NULL,
  cut_streams_when_revoked INTEGER NOT NULL DEFAULT 0,
  made_for TEXT,
  bounded_by_admin INTEGER NOT NULL DEFAULT 0,
  is_delegated INTEGER NOT NULL DEFAULT 0,
  parent_key_hash TEXT REFERENCES api_key (hash),
  secret_hash TEXT,
  rotated_at_ms BIGINT,
  is_child INTEGER NOT NULL DEFAULT 0,
  allowed_models TEXT,
  on_exhaust TEXT CHECK (on_exhaust IN ('refuse', 'downgrade')),
  on_exhaust_model TEXT,
  CHECK ((kind = 'management') = (workspace_id IS NULL))
);

CREATE INDEX api_key_listing ON api_key (account_id, workspace_id, created_at_ms);

CREATE INDEX api_key_parent ON api_key (parent_key_hash);

CREATE TABLE attempt_count (
  subject TEXT PRIMARY KEY,
  attempts INTEGER NOT NULL,
  window_ends_at_ms BIGINT NOT NULL
);

CREATE INDEX attempt_count_age ON attempt_count (window_ends_at_ms);

CREATE TABLE audit_event (
  id TEXT PRIMARY KEY,
  account_id TEXT,
  at_ms BIGINT NOT NULL,
  actor_kind TEXT NOT NULL,
  actor TEXT,
  address TEXT,
  action TEXT NOT NULL,
  target_kind TEXT NOT NULL,
  target TEXT,
  before_json TEXT,
  after_json TEXT,
  outcome TEXT NOT NULL
);

CREATE INDEX audit_event_by_account ON audit_event (account_id, at_ms);

CREATE INDEX audit_event_by_target ON audit_event (target_kind, target, at_ms);

CREATE INDEX audit_event_by_time ON audit_event (at_ms);

CREATE TABLE audit_head (
  id BIGINT PRIMARY KEY,
  seq BIGINT NOT NULL,
  hash TEXT NOT NULL,
  at_ms BIGINT NOT NULL
);

CREATE TABLE audit_link (
  seq BIGINT PRIMARY KEY,
  event_id TEXT NOT NULL UNIQUE,
  hash TEXT NOT NULL
);

CREATE TABLE billing_account (
  account_id TEXT PRIMARY KEY REFERENCES account (id),
  customer_id TEXT UNIQUE,
  payment_method_id TEXT,
  payment_method_label TEXT,
  top_up_enabled INTEGER NOT NULL CHECK (top_up_enabled IN (0, 1)),
  top_up_threshold_nano_usd BIGINT NOT NULL CHECK (top_up_threshold_nano_usd >= 0),
  top_up_amount_nano_usd BIGINT NOT NULL CHECK (top_up_amount_nano_usd > 0),
  top_up_cap_nano_usd BIGINT NOT NULL CHECK (top_up_cap_nano_usd >= 0),
  top_up_stopped_because TEXT,
  top_up_stopped_at_ms BIGINT,
  alert_percents TEXT NOT NULL,
  alert_credits_nano_usd BIGINT,
  alert_base_nano_usd BIGINT,
  alert_sent_percent INTEGER NOT NULL
);

CREATE TABLE budget_alert (
  scope_kind TEXT NOT NULL,
  scope_id TEXT NOT NULL,
  window_id TEXT NOT NULL,
  limit_nano_usd BIGINT NOT NULL,
  percent INTEGER NOT NULL,
  id TEXT NOT NULL UNIQUE,
  account_id TEXT NOT NULL REFERENCES account (id),
  workspace_id TEXT REFERENCES workspace (id),
  spent_nano_usd BIGINT NOT NULL,
  at_ms BIGINT NOT NULL,
  PRIMARY KEY (scope_kind, scope_id, window_id, limit_nano_usd, percent)
);

CREATE INDEX budget_alert_listing ON budget_alert (account_id, workspace_id, id);

CREATE TABLE byok_key (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id),
  workspace_id TEXT REFERENCES workspace (id),
  provider TEXT NOT NULL,
  base_url TEXT NOT NULL,
  name TEXT,
  label TEXT NOT NULL,
  sealed_data_key TEXT NOT NULL,
  sealed_secret TEXT NOT NULL,
  disabled INTEGER NOT NULL CHECK (disabled IN (0, 1)),
  is_fallback INTEGER NOT NULL CHECK (is_fallback IN (0, 1)),
  is_required INTEGER NOT NULL CHECK (is_required IN (0, 1)),
  is_byok_only INTEGER NOT NULL CHECK (is_byok_only IN (0, 1)),
  declared_zdr INTEGER CHECK (declared_zdr IN (0, 1)),
  declared_region TEXT CHECK (declared_region IN ('global', 'europe', 'us')),
  sort_order INTEGER NOT NULL,
  allowed_models TEXT,
  allowed_api_key_hashes TEXT,
  allowed_user_ids TEXT,
  created_by TEXT,
  created_at_ms BIGINT NOT NULL,
  updated_at_ms BIGINT NOT NULL,
  last_used_at_ms BIGINT,
  deleted_at_ms BIGINT,
  CHECK (is_fallback = 0 OR is_byok_only = 0)
);

CREATE INDEX byok_key_by_account ON byok_key (account_id, workspace_id, provider, sort_order);

CREATE TABLE carried_debit (
  account_id TEXT NOT NULL,
  transaction_id TEXT NOT NULL,
  cost_nano_usd BIGINT NOT NULL,
  PRIMARY KEY (account_id, transaction_id)
);

CREATE TABLE carried_scope_spend (
  scope_kind TEXT NOT NULL,
  scope_id TEXT NOT NULL,
  day_start_ms BIGINT NOT NULL,
  cost_nano_usd BIGINT NOT NULL,
  byok_nano_usd BIGINT NOT NULL,
  requests BIGINT NOT NULL,
  PRIMARY KEY (scope_kind, scope_id, day_start_ms)
);

CREATE TABLE carried_spend (
  account_id TEXT NOT NULL,
  key_hash TEXT NOT NULL,
  is_free INTEGER NOT NULL,
  day_start_ms BIGINT NOT NULL,
  cost_nano_usd BIGINT NOT NULL,
  byok_nano_usd BIGINT NOT NULL,
  requests BIGINT NOT NULL,
  last_at_ms BIGINT NOT NULL,
  PRIMARY KEY (account_id, key_hash, is_free, day_start_ms)
);

CREATE INDEX carried_spend_by_key ON carried_spend (key_hash, last_at_ms);

CREATE TABLE carried_through (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  dropped_before_ms BIGINT NOT NULL,
  folded_before TEXT NOT NULL
);

CREATE TABLE change_counter (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  seq BIGINT NOT NULL
);

CREATE TABLE change_log (
  seq BIGINT PRIMARY KEY,
  subject TEXT NOT NULL,
  subject_id TEXT NOT NULL,
  at_ms BIGINT NOT NULL
);

CREATE INDEX change_log_age ON change_log (at_ms);

CREATE TABLE content_key (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL,
  workspace_id TEXT NOT NULL,
  day TEXT NOT NULL,
  sealed_key TEXT NOT NULL
);

CREATE INDEX content_key_by_workspace ON content_key (workspace_id, day);

CREATE TABLE content_logging (
  workspace_id TEXT PRIMARY KEY REFERENCES workspace (id),
  account_id TEXT NOT NULL REFERENCES account (id),
  enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  sampling_ppm INTEGER NOT NULL CHECK (sampling_ppm BETWEEN 1 AND 1000000),
  key_hashes TEXT,
  retention_days INTEGER NOT NULL CHECK (retention_days > 0),
  updated_at_ms BIGINT NOT NULL
);

CREATE TABLE content_record (
  generation_id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL,
  key_id TEXT NOT NULL REFERENCES content_key (id),
  sealed_content TEXT NOT NULL
);

CREATE INDEX content_record_by_key ON content_record (key_id);

CREATE TABLE email_change (
  user_id TEXT PRIMARY KEY REFERENCES "user" (id) ON DELETE CASCADE,
  token_hash TEXT NOT NULL UNIQUE,
  email TEXT NOT NULL,
  expires_at_ms BIGINT NOT NULL
);

CREATE TABLE external_user (
  account_id TEXT NOT NULL REFERENCES account (id),
  name TEXT NOT NULL,
  is_active INTEGER NOT NULL CHECK (is_active IN (0, 1)),
  created_at_ms BIGINT NOT NULL,
  updated_at_ms BIGINT NOT NULL,
  PRIMARY KEY (account_id, name)
);

CREATE TABLE federation_exchange (
  policy_id TEXT NOT NULL,
  token_hash TEXT NOT NULL,
  expires_at_ms BIGINT NOT NULL,
  PRIMARY KEY (policy_id, token_hash)
);

CREATE INDEX federation_exchange_age ON federation_exchange (expires_at_ms);

CREATE TABLE federation_issuer (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id),
  name TEXT NOT NULL,
  issuer_url TEXT NOT NULL,
  jwks_url TEXT,
  pinned_jwks TEXT,
  created_at_ms BIGINT NOT NULL,
  updated_at_ms BIGINT,
  CHECK (jwks_url IS NULL OR pinned_jwks IS NULL)
);

CREATE INDEX federation_issuer_listing ON federation_issuer (account_id, created_at_ms);

CREATE TABLE federation_policy (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id),
  issuer_id TEXT NOT NULL REFERENCES federation_issuer (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  subject TEXT NOT NULL,
  audience TEXT NOT NULL,
  required_scope TEXT,
  required_token_type TEXT,
  target_key_hash TEXT NOT NULL REFERENCES api_key (hash),
  enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  created_at_ms BIGINT NOT NULL,
  updated_at_ms BIGINT
);

CREATE INDEX federation_policy_listing ON federation_policy (account_id, created_at_ms);

CREATE INDEX federation_policy_of_issuer ON federation_policy (issuer_id);

CREATE TABLE generation (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL,
  workspace_id TEXT,
  key_hash TEXT NOT NULL,
  request_id TEXT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  api_type TEXT NOT NULL,
  model TEXT NOT NULL,
  model_permaslug TEXT NOT NULL,
  router TEXT,
  provider_slug TEXT,
  provider_name TEXT,
  endpoint_tag TEXT,
  upstream_id TEXT,
  streamed INTEGER NOT NULL,
  cancelled INTEGER NOT NULL,
  estimated INTEGER NOT NULL,
  is_byok INTEGER NOT NULL,
  finish_reason TEXT,
  native_finish_reason TEXT,
  service_tier TEXT,
  prompt_tokens BIGINT NOT NULL,
  completion_tokens BIGINT NOT NULL,
  reasoning_tokens BIGINT NOT NULL,
  cached_tokens BIGINT NOT NULL,
  cache_write_tokens BIGINT NOT NULL,
  image_count BIGINT NOT NULL,
  cost_nano_usd BIGINT NOT NULL,
  upstream_cost_nano_usd BIGINT NOT NULL,
  cache_discount_nano_usd BIGINT NOT NULL,
  latency_ms BIGINT,
  generation_time_ms BIGINT,
  http_referer TEXT,
  app_title TEXT,
  app_categories TEXT,
  user_agent TEXT,
  session_id TEXT,
  end_user TEXT,
  external_user TEXT,
  attempts TEXT NOT NULL,
  overshoot_nano_usd BIGINT NOT NULL DEFAULT 0,
  ledger_transaction_id TEXT
);

CREATE INDEX generation_by_account ON generation (account_id, created_at_ms);

CREATE INDEX generation_by_key ON generation (key_hash, created_at_ms);

CREATE TABLE generation_feedback (
  generation_id TEXT NOT NULL,
  key_hash TEXT NOT NULL,
  category TEXT NOT NULL,
  account_id TEXT NOT NULL,
  comment TEXT,
  created_at_ms BIGINT NOT NULL,
  PRIMARY KEY (generation_id, key_hash, category)
);

CREATE INDEX generation_feedback_by_account ON generation_feedback (account_id, created_at_ms);

CREATE TABLE generation_record (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL,
  key_hash TEXT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  model TEXT NOT NULL,
  is_byok INTEGER NOT NULL,
  cost_nano_usd BIGINT NOT NULL,
  overshoot_nano_usd BIGINT NOT NULL,
  ledger_transaction_id TEXT,
  rest JSON NOT NULL,
  is_rolled_up INTEGER NOT NULL DEFAULT 0
);

CREATE INDEX generation_record_by_account ON generation_record (account_id, created_at_ms);

CREATE INDEX generation_record_by_key ON generation_record (key_hash, created_at_ms);

CREATE INDEX generation_record_not_rolled_up ON generation_record (id) WHERE (is_rolled_up = 0);

CREATE TABLE generation_scope (
  generation_id TEXT NOT NULL,
  scope_kind TEXT NOT NULL,
  scope_id TEXT NOT NULL,
  PRIMARY KEY (generation_id, scope_kind, scope_id)
);

CREATE TABLE guardrail (
  account_id TEXT NOT NULL REFERENCES account (id),
  id TEXT NOT NULL,
  workspace_id TEXT REFERENCES workspace (id),
  applies_to TEXT NOT NULL CHECK (applies_to IN ('assigned', 'workspace', 'account')),
  name TEXT NOT NULL,
  description TEXT,
  limit_nano_usd BIGINT CHECK (limit_nano_usd >= 0),
  reset_interval TEXT CHECK (reset_interval IN ('daily', 'weekly', 'monthly')),
  include_byok_in_budgets INTEGER NOT NULL CHECK (include_byok_in_budgets IN (0, 1)),
  allowed_models TEXT,
  ignored_models TEXT,
  allowed_providers TEXT,
  ignored_providers TEXT,
  allowed_data_regions TEXT,
  enforce_zdr_anthropic INTEGER CHECK (enforce_zdr_anthropic IN (0, 1)),
  enforce_zdr_openai INTEGER CHECK (enforce_zdr_openai IN (0, 1)),
  enforce_zdr_google INTEGER CHECK (enforce_zdr_google IN (0, 1)),
  enforce_zdr_xai INTEGER CHECK (enforce_zdr_xai IN (0, 1)),
  enforce_zdr_other INTEGER CHECK (enforce_zdr_other IN (0, 1)),
  allow_safety_retention_google INTEGER CHECK (allow_safety_retention_google IN (0, 1)),
  allow_safety_retention_other INTEGER CHECK (allow_safety_retention_other IN (0, 1)),
  enable_paid_model_training INTEGER CHECK (enable_paid_model_training IN (0, 1)),
  enable_free_model_training INTEGER CHECK (enable_free_model_training IN (0, 1)),
  enable_free_model_publication INTEGER CHECK (enable_free_model_publication IN (0, 1)),
  content_filter_builtins TEXT,
  content_filters TEXT,
  created_at_ms BIGINT NOT NULL,
  updated_at_ms BIGINT,
  PRIMARY KEY (account_id, id),
  CHECK ((applies_to = 'account') = (workspace_id IS NULL))
);

CREATE INDEX guardrail_listing ON guardrail (account_id, workspace_id, created_at_ms);

CREATE TABLE guardrail_key (
  account_id TEXT NOT NULL REFERENCES account (id),
  key_hash TEXT NOT NULL,
  guardrail_id TEXT NOT NULL,
  id TEXT NOT NULL,
  assigned_by TEXT,
  created_at_ms BIGINT NOT NULL,
  PRIMARY KEY (account_id, key_hash)
);

CREATE INDEX guardrail_key_listing ON guardrail_key (account_id, guardrail_id, created_at_ms);

CREATE TABLE guardrail_member (
  account_id TEXT NOT NULL REFERENCES account (id),
  user_id TEXT NOT NULL,
  guardrail_id TEXT NOT NULL,
  id TEXT NOT NULL,
  assigned_by TEXT,
  created_at_ms BIGINT NOT NULL,
  PRIMARY KEY (account_id, user_id)
);

CREATE INDEX guardrail_member_listing ON guardrail_member (account_id, guardrail_id, created_at_ms);

CREATE TABLE idempotent_answer (
  account_id TEXT NOT NULL,
  idempotency_key TEXT NOT NULL,
  request_hash TEXT NOT NULL,
  sealed_answer TEXT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  PRIMARY KEY (account_id, idempotency_key)
);

CREATE INDEX idempotent_answer_age ON idempotent_answer (created_at_ms);

CREATE TABLE instance (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  instance_id TEXT NOT NULL,
  account_id TEXT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  sealed_key_check TEXT
);

CREATE TABLE invitation (
  id TEXT PRIMARY KEY,
  token_hash TEXT NOT NULL UNIQUE,
  account_id TEXT NOT NULL REFERENCES account (id),
  email TEXT,
  role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
  invited_by_user_id TEXT,
  created_at_ms BIGINT NOT NULL,
  expires_at_ms BIGINT NOT NULL,
  used_at_ms BIGINT,
  used_by_user_id TEXT,
  is_mailed INTEGER NOT NULL DEFAULT 0,
  workspace_id TEXT REFERENCES workspace (id),
  workspace_role TEXT
);

CREATE INDEX invitation_account ON invitation (account_id, created_at_ms);

CREATE TABLE journal_position (
  node_id TEXT PRIMARY KEY,
  seq BIGINT NOT NULL,
  epoch TEXT NOT NULL DEFAULT ''
);

CREATE TABLE key_leak (
  secret_hash TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id),
  key_hash TEXT NOT NULL REFERENCES api_key (hash),
  source TEXT NOT NULL,
  place TEXT,
  url TEXT,
  state TEXT NOT NULL CHECK (state IN ('quarantined', 'reported', 'secret_ended', 'restored', 'replaced')),
  was_disabled INTEGER NOT NULL CHECK (was_disabled IN (0, 1)),
  was_bounded INTEGER NOT NULL CHECK (was_bounded IN (0, 1)),
  found_at_ms BIGINT NOT NULL,
  ended_at_ms BIGINT
);

CREATE INDEX key_leak_by_account ON key_leak (account_id, found_at_ms);

CREATE INDEX key_leak_of_key ON key_leak (key_hash);

CREATE TABLE key_secret (
  hash TEXT PRIMARY KEY,
  key_hash TEXT NOT NULL REFERENCES api_key (hash),
  created_at_ms BIGINT NOT NULL,
  valid_until_ms BIGINT
);

CREATE INDEX key_secret_of_key ON key_secret (key_hash);

CREATE TABLE ledger_entry (
  transaction_id TEXT NOT NULL,
  book TEXT NOT NULL,
  account_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  amount_nano_usd BIGINT NOT NULL,
  reason TEXT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  PRIMARY KEY (transaction_id, book)
);

CREATE INDEX ledger_entry_by_account ON ledger_entry (account_id, book, created_at_ms);

CREATE INDEX ledger_entry_credits ON ledger_entry (account_id, book, created_at_ms) WHERE (kind <> 'usage');

CREATE TABLE master_key_change (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  sealed_next_key TEXT NOT NULL,
  sealed_previous_key TEXT NOT NULL,
  sealed_hash_key TEXT NOT NULL,
  started_at_ms BIGINT NOT NULL,
  finished_at_ms BIGINT
);

CREATE TABLE member (
  account_id TEXT NOT NULL REFERENCES account (id),
  user_id TEXT NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
  role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
  created_at_ms BIGINT NOT NULL,
  PRIMARY KEY (account_id, user_id)
);

CREATE INDEX member_of_user ON member (user_id);

CREATE TABLE notification (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id),
  workspace_id TEXT,
  kind TEXT NOT NULL,
  user_id TEXT,
  data TEXT NOT NULL,
  once_key TEXT,
  created_at_ms BIGINT NOT NULL,
  spread_at_ms BIGINT
);

CREATE INDEX notification_age ON notification (created_at_ms);

CREATE UNIQUE INDEX notification_once ON notification (account_id, once_key);

CREATE INDEX notification_waiting ON notification (spread_at_ms, created_at_ms);

CREATE TABLE notification_delivery (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id),
  notification_id TEXT NOT NULL REFERENCES notification (id),
  webhook_id TEXT REFERENCES webhook (id),
  user_id TEXT,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed')),
  attempts INTEGER NOT NULL,
  due_at_ms BIGINT NOT NULL,
  last_status INTEGER,
  last_problem TEXT,
  created_at_ms BIGINT NOT NULL,
  ended_at_ms BIGINT,
  CHECK ((webhook_id IS NULL) <> (user_id IS NULL))
);

CREATE INDEX notification_delivery_due ON notification_delivery (state, due_at_ms);

CREATE INDEX notification_delivery_of_notification ON notification_delivery (notification_id);

CREATE INDEX notification_delivery_of_webhook ON notification_delivery (webhook_id, created_at_ms);

CREATE TABLE notification_preference (
  account_id TEXT NOT NULL REFERENCES account (id),
  user_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  by_mail INTEGER NOT NULL CHECK (by_mail IN (0, 1)),
  PRIMARY KEY (account_id, user_id, kind)
);

CREATE TABLE notification_setting (
  account_id TEXT PRIMARY KEY REFERENCES account (id),
  key_limit_percent INTEGER NOT NULL CHECK (key_limit_percent BETWEEN 1 AND 99)
);

CREATE TABLE oauth_app (
  id INTEGER PRIMARY KEY,
  origin TEXT NOT NULL UNIQUE,
  created_at_ms BIGINT NOT NULL
);

CREATE TABLE oauth_app_counter (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  last_app_id INTEGER NOT NULL
);

CREATE TABLE oauth_client (
  client_id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id),
  name TEXT NOT NULL,
  secret_hash TEXT,
  redirect_uris TEXT NOT NULL,
  is_dynamic INTEGER NOT NULL CHECK (is_dynamic IN (0, 1)),
  created_at_ms BIGINT NOT NULL,
  last_used_at_ms BIGINT,
  grant_types TEXT
);

CREATE INDEX oauth_client_account ON oauth_client (account_id, created_at_ms);

CREATE TABLE oauth_client_key (
  key_hash TEXT PRIMARY KEY REFERENCES api_key (hash) DEFERRABLE INITIALLY DEFERRED,
  client_id TEXT NOT NULL,
  scope TEXT
);

CREATE TABLE "oauth_code" (
  code_hash TEXT PRIMARY KEY,
  app_id INTEGER REFERENCES oauth_app (id),
  account_id TEXT NOT NULL REFERENCES account (id),
  authorising_key_hash TEXT REFERENCES api_key (hash),
  user_id TEXT REFERENCES "user" (id) ON DELETE CASCADE,
  callback_url TEXT,
  client_id TEXT,
  redirect_uri TEXT,
  scope TEXT,
  code_challenge TEXT,
  code_challenge_method TEXT CHECK (code_challenge_method IN ('S256', 'plain')),
  created_at_ms BIGINT NOT NULL,
  expires_at_ms BIGINT NOT NULL,
  verifier_attempts INTEGER NOT NULL,
  used_at_ms BIGINT,
  minted_key_hash TEXT,
  key_name TEXT NOT NULL,
  key_limit_nano_usd BIGINT CHECK (key_limit_nano_usd >= 0),
  key_limit_reset TEXT CHECK (key_limit_reset IN ('daily', 'weekly', 'monthly')),
  key_expires_at_ms BIGINT,
  workspace_id TEXT NOT NULL,
  used_from TEXT,
  CHECK ((authorising_key_hash IS NULL) <> (user_id IS NULL)),
  CHECK ((app_id IS NULL) = (callback_url IS NULL)),
  CHECK ((client_id IS NULL) = (redirect_uri IS NULL)),
  CHECK ((code_challenge IS NULL) = (code_challenge_method IS NULL)),
  CHECK (minted_key_hash IS NULL OR used_at_ms IS NOT NULL)
);

CREATE INDEX oauth_code_age ON oauth_code (created_at_ms);

CREATE TABLE oauth_device (
  device_code_hash TEXT PRIMARY KEY,
  user_code_hash TEXT NOT NULL UNIQUE,
  client_id TEXT NOT NULL,
  scope TEXT,
  created_at_ms BIGINT NOT NULL,
  expires_at_ms BIGINT NOT NULL,
  poll_interval_ms INTEGER NOT NULL,
  last_polled_at_ms BIGINT,
  decision TEXT CHECK (decision IN ('approved', 'denied')),
  account_id TEXT REFERENCES account (id),
  user_id TEXT REFERENCES "user" (id) ON DELETE CASCADE,
  used_at_ms BIGINT,
  key_name TEXT NOT NULL,
  key_limit_nano_usd BIGINT CHECK (key_limit_nano_usd >= 0),
  key_limit_reset TEXT CHECK (key_limit_reset IN ('daily', 'weekly', 'monthly')),
  key_expires_at_ms BIGINT,
  workspace_id TEXT,
  CHECK (decision IS NULL OR (account_id IS NOT NULL AND user_id IS NOT NULL)),
  CHECK (decision IS NULL OR decision <> 'approved' OR workspace_id IS NOT NULL)
);

CREATE INDEX oauth_device_age ON oauth_device (created_at_ms);

CREATE TABLE passkey (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
  name TEXT,
  public_key TEXT NOT NULL,
  credential_id TEXT NOT NULL UNIQUE,
  counter INTEGER NOT NULL,
  device_type TEXT NOT NULL,
  backed_up BOOLEAN NOT NULL,
  transports TEXT,
  aaguid TEXT,
  created_at TIMESTAMPTZ
);

CREATE INDEX passkey_of_user ON passkey (user_id);

CREATE TABLE payment (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id),
  kind TEXT NOT NULL CHECK (kind IN ('checkout', 'top_up')),
  state TEXT NOT NULL CHECK (state IN ('open', 'paid', 'failed', 'expired')),
  amount_nano_usd BIGINT NOT NULL CHECK (amount_nano_usd > 0),
  fee_nano_usd BIGINT NOT NULL CHECK (fee_nano_usd >= 0),
  is_live INTEGER NOT NULL CHECK (is_live IN (0, 1)),
  saves_card INTEGER NOT NULL CHECK (saves_card IN (0, 1)),
  customer_id TEXT,
  checkout_session_id TEXT UNIQUE,
  payment_intent_id TEXT UNIQUE,
  user_id TEXT,
  failure TEXT,
  refunded_nano_usd BIGINT NOT NULL CHECK (refunded_nano_usd >= 0),
  taken_for_refunds_nano_usd BIGINT NOT NULL CHECK (taken_for_refunds_nano_usd >= 0),
  taken_for_disputes_nano_usd BIGINT NOT NULL CHECK (taken_for_disputes_nano_usd >= 0),
  created_at_ms BIGINT NOT NULL,
  asked_at_ms BIGINT NOT NULL,
  paid_at_ms BIGINT
);

CREATE INDEX payment_listing ON payment (account_id, created_at_ms, id);

CREATE INDEX payment_open ON payment (created_at_ms) WHERE (state = 'open');

CREATE UNIQUE INDEX payment_open_top_up ON payment (account_id) WHERE ((kind = 'top_up') AND (state = 'open'));

CREATE TABLE payment_dispute (
  id TEXT PRIMARY KEY,
  payment_id TEXT NOT NULL REFERENCES payment (id),
  amount_nano_usd BIGINT NOT NULL CHECK (amount_nano_usd >= 0),
  state TEXT NOT NULL CHECK (state IN ('asked', 'held', 'lost', 'returned'))
);

CREATE INDEX payment_dispute_by_payment ON payment_dispute (payment_id);

CREATE TABLE payment_movement (
  payment_id TEXT NOT NULL REFERENCES payment (id),
  number INTEGER NOT NULL,
  transaction_id TEXT NOT NULL UNIQUE,
  PRIMARY KEY (payment_id, number)
);

CREATE TABLE payment_refund (
  id TEXT PRIMARY KEY,
  payment_id TEXT NOT NULL REFERENCES payment (id),
  amount_nano_usd BIGINT NOT NULL CHECK (amount_nano_usd >= 0),
  state TEXT NOT NULL CHECK (state IN ('pending', 'succeeded', 'undone'))
);

CREATE INDEX payment_refund_by_payment ON payment_refund (payment_id);

CREATE TABLE rate_limit (
  id TEXT PRIMARY KEY,
  workspace_id TEXT NOT NULL REFERENCES workspace (id),
  subject TEXT NOT NULL CHECK (subject IN ('workspace', 'member', 'api_key', 'model')),
  target TEXT NOT NULL,
  requests_per_minute BIGINT CHECK (requests_per_minute > 0),
  tokens_per_minute BIGINT CHECK (tokens_per_minute > 0),
  created_at_ms BIGINT NOT NULL,
  updated_at_ms BIGINT NOT NULL,
  UNIQUE (workspace_id, subject, target)
);

CREATE TABLE rate_window (
  name TEXT NOT NULL,
  minute BIGINT NOT NULL,
  requests BIGINT NOT NULL,
  tokens BIGINT NOT NULL,
  PRIMARY KEY (name, minute)
);

CREATE INDEX rate_window_by_minute ON rate_window (minute);

CREATE TABLE refusal_hour (
  account_id TEXT NOT NULL,
  hour_ms BIGINT NOT NULL,
  key_hash TEXT NOT NULL,
  reason TEXT NOT NULL,
  requests BIGINT NOT NULL,
  first_at_ms BIGINT NOT NULL,
  last_at_ms BIGINT NOT NULL,
  workspace_id TEXT,
  status INTEGER NOT NULL,
  message TEXT NOT NULL,
  path TEXT NOT NULL,
  request_id TEXT NOT NULL,
  PRIMARY KEY (account_id, hour_ms, key_hash, reason)
);

CREATE INDEX refusal_hour_by_time ON refusal_hour (hour_ms);

CREATE TABLE schema_migration (
  version INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  applied_at_ms BIGINT NOT NULL
);

CREATE TABLE scim_group (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id),
  display_name TEXT NOT NULL,
  external_id TEXT,
  created_at_ms BIGINT NOT NULL,
  updated_at_ms BIGINT NOT NULL,
  deleted_at_ms BIGINT
);

CREATE INDEX scim_group_of_account ON scim_group (account_id, created_at_ms);

CREATE TABLE scim_group_mapping (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id),
  group_id TEXT NOT NULL REFERENCES scim_group (id),
  workspace_id TEXT NOT NULL REFERENCES workspace (id),
  role TEXT NOT NULL CHECK (role IN ('admin', 'member')),
  created_at_ms BIGINT NOT NULL,
  updated_at_ms BIGINT NOT NULL,
  UNIQUE (group_id, workspace_id)
);

CREATE TABLE scim_group_member (
  group_id TEXT NOT NULL REFERENCES scim_group (id),
  scim_user_id TEXT NOT NULL REFERENCES scim_user (id),
  PRIMARY KEY (group_id, scim_user_id)
);

CREATE INDEX scim_group_member_of_user ON scim_group_member (scim_user_id);

CREATE TABLE scim_sync_job (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id),
  status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'succeeded', 'failed')),
  created_at_ms BIGINT NOT NULL,
  started_at_ms BIGINT,
  finished_at_ms BIGINT,
  synced_groups INTEGER,
  deleted_groups INTEGER,
  error_message TEXT
);

CREATE INDEX scim_sync_job_of_account ON scim_sync_job (account_id, created_at_ms);

CREATE TABLE scim_user (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id),
  user_id TEXT,
  user_name TEXT NOT NULL,
  user_name_key TEXT NOT NULL,
  external_id TEXT,
  email TEXT NOT NULL,
  is_active INTEGER NOT NULL CHECK (is_active IN (0, 1)),
  attributes TEXT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  updated_at_ms BIGINT NOT NULL,
  deleted_at_ms BIGINT
);

CREATE INDEX scim_user_by_email ON scim_user (account_id, email);

CREATE INDEX scim_user_by_name ON scim_user (account_id, user_name_key);

CREATE TABLE scope_lease (
  scope_kind TEXT NOT NULL,
  scope_id TEXT NOT NULL,
  window_id TEXT NOT NULL,
  node_id TEXT NOT NULL,
  amount_nano_usd BIGINT NOT NULL CHECK (amount_nano_usd >= 0),
  expires_at_ms BIGINT NOT NULL,
  grant_id TEXT NOT NULL,
  PRIMARY KEY (scope_kind, scope_id, window_id, node_id)
);

CREATE INDEX scope_lease_by_node ON scope_lease (node_id);

CREATE TABLE scope_opening (
  scope_kind TEXT NOT NULL,
  scope_id TEXT NOT NULL,
  window_id TEXT NOT NULL,
  cost_nano_usd BIGINT NOT NULL,
  byok_nano_usd BIGINT NOT NULL,
  requests BIGINT NOT NULL,
  PRIMARY KEY (scope_kind, scope_id, window_id)
);

CREATE TABLE session (
  id TEXT PRIMARY KEY,
  token TEXT NOT NULL UNIQUE,
  user_id TEXT NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
  ip_address TEXT,
  user_agent TEXT,
  expires_at TIMESTAMPTZ NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX session_of_user ON session (user_id);

CREATE TABLE sign_in_method (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL,
  provider_id TEXT NOT NULL,
  user_id TEXT NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
  access_token TEXT,
  refresh_token TEXT,
  id_token TEXT,
  access_token_expires_at TIMESTAMPTZ,
  refresh_token_expires_at TIMESTAMPTZ,
  scope TEXT,
  password TEXT,
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL,
  UNIQUE (provider_id, account_id)
);

CREATE INDEX sign_in_method_of_user ON sign_in_method (user_id);

CREATE TABLE signing_key (
  turn INTEGER PRIMARY KEY,
  kid TEXT NOT NULL UNIQUE,
  public_jwk TEXT NOT NULL,
  sealed_private_jwk TEXT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  signs_from_ms BIGINT NOT NULL,
  signs_until_ms BIGINT NOT NULL
);

CREATE TABLE tag_budget (
  id TEXT PRIMARY KEY,
  workspace_id TEXT NOT NULL REFERENCES workspace (id),
  tag_name TEXT NOT NULL,
  tag_value TEXT NOT NULL,
  window_kind TEXT NOT NULL,
  limit_nano_usd BIGINT NOT NULL CHECK (limit_nano_usd > 0),
  created_at_ms BIGINT NOT NULL,
  updated_at_ms BIGINT NOT NULL,
  UNIQUE (workspace_id, tag_name, tag_value, window_kind)
);

CREATE TABLE two_factor (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
  secret TEXT NOT NULL,
  backup_codes TEXT NOT NULL,
  verified BOOLEAN,
  failed_verification_count INTEGER,
  locked_until TIMESTAMPTZ
);

CREATE INDEX two_factor_of_user ON two_factor (user_id);

CREATE TABLE usage_account_day (
  account_id TEXT NOT NULL,
  start_ms BIGINT NOT NULL,
  series_id TEXT NOT NULL,
  outcome TEXT NOT NULL,
  requests INTEGER NOT NULL,
  prompt_tokens BIGINT NOT NULL,
  completion_tokens BIGINT NOT NULL,
  reasoning_tokens BIGINT NOT NULL,
  cached_tokens BIGINT NOT NULL,
  cache_write_tokens BIGINT NOT NULL,
  cost_nano_usd BIGINT NOT NULL,
  byok_nano_usd BIGINT NOT NULL,
  cache_discount_nano_usd BIGINT NOT NULL,
  latency_count INTEGER NOT NULL,
  latency_sum_ms BIGINT NOT NULL,
  duration_count INTEGER NOT NULL,
  duration_sum_ms BIGINT NOT NULL,
  latency_b00 INTEGER NOT NULL,
  latency_b01 INTEGER NOT NULL,
  latency_b02 INTEGER NOT NULL,
  latency_b03 INTEGER NOT NULL,
  latency_b04 INTEGER NOT NULL,
  latency_b05 INTEGER NOT NULL,
  latency_b06 INTEGER NOT NULL,
  latency_b07 INTEGER NOT NULL,
  latency_b08 INTEGER NOT NULL,
  latency_b09 INTEGER NOT NULL,
  latency_b10 INTEGER NOT NULL,
  latency_b11 INTEGER NOT NULL,
  latency_b12 INTEGER NOT NULL,
  latency_b13 INTEGER NOT NULL,
  latency_b14 INTEGER NOT NULL,
  latency_b15 INTEGER NOT NULL,
  latency_b16 INTEGER NOT NULL,
  latency_b17 INTEGER NOT NULL,
  latency_b18 INTEGER NOT NULL,
  latency_b19 INTEGER NOT NULL,
  latency_b20 INTEGER NOT NULL,
  latency_b21 INTEGER NOT NULL,
  latency_b22 INTEGER NOT NULL,
  latency_b23 INTEGER NOT NULL,
  duration_b00 INTEGER NOT NULL,
  duration_b01 INTEGER NOT NULL,
  duration_b02 INTEGER NOT NULL,
  duration_b03 INTEGER NOT NULL,
  duration_b04 INTEGER NOT NULL,
  duration_b05 INTEGER NOT NULL,
  duration_b06 INTEGER NOT NULL,
  duration_b07 INTEGER NOT NULL,
  duration_b08 INTEGER NOT NULL,
  duration_b09 INTEGER NOT NULL,
  duration_b10 INTEGER NOT NULL,
  duration_b11 INTEGER NOT NULL,
  duration_b12 INTEGER NOT NULL,
  duration_b13 INTEGER NOT NULL,
  duration_b14 INTEGER NOT NULL,
  duration_b15 INTEGER NOT NULL,
  duration_b16 INTEGER NOT NULL,
  duration_b17 INTEGER NOT NULL,
  duration_b18 INTEGER NOT NULL,
  duration_b19 INTEGER NOT NULL,
  duration_b20 INTEGER NOT NULL,
  duration_b21 INTEGER NOT NULL,
  duration_b22 INTEGER NOT NULL,
  duration_b23 INTEGER NOT NULL,
  PRIMARY KEY (account_id, start_ms, series_id, outcome)
);

CREATE TABLE usage_account_hour (
  account_id TEXT NOT NULL,
  start_ms BIGINT NOT NULL,
  series_id TEXT NOT NULL,
  outcome TEXT NOT NULL,
  requests INTEGER NOT NULL,
  prompt_tokens BIGINT NOT NULL,
  completion_tokens BIGINT NOT NULL,
  reasoning_tokens BIGINT NOT NULL,
  cached_tokens BIGINT NOT NULL,
  cache_write_tokens BIGINT NOT NULL,
  cost_nano_usd BIGINT NOT NULL,
  byok_nano_usd BIGINT NOT NULL,
  cache_discount_nano_usd BIGINT NOT NULL,
  latency_count INTEGER NOT NULL,
  latency_sum_ms BIGINT NOT NULL,
  duration_count INTEGER NOT NULL,
  duration_sum_ms BIGINT NOT NULL,
  latency_b00 INTEGER NOT NULL,
  latency_b01 INTEGER NOT NULL,
  latency_b02 INTEGER NOT NULL,
  latency_b03 INTEGER NOT NULL,
  latency_b04 INTEGER NOT NULL,
  latency_b05 INTEGER NOT NULL,
  latency_b06 INTEGER NOT NULL,
  latency_b07 INTEGER NOT NULL,
  latency_b08 INTEGER NOT NULL,
  latency_b09 INTEGER NOT NULL,
  latency_b10 INTEGER NOT NULL,
  latency_b11 INTEGER NOT NULL,
  latency_b12 INTEGER NOT NULL,
  latency_b13 INTEGER NOT NULL,
  latency_b14 INTEGER NOT NULL,
  latency_b15 INTEGER NOT NULL,
  latency_b16 INTEGER NOT NULL,
  latency_b17 INTEGER NOT NULL,
  latency_b18 INTEGER NOT NULL,
  latency_b19 INTEGER NOT NULL,
  latency_b20 INTEGER NOT NULL,
  latency_b21 INTEGER NOT NULL,
  latency_b22 INTEGER NOT NULL,
  latency_b23 INTEGER NOT NULL,
  duration_b00 INTEGER NOT NULL,
  duration_b01 INTEGER NOT NULL,
  duration_b02 INTEGER NOT NULL,
  duration_b03 INTEGER NOT NULL,
  duration_b04 INTEGER NOT NULL,
  duration_b05 INTEGER NOT NULL,
  duration_b06 INTEGER NOT NULL,
  duration_b07 INTEGER NOT NULL,
  duration_b08 INTEGER NOT NULL,
  duration_b09 INTEGER NOT NULL,
  duration_b10 INTEGER NOT NULL,
  duration_b11 INTEGER NOT NULL,
  duration_b12 INTEGER NOT NULL,
  duration_b13 INTEGER NOT NULL,
  duration_b14 INTEGER NOT NULL,
  duration_b15 INTEGER NOT NULL,
  duration_b16 INTEGER NOT NULL,
  duration_b17 INTEGER NOT NULL,
  duration_b18 INTEGER NOT NULL,
  duration_b19 INTEGER NOT NULL,
  duration_b20 INTEGER NOT NULL,
  duration_b21 INTEGER NOT NULL,
  duration_b22 INTEGER NOT NULL,
  duration_b23 INTEGER NOT NULL,
  PRIMARY KEY (account_id, start_ms, series_id, outcome)
);

CREATE TABLE usage_closed (
  account_id TEXT PRIMARY KEY,
  hour_ms BIGINT NOT NULL,
  series_id TEXT NOT NULL
);

CREATE TABLE usage_coarse_series (
  series_id TEXT PRIMARY KEY,
  of_account TEXT NOT NULL,
  of_key TEXT NOT NULL
);

CREATE TABLE usage_day (
  account_id TEXT NOT NULL,
  start_ms BIGINT NOT NULL,
  series_id TEXT NOT NULL,
  outcome TEXT NOT NULL,
  requests INTEGER NOT NULL,
  prompt_tokens BIGINT NOT NULL,
  completion_tokens BIGINT NOT NULL,
  reasoning_tokens BIGINT NOT NULL,
  cached_tokens BIGINT NOT NULL,
  cache_write_tokens BIGINT NOT NULL,
  cost_nano_usd BIGINT NOT NULL,
  byok_nano_usd BIGINT NOT NULL,
  cache_discount_nano_usd BIGINT NOT NULL,
  latency_count INTEGER NOT NULL,
  latency_sum_ms BIGINT NOT NULL,
  duration_count INTEGER NOT NULL,
  duration_sum_ms BIGINT NOT NULL,
  latency_b00 INTEGER NOT NULL,
  latency_b01 INTEGER NOT NULL,
  latency_b02 INTEGER NOT NULL,
  latency_b03 INTEGER NOT NULL,
  latency_b04 INTEGER NOT NULL,
  latency_b05 INTEGER NOT NULL,
  latency_b06 INTEGER NOT NULL,
  latency_b07 INTEGER NOT NULL,
  latency_b08 INTEGER NOT NULL,
  latency_b09 INTEGER NOT NULL,
  latency_b10 INTEGER NOT NULL,
  latency_b11 INTEGER NOT NULL,
  latency_b12 INTEGER NOT NULL,
  latency_b13 INTEGER NOT NULL,
  latency_b14 INTEGER NOT NULL,
  latency_b15 INTEGER NOT NULL,
  latency_b16 INTEGER NOT NULL,
  latency_b17 INTEGER NOT NULL,
  latency_b18 INTEGER NOT NULL,
  latency_b19 INTEGER NOT NULL,
  latency_b20 INTEGER NOT NULL,
  latency_b21 INTEGER NOT NULL,
  latency_b22 INTEGER NOT NULL,
  latency_b23 INTEGER NOT NULL,
  duration_b00 INTEGER NOT NULL,
  duration_b01 INTEGER NOT NULL,
  duration_b02 INTEGER NOT NULL,
  duration_b03 INTEGER NOT NULL,
  duration_b04 INTEGER NOT NULL,
  duration_b05 INTEGER NOT NULL,
  duration_b06 INTEGER NOT NULL,
  duration_b07 INTEGER NOT NULL,
  duration_b08 INTEGER NOT NULL,
  duration_b09 INTEGER NOT NULL,
  duration_b10 INTEGER NOT NULL,
  duration_b11 INTEGER NOT NULL,
  duration_b12 INTEGER NOT NULL,
  duration_b13 INTEGER NOT NULL,
  duration_b14 INTEGER NOT NULL,
  duration_b15 INTEGER NOT NULL,
  duration_b16 INTEGER NOT NULL,
  duration_b17 INTEGER NOT NULL,
  duration_b18 INTEGER NOT NULL,
  duration_b19 INTEGER NOT NULL,
  duration_b20 INTEGER NOT NULL,
  duration_b21 INTEGER NOT NULL,
  duration_b22 INTEGER NOT NULL,
  duration_b23 INTEGER NOT NULL,
  PRIMARY KEY (account_id, start_ms, series_id, outcome)
);

CREATE TABLE usage_hour (
  account_id TEXT NOT NULL,
  hour_ms BIGINT NOT NULL,
  series_id TEXT NOT NULL,
  outcome TEXT NOT NULL,
  requests INTEGER NOT NULL,
  prompt_tokens BIGINT NOT NULL,
  completion_tokens BIGINT NOT NULL,
  reasoning_tokens BIGINT NOT NULL,
  cached_tokens BIGINT NOT NULL,
  cache_write_tokens BIGINT NOT NULL,
  cost_nano_usd BIGINT NOT NULL,
  byok_nano_usd BIGINT NOT NULL,
  cache_discount_nano_usd BIGINT NOT NULL,
  latency_count INTEGER NOT NULL,
  latency_sum_ms BIGINT NOT NULL,
  duration_count INTEGER NOT NULL,
  duration_sum_ms BIGINT NOT NULL,
  latency_b00 INTEGER NOT NULL,
  latency_b01 INTEGER NOT NULL,
  latency_b02 INTEGER NOT NULL,
  latency_b03 INTEGER NOT NULL,
  latency_b04 INTEGER NOT NULL,
  latency_b05 INTEGER NOT NULL,
  latency_b06 INTEGER NOT NULL,
  latency_b07 INTEGER NOT NULL,
  latency_b08 INTEGER NOT NULL,
  latency_b09 INTEGER NOT NULL,
  latency_b10 INTEGER NOT NULL,
  latency_b11 INTEGER NOT NULL,
  latency_b12 INTEGER NOT NULL,
  latency_b13 INTEGER NOT NULL,
  latency_b14 INTEGER NOT NULL,
  latency_b15 INTEGER NOT NULL,
  latency_b16 INTEGER NOT NULL,
  latency_b17 INTEGER NOT NULL,
  latency_b18 INTEGER NOT NULL,
  latency_b19 INTEGER NOT NULL,
  latency_b20 INTEGER NOT NULL,
  latency_b21 INTEGER NOT NULL,
  latency_b22 INTEGER NOT NULL,
  latency_b23 INTEGER NOT NULL,
  duration_b00 INTEGER NOT NULL,
  duration_b01 INTEGER NOT NULL,
  duration_b02 INTEGER NOT NULL,
  duration_b03 INTEGER NOT NULL,
  duration_b04 INTEGER NOT NULL,
  duration_b05 INTEGER NOT NULL,
  duration_b06 INTEGER NOT NULL,
  duration_b07 INTEGER NOT NULL,
  duration_b08 INTEGER NOT NULL,
  duration_b09 INTEGER NOT NULL,
  duration_b10 INTEGER NOT NULL,
  duration_b11 INTEGER NOT NULL,
  duration_b12 INTEGER NOT NULL,
  duration_b13 INTEGER NOT NULL,
  duration_b14 INTEGER NOT NULL,
  duration_b15 INTEGER NOT NULL,
  duration_b16 INTEGER NOT NULL,
  duration_b17 INTEGER NOT NULL,
  duration_b18 INTEGER NOT NULL,
  duration_b19 INTEGER NOT NULL,
  duration_b20 INTEGER NOT NULL,
  duration_b21 INTEGER NOT NULL,
  duration_b22 INTEGER NOT NULL,
  duration_b23 INTEGER NOT NULL,
  PRIMARY KEY (account_id, hour_ms, series_id, outcome)
);

CREATE TABLE usage_key_day (
  account_id TEXT NOT NULL,
  start_ms BIGINT NOT NULL,
  series_id TEXT NOT NULL,
  outcome TEXT NOT NULL,
  requests INTEGER NOT NULL,
  prompt_tokens BIGINT NOT NULL,
  completion_tokens BIGINT NOT NULL,
  reasoning_tokens BIGINT NOT NULL,
  cached_tokens BIGINT NOT NULL,
  cache_write_tokens BIGINT NOT NULL,
  cost_nano_usd BIGINT NOT NULL,
  byok_nano_usd BIGINT NOT NULL,
  cache_discount_nano_usd BIGINT NOT NULL,
  latency_count INTEGER NOT NULL,
  latency_sum_ms BIGINT NOT NULL,
  duration_count INTEGER NOT NULL,
  duration_sum_ms BIGINT NOT NULL,
  latency_b00 INTEGER NOT NULL,
  latency_b01 INTEGER NOT NULL,
  latency_b02 INTEGER NOT NULL,
  latency_b03 INTEGER NOT NULL,
  latency_b04 INTEGER NOT NULL,
  latency_b05 INTEGER NOT NULL,
  latency_b06 INTEGER NOT NULL,
  latency_b07 INTEGER NOT NULL,
  latency_b08 INTEGER NOT NULL,
  latency_b09 INTEGER NOT NULL,
  latency_b10 INTEGER NOT NULL,
  latency_b11 INTEGER NOT NULL,
  latency_b12 INTEGER NOT NULL,
  latency_b13 INTEGER NOT NULL,
  latency_b14 INTEGER NOT NULL,
  latency_b15 INTEGER NOT NULL,
  latency_b16 INTEGER NOT NULL,
  latency_b17 INTEGER NOT NULL,
  latency_b18 INTEGER NOT NULL,
  latency_b19 INTEGER NOT NULL,
  latency_b20 INTEGER NOT NULL,
  latency_b21 INTEGER NOT NULL,
  latency_b22 INTEGER NOT NULL,
  latency_b23 INTEGER NOT NULL,
  duration_b00 INTEGER NOT NULL,
  duration_b01 INTEGER NOT NULL,
  duration_b02 INTEGER NOT NULL,
  duration_b03 INTEGER NOT NULL,
  duration_b04 INTEGER NOT NULL,
  duration_b05 INTEGER NOT NULL,
  duration_b06 INTEGER NOT NULL,
  duration_b07 INTEGER NOT NULL,
  duration_b08 INTEGER NOT NULL,
  duration_b09 INTEGER NOT NULL,
  duration_b10 INTEGER NOT NULL,
  duration_b11 INTEGER NOT NULL,
  duration_b12 INTEGER NOT NULL,
  duration_b13 INTEGER NOT NULL,
  duration_b14 INTEGER NOT NULL,
  duration_b15 INTEGER NOT NULL,
  duration_b16 INTEGER NOT NULL,
  duration_b17 INTEGER NOT NULL,
  duration_b18 INTEGER NOT NULL,
  duration_b19 INTEGER NOT NULL,
  duration_b20 INTEGER NOT NULL,
  duration_b21 INTEGER NOT NULL,
  duration_b22 INTEGER NOT NULL,
  duration_b23 INTEGER NOT NULL,
  PRIMARY KEY (account_id, start_ms, series_id, outcome)
);

CREATE TABLE usage_key_week (
  account_id TEXT NOT NULL,
  start_ms BIGINT NOT NULL,
  series_id TEXT NOT NULL,
  outcome TEXT NOT NULL,
  requests INTEGER NOT NULL,
  prompt_tokens BIGINT NOT NULL,
  completion_tokens BIGINT NOT NULL,
  reasoning_tokens BIGINT NOT NULL,
  cached_tokens BIGINT NOT NULL,
  cache_write_tokens BIGINT NOT NULL,
  cost_nano_usd BIGINT NOT NULL,
  byok_nano_usd BIGINT NOT NULL,
  cache_discount_nano_usd BIGINT NOT NULL,
  latency_count INTEGER NOT NULL,
  latency_sum_ms BIGINT NOT NULL,
  duration_count INTEGER NOT NULL,
  duration_sum_ms BIGINT NOT NULL,
  latency_b00 INTEGER NOT NULL,
  latency_b01 INTEGER NOT NULL,
  latency_b02 INTEGER NOT NULL,
  latency_b03 INTEGER NOT NULL,
  latency_b04 INTEGER NOT NULL,
  latency_b05 INTEGER NOT NULL,
  latency_b06 INTEGER NOT NULL,
  latency_b07 INTEGER NOT NULL,
  latency_b08 INTEGER NOT NULL,
  latency_b09 INTEGER NOT NULL,
  latency_b10 INTEGER NOT NULL,
  latency_b11 INTEGER NOT NULL,
  latency_b12 INTEGER NOT NULL,
  latency_b13 INTEGER NOT NULL,
  latency_b14 INTEGER NOT NULL,
  latency_b15 INTEGER NOT NULL,
  latency_b16 INTEGER NOT NULL,
  latency_b17 INTEGER NOT NULL,
  latency_b18 INTEGER NOT NULL,
  latency_b19 INTEGER NOT NULL,
  latency_b20 INTEGER NOT NULL,
  latency_b21 INTEGER NOT NULL,
  latency_b22 INTEGER NOT NULL,
  latency_b23 INTEGER NOT NULL,
  duration_b00 INTEGER NOT NULL,
  duration_b01 INTEGER NOT NULL,
  duration_b02 INTEGER NOT NULL,
  duration_b03 INTEGER NOT NULL,
  duration_b04 INTEGER NOT NULL,
  duration_b05 INTEGER NOT NULL,
  duration_b06 INTEGER NOT NULL,
  duration_b07 INTEGER NOT NULL,
  duration_b08 INTEGER NOT NULL,
  duration_b09 INTEGER NOT NULL,
  duration_b10 INTEGER NOT NULL,
  duration_b11 INTEGER NOT NULL,
  duration_b12 INTEGER NOT NULL,
  duration_b13 INTEGER NOT NULL,
  duration_b14 INTEGER NOT NULL,
  duration_b15 INTEGER NOT NULL,
  duration_b16 INTEGER NOT NULL,
  duration_b17 INTEGER NOT NULL,
  duration_b18 INTEGER NOT NULL,
  duration_b19 INTEGER NOT NULL,
  duration_b20 INTEGER NOT NULL,
  duration_b21 INTEGER NOT NULL,
  duration_b22 INTEGER NOT NULL,
  duration_b23 INTEGER NOT NULL,
  PRIMARY KEY (account_id, start_ms, series_id, outcome)
);

CREATE TABLE usage_month (
  account_id TEXT NOT NULL,
  start_ms BIGINT NOT NULL,
  series_id TEXT NOT NULL,
  outcome TEXT NOT NULL,
  requests INTEGER NOT NULL,
  prompt_tokens BIGINT NOT NULL,
  completion_tokens BIGINT NOT NULL,
  reasoning_tokens BIGINT NOT NULL,
  cached_tokens BIGINT NOT NULL,
  cache_write_tokens BIGINT NOT NULL,
  cost_nano_usd BIGINT NOT NULL,
  byok_nano_usd BIGINT NOT NULL,
  cache_discount_nano_usd BIGINT NOT NULL,
  latency_count INTEGER NOT NULL,
  latency_sum_ms BIGINT NOT NULL,
  duration_count INTEGER NOT NULL,
  duration_sum_ms BIGINT NOT NULL,
  latency_b00 INTEGER NOT NULL,
  latency_b01 INTEGER NOT NULL,
  latency_b02 INTEGER NOT NULL,
  latency_b03 INTEGER NOT NULL,
  latency_b04 INTEGER NOT NULL,
  latency_b05 INTEGER NOT NULL,
  latency_b06 INTEGER NOT NULL,
  latency_b07 INTEGER NOT NULL,
  latency_b08 INTEGER NOT NULL,
  latency_b09 INTEGER NOT NULL,
  latency_b10 INTEGER NOT NULL,
  latency_b11 INTEGER NOT NULL,
  latency_b12 INTEGER NOT NULL,
  latency_b13 INTEGER NOT NULL,
  latency_b14 INTEGER NOT NULL,
  latency_b15 INTEGER NOT NULL,
  latency_b16 INTEGER NOT NULL,
  latency_b17 INTEGER NOT NULL,
  latency_b18 INTEGER NOT NULL,
  latency_b19 INTEGER NOT NULL,
  latency_b20 INTEGER NOT NULL,
  latency_b21 INTEGER NOT NULL,
  latency_b22 INTEGER NOT NULL,
  latency_b23 INTEGER NOT NULL,
  duration_b00 INTEGER NOT NULL,
  duration_b01 INTEGER NOT NULL,
  duration_b02 INTEGER NOT NULL,
  duration_b03 INTEGER NOT NULL,
  duration_b04 INTEGER NOT NULL,
  duration_b05 INTEGER NOT NULL,
  duration_b06 INTEGER NOT NULL,
  duration_b07 INTEGER NOT NULL,
  duration_b08 INTEGER NOT NULL,
  duration_b09 INTEGER NOT NULL,
  duration_b10 INTEGER NOT NULL,
  duration_b11 INTEGER NOT NULL,
  duration_b12 INTEGER NOT NULL,
  duration_b13 INTEGER NOT NULL,
  duration_b14 INTEGER NOT NULL,
  duration_b15 INTEGER NOT NULL,
  duration_b16 INTEGER NOT NULL,
  duration_b17 INTEGER NOT NULL,
  duration_b18 INTEGER NOT NULL,
  duration_b19 INTEGER NOT NULL,
  duration_b20 INTEGER NOT NULL,
  duration_b21 INTEGER NOT NULL,
  duration_b22 INTEGER NOT NULL,
  duration_b23 INTEGER NOT NULL,
  PRIMARY KEY (account_id, start_ms, series_id, outcome)
);

CREATE TABLE usage_series (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL,
  workspace_id TEXT,
  key_hash TEXT NOT NULL,
  external_user TEXT,
  api_type TEXT NOT NULL,
  model TEXT NOT NULL,
  model_permaslug TEXT NOT NULL,
  provider_slug TEXT,
  provider_name TEXT,
  endpoint_tag TEXT,
  app_url TEXT,
  app_title TEXT,
  is_byok INTEGER NOT NULL,
  door TEXT
);

CREATE TABLE usage_tag (
  series_id TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  account_id TEXT NOT NULL,
  PRIMARY KEY (series_id, name)
);

CREATE INDEX usage_tag_by_account ON usage_tag (account_id, name);

CREATE TABLE usage_window (
  scope_kind TEXT NOT NULL,
  scope_id TEXT NOT NULL,
  window_id TEXT NOT NULL,
  cost_nano_usd BIGINT NOT NULL,
  byok_nano_usd BIGINT NOT NULL,
  requests BIGINT NOT NULL,
  PRIMARY KEY (scope_kind, scope_id, window_id)
);

CREATE TABLE "user" (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  email TEXT NOT NULL UNIQUE,
  email_verified BOOLEAN NOT NULL,
  image TEXT,
  two_factor_enabled BOOLEAN,
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL,
  email_claimed INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE verification (
  id TEXT PRIMARY KEY,
  identifier TEXT NOT NULL,
  value TEXT NOT NULL,
  expires_at TIMESTAMPTZ NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX verification_identifier ON verification (identifier);

CREATE TABLE webhook (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id),
  workspace_id TEXT REFERENCES workspace (id),
  name TEXT NOT NULL,
  sealed_target TEXT NOT NULL,
  kinds TEXT,
  disabled INTEGER NOT NULL CHECK (disabled IN (0, 1)),
  disabled_because TEXT CHECK (disabled_because IN ('failing', 'gone', 'sealed')),
  failing_since_ms BIGINT,
  created_by TEXT,
  created_at_ms BIGINT NOT NULL,
  updated_at_ms BIGINT NOT NULL,
  deleted_at_ms BIGINT
);

CREATE INDEX webhook_by_account ON webhook (account_id, created_at_ms);

CREATE TABLE workspace (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id),
  name TEXT NOT NULL,
  slug TEXT NOT NULL,
  is_default INTEGER NOT NULL CHECK (is_default IN (0, 1)),
  created_at_ms BIGINT NOT NULL,
  description TEXT,
  default_text_model TEXT,
  default_image_model TEXT,
  default_provider_sort TEXT,
  disabled_server_tools TEXT,
  is_broadcast_enabled INTEGER NOT NULL DEFAULT 0,
  is_data_discount_enabled INTEGER NOT NULL DEFAULT 0,
  created_by TEXT,
  updated_at_ms BIGINT,
  deleted_at_ms BIGINT,
  UNIQUE (account_id, slug)
);

CREATE TABLE workspace_budget (
  workspace_id TEXT NOT NULL REFERENCES workspace (id),
  period TEXT NOT NULL CHECK (period IN ('daily', 'weekly', 'monthly', 'lifetime')),
  id TEXT NOT NULL UNIQUE,
  limit_nano_usd BIGINT NOT NULL CHECK (limit_nano_usd > 0),
  created_at_ms BIGINT NOT NULL,
  updated_at_ms BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, period)
);

CREATE TABLE workspace_limits (
  workspace_id TEXT PRIMARY KEY REFERENCES workspace (id),
  include_byok_in_budgets INTEGER NOT NULL CHECK (include_byok_in_budgets IN (0, 1)),
  alert_percents TEXT NOT NULL
);

CREATE TABLE workspace_member (
  id TEXT PRIMARY KEY,
  workspace_id TEXT NOT NULL REFERENCES workspace (id),
  account_id TEXT NOT NULL REFERENCES account (id),
  user_id TEXT NOT NULL,
  manual_role TEXT CHECK (manual_role IN ('admin', 'member')),
  scim_role TEXT CHECK (scim_role IN ('admin', 'member')),
  created_at_ms BIGINT NOT NULL,
  CHECK (manual_role IS NOT NULL OR scim_role IS NOT NULL),
  UNIQUE (workspace_id, user_id)
);

CREATE INDEX workspace_member_of_user ON workspace_member (account_id, user_id);

CREATE VIEW generations AS
SELECT id,
  account_id,
  rest ->> 'workspace_id' AS workspace_id,
  key_hash,
  rest ->> 'request_id' AS request_id,
  created_at_ms,
  rest ->> 'api_type' AS api_type,
  rest ->> 'door' AS door,
  model,
  rest ->> 'model_permaslug' AS model_permaslug,
  rest ->> 'router' AS router,
  rest ->> 'provider_slug' AS provider_slug,
  rest ->> 'provider_name' AS provider_name,
  rest ->> 'endpoint_tag' AS endpoint_tag,
  rest ->> 'upstream_id' AS upstream_id,
  COALESCE(CAST(rest ->> 'streamed' AS INTEGER), 0) AS streamed,
  COALESCE(CAST(rest ->> 'cancelled' AS INTEGER), 0) AS cancelled,
  COALESCE(CAST(rest ->> 'estimated' AS INTEGER), 0) AS estimated,
  is_byok,
  rest ->> 'finish_reason' AS finish_reason,
  rest ->> 'native_finish_reason' AS native_finish_reason,
  rest ->> 'service_tier' AS service_tier,
  COALESCE(CAST(rest ->> 'prompt_tokens' AS BIGINT), 0) AS prompt_tokens,
  COALESCE(CAST(rest ->> 'completion_tokens' AS BIGINT), 0) AS completion_tokens,
  COALESCE(CAST(rest ->> 'reasoning_tokens' AS BIGINT), 0) AS reasoning_tokens,
  COALESCE(CAST(rest ->> 'cached_tokens' AS BIGINT), 0) AS cached_tokens,
  COALESCE(CAST(rest ->> 'cache_write_tokens' AS BIGINT), 0) AS cache_write_tokens,
  COALESCE(CAST(rest ->> 'image_count' AS BIGINT), 0) AS image_count,
  cost_nano_usd,
  COALESCE(CAST(rest ->> 'upstream_cost_nano_usd' AS BIGINT), 0) AS upstream_cost_nano_usd,
  COALESCE(CAST(rest ->> 'cache_discount_nano_usd' AS BIGINT), 0) AS cache_discount_nano_usd,
  CAST(rest ->> 'latency_ms' AS BIGINT) AS latency_ms,
  CAST(rest ->> 'generation_time_ms' AS BIGINT) AS generation_time_ms,
  rest ->> 'http_referer' AS http_referer,
  rest ->> 'app_title' AS app_title,
  rest ->> 'app_categories' AS app_categories,
  rest ->> 'user_agent' AS user_agent,
  rest ->> 'session_id' AS session_id,
  rest ->> 'tags' AS tags,
  rest ->> 'agent_id' AS agent_id,
  rest ->> 'parent_agent_id' AS parent_agent_id,
  rest ->> 'agent_class' AS agent_class,
  rest ->> 'end_user' AS end_user,
  rest ->> 'external_user' AS external_user,
  COALESCE(rest ->> 'attempts', '[]') AS attempts,
  overshoot_nano_usd,
  ledger_transaction_id,
  COALESCE(CAST(rest ->> 'byok_fee_nano_usd' AS BIGINT), 0) AS byok_fee_nano_usd,
  rest ->> 'plan' AS plan
FROM generation_record
UNION ALL
SELECT id,
  account_id,
  workspace_id,
  key_hash,
  request_id,
  created_at_ms,
  api_type,
  NULL AS door,
  model,
  model_permaslug,
  router,
  provider_slug,
  provider_name,
  endpoint_tag,
  upstream_id,
  streamed,
  cancelled,
  estimated,
  is_byok,
  finish_reason,
  native_finish_reason,
  service_tier,
  prompt_tokens,
  completion_tokens,
  reasoning_tokens,
  cached_tokens,
  cache_write_tokens,
  image_count,
  cost_nano_usd,
  upstream_cost_nano_usd,
  cache_discount_nano_usd,
  latency_ms,
  generation_time_ms,
  http_referer,
  app_title,
  app_categories,
  user_agent,
  session_id,
  NULL AS tags,
  NULL AS agent_id,
  NULL AS parent_agent_id,
  NULL AS agent_class,
  end_user,
  external_user,
  attempts,
  overshoot_nano_usd,
  ledger_transaction_id,
  CAST(0 AS BIGINT) AS byok_fee_nano_usd,
  NULL AS plan
FROM generation;
