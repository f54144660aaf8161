-- The schema on PostgreSQL once every migration has run, for people to read: migrations/ is what makes it.
-- `npm run schema` writes this file, and schema.test.ts compares it.

CREATE TABLE account (
  id text NOT NULL,
  kind text NOT NULL,
  name text NOT NULL,
  created_at_ms bigint NOT NULL,
  time_zone text DEFAULT 'UTC'::text NOT NULL,
  is_model_catalogue_filtered integer DEFAULT 0 NOT NULL,
  key_rotation_days integer,
  is_key_rotation_enforced integer DEFAULT 0 NOT NULL,
  CONSTRAINT account_pkey PRIMARY KEY (id),
  CONSTRAINT account_kind_check CHECK (kind = ANY (ARRAY['personal'::text, 'organisation'::text]))
);

CREATE TABLE account_logo (
  account_id text NOT NULL,
  hash text NOT NULL,
  png text NOT NULL,
  updated_at_ms bigint NOT NULL,
  CONSTRAINT account_logo_pkey PRIMARY KEY (account_id)
);

CREATE TABLE api_key (
  hash text NOT NULL,
  account_id text NOT NULL,
  workspace_id text,
  kind text NOT NULL,
  name text NOT NULL,
  label text NOT NULL,
  disabled integer NOT NULL,
  limit_nano_usd bigint,
  limit_reset text,
  include_byok_in_limit integer NOT NULL,
  creator_user_id text,
  external_user text,
  external_api_key_hash text,
  created_at_ms bigint NOT NULL,
  updated_at_ms bigint,
  expires_at_ms bigint,
  deleted_at_ms bigint,
  version bigint NOT NULL,
  cut_streams_when_revoked integer DEFAULT 0 NOT NULL,
  made_for text,
  bounded_by_admin integer DEFAULT 0 NOT NULL,
  is_delegated integer DEFAULT 0 NOT NULL,
  parent_key_hash text,
  secret_hash text,
  rotated_at_ms bigint,
  is_child integer DEFAULT 0 NOT NULL,
  allowed_models text,
  on_exhaust text,
  on_exhaust_model text,
  CONSTRAINT api_key_pkey PRIMARY KEY (hash),
  CONSTRAINT api_key_check CHECK ((kind = 'management'::text) = (workspace_id IS NULL)),
  CONSTRAINT api_key_disabled_check CHECK (disabled = ANY (ARRAY[0, 1])),
  CONSTRAINT api_key_include_byok_in_limit_check CHECK (include_byok_in_limit = ANY (ARRAY[0, 1])),
  CONSTRAINT api_key_kind_check CHECK (kind = ANY (ARRAY['api'::text, 'management'::text])),
  CONSTRAINT api_key_limit_nano_usd_check CHECK (limit_nano_usd >= 0),
  CONSTRAINT api_key_limit_reset_check CHECK (limit_reset = ANY (ARRAY['daily'::text, 'weekly'::text, 'monthly'::text])),
  CONSTRAINT api_key_on_exhaust_check CHECK (on_exhaust = ANY (ARRAY['refuse'::text, 'downgrade'::text]))
);

CREATE INDEX api_key_listing ON api_key (account_id, workspace_id, created_at_ms);

CREATE INDEX api_key_parent ON api_key (parent_key_hash);

CREATE TABLE attempt_count (
  subject text NOT NULL,
  attempts integer NOT NULL,
  window_ends_at_ms bigint NOT NULL,
  CONSTRAINT attempt_count_pkey PRIMARY KEY (subject)
);

CREATE INDEX attempt_count_age ON attempt_count (window_ends_at_ms);

CREATE TABLE audit_event (
  id text NOT NULL,
  account_id text,
  at_ms bigint NOT NULL,
  actor_kind text NOT NULL,
  actor text,
  address text,
  action text NOT NULL,
  target_kind text NOT NULL,
  target text,
  before_json text,
  after_json text,
  outcome text NOT NULL,
  CONSTRAINT audit_event_pkey PRIMARY KEY (id)
);

CREATE INDEX audit_event_by_account ON audit_event (account_id, at_ms);

CREATE INDEX audit_event_by_target ON audit_event (target_kind, target, at_ms);

CREATE INDEX audit_event_by_time ON audit_event (at_ms);

CREATE TABLE audit_head (
  id bigint NOT NULL,
  seq bigint NOT NULL,
  hash text NOT NULL,
  at_ms bigint NOT NULL,
  CONSTRAINT audit_head_pkey PRIMARY KEY (id)
);

CREATE TABLE audit_link (
  seq bigint NOT NULL,
  event_id text NOT NULL,
  hash text NOT NULL,
  CONSTRAINT audit_link_pkey PRIMARY KEY (seq),
  CONSTRAINT audit_link_event_id_key UNIQUE (event_id)
);

CREATE TABLE billing_account (
  account_id text NOT NULL,
  customer_id text,
  payment_method_id text,
  payment_method_label text,
  top_up_enabled integer NOT NULL,
  top_up_threshold_nano_usd bigint NOT NULL,
  top_up_amount_nano_usd bigint NOT NULL,
  top_up_cap_nano_usd bigint NOT NULL,
  top_up_stopped_because text,
  top_up_stopped_at_ms bigint,
  alert_percents text NOT NULL,
  alert_credits_nano_usd bigint,
  alert_base_nano_usd bigint,
  alert_sent_percent integer NOT NULL,
  CONSTRAINT billing_account_pkey PRIMARY KEY (account_id),
  CONSTRAINT billing_account_customer_id_key UNIQUE (customer_id),
  CONSTRAINT billing_account_top_up_amount_nano_usd_check CHECK (top_up_amount_nano_usd > 0),
  CONSTRAINT billing_account_top_up_cap_nano_usd_check CHECK (top_up_cap_nano_usd >= 0),
  CONSTRAINT billing_account_top_up_enabled_check CHECK (top_up_enabled = ANY (ARRAY[0, 1])),
  CONSTRAINT billing_account_top_up_threshold_nano_usd_check CHECK (top_up_threshold_nano_usd >= 0)
);

CREATE TABLE budget_alert (
  scope_kind text NOT NULL,
  scope_id text NOT NULL,
  window_id text NOT NULL,
  limit_nano_usd bigint NOT NULL,
  percent integer NOT NULL,
  id text NOT NULL,
  account_id text NOT NULL,
  workspace_id text,
  spent_nano_usd bigint NOT NULL,
  at_ms bigint NOT NULL,
  CONSTRAINT budget_alert_pkey PRIMARY KEY (scope_kind, scope_id, window_id, limit_nano_usd, percent),
  CONSTRAINT budget_alert_id_key UNIQUE (id)
);

CREATE INDEX budget_alert_listing ON budget_alert (account_id, workspace_id, id);

CREATE TABLE byok_key (
  id text NOT NULL,
  account_id text NOT NULL,
  workspace_id text,
  provider text NOT NULL,
  base_url text NOT NULL,
  name text,
  label text NOT NULL,
  sealed_data_key text NOT NULL,
  sealed_secret text NOT NULL,
  disabled integer NOT NULL,
  is_fallback integer NOT NULL,
  is_required integer NOT NULL,
  is_byok_only integer NOT NULL,
  declared_zdr integer,
  declared_region text,
  sort_order integer NOT NULL,
  allowed_models text,
  allowed_api_key_hashes text,
  allowed_user_ids text,
  created_by text,
  created_at_ms bigint NOT NULL,
  updated_at_ms bigint NOT NULL,
  last_used_at_ms bigint,
  deleted_at_ms bigint,
  CONSTRAINT byok_key_pkey PRIMARY KEY (id),
  CONSTRAINT byok_key_check CHECK (is_fallback = 0 OR is_byok_only = 0),
  CONSTRAINT byok_key_declared_region_check CHECK (declared_region = ANY (ARRAY['global'::text, 'europe'::text, 'us'::text])),
  CONSTRAINT byok_key_declared_zdr_check CHECK (declared_zdr = ANY (ARRAY[0, 1])),
  CONSTRAINT byok_key_disabled_check CHECK (disabled = ANY (ARRAY[0, 1])),
  CONSTRAINT byok_key_is_byok_only_check CHECK (is_byok_only = ANY (ARRAY[0, 1])),
  CONSTRAINT byok_key_is_fallback_check CHECK (is_fallback = ANY (ARRAY[0, 1])),
  CONSTRAINT byok_key_is_required_check CHECK (is_required = ANY (ARRAY[0, 1]))
);

CREATE INDEX byok_key_by_account ON byok_key (account_id, workspace_id, provider, sort_order);

CREATE TABLE carried_debit (
  account_id text NOT NULL,
  transaction_id text NOT NULL,
  cost_nano_usd bigint NOT NULL,
  CONSTRAINT carried_debit_pkey PRIMARY KEY (account_id, transaction_id)
);

CREATE TABLE carried_scope_spend (
  scope_kind text NOT NULL,
  scope_id text NOT NULL,
  day_start_ms bigint NOT NULL,
  cost_nano_usd bigint NOT NULL,
  byok_nano_usd bigint NOT NULL,
  requests bigint NOT NULL,
  CONSTRAINT carried_scope_spend_pkey PRIMARY KEY (scope_kind, scope_id, day_start_ms)
);

CREATE TABLE carried_spend (
  account_id text NOT NULL,
  key_hash text NOT NULL,
  is_free integer NOT NULL,
  day_start_ms bigint NOT NULL,
  cost_nano_usd bigint NOT NULL,
  byok_nano_usd bigint NOT NULL,
  requests bigint NOT NULL,
  last_at_ms bigint NOT NULL,
  CONSTRAINT carried_spend_pkey PRIMARY KEY (account_id, key_hash, is_free, day_start_ms)
);

CREATE INDEX carried_spend_by_key ON carried_spend (key_hash, last_at_ms);

CREATE TABLE carried_through (
  id integer NOT NULL,
  dropped_before_ms bigint NOT NULL,
  folded_before text NOT NULL,
  CONSTRAINT carried_through_pkey PRIMARY KEY (id),
  CONSTRAINT carried_through_id_check CHECK (id = 1)
);

CREATE TABLE change_counter (
  id integer NOT NULL,
  seq bigint NOT NULL,
  CONSTRAINT change_counter_pkey PRIMARY KEY (id),
  CONSTRAINT change_counter_id_check CHECK (id = 1)
);

CREATE TABLE change_log (
  seq bigint NOT NULL,
  subject text NOT NULL,
  subject_id text NOT NULL,
  at_ms bigint NOT NULL,
  CONSTRAINT change_log_pkey PRIMARY KEY (seq)
);

CREATE INDEX change_log_age ON change_log (at_ms);

