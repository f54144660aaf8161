/** What each route that takes a body reads, as it would be right. */
import { OWNER } from '../../accounts.ts';

export const ID = '01890000-0000-7000-8000-000000000000';
const TOKEN = 'abcdefghijklmnopqrstuvwxyz0123456789';
const PASSWORD = 'another long password';
export const CALLBACK = 'https://app.example.com/cb';
export const ISSUER = { name: 'CI', issuer_url: 'https://ci.example.com', jwks_url: null };
const POLICY = {
  ...{ name: 'CI', issuer_id: ID, subject: 's', audience: 'a', required_scope: 'x' },
  ...{ required_token_type: 'x', condition: null, target_key_hash: 'f'.repeat(64), enabled: true },
};
const KEY = {
  ...{ name: 'K', limit: 1, limit_reset: 'daily', include_byok_in_limit: false, disabled: false },
  ...{ expires_at: '2030-01-01T00:00:00Z', creator_user_id: null, workspace_id: ID },
  ...{ external: { user: 'u', api_key: TOKEN }, cut_streams_when_revoked: false },
  on_exhaust: { action: 'refuse', model: null },
};
const WISH = {
  ...{ key_label: 'K', limit: 1, usage_limit_type: 'daily' },
  ...{ expires_at: '2030-01-01T00:00:00Z', workspace_id: ID },
};
const CODE_REQUEST = {
  ...{ callback_url: CALLBACK, code_challenge: 'x', code_challenge_method: 'S256' },
  ...WISH,
};
const AUTHORIZATION = {
  ...{ redirect_uri: CALLBACK, client_id: 'app_0', state: 's', scope: 'x' },
  ...{ response_type: 'code', ...CODE_REQUEST },
};
const CONTENT_LOGGING = { enabled: true, sampling_rate: 0.5, api_key_hashes: null, retention_days: 30 };
const OWN_KEY = {
  ...{ provider: 'openai', key: 'sk-own-0123456789abcdef', name: 'Ours', workspace_id: ID, disabled: false },
  ...{
    is_fallback: false,
    is_required: false,
    is_byok_only: false,
    declared_zdr: null,
    declared_region: null,
  },
  ...{
    allowed_models: ['a/b'],
    allowed_api_key_hashes: ['f'.repeat(64)],
    allowed_user_ids: null,
    base_url: null,
  },
};
const GUARDRAIL = {
  ...{ name: 'G', description: null, limit_usd: 1, reset_interval: 'daily', include_byok_in_budgets: false },
  ...{ allowed_models: ['acme/small'], ignored_models: null, allowed_providers: ['acme'] },
  ...{ ignored_providers: null, allowed_data_regions: ['us'], enforce_zdr: true, enforce_zdr_xai: false },
  content_filter_builtins: [{ slug: 'email', action: 'block', scan_scope: 'user_only' }],
  content_filters: [{ pattern: 'A[0-9]', action: 'flag', label: 'A' }],
};
const REPLAY = {
  ...{ guardrail: { allowed_models: ['acme/small'] }, guardrail_id: ID, days: 7, workspace_id: ID },
  ...{ key_hashes: ['f'.repeat(64)], member_user_ids: [ID] },
};
const FIGURES = {
  ...{ metrics: ['request_count'], dimensions: ['model'], granularity: 'day', limit: 10, group_limit: 5 },
  filters: [{ field: 'model', operator: 'eq', value: 'acme/small' }],
  time_range: { start: '2026-11-01T00:00:00Z', end: '2026-11-02T00:00:00Z' },
  order_by: { field: 'request_count', direction: 'desc' },
};
const WORKSPACE = {
  ...{ name: 'W', slug: 'w', description: 'd', default_text_model: 'a/b', default_image_model: 'a/b' },
  ...{ default_provider_sort: 'price', disabled_server_tools: ['openrouter:bash'] },
  ...{ is_observability_io_logging_enabled: false, is_observability_broadcast_enabled: false },
  ...{ is_data_discount_logging_enabled: false, io_logging_sampling_rate: 0.5, io_logging_api_key_ids: [1] },
};
const MAPPING = { scim_group_id: ID, workspace_id: ID, role: 'member' };
const SCIM_USER = {
  ...{ userName: 'sam@example.com', externalId: 'x', active: true, displayName: 'Sam' },
  ...{ name: { givenName: 'Sam' }, emails: [{ value: 'sam@example.com', primary: true }] },
};
const SCIM_GROUP = { displayName: 'G', externalId: 'x', members: [{ value: ID }] };
const SCIM_PATCH = { Operations: [{ op: 'replace', path: 'displayName', value: 'x' }] };
const RULES = {
  ...{ is_filtered_model_catalog_enabled: false, key_rotation_days: 30, is_key_rotation_enforced: false },
};
const WEBHOOK = { name: 'W', url: 'https://hooks.example.com/x', kinds: ['key.leaked'], workspace_id: ID };
const WEBHOOK_PATCH = { name: 'W', url: 'https://hooks.example.com/x', kinds: null, disabled: true };
const CHILD = {
  ...{ name: 'K', limit: 1, limit_reset: 'daily', expires_at: '2030-01-01T00:00:00Z', models: ['a/b'] },
};
const BUDGET = { limit_usd: 5, include_byok_in_budgets: false };
const TAG_BUDGET = { tag: 'project', value: 'x', interval: 'monthly', limit_usd: 5 };
const RATE_LIMIT = { subject: 'api_key', target: 'x', requests_per_minute: 5, tokens_per_minute: null };
const NAMED_CLIENT = { client_id: 'app_0', client_secret: 'x', token: 'x' };