CREATE TABLE content_key (
  id text NOT NULL,
  account_id text NOT NULL,
  workspace_id text NOT NULL,
  day text NOT NULL,
  sealed_key text NOT NULL,
  CONSTRAINT content_key_pkey PRIMARY KEY (id)
);

CREATE INDEX content_key_by_workspace ON content_key (workspace_id, day);

CREATE TABLE content_logging (
  workspace_id text NOT NULL,
  account_id text NOT NULL,
  enabled integer NOT NULL,
  sampling_ppm integer NOT NULL,
  key_hashes text,
  retention_days integer NOT NULL,
  updated_at_ms bigint NOT NULL,
  CONSTRAINT content_logging_pkey PRIMARY KEY (workspace_id),
  CONSTRAINT content_logging_enabled_check CHECK (enabled = ANY (ARRAY[0, 1])),
  CONSTRAINT content_logging_retention_days_check CHECK (retention_days > 0),
  CONSTRAINT content_logging_sampling_ppm_check CHECK (sampling_ppm >= 1 AND sampling_ppm <= 1000000)
);

CREATE TABLE content_record (
  generation_id text NOT NULL,
  account_id text NOT NULL,
  key_id text NOT NULL,
  sealed_content text NOT NULL,
  CONSTRAINT content_record_pkey PRIMARY KEY (generation_id)
);

CREATE INDEX content_record_by_key ON content_record (key_id);

CREATE TABLE email_change (
  user_id text NOT NULL,
  token_hash text NOT NULL,
  email text NOT NULL,
  expires_at_ms bigint NOT NULL,
  CONSTRAINT email_change_pkey PRIMARY KEY (user_id),
  CONSTRAINT email_change_token_hash_key UNIQUE (token_hash)
);

CREATE TABLE external_user (
  account_id text NOT NULL,
  name text NOT NULL,
  is_active integer NOT NULL,
  created_at_ms bigint NOT NULL,
  updated_at_ms bigint NOT NULL,
  CONSTRAINT external_user_pkey PRIMARY KEY (account_id, name),
  CONSTRAINT external_user_is_active_check CHECK (is_active = ANY (ARRAY[0, 1]))
);

CREATE TABLE federation_exchange (
  policy_id text NOT NULL,
  token_hash text NOT NULL,
  expires_at_ms bigint NOT NULL,
  CONSTRAINT federation_exchange_pkey PRIMARY KEY (policy_id, token_hash)
);

CREATE INDEX federation_exchange_age ON federation_exchange (expires_at_ms);

CREATE TABLE federation_issuer (
  id text NOT NULL,
  account_id text NOT NULL,
  name text NOT NULL,
  issuer_url text NOT NULL,
  jwks_url text,
  pinned_jwks text,
  created_at_ms bigint NOT NULL,
  updated_at_ms bigint,
  CONSTRAINT federation_issuer_pkey PRIMARY KEY (id),
  CONSTRAINT federation_issuer_check CHECK (jwks_url IS NULL OR pinned_jwks IS NULL)
);

CREATE INDEX federation_issuer_listing ON federation_issuer (account_id, created_at_ms);

CREATE TABLE federation_policy (
  id text NOT NULL,
  account_id text NOT NULL,
  issuer_id text NOT NULL,
  name text NOT NULL,
  subject text NOT NULL,
  audience text NOT NULL,
  required_scope text,
  required_token_type text,
  target_key_hash text NOT NULL,
  enabled integer NOT NULL,
  created_at_ms bigint NOT NULL,
  updated_at_ms bigint,
  CONSTRAINT federation_policy_pkey PRIMARY KEY (id),
  CONSTRAINT federation_policy_enabled_check CHECK (enabled = ANY (ARRAY[0, 1]))
);

CREATE INDEX federation_policy_listing ON federation_policy (account_id, created_at_ms);

CREATE INDEX federation_policy_of_issuer ON federation_policy (issuer_id);

CREATE TABLE generation (
  id text NOT NULL,
  account_id text NOT NULL,
  workspace_id text,
  key_hash text NOT NULL,
  request_id text NOT NULL,
  created_at_ms bigint NOT NULL,
  api_type text NOT NULL,
  model text NOT NULL,
  model_permaslug text NOT NULL,
  router text,
  provider_slug text,
  provider_name text,
  endpoint_tag text,
  upstream_id text,
  streamed integer NOT NULL,
  cancelled integer NOT NULL,
  estimated integer NOT NULL,
  is_byok integer NOT NULL,
  finish_reason text,
  native_finish_reason text,
  service_tier text,
  prompt_tokens bigint NOT NULL,
  completion_tokens bigint NOT NULL,
  reasoning_tokens bigint NOT NULL,
  cached_tokens bigint NOT NULL,
  cache_write_tokens bigint NOT NULL,
  image_count bigint NOT NULL,
  cost_nano_usd bigint NOT NULL,
  upstream_cost_nano_usd bigint NOT NULL,
  cache_discount_nano_usd bigint NOT NULL,
  latency_ms bigint,
  generation_time_ms bigint,
  http_referer text,
  app_title text,
  app_categories text,
  user_agent text,
  session_id text,
  end_user text,
  external_user text,
  attempts text NOT NULL,
  overshoot_nano_usd bigint DEFAULT 0 NOT NULL,
  ledger_transaction_id text,
  CONSTRAINT generation_pkey PRIMARY KEY (id)
);

CREATE INDEX generation_by_account ON generation (account_id, created_at_ms);

CREATE INDEX generation_by_key ON generation (key_hash, created_at_ms);

CREATE TABLE generation_feedback (
  generation_id text NOT NULL,
  key_hash text NOT NULL,
  category text NOT NULL,
  account_id text NOT NULL,
  comment text,
  created_at_ms bigint NOT NULL,
  CONSTRAINT generation_feedback_pkey PRIMARY KEY (generation_id, key_hash, category)
);

CREATE INDEX generation_feedback_by_account ON generation_feedback (account_id, created_at_ms);

CREATE TABLE generation_record (
  id text NOT NULL,
  account_id text NOT NULL,
  key_hash text NOT NULL,
  created_at_ms bigint NOT NULL,
  model text NOT NULL,
  is_byok integer NOT NULL,
  cost_nano_usd bigint NOT NULL,
  overshoot_nano_usd bigint NOT NULL,
  ledger_transaction_id text,
  rest json NOT NULL,
  is_rolled_up integer DEFAULT 0 NOT NULL,
  CONSTRAINT generation_record_pkey PRIMARY KEY (id)
);

CREATE INDEX generation_record_by_account ON generation_record (account_id, created_at_ms);

CREATE INDEX generation_record_by_key ON generation_record (key_hash, created_at_ms);

CREATE INDEX generation_record_not_rolled_up ON generation_record (id) WHERE (is_rolled_up = 0);

CREATE TABLE generation_scope (
  generation_id text NOT NULL,
  scope_kind text NOT NULL,
  scope_id text NOT NULL,
  CONSTRAINT generation_scope_pkey PRIMARY KEY (generation_id, scope_kind, scope_id)
);

CREATE TABLE guardrail (
  account_id text NOT NULL,
  id text NOT NULL,
  workspace_id text,
  applies_to text NOT NULL,
  name text NOT NULL,
  description text,
  limit_nano_usd bigint,
  reset_interval text,
  include_byok_in_budgets integer NOT NULL,
  allowed_models text,
  ignored_models text,
  allowed_providers text,
  ignored_providers text,
  allowed_data_regions text,
  enforce_zdr_anthropic integer,
  enforce_zdr_openai integer,
  enforce_zdr_google integer,
  enforce_zdr_xai integer,
  enforce_zdr_other integer,
  allow_safety_retention_google integer,
  allow_safety_retention_other integer,
  enable_paid_model_training integer,
  enable_free_model_training integer,
  enable_free_model_publication integer,
  content_filter_builtins text,
  content_filters text,
  created_at_ms bigint NOT NULL,
  updated_at_ms bigint,
  CONSTRAINT guardrail_pkey PRIMARY KEY (account_id, id),
  CONSTRAINT guardrail_allow_safety_retention_google_check CHECK (allow_safety_retention_google = ANY (ARRAY[0, 1])),
  CONSTRAINT guardrail_allow_safety_retention_other_check CHECK (allow_safety_retention_other = ANY (ARRAY[0, 1])),
  CONSTRAINT guardrail_applies_to_check CHECK (applies_to = ANY (ARRAY['assigned'::text, 'workspace'::text, 'account'::text])),
  CONSTRAINT guardrail_check CHECK ((applies_to = 'account'::text) = (workspace_id IS NULL)),
  CONSTRAINT guardrail_enable_free_model_publication_check CHECK (enable_free_model_publication = ANY (ARRAY[0, 1])),
  CONSTRAINT guardrail_enable_free_model_training_check CHECK (enable_free_model_training = ANY (ARRAY[0, 1])),
  CONSTRAINT guardrail_enable_paid_model_training_check CHECK (enable_paid_model_training = ANY (ARRAY[0, 1])),
  CONSTRAINT guardrail_enforce_zdr_anthropic_check CHECK (enforce_zdr_anthropic = ANY (ARRAY[0, 1])),
  CONSTRAINT guardrail_enforce_zdr_google_check CHECK (enforce_zdr_google = ANY (ARRAY[0, 1])),
  CONSTRAINT guardrail_enforce_zdr_openai_check CHECK (enforce_zdr_openai = ANY (ARRAY[0, 1])),
  CONSTRAINT guardrail_enforce_zdr_other_check CHECK (enforce_zdr_other = ANY (ARRAY[0, 1])),
  CONSTRAINT guardrail_enforce_zdr_xai_check CHECK (enforce_zdr_xai = ANY (ARRAY[0, 1])),
  CONSTRAINT guardrail_include_byok_in_budgets_check CHECK (include_byok_in_budgets = ANY (ARRAY[0, 1])),
  CONSTRAINT guardrail_limit_nano_usd_check CHECK (limit_nano_usd >= 0),
  CONSTRAINT guardrail_reset_interval_check CHECK (reset_interval = ANY (ARRAY['daily'::text, 'weekly'::text, 'monthly'::text]))
);

CREATE INDEX guardrail_listing ON guardrail (account_id, workspace_id, created_at_ms);

CREATE TABLE guardrail_key (
  account_id text NOT NULL,
  key_hash text NOT NULL,
  guardrail_id text NOT NULL,
  id text NOT NULL,
  assigned_by text,
  created_at_ms bigint NOT NULL,
  CONSTRAINT guardrail_key_pkey PRIMARY KEY (account_id, key_hash)
);

CREATE INDEX guardrail_key_listing ON guardrail_key (account_id, guardrail_id, created_at_ms);

CREATE TABLE guardrail_member (
  account_id text NOT NULL,
  user_id text NOT NULL,
  guardrail_id text NOT NULL,
  id text NOT NULL,
  assigned_by text,
  created_at_ms bigint NOT NULL,
  CONSTRAINT guardrail_member_pkey PRIMARY KEY (account_id, user_id)
);

CREATE INDEX guardrail_member_listing ON guardrail_member (account_id, guardrail_id, created_at_ms);

CREATE TABLE idempotent_answer (
  account_id text NOT NULL,
  idempotency_key text NOT NULL,
  request_hash text NOT NULL,
  sealed_answer text NOT NULL,
  created_at_ms bigint NOT NULL,
  CONSTRAINT idempotent_answer_pkey PRIMARY KEY (account_id, idempotency_key)
);

CREATE INDEX idempotent_answer_age ON idempotent_answer (created_at_ms);

CREATE TABLE instance (
  id integer NOT NULL,
  instance_id text NOT NULL,
  account_id text NOT NULL,
  created_at_ms bigint NOT NULL,
  sealed_key_check text,
  CONSTRAINT instance_pkey PRIMARY KEY (id),
  CONSTRAINT instance_id_check CHECK (id = 1)
);

CREATE TABLE invitation (
  id text NOT NULL,
  token_hash text NOT NULL,
  account_id text NOT NULL,
  email text,
  role text NOT NULL,
  invited_by_user_id text,
  created_at_ms bigint NOT NULL,
  expires_at_ms bigint NOT NULL,
  used_at_ms bigint,
  used_by_user_id text,
  is_mailed integer DEFAULT 0 NOT NULL,
  workspace_id text,
  workspace_role text,
  CONSTRAINT invitation_pkey PRIMARY KEY (id),
  CONSTRAINT invitation_role_check CHECK (role = ANY (ARRAY['owner'::text, 'admin'::text, 'member'::text])),
  CONSTRAINT invitation_token_hash_key UNIQUE (token_hash)
);

CREATE INDEX invitation_account ON invitation (account_id, created_at_ms);

CREATE TABLE journal_position (
  node_id text NOT NULL,
  seq bigint NOT NULL,
  epoch text DEFAULT ''::text NOT NULL,
  CONSTRAINT journal_position_pkey PRIMARY KEY (node_id)
);

CREATE TABLE key_leak (
  secret_hash text NOT NULL,
  account_id text NOT NULL,
  key_hash text NOT NULL,
  source text NOT NULL,
  place text,
  url text,
  state text NOT NULL,
  was_disabled integer NOT NULL,
  was_bounded integer NOT NULL,
  found_at_ms bigint NOT NULL,
  ended_at_ms bigint,
  CONSTRAINT key_leak_pkey PRIMARY KEY (secret_hash),
  CONSTRAINT key_leak_state_check CHECK (state = ANY (ARRAY['quarantined'::text, 'reported'::text, 'secret_ended'::text, 'restored'::text, 'replaced'::text])),
  CONSTRAINT key_leak_was_bounded_check CHECK (was_bounded = ANY (ARRAY[0, 1])),
  CONSTRAINT key_leak_was_disabled_check CHECK (was_disabled = ANY (ARRAY[0, 1]))
);

CREATE INDEX key_leak_by_account ON key_leak (account_id, found_at_ms);

CREATE INDEX key_leak_of_key ON key_leak (key_hash);

CREATE TABLE key_secret (
  hash text NOT NULL,
  key_hash text NOT NULL,
  created_at_ms bigint NOT NULL,
  valid_until_ms bigint,
  CONSTRAINT key_secret_pkey PRIMARY KEY (hash)
);

CREATE INDEX key_secret_of_key ON key_secret (key_hash);

CREATE TABLE ledger_entry (
  transaction_id text NOT NULL,
  book text NOT NULL,
  account_id text NOT NULL,
  kind text NOT NULL,
  amount_nano_usd bigint NOT NULL,
  reason text NOT NULL,
  created_at_ms bigint NOT NULL,
  CONSTRAINT ledger_entry_pkey PRIMARY KEY (transaction_id, book)
);

CREATE INDEX ledger_entry_by_account ON ledger_entry (account_id, book, created_at_ms);

CREATE INDEX ledger_entry_credits ON ledger_entry (account_id, book, created_at_ms) WHERE (kind <> 'usage'::text);

CREATE TABLE master_key_change (
  id integer NOT NULL,
  sealed_next_key text NOT NULL,
  sealed_previous_key text NOT NULL,
  sealed_hash_key text NOT NULL,
  started_at_ms bigint NOT NULL,
  finished_at_ms bigint,
  CONSTRAINT master_key_change_pkey PRIMARY KEY (id),
  CONSTRAINT master_key_change_id_check CHECK (id = 1)
);

CREATE TABLE member (
  account_id text NOT NULL,
  user_id text NOT NULL,
  role text NOT NULL,
  created_at_ms bigint NOT NULL,
  CONSTRAINT member_pkey PRIMARY KEY (account_id, user_id),
  CONSTRAINT member_role_check CHECK (role = ANY (ARRAY['owner'::text, 'admin'::text, 'member'::text]))
);

CREATE INDEX member_of_user ON member (user_id);

CREATE TABLE notification (
  id text NOT NULL,
  account_id text NOT NULL,
  workspace_id text,
  kind text NOT NULL,
  user_id text,
  data text NOT NULL,
  once_key text,
  created_at_ms bigint NOT NULL,
  spread_at_ms bigint,
  CONSTRAINT notification_pkey PRIMARY KEY (id)
);

CREATE INDEX notification_age ON notification (created_at_ms);

CREATE UNIQUE INDEX notification_once ON notification (account_id, once_key);

CREATE INDEX notification_waiting ON notification (spread_at_ms, created_at_ms);

CREATE TABLE notification_delivery (
  id text NOT NULL,
  account_id text NOT NULL,
  notification_id text NOT NULL,
  webhook_id text,
  user_id text,
  state text NOT NULL,
  attempts integer NOT NULL,
  due_at_ms bigint NOT NULL,
  last_status integer,
  last_problem text,
  created_at_ms bigint NOT NULL,
  ended_at_ms bigint,
  CONSTRAINT notification_delivery_pkey PRIMARY KEY (id),
  CONSTRAINT notification_delivery_check CHECK ((webhook_id IS NULL) <> (user_id IS NULL)),
  CONSTRAINT notification_delivery_state_check CHECK (state = ANY (ARRAY['waiting'::text, 'delivered'::text, 'failed'::text]))
);

CREATE INDEX notification_delivery_due ON notification_delivery (state, due_at_ms);

CREATE INDEX notification_delivery_of_notification ON notification_delivery (notification_id);

CREATE INDEX notification_delivery_of_webhook ON notification_delivery (webhook_id, created_at_ms);

CREATE TABLE notification_preference (
  account_id text NOT NULL,
  user_id text NOT NULL,
  kind text NOT NULL,
  by_mail integer NOT NULL,
  CONSTRAINT notification_preference_pkey PRIMARY KEY (account_id, user_id, kind),
  CONSTRAINT notification_preference_by_mail_check CHECK (by_mail = ANY (ARRAY[0, 1]))
);

CREATE TABLE notification_setting (
  account_id text NOT NULL,
  key_limit_percent integer NOT NULL,
  CONSTRAINT notification_setting_pkey PRIMARY KEY (account_id),
  CONSTRAINT notification_setting_key_limit_percent_check CHECK (key_limit_percent >= 1 AND key_limit_percent <= 99)
);

CREATE TABLE oauth_app (
  id integer NOT NULL,
  origin text NOT NULL,
  created_at_ms bigint NOT NULL,
  CONSTRAINT oauth_app_pkey PRIMARY KEY (id),
  CONSTRAINT oauth_app_origin_key UNIQUE (origin)
);

CREATE TABLE oauth_app_counter (
  id integer NOT NULL,
  last_app_id integer NOT NULL,
  CONSTRAINT oauth_app_counter_pkey PRIMARY KEY (id),
  CONSTRAINT oauth_app_counter_id_check CHECK (id = 1)
);

CREATE TABLE oauth_client (
  client_id text NOT NULL,
  account_id text NOT NULL,
  name text NOT NULL,
  secret_hash text,
  redirect_uris text NOT NULL,
  is_dynamic integer NOT NULL,
  created_at_ms bigint NOT NULL,
  last_used_at_ms bigint,
  grant_types text,
  CONSTRAINT oauth_client_pkey PRIMARY KEY (client_id),
  CONSTRAINT oauth_client_is_dynamic_check CHECK (is_dynamic = ANY (ARRAY[0, 1]))
);

CREATE INDEX oauth_client_account ON oauth_client (account_id, created_at_ms);

CREATE TABLE oauth_client_key (
  key_hash text NOT NULL,
  client_id text NOT NULL,
  scope text,
  CONSTRAINT oauth_client_key_pkey PRIMARY KEY (key_hash)
);

CREATE TABLE oauth_code (
  code_hash text NOT NULL,
  app_id integer,
  account_id text NOT NULL,
  authorising_key_hash text,
  user_id text,
  callback_url text,
  client_id text,
  redirect_uri text,
  scope text,
  code_challenge text,
  code_challenge_method text,
  created_at_ms bigint NOT NULL,
  expires_at_ms bigint NOT NULL,
  verifier_attempts integer NOT NULL,
  used_at_ms bigint,
  minted_key_hash text,
  key_name text NOT NULL,
  key_limit_nano_usd bigint,
  key_limit_reset text,
  key_expires_at_ms bigint,
  workspace_id text NOT NULL,
  used_from text,
  CONSTRAINT oauth_code_next_pkey PRIMARY KEY (code_hash),
  CONSTRAINT oauth_code_next_check CHECK ((authorising_key_hash IS NULL) <> (user_id IS NULL)),
  CONSTRAINT oauth_code_next_check1 CHECK ((app_id IS NULL) = (callback_url IS NULL)),
  CONSTRAINT oauth_code_next_check2 CHECK ((client_id IS NULL) = (redirect_uri IS NULL)),
  CONSTRAINT oauth_code_next_check3 CHECK ((code_challenge IS NULL) = (code_challenge_method IS NULL)),
  CONSTRAINT oauth_code_next_check4 CHECK (minted_key_hash IS NULL OR used_at_ms IS NOT NULL),
  CONSTRAINT oauth_code_next_code_challenge_method_check CHECK (code_challenge_method = ANY (ARRAY['S256'::text, 'plain'::text])),
  CONSTRAINT oauth_code_next_key_limit_nano_usd_check CHECK (key_limit_nano_usd >= 0),
  CONSTRAINT oauth_code_next_key_limit_reset_check CHECK (key_limit_reset = ANY (ARRAY['daily'::text, 'weekly'::text, 'monthly'::text]))
);

CREATE INDEX oauth_code_age ON oauth_code (created_at_ms);