/** By method and path as routes have them. What they name is nobody's: `ID`, a hash of nothing but f, `app_0`. */
export const RIGHT_BODIES: Readonly<Record<string, object>> = {
  'POST /api/auth/reset-password': { token: TOKEN, newPassword: PASSWORD },
  'POST /api/auth/change-password': { currentPassword: OWNER.password, newPassword: 'short' },
  'POST /api/auth/update-user': { name: 'Olivia' },
  'POST /api/auth/two-factor/enable': { password: 'wrong password' },
  'POST /api/auth/two-factor/disable': { password: 'wrong password' },
  'POST /api/auth/two-factor/generate-backup-codes': { password: 'wrong password' },
  'POST /api/auth/two-factor/verify-totp': { code: '123456' },
  'POST /api/auth/two-factor/verify-backup-code': { code: 'aaaaa-bbbbb' },
  'POST /api/auth/passkey/verify-authentication': {},
  'POST /api/auth/passkey/verify-registration': {},
  'POST /api/auth/passkey/update-passkey': { id: ID, name: 'Phone' },
  'POST /api/auth/passkey/delete-passkey': { id: ID },
  'POST /api/auth/unlink-account': { accountId: ID },
  'POST /api/auth/sign-in/email': { ...OWNER, rememberMe: true, invitation_token: TOKEN, password: 'wrong' },
  'POST /api/auth/sign-up/email': {
    ...{ name: 'Sam', email: 'sam@example.com', password: 'short', invitation_token: TOKEN },
  },
  'POST /api/auth/verify-email': { token: TOKEN, password: PASSWORD },
  'POST /api/auth/send-verification-email': { email: 'sam@example.com' },
  'POST /api/auth/request-password-reset': { email: 'sam@example.com' },
  'POST /api/auth/sign-in/social': {
    ...{ provider: 'github', callbackURL: '/keys', errorCallbackURL: '/error', invitation_token: TOKEN },
  },
  'POST /api/auth/link-social': { provider: 'github', callbackURL: '/keys', errorCallbackURL: '/error' },
  'POST /api/dashboard/invitations/accept': { token: TOKEN },
  'POST /api/dashboard/invitations': {
    ...{ email: 'sam@example.com', role: 'member', workspace_id: ID, workspace_role: 'member' },
  },
  'PATCH /api/dashboard/members/:userId': { role: 'member' },
  'POST /api/dashboard/email-change': { email: 'new@example.com', password: 'wrong password' },
  'POST /api/dashboard/email-change/confirm': { token: TOKEN },
  'POST /api/dashboard/keys': KEY,
  'PATCH /api/dashboard/keys/:hash': KEY,
  'POST /api/dashboard/management-keys': KEY,
  'POST /api/dashboard/keys/:hash/rotate': { old_valid_for_seconds: 60 },
  'POST /api/v1/keys/:hash/rotate': { old_valid_for_seconds: 60 },
  'POST /api/dashboard/management-keys/:hash/rotate': { old_valid_for_seconds: 60 },
  'PATCH /api/dashboard/management-keys/:hash': { name: 'K', disabled: false },
  ...Object.fromEntries(
    ['/api/v1', '/api/dashboard'].flatMap((base) => [
      [`POST ${base}/webhooks`, WEBHOOK],
      [`PATCH ${base}/webhooks/:id`, WEBHOOK_PATCH],
      [`POST ${base}/webhooks/:id/secret`, { old_valid_for_seconds: 60 }],
      [`POST ${base}/webhooks/:id/test`, {}],
      [`POST ${base}/webhooks/:id/deliveries/:delivery/replay`, {}],
    ]),
  ),
  'PATCH /api/dashboard/notifications': { by_mail: { 'key.leaked': true } },
  'PATCH /api/dashboard/notifications/settings': { key_limit_percent: 90 },
  'POST /api/v1/key/children': CHILD,
  'POST /api/dashboard/workspaces': WORKSPACE,
  'PATCH /api/dashboard/workspaces/:id': WORKSPACE,
  'POST /api/dashboard/workspaces/:id/members/add': { user_ids: ['u'] },
  'POST /api/dashboard/workspaces/:id/members/remove': { user_ids: ['u'] },
  'PATCH /api/dashboard/workspaces/:id/members/:userId': { role: 'member' },
  'PATCH /api/dashboard/organisation/rules': RULES,
  'POST /api/dashboard/credits/checkout': { amount_usd: 5, save_card: true },
  'POST /api/dashboard/credits/purchases/:id/refresh': {},
  'PATCH /api/dashboard/credits/top-up': {
    ...{ enabled: false, threshold_usd: 5, amount_usd: 20, monthly_cap_usd: 100 },
  },
  'PATCH /api/dashboard/credits/alerts': { percents: [80, 100] },
  'POST /api/v1/scim/group-mappings': MAPPING,
  'PATCH /api/v1/scim/group-mappings/:id': { role: 'member' },
  'POST /api/v1/scim/sync-jobs': {},
  'POST /api/dashboard/scim/group-mappings': MAPPING,
  'POST /scim/v2/Users': SCIM_USER,
  'PUT /scim/v2/Users/:id': SCIM_USER,
  'PATCH /scim/v2/Users/:id': SCIM_PATCH,
  'POST /scim/v2/Groups': SCIM_GROUP,
  'PUT /scim/v2/Groups/:id': SCIM_GROUP,
  'PATCH /scim/v2/Groups/:id': SCIM_PATCH,
  'POST /api/v1/workspaces': WORKSPACE,
  'PATCH /api/v1/workspaces/:id': WORKSPACE,
  'POST /api/v1/workspaces/:id/members/add': { user_ids: ['u'] },
  'POST /api/v1/workspaces/:id/members/remove': { user_ids: ['u'] },
  'PATCH /api/v1/organization/settings': RULES,
  'POST /api/v1/external-users': { user: 'u' },
  'PATCH /api/v1/external-users/:user': { is_active: true },
  'PATCH /api/dashboard/organisation': { name: 'Analytical Engines', time_zone: 'Europe/London' },
  'PUT /api/dashboard/organisation/logo': { image: 'AAAA' },
  'PUT /api/dashboard/workspaces/:id/budgets/:interval': BUDGET,
  'POST /api/dashboard/workspaces/:id/tag-budgets': TAG_BUDGET,
  'PATCH /api/dashboard/workspaces/:id/tag-budgets/:budgetId': { limit_usd: 5 },
  'POST /api/dashboard/workspaces/:id/rate-limits': RATE_LIMIT,
  'PATCH /api/dashboard/workspaces/:id/rate-limits/:limitId': {
    requests_per_minute: 5,
    tokens_per_minute: null,
  },
  'PUT /api/dashboard/workspaces/:id/budget-alerts': { percents: [50, 100] },
  'PUT /api/v1/workspaces/:id/budgets/:interval': BUDGET,
  'POST /api/v1/workspaces/:id/tag-budgets': TAG_BUDGET,
  'PATCH /api/v1/workspaces/:id/tag-budgets/:budgetId': { limit_usd: 5 },
  'POST /api/v1/workspaces/:id/rate-limits': RATE_LIMIT,
  'PATCH /api/v1/workspaces/:id/rate-limits/:limitId': { requests_per_minute: 5, tokens_per_minute: null },
  'PUT /api/v1/workspaces/:id/budget-alerts': { percents: [50, 100] },
  'PATCH /api/dashboard/content-logging': CONTENT_LOGGING,
  'POST /api/dashboard/byok': OWN_KEY,
  'PATCH /api/dashboard/byok/:id': OWN_KEY,
  'PUT /api/dashboard/byok-order': { ids: [ID] },
  'POST /api/dashboard/byok/:id/test': {},
  'POST /api/v1/byok': OWN_KEY,
  'PATCH /api/v1/byok/:id': OWN_KEY,
  'POST /api/v1/byok/:id/test': {},
  'POST /api/dashboard/analytics/query': FIGURES,
  'POST /api/dashboard/guardrails': { ...GUARDRAIL, workspace_id: ID },
  'PATCH /api/dashboard/guardrails/:id': GUARDRAIL,
  'POST /api/dashboard/guardrails/:id/preview': GUARDRAIL,
  'POST /api/dashboard/guardrails/:id/assignments/keys': { key_hashes: ['f'.repeat(64)] },
  'POST /api/dashboard/guardrails/:id/assignments/keys/remove': { key_hashes: ['f'.repeat(64)] },
  'POST /api/dashboard/guardrails/:id/assignments/members': { member_user_ids: [ID] },
  'POST /api/dashboard/guardrails/:id/assignments/members/remove': { member_user_ids: [ID] },
  'POST /api/dashboard/policy/replay': REPLAY,
  'POST /api/dashboard/reconcile': { data: [{ day: '2026-11-01', model: 'acme/small', requests: 1 }] },
  'POST /api/v1/policy/replay': REPLAY,
  'POST /api/v1/guardrails': { ...GUARDRAIL, workspace_id: ID },
  'PATCH /api/v1/guardrails/:id': GUARDRAIL,
  'POST /api/v1/guardrails/:id/assignments/keys': { key_hashes: ['f'.repeat(64)] },
  'POST /api/v1/guardrails/:id/assignments/keys/remove': { key_hashes: ['f'.repeat(64)] },
  'POST /api/v1/guardrails/:id/assignments/members': { member_user_ids: [ID] },
  'POST /api/v1/guardrails/:id/assignments/members/remove': { member_user_ids: [ID] },
  // Whose key it is comes before the body, which is that of any chat.
  'POST /api/dashboard/chat/completions': { model: 'acme/small', stream: false },
  'POST /api/dashboard/device': { ...WISH, user_code: 'BCDFGHJK', decision: 'deny' },
  'POST /api/dashboard/apps': { name: 'A', redirect_uris: ['https://a.example.com'], is_public: false },
  'PATCH /api/dashboard/apps/:id': { name: 'A', redirect_uris: ['https://a.example.com'] },
  'POST /api/dashboard/apps/:id/secret': {},
  'POST /api/dashboard/workload-identity/issuers': { ...ISSUER, jwks: null },
  'PATCH /api/dashboard/workload-identity/issuers/:id': { ...ISSUER, jwks: null },
  'POST /api/dashboard/workload-identity/policies': POLICY,
  'PATCH /api/dashboard/workload-identity/policies/:id': POLICY,
  'POST /api/v1/keys': KEY,
  'PATCH /api/v1/keys/:hash': KEY,
  'POST /api/v1/auth/keys/code': CODE_REQUEST,
  'POST /api/v1/auth/keys': { code: 'auth_code_0', code_verifier: 'x', code_challenge_method: 'S256' },
  'POST /api/v1/oauth/authorization': AUTHORIZATION,
  'POST /api/v1/oauth/token': {
    ...{ grant_type: 'authorization_code', code: 'x', code_verifier: 'x', device_code: 'x' },
    ...{ subject_token: 'x', subject_token_type: 'x', requested_token_type: 'x', federation_policy_id: ID },
    ...{ redirect_uri: CALLBACK, ...NAMED_CLIENT },
  },
  'POST /api/v1/oauth/device_authorization': { ...NAMED_CLIENT, ...WISH, limit: '1', scope: 'x' },
  'POST /api/v1/oauth/revoke': NAMED_CLIENT,
  'POST /api/v1/oauth/introspect': NAMED_CLIENT,
  'POST /api/v1/oauth/register': {
    ...{ redirect_uris: ['https://a.example.com'], client_name: 'A', token_endpoint_auth_method: 'none' },
    ...{ grant_types: ['authorization_code'], response_types: ['code'] },
  },
  // Whoever is signed out by it is signed out last.
  'POST /api/auth/sign-out': {},
};