CREATE TABLE oauth_device (
  device_code_hash text NOT NULL,
  user_code_hash text NOT NULL,
  client_id text NOT NULL,
  scope text,
  created_at_ms bigint NOT NULL,
  expires_at_ms bigint NOT NULL,
  poll_interval_ms integer NOT NULL,
  last_polled_at_ms bigint,
  decision text,
  account_id text,
  user_id text,
  used_at_ms bigint,
  key_name text NOT NULL,
  key_limit_nano_usd bigint,
  key_limit_reset text,
  key_expires_at_ms bigint,
  workspace_id text,
  CONSTRAINT oauth_device_pkey PRIMARY KEY (device_code_hash),
  CONSTRAINT oauth_device_check CHECK (decision IS NULL OR account_id IS NOT NULL AND user_id IS NOT NULL),
  CONSTRAINT oauth_device_check1 CHECK (decision IS NULL OR decision <> 'approved'::text OR workspace_id IS NOT NULL),
  CONSTRAINT oauth_device_decision_check CHECK (decision = ANY (ARRAY['approved'::text, 'denied'::text])),
  CONSTRAINT oauth_device_key_limit_nano_usd_check CHECK (key_limit_nano_usd >= 0),
  CONSTRAINT oauth_device_key_limit_reset_check CHECK (key_limit_reset = ANY (ARRAY['daily'::text, 'weekly'::text, 'monthly'::text])),
  CONSTRAINT oauth_device_user_code_hash_key UNIQUE (user_code_hash)
);

CREATE INDEX oauth_device_age ON oauth_device (created_at_ms);

CREATE TABLE passkey (
  id text NOT NULL,
  user_id text NOT NULL,
  name text,
  public_key text NOT NULL,
  credential_id text NOT NULL,
  counter integer NOT NULL,
  device_type text NOT NULL,
  backed_up boolean NOT NULL,
  transports text,
  aaguid text,
  created_at timestamp with time zone,
  CONSTRAINT passkey_pkey PRIMARY KEY (id),
  CONSTRAINT passkey_credential_id_key UNIQUE (credential_id)
);

CREATE INDEX passkey_of_user ON passkey (user_id);

CREATE TABLE payment (
  id text NOT NULL,
  account_id text NOT NULL,
  kind text NOT NULL,
  state text NOT NULL,
  amount_nano_usd bigint NOT NULL,
  fee_nano_usd bigint NOT NULL,
  is_live integer NOT NULL,
  saves_card integer NOT NULL,
  customer_id text,
  checkout_session_id text,
  payment_intent_id text,
  user_id text,
  failure text,
  refunded_nano_usd bigint NOT NULL,
  taken_for_refunds_nano_usd bigint NOT NULL,
  taken_for_disputes_nano_usd bigint NOT NULL,
  created_at_ms bigint NOT NULL,
  asked_at_ms bigint NOT NULL,
  paid_at_ms bigint,
  CONSTRAINT payment_pkey PRIMARY KEY (id),
  CONSTRAINT payment_amount_nano_usd_check CHECK (amount_nano_usd > 0),
  CONSTRAINT payment_checkout_session_id_key UNIQUE (checkout_session_id),
  CONSTRAINT payment_fee_nano_usd_check CHECK (fee_nano_usd >= 0),
  CONSTRAINT payment_is_live_check CHECK (is_live = ANY (ARRAY[0, 1])),
  CONSTRAINT payment_kind_check CHECK (kind = ANY (ARRAY['checkout'::text, 'top_up'::text])),
  CONSTRAINT payment_payment_intent_id_key UNIQUE (payment_intent_id),
  CONSTRAINT payment_refunded_nano_usd_check CHECK (refunded_nano_usd >= 0),
  CONSTRAINT payment_saves_card_check CHECK (saves_card = ANY (ARRAY[0, 1])),
  CONSTRAINT payment_state_check CHECK (state = ANY (ARRAY['open'::text, 'paid'::text, 'failed'::text, 'expired'::text])),
  CONSTRAINT payment_taken_for_disputes_nano_usd_check CHECK (taken_for_disputes_nano_usd >= 0),
  CONSTRAINT payment_taken_for_refunds_nano_usd_check CHECK (taken_for_refunds_nano_usd >= 0)
);

CREATE INDEX payment_listing ON payment (account_id, created_at_ms, id);

CREATE INDEX payment_open ON payment (created_at_ms) WHERE (state = 'open'::text);

CREATE UNIQUE INDEX payment_open_top_up ON payment (account_id) WHERE ((kind = 'top_up'::text) AND (state = 'open'::text));

CREATE TABLE payment_dispute (
  id text NOT NULL,
  payment_id text NOT NULL,
  amount_nano_usd bigint NOT NULL,
  state text NOT NULL,
  CONSTRAINT payment_dispute_pkey PRIMARY KEY (id),
  CONSTRAINT payment_dispute_amount_nano_usd_check CHECK (amount_nano_usd >= 0),
  CONSTRAINT payment_dispute_state_check CHECK (state = ANY (ARRAY['asked'::text, 'held'::text, 'lost'::text, 'returned'::text]))
);

CREATE INDEX payment_dispute_by_payment ON payment_dispute (payment_id);

CREATE TABLE payment_movement (
  payment_id text NOT NULL,
  number integer NOT NULL,
  transaction_id text NOT NULL,
  CONSTRAINT payment_movement_pkey PRIMARY KEY (payment_id, number),
  CONSTRAINT payment_movement_transaction_id_key UNIQUE (transaction_id)
);

CREATE TABLE payment_refund (
  id text NOT NULL,
  payment_id text NOT NULL,
  amount_nano_usd bigint NOT NULL,
  state text NOT NULL,
  CONSTRAINT payment_refund_pkey PRIMARY KEY (id),
  CONSTRAINT payment_refund_amount_nano_usd_check CHECK (amount_nano_usd >= 0),
  CONSTRAINT payment_refund_state_check CHECK (state = ANY (ARRAY['pending'::text, 'succeeded'::text, 'undone'::text]))
);

CREATE INDEX payment_refund_by_payment ON payment_refund (payment_id);

CREATE TABLE rate_limit (
  id text NOT NULL,
  workspace_id text NOT NULL,
  subject text NOT NULL,
  target text NOT NULL,
  requests_per_minute bigint,
  tokens_per_minute bigint,
  created_at_ms bigint NOT NULL,
  updated_at_ms bigint NOT NULL,
  CONSTRAINT rate_limit_pkey PRIMARY KEY (id),
  CONSTRAINT rate_limit_requests_per_minute_check CHECK (requests_per_minute > 0),
  CONSTRAINT rate_limit_subject_check CHECK (subject = ANY (ARRAY['workspace'::text, 'member'::text, 'api_key'::text, 'model'::text])),
  CONSTRAINT rate_limit_tokens_per_minute_check CHECK (tokens_per_minute > 0),
  CONSTRAINT rate_limit_workspace_id_subject_target_key UNIQUE (workspace_id, subject, target)
);

CREATE TABLE rate_window (
  name text NOT NULL,
  minute bigint NOT NULL,
  requests bigint NOT NULL,
  tokens bigint NOT NULL,
  CONSTRAINT rate_window_pkey PRIMARY KEY (name, minute)
);

CREATE INDEX rate_window_by_minute ON rate_window (minute);

CREATE TABLE refusal_hour (
  account_id text NOT NULL,
  hour_ms bigint NOT NULL,
  key_hash text NOT NULL,
  reason text NOT NULL,
  requests bigint NOT NULL,
  first_at_ms bigint NOT NULL,
  last_at_ms bigint NOT NULL,
  workspace_id text,
  status integer NOT NULL,
  message text NOT NULL,
  path text NOT NULL,
  request_id text NOT NULL,
  CONSTRAINT refusal_hour_pkey PRIMARY KEY (account_id, hour_ms, key_hash, reason)
);

CREATE INDEX refusal_hour_by_time ON refusal_hour (hour_ms);

CREATE TABLE schema_migration (
  version integer NOT NULL,
  name text NOT NULL,
  applied_at_ms bigint NOT NULL,
  CONSTRAINT schema_migration_pkey PRIMARY KEY (version)
);

CREATE TABLE scim_group (
  id text NOT NULL,
  account_id text NOT NULL,
  display_name text NOT NULL,
  external_id text,
  created_at_ms bigint NOT NULL,
  updated_at_ms bigint NOT NULL,
  deleted_at_ms bigint,
  CONSTRAINT scim_group_pkey PRIMARY KEY (id)
);

CREATE INDEX scim_group_of_account ON scim_group (account_id, created_at_ms);

CREATE TABLE scim_group_mapping (
  id text NOT NULL,
  account_id text NOT NULL,
  group_id text NOT NULL,
  workspace_id text NOT NULL,
  role text NOT NULL,
  created_at_ms bigint NOT NULL,
  updated_at_ms bigint NOT NULL,
  CONSTRAINT scim_group_mapping_pkey PRIMARY KEY (id),
  CONSTRAINT scim_group_mapping_group_id_workspace_id_key UNIQUE (group_id, workspace_id),
  CONSTRAINT scim_group_mapping_role_check CHECK (role = ANY (ARRAY['admin'::text, 'member'::text]))
);

CREATE TABLE scim_group_member (
  group_id text NOT NULL,
  scim_user_id text NOT NULL,
  CONSTRAINT scim_group_member_pkey PRIMARY KEY (group_id, scim_user_id)
);

CREATE INDEX scim_group_member_of_user ON scim_group_member (scim_user_id);

CREATE TABLE scim_sync_job (
  id text NOT NULL,
  account_id text NOT NULL,
  status text NOT NULL,
  created_at_ms bigint NOT NULL,
  started_at_ms bigint,
  finished_at_ms bigint,
  synced_groups integer,
  deleted_groups integer,
  error_message text,
  CONSTRAINT scim_sync_job_pkey PRIMARY KEY (id),
  CONSTRAINT scim_sync_job_status_check CHECK (status = ANY (ARRAY['queued'::text, 'running'::text, 'succeeded'::text, 'failed'::text]))
);

CREATE INDEX scim_sync_job_of_account ON scim_sync_job (account_id, created_at_ms);

CREATE TABLE scim_user (
  id text NOT NULL,
  account_id text NOT NULL,
  user_id text,
  user_name text NOT NULL,
  user_name_key text NOT NULL,
  external_id text,
  email text NOT NULL,
  is_active integer NOT NULL,
  attributes text NOT NULL,
  created_at_ms bigint NOT NULL,
  updated_at_ms bigint NOT NULL,
  deleted_at_ms bigint,
  CONSTRAINT scim_user_pkey PRIMARY KEY (id),
  CONSTRAINT scim_user_is_active_check CHECK (is_active = ANY (ARRAY[0, 1]))
);

CREATE INDEX scim_user_by_email ON scim_user (account_id, email);

CREATE INDEX scim_user_by_name ON scim_user (account_id, user_name_key);

CREATE TABLE scope_lease (
  scope_kind text NOT NULL,
  scope_id text NOT NULL,
  window_id text NOT NULL,
  node_id text NOT NULL,
  amount_nano_usd bigint NOT NULL,
  expires_at_ms bigint NOT NULL,
  grant_id text NOT NULL,
  CONSTRAINT scope_lease_pkey PRIMARY KEY (scope_kind, scope_id, window_id, node_id),
  CONSTRAINT scope_lease_amount_nano_usd_check CHECK (amount_nano_usd >= 0)
);

CREATE INDEX scope_lease_by_node ON scope_lease (node_id);

CREATE TABLE scope_opening (
  scope_kind text NOT NULL,
  scope_id text NOT NULL,
  window_id text NOT NULL,
  cost_nano_usd bigint NOT NULL,
  byok_nano_usd bigint NOT NULL,
  requests bigint NOT NULL,
  CONSTRAINT scope_opening_pkey PRIMARY KEY (scope_kind, scope_id, window_id)
);

CREATE TABLE session (
  id text NOT NULL,
  token text NOT NULL,
  user_id text NOT NULL,
  ip_address text,
  user_agent text,
  expires_at timestamp with time zone NOT NULL,
  created_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL,
  CONSTRAINT session_pkey PRIMARY KEY (id),
  CONSTRAINT session_token_key UNIQUE (token)
);

CREATE INDEX session_of_user ON session (user_id);

CREATE TABLE sign_in_method (
  id text NOT NULL,
  account_id text NOT NULL,
  provider_id text NOT NULL,
  user_id text NOT NULL,
  access_token text,
  refresh_token text,
  id_token text,
  access_token_expires_at timestamp with time zone,
  refresh_token_expires_at timestamp with time zone,
  scope text,
  password text,
  created_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL,
  CONSTRAINT sign_in_method_pkey PRIMARY KEY (id),
  CONSTRAINT sign_in_method_provider_id_account_id_key UNIQUE (provider_id, account_id)
);

CREATE INDEX sign_in_method_of_user ON sign_in_method (user_id);

CREATE TABLE signing_key (
  turn integer NOT NULL,
  kid text NOT NULL,
  public_jwk text NOT NULL,
  sealed_private_jwk text NOT NULL,
  created_at_ms bigint NOT NULL,
  signs_from_ms bigint NOT NULL,
  signs_until_ms bigint NOT NULL,
  CONSTRAINT signing_key_pkey PRIMARY KEY (turn),
  CONSTRAINT signing_key_kid_key UNIQUE (kid)
);

CREATE TABLE tag_budget (
  id text NOT NULL,
  workspace_id text NOT NULL,
  tag_name text NOT NULL,
  tag_value text NOT NULL,
  window_kind text NOT NULL,
  limit_nano_usd bigint NOT NULL,
  created_at_ms bigint NOT NULL,
  updated_at_ms bigint NOT NULL,
  CONSTRAINT tag_budget_pkey PRIMARY KEY (id),
  CONSTRAINT tag_budget_limit_nano_usd_check CHECK (limit_nano_usd > 0),
  CONSTRAINT tag_budget_workspace_id_tag_name_tag_value_window_kind_key UNIQUE (workspace_id, tag_name, tag_value, window_kind)
);

CREATE TABLE two_factor (
  id text NOT NULL,
  user_id text NOT NULL,
  secret text NOT NULL,
  backup_codes text NOT NULL,
  verified boolean,
  failed_verification_count integer,
  locked_until timestamp with time zone,
  CONSTRAINT two_factor_pkey PRIMARY KEY (id)
);

CREATE INDEX two_factor_of_user ON two_factor (user_id);

CREATE TABLE usage_account_day (
  account_id text NOT NULL,
  start_ms bigint NOT NULL,
  series_id text NOT NULL,
  outcome text NOT NULL,
  requests integer NOT NULL,
  prompt_tokens bigint NOT NULL,
  completion_tokens bigint NOT NULL,
  reasoning_tokens bigint NOT NULL,
  cached_tokens bigint NOT NULL,
  cache_write_tokens bigint NOT NULL,
  cost_nano_usd bigint NOT NULL,
  byok_nano_usd bigint NOT NULL,
  cache_discount_nano_usd bigint NOT NULL,
  latency_count integer NOT NULL,
  latency_sum_ms bigint NOT NULL,
  duration_count integer NOT NULL,
  duration_sum_ms bigint NOT NULL,
  latency_b00 integer NOT NULL,
  latency_b01 integer NOT NULL,
  latency_b02 integer NOT NULL,
  latency_b03 integer NOT NULL,
  latency_b04 integer NOT NULL,
  latency_b05 integer NOT NULL,
  latency_b06 integer NOT NULL,
  latency_b07 integer NOT NULL,
  latency_b08 integer NOT NULL,
  latency_b09 integer NOT NULL,
  latency_b10 integer NOT NULL,
  latency_b11 integer NOT NULL,
  latency_b12 integer NOT NULL,
  latency_b13 integer NOT NULL,
  latency_b14 integer NOT NULL,
  latency_b15 integer NOT NULL,
  latency_b16 integer NOT NULL,
  latency_b17 integer NOT NULL,
  latency_b18 integer NOT NULL,
  latency_b19 integer NOT NULL,
  latency_b20 integer NOT NULL,
  latency_b21 integer NOT NULL,
  latency_b22 integer NOT NULL,
  latency_b23 integer NOT NULL,
  duration_b00 integer NOT NULL,
  duration_b01 integer NOT NULL,
  duration_b02 integer NOT NULL,
  duration_b03 integer NOT NULL,
  duration_b04 integer NOT NULL,
  duration_b05 integer NOT NULL,
  duration_b06 integer NOT NULL,
  duration_b07 integer NOT NULL,
  duration_b08 integer NOT NULL,
  duration_b09 integer NOT NULL,
  duration_b10 integer NOT NULL,
  duration_b11 integer NOT NULL,
  duration_b12 integer NOT NULL,
  duration_b13 integer NOT NULL,
  duration_b14 integer NOT NULL,
  duration_b15 integer NOT NULL,
  duration_b16 integer NOT NULL,
  duration_b17 integer NOT NULL,
  duration_b18 integer NOT NULL,
  duration_b19 integer NOT NULL,
  duration_b20 integer NOT NULL,
  duration_b21 integer NOT NULL,
  duration_b22 integer NOT NULL,
  duration_b23 integer NOT NULL,
  CONSTRAINT usage_account_day_pkey PRIMARY KEY (account_id, start_ms, series_id, outcome)
);

CREATE TABLE usage_account_hour (
  account_id text NOT NULL,
  start_ms bigint NOT NULL,
  series_id text NOT NULL,
  outcome text NOT NULL,
  requests integer NOT NULL,
  prompt_tokens bigint NOT NULL,
  completion_tokens bigint NOT NULL,
  reasoning_tokens bigint NOT NULL,
  cached_tokens bigint NOT NULL,
  cache_write_tokens bigint NOT NULL,
  cost_nano_usd bigint NOT NULL,
  byok_nano_usd bigint NOT NULL,
  cache_discount_nano_usd bigint NOT NULL,
  latency_count integer NOT NULL,
  latency_sum_ms bigint NOT NULL,
  duration_count integer NOT NULL,
  duration_sum_ms bigint NOT NULL,
  latency_b00 integer NOT NULL,
  latency_b01 integer NOT NULL,
  latency_b02 integer NOT NULL,
  latency_b03 integer NOT NULL,
  latency_b04 integer NOT NULL,
  latency_b05 integer NOT NULL,
  latency_b06 integer NOT NULL,
  latency_b07 integer NOT NULL,
  latency_b08 integer NOT NULL,
  latency_b09 integer NOT NULL,
  latency_b10 integer NOT NULL,
  latency_b11 integer NOT NULL,
  latency_b12 integer NOT NULL,
  latency_b13 integer NOT NULL,
  latency_b14 integer NOT NULL,
  latency_b15 integer NOT NULL,
  latency_b16 integer NOT NULL,
  latency_b17 integer NOT NULL,
  latency_b18 integer NOT NULL,
  latency_b19 integer NOT NULL,
  latency_b20 integer NOT NULL,
  latency_b21 integer NOT NULL,
  latency_b22 integer NOT NULL,
  latency_b23 integer NOT NULL,
  duration_b00 integer NOT NULL,
  duration_b01 integer NOT NULL,
  duration_b02 integer NOT NULL,
  duration_b03 integer NOT NULL,
  duration_b04 integer NOT NULL,
  duration_b05 integer NOT NULL,
  duration_b06 integer NOT NULL,
  duration_b07 integer NOT NULL,
  duration_b08 integer NOT NULL,
  duration_b09 integer NOT NULL,
  duration_b10 integer NOT NULL,
  duration_b11 integer NOT NULL,
  duration_b12 integer NOT NULL,
  duration_b13 integer NOT NULL,
  duration_b14 integer NOT NULL,
  duration_b15 integer NOT NULL,
  duration_b16 integer NOT NULL,
  duration_b17 integer NOT NULL,
  duration_b18 integer NOT NULL,
  duration_b19 integer NOT NULL,
  duration_b20 integer NOT NULL,
  duration_b21 integer NOT NULL,
  duration_b22 integer NOT NULL,
  duration_b23 integer NOT NULL,
  CONSTRAINT usage_account_hour_pkey PRIMARY KEY (account_id, start_ms, series_id, outcome)
);

CREATE TABLE usage_closed (
  account_id text NOT NULL,
  hour_ms bigint NOT NULL,
  series_id text NOT NULL,
  CONSTRAINT usage_closed_pkey PRIMARY KEY (account_id)
);

CREATE TABLE usage_coarse_series (
  series_id text NOT NULL,
  of_account text NOT NULL,
  of_key text NOT NULL,
  CONSTRAINT usage_coarse_series_pkey PRIMARY KEY (series_id)
);

CREATE TABLE usage_day (
  account_id text NOT NULL,
  start_ms bigint NOT NULL,
  series_id text NOT NULL,
  outcome text NOT NULL,
  requests integer NOT NULL,
  prompt_tokens bigint NOT NULL,
  completion_tokens bigint NOT NULL,
  reasoning_tokens bigint NOT NULL,
  cached_tokens bigint NOT NULL,
  cache_write_tokens bigint NOT NULL,
  cost_nano_usd bigint NOT NULL,
  byok_nano_usd bigint NOT NULL,
  cache_discount_nano_usd bigint NOT NULL,
  latency_count integer NOT NULL,
  latency_sum_ms bigint NOT NULL,
  duration_count integer NOT NULL,
  duration_sum_ms bigint NOT NULL,
  latency_b00 integer NOT NULL,
  latency_b01 integer NOT NULL,
  latency_b02 integer NOT NULL,
  latency_b03 integer NOT NULL,
  latency_b04 integer NOT NULL,
  latency_b05 integer NOT NULL,
  latency_b06 integer NOT NULL,
  latency_b07 integer NOT NULL,
  latency_b08 integer NOT NULL,
  latency_b09 integer NOT NULL,
  latency_b10 integer NOT NULL,
  latency_b11 integer NOT NULL,
  latency_b12 integer NOT NULL,
  latency_b13 integer NOT NULL,
  latency_b14 integer NOT NULL,
  latency_b15 integer NOT NULL,
  latency_b16 integer NOT NULL,
  latency_b17 integer NOT NULL,
  latency_b18 integer NOT NULL,
  latency_b19 integer NOT NULL,
  latency_b20 integer NOT NULL,
  latency_b21 integer NOT NULL,
  latency_b22 integer NOT NULL,
  latency_b23 integer NOT NULL,
  duration_b00 integer NOT NULL,
  duration_b01 integer NOT NULL,
  duration_b02 integer NOT NULL,
  duration_b03 integer NOT NULL,
  duration_b04 integer NOT NULL,
  duration_b05 integer NOT NULL,
  duration_b06 integer NOT NULL,
  duration_b07 integer NOT NULL,
  duration_b08 integer NOT NULL,
  duration_b09 integer NOT NULL,
  duration_b10 integer NOT NULL,
  duration_b11 integer NOT NULL,
  duration_b12 integer NOT NULL,
  duration_b13 integer NOT NULL,
  duration_b14 integer NOT NULL,
  duration_b15 integer NOT NULL,
  duration_b16 integer NOT NULL,
  duration_b17 integer NOT NULL,
  duration_b18 integer NOT NULL,
  duration_b19 integer NOT NULL,
  duration_b20 integer NOT NULL,
  duration_b21 integer NOT NULL,
  duration_b22 integer NOT NULL,
  duration_b23 integer NOT NULL,
  CONSTRAINT usage_day_pkey PRIMARY KEY (account_id, start_ms, series_id, outcome)
);

CREATE TABLE usage_hour (
  account_id text NOT NULL,
  hour_ms bigint NOT NULL,
  series_id text NOT NULL,
  outcome text NOT NULL,
  requests integer NOT NULL,
  prompt_tokens bigint NOT NULL,
  completion_tokens bigint NOT NULL,
  reasoning_tokens bigint NOT NULL,
  cached_tokens bigint NOT NULL,
  cache_write_tokens bigint NOT NULL,
  cost_nano_usd bigint NOT NULL,
  byok_nano_usd bigint NOT NULL,
  cache_discount_nano_usd bigint NOT NULL,
  latency_count integer NOT NULL,
  latency_sum_ms bigint NOT NULL,
  duration_count integer NOT NULL,
  duration_sum_ms bigint NOT NULL,
  latency_b00 integer NOT NULL,
  latency_b01 integer NOT NULL,
  latency_b02 integer NOT NULL,
  latency_b03 integer NOT NULL,
  latency_b04 integer NOT NULL,
  latency_b05 integer NOT NULL,
  latency_b06 integer NOT NULL,
  latency_b07 integer NOT NULL,
  latency_b08 integer NOT NULL,
  latency_b09 integer NOT NULL,
  latency_b10 integer NOT NULL,
  latency_b11 integer NOT NULL,
  latency_b12 integer NOT NULL,
  latency_b13 integer NOT NULL,
  latency_b14 integer NOT NULL,
  latency_b15 integer NOT NULL,
  latency_b16 integer NOT NULL,
  latency_b17 integer NOT NULL,
  latency_b18 integer NOT NULL,
  latency_b19 integer NOT NULL,
  latency_b20 integer NOT NULL,
  latency_b21 integer NOT NULL,
  latency_b22 integer NOT NULL,
  latency_b23 integer NOT NULL,
  duration_b00 integer NOT NULL,
  duration_b01 integer NOT NULL,
  duration_b02 integer NOT NULL,
  duration_b03 integer NOT NULL,
  duration_b04 integer NOT NULL,
  duration_b05 integer NOT NULL,
  duration_b06 integer NOT NULL,
  duration_b07 integer NOT NULL,
  duration_b08 integer NOT NULL,
  duration_b09 integer NOT NULL,
  duration_b10 integer NOT NULL,
  duration_b11 integer NOT NULL,
  duration_b12 integer NOT NULL,
  duration_b13 integer NOT NULL,
  duration_b14 integer NOT NULL,
  duration_b15 integer NOT NULL,
  duration_b16 integer NOT NULL,
  duration_b17 integer NOT NULL,
  duration_b18 integer NOT NULL,
  duration_b19 integer NOT NULL,
  duration_b20 integer NOT NULL,
  duration_b21 integer NOT NULL,
  duration_b22 integer NOT NULL,
  duration_b23 integer NOT NULL,
  CONSTRAINT usage_hour_pkey PRIMARY KEY (account_id, hour_ms, series_id, outcome)
);

CREATE TABLE usage_key_day (
  account_id text NOT NULL,
  start_ms bigint NOT NULL,
  series_id text NOT NULL,
  outcome text NOT NULL,
  requests integer NOT NULL,
  prompt_tokens bigint NOT NULL,
  completion_tokens bigint NOT NULL,
  reasoning_tokens bigint NOT NULL,
  cached_tokens bigint NOT NULL,
  cache_write_tokens bigint NOT NULL,
  cost_nano_usd bigint NOT NULL,
  byok_nano_usd bigint NOT NULL,
  cache_discount_nano_usd bigint NOT NULL,
  latency_count integer NOT NULL,
  latency_sum_ms bigint NOT NULL,
  duration_count integer NOT NULL,
  duration_sum_ms bigint NOT NULL,
  latency_b00 integer NOT NULL,
  latency_b01 integer NOT NULL,
  latency_b02 integer NOT NULL,
  latency_b03 integer NOT NULL,
  latency_b04 integer NOT NULL,
  latency_b05 integer NOT NULL,
  latency_b06 integer NOT NULL,
  latency_b07 integer NOT NULL,
  latency_b08 integer NOT NULL,
  latency_b09 integer NOT NULL,
  latency_b10 integer NOT NULL,
  latency_b11 integer NOT NULL,
  latency_b12 integer NOT NULL,
  latency_b13 integer NOT NULL,
  latency_b14 integer NOT NULL,
  latency_b15 integer NOT NULL,
  latency_b16 integer NOT NULL,
  latency_b17 integer NOT NULL,
  latency_b18 integer NOT NULL,
  latency_b19 integer NOT NULL,
  latency_b20 integer NOT NULL,
  latency_b21 integer NOT NULL,
  latency_b22 integer NOT NULL,
  latency_b23 integer NOT NULL,
  duration_b00 integer NOT NULL,
  duration_b01 integer NOT NULL,
  duration_b02 integer NOT NULL,
  duration_b03 integer NOT NULL,
  duration_b04 integer NOT NULL,
  duration_b05 integer NOT NULL,
  duration_b06 integer NOT NULL,
  duration_b07 integer NOT NULL,
  duration_b08 integer NOT NULL,
  duration_b09 integer NOT NULL,
  duration_b10 integer NOT NULL,
  duration_b11 integer NOT NULL,
  duration_b12 integer NOT NULL,
  duration_b13 integer NOT NULL,
  duration_b14 integer NOT NULL,
  duration_b15 integer NOT NULL,
  duration_b16 integer NOT NULL,
  duration_b17 integer NOT NULL,
  duration_b18 integer NOT NULL,
  duration_b19 integer NOT NULL,
  duration_b20 integer NOT NULL,
  duration_b21 integer NOT NULL,
  duration_b22 integer NOT NULL,
  duration_b23 integer NOT NULL,
  CONSTRAINT usage_key_day_pkey PRIMARY KEY (account_id, start_ms, series_id, outcome)
);

CREATE TABLE usage_key_week (
  account_id text NOT NULL,
  start_ms bigint NOT NULL,
  series_id text NOT NULL,
  outcome text NOT NULL,
  requests integer NOT NULL,
  prompt_tokens bigint NOT NULL,
  completion_tokens bigint NOT NULL,
  reasoning_tokens bigint NOT NULL,
  cached_tokens bigint NOT NULL,
  cache_write_tokens bigint NOT NULL,
  cost_nano_usd bigint NOT NULL,
  byok_nano_usd bigint NOT NULL,
  cache_discount_nano_usd bigint NOT NULL,
  latency_count integer NOT NULL,
  latency_sum_ms bigint NOT NULL,
  duration_count integer NOT NULL,
  duration_sum_ms bigint NOT NULL,
  latency_b00 integer NOT NULL,
  latency_b01 integer NOT NULL,
  latency_b02 integer NOT NULL,
  latency_b03 integer NOT NULL,
  latency_b04 integer NOT NULL,
  latency_b05 integer NOT NULL,
  latency_b06 integer NOT NULL,
  latency_b07 integer NOT NULL,
  latency_b08 integer NOT NULL,
  latency_b09 integer NOT NULL,
  latency_b10 integer NOT NULL,
  latency_b11 integer NOT NULL,
  latency_b12 integer NOT NULL,
  latency_b13 integer NOT NULL,
  latency_b14 integer NOT NULL,
  latency_b15 integer NOT NULL,
  latency_b16 integer NOT NULL,
  latency_b17 integer NOT NULL,
  latency_b18 integer NOT NULL,
  latency_b19 integer NOT NULL,
  latency_b20 integer NOT NULL,
  latency_b21 integer NOT NULL,
  latency_b22 integer NOT NULL,
  latency_b23 integer NOT NULL,
  duration_b00 integer NOT NULL,
  duration_b01 integer NOT NULL,
  duration_b02 integer NOT NULL,
  duration_b03 integer NOT NULL,
  duration_b04 integer NOT NULL,
  duration_b05 integer NOT NULL,
  duration_b06 integer NOT NULL,
  duration_b07 integer NOT NULL,
  duration_b08 integer NOT NULL,
  duration_b09 integer NOT NULL,
  duration_b10 integer NOT NULL,
  duration_b11 integer NOT NULL,
  duration_b12 integer NOT NULL,
  duration_b13 integer NOT NULL,
  duration_b14 integer NOT NULL,
  duration_b15 integer NOT NULL,
  duration_b16 integer NOT NULL,
  duration_b17 integer NOT NULL,
  duration_b18 integer NOT NULL,
  duration_b19 integer NOT NULL,
  duration_b20 integer NOT NULL,
  duration_b21 integer NOT NULL,
  duration_b22 integer NOT NULL,
  duration_b23 integer NOT NULL,
  CONSTRAINT usage_key_week_pkey PRIMARY KEY (account_id, start_ms, series_id, outcome)
);

CREATE TABLE usage_month (
  account_id text NOT NULL,
  start_ms bigint NOT NULL,
  series_id text NOT NULL,
  outcome text NOT NULL,
  requests integer NOT NULL,
  prompt_tokens bigint NOT NULL,
  completion_tokens bigint NOT NULL,
  reasoning_tokens bigint NOT NULL,
  cached_tokens bigint NOT NULL,
  cache_write_tokens bigint NOT NULL,
  cost_nano_usd bigint NOT NULL,
  byok_nano_usd bigint NOT NULL,
  cache_discount_nano_usd bigint NOT NULL,
  latency_count integer NOT NULL,
  latency_sum_ms bigint NOT NULL,
  duration_count integer NOT NULL,
  duration_sum_ms bigint NOT NULL,
  latency_b00 integer NOT NULL,
  latency_b01 integer NOT NULL,
  latency_b02 integer NOT NULL,
  latency_b03 integer NOT NULL,
  latency_b04 integer NOT NULL,
  latency_b05 integer NOT NULL,
  latency_b06 integer NOT NULL,
  latency_b07 integer NOT NULL,
  latency_b08 integer NOT NULL,
  latency_b09 integer NOT NULL,
  latency_b10 integer NOT NULL,
  latency_b11 integer NOT NULL,
  latency_b12 integer NOT NULL,
  latency_b13 integer NOT NULL,
  latency_b14 integer NOT NULL,
  latency_b15 integer NOT NULL,
  latency_b16 integer NOT NULL,
  latency_b17 integer NOT NULL,
  latency_b18 integer NOT NULL,
  latency_b19 integer NOT NULL,
  latency_b20 integer NOT NULL,
  latency_b21 integer NOT NULL,
  latency_b22 integer NOT NULL,
  latency_b23 integer NOT NULL,
  duration_b00 integer NOT NULL,
  duration_b01 integer NOT NULL,
  duration_b02 integer NOT NULL,
  duration_b03 integer NOT NULL,
  duration_b04 integer NOT NULL,
  duration_b05 integer NOT NULL,
  duration_b06 integer NOT NULL,
  duration_b07 integer NOT NULL,
  duration_b08 integer NOT NULL,
  duration_b09 integer NOT NULL,
  duration_b10 integer NOT NULL,
  duration_b11 integer NOT NULL,
  duration_b12 integer NOT NULL,
  duration_b13 integer NOT NULL,
  duration_b14 integer NOT NULL,
  duration_b15 integer NOT NULL,
  duration_b16 integer NOT NULL,
  duration_b17 integer NOT NULL,
  duration_b18 integer NOT NULL,
  duration_b19 integer NOT NULL,
  duration_b20 integer NOT NULL,
  duration_b21 integer NOT NULL,
  duration_b22 integer NOT NULL,
  duration_b23 integer NOT NULL,
  CONSTRAINT usage_month_pkey PRIMARY KEY (account_id, start_ms, series_id, outcome)
);

CREATE TABLE usage_series (
  id text NOT NULL,
  account_id text NOT NULL,
  workspace_id text,
  key_hash text NOT NULL,
  external_user text,
  api_type text NOT NULL,
  model text NOT NULL,
  model_permaslug text NOT NULL,
  provider_slug text,
  provider_name text,
  endpoint_tag text,
  app_url text,
  app_title text,
  is_byok integer NOT NULL,
  door text,
  CONSTRAINT usage_series_pkey PRIMARY KEY (id)
);

CREATE TABLE usage_tag (
  series_id text NOT NULL,
  name text NOT NULL,
  value text NOT NULL,
  account_id text NOT NULL,
  CONSTRAINT usage_tag_pkey PRIMARY KEY (series_id, name)
);

CREATE INDEX usage_tag_by_account ON usage_tag (account_id, name);

CREATE TABLE usage_window (
  scope_kind text NOT NULL,
  scope_id text NOT NULL,
  window_id text NOT NULL,
  cost_nano_usd bigint NOT NULL,
  byok_nano_usd bigint NOT NULL,
  requests bigint NOT NULL,
  CONSTRAINT usage_window_pkey PRIMARY KEY (scope_kind, scope_id, window_id)
);

CREATE TABLE "user" (
  id text NOT NULL,
  name text NOT NULL,
  email text NOT NULL,
  email_verified boolean NOT NULL,
  image text,
  two_factor_enabled boolean,
  created_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL,
  email_claimed integer DEFAULT 0 NOT NULL,
  CONSTRAINT user_pkey PRIMARY KEY (id),
  CONSTRAINT user_email_key UNIQUE (email)
);

CREATE TABLE verification (
  id text NOT NULL,
  identifier text NOT NULL,
  value text NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  created_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL,
  CONSTRAINT verification_pkey PRIMARY KEY (id)
);

CREATE INDEX verification_identifier ON verification (identifier);

CREATE TABLE webhook (
  id text NOT NULL,
  account_id text NOT NULL,
  workspace_id text,
  name text NOT NULL,
  sealed_target text NOT NULL,
  kinds text,
  disabled integer NOT NULL,
  disabled_because text,
  failing_since_ms bigint,
  created_by text,
  created_at_ms bigint NOT NULL,
  updated_at_ms bigint NOT NULL,
  deleted_at_ms bigint,
  CONSTRAINT webhook_pkey PRIMARY KEY (id),
  CONSTRAINT webhook_disabled_because_check CHECK (disabled_because = ANY (ARRAY['failing'::text, 'gone'::text, 'sealed'::text])),
  CONSTRAINT webhook_disabled_check CHECK (disabled = ANY (ARRAY[0, 1]))
);

CREATE INDEX webhook_by_account ON webhook (account_id, created_at_ms);

CREATE TABLE workspace (
  id text NOT NULL,
  account_id text NOT NULL,
  name text NOT NULL,
  slug text NOT NULL,
  is_default integer NOT NULL,
  created_at_ms bigint NOT NULL,
  description text,
  default_text_model text,
  default_image_model text,
  default_provider_sort text,
  disabled_server_tools text,
  is_broadcast_enabled integer DEFAULT 0 NOT NULL,
  is_data_discount_enabled integer DEFAULT 0 NOT NULL,
  created_by text,
  updated_at_ms bigint,
  deleted_at_ms bigint,
  CONSTRAINT workspace_pkey PRIMARY KEY (id),
  CONSTRAINT workspace_account_id_slug_key UNIQUE (account_id, slug),
  CONSTRAINT workspace_is_default_check CHECK (is_default = ANY (ARRAY[0, 1]))
);

CREATE TABLE workspace_budget (
  workspace_id text NOT NULL,
  period text NOT NULL,
  id text NOT NULL,
  limit_nano_usd bigint NOT NULL,
  created_at_ms bigint NOT NULL,
  updated_at_ms bigint NOT NULL,
  CONSTRAINT workspace_budget_pkey PRIMARY KEY (workspace_id, period),
  CONSTRAINT workspace_budget_id_key UNIQUE (id),
  CONSTRAINT workspace_budget_limit_nano_usd_check CHECK (limit_nano_usd > 0),
  CONSTRAINT workspace_budget_period_check CHECK (period = ANY (ARRAY['daily'::text, 'weekly'::text, 'monthly'::text, 'lifetime'::text]))
);

CREATE TABLE workspace_limits (
  workspace_id text NOT NULL,
  include_byok_in_budgets integer NOT NULL,
  alert_percents text NOT NULL,
  CONSTRAINT workspace_limits_pkey PRIMARY KEY (workspace_id),
  CONSTRAINT workspace_limits_include_byok_in_budgets_check CHECK (include_byok_in_budgets = ANY (ARRAY[0, 1]))
);

CREATE TABLE workspace_member (
  id text NOT NULL,
  workspace_id text NOT NULL,
  account_id text NOT NULL,
  user_id text NOT NULL,
  manual_role text,
  scim_role text,
  created_at_ms bigint NOT NULL,
  CONSTRAINT workspace_member_pkey PRIMARY KEY (id),
  CONSTRAINT workspace_member_check CHECK (manual_role IS NOT NULL OR scim_role IS NOT NULL),
  CONSTRAINT workspace_member_manual_role_check CHECK (manual_role = ANY (ARRAY['admin'::text, 'member'::text])),
  CONSTRAINT workspace_member_scim_role_check CHECK (scim_role = ANY (ARRAY['admin'::text, 'member'::text])),
  CONSTRAINT workspace_member_workspace_id_user_id_key UNIQUE (workspace_id, user_id)
);

CREATE INDEX workspace_member_of_user ON workspace_member (account_id, user_id);

ALTER TABLE account_logo ADD CONSTRAINT account_logo_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id);

ALTER TABLE api_key ADD CONSTRAINT api_key_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id);

ALTER TABLE api_key ADD CONSTRAINT api_key_parent_key_hash_fkey FOREIGN KEY (parent_key_hash) REFERENCES api_key(hash);

ALTER TABLE api_key ADD CONSTRAINT api_key_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id);

ALTER TABLE billing_account ADD CONSTRAINT billing_account_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id);

ALTER TABLE budget_alert ADD CONSTRAINT budget_alert_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id);

ALTER TABLE budget_alert ADD CONSTRAINT budget_alert_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id);

ALTER TABLE byok_key ADD CONSTRAINT byok_key_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id);

ALTER TABLE byok_key ADD CONSTRAINT byok_key_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id);

ALTER TABLE content_logging ADD CONSTRAINT content_logging_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id);

ALTER TABLE content_logging ADD CONSTRAINT content_logging_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id);

ALTER TABLE content_record ADD CONSTRAINT content_record_key_id_fkey FOREIGN KEY (key_id) REFERENCES content_key(id);

ALTER TABLE email_change ADD CONSTRAINT email_change_user_id_fkey FOREIGN KEY (user_id) REFERENCES "user"(id) ON DELETE CASCADE;

ALTER TABLE external_user ADD CONSTRAINT external_user_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id);

ALTER TABLE federation_issuer ADD CONSTRAINT federation_issuer_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id);

ALTER TABLE federation_policy ADD CONSTRAINT federation_policy_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id);

ALTER TABLE federation_policy ADD CONSTRAINT federation_policy_issuer_id_fkey FOREIGN KEY (issuer_id) REFERENCES federation_issuer(id) ON DELETE CASCADE;

ALTER TABLE federation_policy ADD CONSTRAINT federation_policy_target_key_hash_fkey FOREIGN KEY (target_key_hash) REFERENCES api_key(hash);

ALTER TABLE guardrail ADD CONSTRAINT guardrail_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id);

ALTER TABLE guardrail ADD CONSTRAINT guardrail_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id);

ALTER TABLE guardrail_key ADD CONSTRAINT guardrail_key_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id);

ALTER TABLE guardrail_member ADD CONSTRAINT guardrail_member_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id);

ALTER TABLE invitation ADD CONSTRAINT invitation_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id);

ALTER TABLE invitation ADD CONSTRAINT invitation_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id);

ALTER TABLE key_leak ADD CONSTRAINT key_leak_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id);

ALTER TABLE key_leak ADD CONSTRAINT key_leak_key_hash_fkey FOREIGN KEY (key_hash) REFERENCES api_key(hash);

ALTER TABLE key_secret ADD CONSTRAINT key_secret_key_hash_fkey FOREIGN KEY (key_hash) REFERENCES api_key(hash);

ALTER TABLE member ADD CONSTRAINT member_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id);

ALTER TABLE member ADD CONSTRAINT member_user_id_fkey FOREIGN KEY (user_id) REFERENCES "user"(id) ON DELETE CASCADE;

ALTER TABLE notification ADD CONSTRAINT notification_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id);

ALTER TABLE notification_delivery ADD CONSTRAINT notification_delivery_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id);

ALTER TABLE notification_delivery ADD CONSTRAINT notification_delivery_notification_id_fkey FOREIGN KEY (notification_id) REFERENCES notification(id);

ALTER TABLE notification_delivery ADD CONSTRAINT notification_delivery_webhook_id_fkey FOREIGN KEY (webhook_id) REFERENCES webhook(id);

ALTER TABLE notification_preference ADD CONSTRAINT notification_preference_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id);

ALTER TABLE notification_setting ADD CONSTRAINT notification_setting_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id);

ALTER TABLE oauth_client ADD CONSTRAINT oauth_client_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id);

ALTER TABLE oauth_client_key ADD CONSTRAINT oauth_client_key_key_hash_fkey FOREIGN KEY (key_hash) REFERENCES api_key(hash) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE oauth_code ADD CONSTRAINT oauth_code_next_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id);

ALTER TABLE oauth_code ADD CONSTRAINT oauth_code_next_app_id_fkey FOREIGN KEY (app_id) REFERENCES oauth_app(id);

ALTER TABLE oauth_code ADD CONSTRAINT oauth_code_next_authorising_key_hash_fkey FOREIGN KEY (authorising_key_hash) REFERENCES api_key(hash);

ALTER TABLE oauth_code ADD CONSTRAINT oauth_code_next_user_id_fkey FOREIGN KEY (user_id) REFERENCES "user"(id) ON DELETE CASCADE;

ALTER TABLE oauth_device ADD CONSTRAINT oauth_device_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id);

ALTER TABLE oauth_device ADD CONSTRAINT oauth_device_user_id_fkey FOREIGN KEY (user_id) REFERENCES "user"(id) ON DELETE CASCADE;

ALTER TABLE passkey ADD CONSTRAINT passkey_user_id_fkey FOREIGN KEY (user_id) REFERENCES "user"(id) ON DELETE CASCADE;

ALTER TABLE payment ADD CONSTRAINT payment_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id);

ALTER TABLE payment_dispute ADD CONSTRAINT payment_dispute_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES payment(id);

ALTER TABLE payment_movement ADD CONSTRAINT payment_movement_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES payment(id);

ALTER TABLE payment_refund ADD CONSTRAINT payment_refund_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES payment(id);

ALTER TABLE rate_limit ADD CONSTRAINT rate_limit_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id);

ALTER TABLE scim_group ADD CONSTRAINT scim_group_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id);

ALTER TABLE scim_group_mapping ADD CONSTRAINT scim_group_mapping_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id);

ALTER TABLE scim_group_mapping ADD CONSTRAINT scim_group_mapping_group_id_fkey FOREIGN KEY (group_id) REFERENCES scim_group(id);

ALTER TABLE scim_group_mapping ADD CONSTRAINT scim_group_mapping_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id);

ALTER TABLE scim_group_member ADD CONSTRAINT scim_group_member_group_id_fkey FOREIGN KEY (group_id) REFERENCES scim_group(id);

ALTER TABLE scim_group_member ADD CONSTRAINT scim_group_member_scim_user_id_fkey FOREIGN KEY (scim_user_id) REFERENCES scim_user(id);

ALTER TABLE scim_sync_job ADD CONSTRAINT scim_sync_job_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id);

ALTER TABLE scim_user ADD CONSTRAINT scim_user_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id);

ALTER TABLE session ADD CONSTRAINT session_user_id_fkey FOREIGN KEY (user_id) REFERENCES "user"(id) ON DELETE CASCADE;

ALTER TABLE sign_in_method ADD CONSTRAINT sign_in_method_user_id_fkey FOREIGN KEY (user_id) REFERENCES "user"(id) ON DELETE CASCADE;

ALTER TABLE tag_budget ADD CONSTRAINT tag_budget_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id);

ALTER TABLE two_factor ADD CONSTRAINT two_factor_user_id_fkey FOREIGN KEY (user_id) REFERENCES "user"(id) ON DELETE CASCADE;

ALTER TABLE webhook ADD CONSTRAINT webhook_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id);

ALTER TABLE webhook ADD CONSTRAINT webhook_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id);

ALTER TABLE workspace ADD CONSTRAINT workspace_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id);

ALTER TABLE workspace_budget ADD CONSTRAINT workspace_budget_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id);

ALTER TABLE workspace_limits ADD CONSTRAINT workspace_limits_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id);

ALTER TABLE workspace_member ADD CONSTRAINT workspace_member_account_id_fkey FOREIGN KEY (account_id) REFERENCES account(id);

ALTER TABLE workspace_member ADD CONSTRAINT workspace_member_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id);

CREATE VIEW generations AS
 SELECT generation_record.id,
    generation_record.account_id,
    generation_record.rest ->> 'workspace_id'::text AS workspace_id,
    generation_record.key_hash,
    generation_record.rest ->> 'request_id'::text AS request_id,
    generation_record.created_at_ms,
    generation_record.rest ->> 'api_type'::text AS api_type,
    generation_record.rest ->> 'door'::text AS door,
    generation_record.model,
    generation_record.rest ->> 'model_permaslug'::text AS model_permaslug,
    generation_record.rest ->> 'router'::text AS router,
    generation_record.rest ->> 'provider_slug'::text AS provider_slug,
    generation_record.rest ->> 'provider_name'::text AS provider_name,
    generation_record.rest ->> 'endpoint_tag'::text AS endpoint_tag,
    generation_record.rest ->> 'upstream_id'::text AS upstream_id,
    COALESCE((generation_record.rest ->> 'streamed'::text)::integer, 0) AS streamed,
    COALESCE((generation_record.rest ->> 'cancelled'::text)::integer, 0) AS cancelled,
    COALESCE((generation_record.rest ->> 'estimated'::text)::integer, 0) AS estimated,
    generation_record.is_byok,
    generation_record.rest ->> 'finish_reason'::text AS finish_reason,
    generation_record.rest ->> 'native_finish_reason'::text AS native_finish_reason,
    generation_record.rest ->> 'service_tier'::text AS service_tier,
    COALESCE((generation_record.rest ->> 'prompt_tokens'::text)::bigint, 0::bigint) AS prompt_tokens,
    COALESCE((generation_record.rest ->> 'completion_tokens'::text)::bigint, 0::bigint) AS completion_tokens,
    COALESCE((generation_record.rest ->> 'reasoning_tokens'::text)::bigint, 0::bigint) AS reasoning_tokens,
    COALESCE((generation_record.rest ->> 'cached_tokens'::text)::bigint, 0::bigint) AS cached_tokens,
    COALESCE((generation_record.rest ->> 'cache_write_tokens'::text)::bigint, 0::bigint) AS cache_write_tokens,
    COALESCE((generation_record.rest ->> 'image_count'::text)::bigint, 0::bigint) AS image_count,
    generation_record.cost_nano_usd,
    COALESCE((generation_record.rest ->> 'upstream_cost_nano_usd'::text)::bigint, 0::bigint) AS upstream_cost_nano_usd,
    COALESCE((generation_record.rest ->> 'cache_discount_nano_usd'::text)::bigint, 0::bigint) AS cache_discount_nano_usd,
    (generation_record.rest ->> 'latency_ms'::text)::bigint AS latency_ms,
    (generation_record.rest ->> 'generation_time_ms'::text)::bigint AS generation_time_ms,
    generation_record.rest ->> 'http_referer'::text AS http_referer,
    generation_record.rest ->> 'app_title'::text AS app_title,
    generation_record.rest ->> 'app_categories'::text AS app_categories,
    generation_record.rest ->> 'user_agent'::text AS user_agent,
    generation_record.rest ->> 'session_id'::text AS session_id,
    generation_record.rest ->> 'tags'::text AS tags,
    generation_record.rest ->> 'agent_id'::text AS agent_id,
    generation_record.rest ->> 'parent_agent_id'::text AS parent_agent_id,
    generation_record.rest ->> 'agent_class'::text AS agent_class,
    generation_record.rest ->> 'end_user'::text AS end_user,
    generation_record.rest ->> 'external_user'::text AS external_user,
    COALESCE(generation_record.rest ->> 'attempts'::text, '[]'::text) AS attempts,
    generation_record.overshoot_nano_usd,
    generation_record.ledger_transaction_id,
    COALESCE((generation_record.rest ->> 'byok_fee_nano_usd'::text)::bigint, 0::bigint) AS byok_fee_nano_usd,
    generation_record.rest ->> 'plan'::text AS plan
   FROM generation_record
UNION ALL
 SELECT generation.id,
    generation.account_id,
    generation.workspace_id,
    generation.key_hash,
    generation.request_id,
    generation.created_at_ms,
    generation.api_type,
    NULL::text AS door,
    generation.model,
    generation.model_permaslug,
    generation.router,
    generation.provider_slug,
    generation.provider_name,
    generation.endpoint_tag,
    generation.upstream_id,
    generation.streamed,
    generation.cancelled,
    generation.estimated,
    generation.is_byok,
    generation.finish_reason,
    generation.native_finish_reason,
    generation.service_tier,
    generation.prompt_tokens,
    generation.completion_tokens,
    generation.reasoning_tokens,
    generation.cached_tokens,
    generation.cache_write_tokens,
    generation.image_count,
    generation.cost_nano_usd,
    generation.upstream_cost_nano_usd,
    generation.cache_discount_nano_usd,
    generation.latency_ms,
    generation.generation_time_ms,
    generation.http_referer,
    generation.app_title,
    generation.app_categories,
    generation.user_agent,
    generation.session_id,
    NULL::text AS tags,
    NULL::text AS agent_id,
    NULL::text AS parent_agent_id,
    NULL::text AS agent_class,
    generation.end_user,
    generation.external_user,
    generation.attempts,
    generation.overshoot_nano_usd,
    generation.ledger_transaction_id,
    0::bigint AS byok_fee_nano_usd,
    NULL::text AS plan
   FROM generation;
