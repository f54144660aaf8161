/** The states of the pages of guardrails. */
import { type Answers, data, inHours, type PageState, refusal, somebody } from './page-states.ts';

const guardrail = (changes: object) => ({
  ...{ id: 'guardrail-1', name: 'For interns', description: null, workspace_id: 'workspace-1' },
  ...{ limit_usd: null, reset_interval: null, include_byok_in_budgets: false },
  ...{ allowed_models: null, ignored_models: null, allowed_providers: null, ignored_providers: null },
  ...{ enforce_zdr: null, enforce_zdr_anthropic: null, enforce_zdr_openai: null, enforce_zdr_google: null },
  ...{ enforce_zdr_xai: null, enforce_zdr_other: null },
  ...{ allow_safety_retention_google: null, allow_safety_retention_other: null },
  ...{ enable_paid_model_training: null, enable_free_model_training: null },
  ...{ enable_free_model_publication: null, content_filter_builtins: null, content_filters: null },
  ...{ allowed_data_regions: null, created_at: inHours(-900), updated_at: null, applies_to: null },
  ...changes,
});

const ORGANISATION = guardrail({
  ...{ id: 'guardrail-org', name: 'Whole organisation', workspace_id: null, applies_to: 'account' },
  enable_paid_model_training: false,
});
const DEFAULT = guardrail({
  ...{ id: 'guardrail-default', name: 'Workspace workspace-1 Default', applies_to: 'workspace' },
});
const INTERNS = guardrail({
  ...{ description: 'Until they have read the handbook', limit_usd: 50, reset_interval: 'daily' },
  ...{ allowed_models: ['openai/gpt-4o-mini', 'anthropic/claude-haiku-4.5'], enforce_zdr_anthropic: true },
  content_filter_builtins: [
    { slug: 'email', action: 'redact' },
    { slug: 'secrets', action: 'block', direction: 'both' },
  ],
  content_filters: [{ pattern: 'ACME-[0-9]+', action: 'block', label: 'CUSTOMER' }],
});
const LONG = guardrail({
  id: 'guardrail-2',
  name: 'The rules of the department whose name nobody remembers, for whatever it is that they do there all day',
  ...{ ignored_providers: ['deepseek', 'xai'], enforce_zdr_other: true, enforce_zdr_google: true },
});

const listed = (rows: readonly object[]) => ({ json: { data: rows, total_count: rows.length } });
const bound = (changes: object) => ({
  ...{ id: 'bound-1', guardrail_id: 'guardrail-1', assigned_by: null, created_at: inHours(-20) },
  ...changes,
});
const KEYS = listed([
  bound({ key_hash: 'a'.repeat(64), key_name: 'Nightly jobs', key_label: 'sk-or-v1-abc...123' }),
]);
const MEMBERS = listed([bound({ id: 'bound-2', organization_id: 'account-1', user_id: 'user-2' })]);

const PREVIEW = data({
  allowed_count: 2,
  total_count: 4,
  models: [
    {
      ...{ id: 'openai/gpt-4o-mini', name: 'GPT-4o mini', is_allowed: true, providers: ['OpenAI', 'Azure'] },
      ...{ left_out_providers: [], left_out_by: [] },
    },
    {
      ...{ id: 'anthropic/claude-haiku-4.5', name: 'Claude Haiku 4.5', is_allowed: true },
      ...{ providers: ['Amazon Bedrock'], left_out_providers: ['Anthropic'] },
      left_out_by: ['enforce_zdr_anthropic'],
    },
    {
      ...{
        id: 'openai/gpt-5',
        name: 'GPT-5',
        is_allowed: false,
        providers: [],
        left_out_providers: ['OpenAI'],
      },
      left_out_by: ['allowed_models'],
    },
    {
      ...{ id: 'acme/learner', name: 'Learner', is_allowed: false, providers: [] },
      ...{ left_out_providers: ['Acme'] },
      left_out_by: ['allowed_models', 'enable_paid_model_training (Whole organisation)'],
    },
  ],
});

const counted = (requests: number, cost_usd: number) => ({ requests, cost_usd });
const REPLAYED = {
  ...{ from: inHours(-168), until: inHours(0), truncated: false, ...counted(12_408, 93.2177) },
  ...{ unchanged: counted(9120, 60.1), rerouted: counted(214, 2.4), refused: counted(3071, 30.7177) },
  unknown: counted(3, 0),
  by_rule: [
    { rule: 'allowed_models', ...counted(2900, 29.9) },
    { rule: 'enforce_zdr_anthropic', ...counted(171, 0.8177) },
  ],
  by_model: [{ model: 'openai/gpt-5', ...counted(2900, 29.9), refused: counted(2900, 29.9) }],
  by_key: [
    { key_hash: 'a'.repeat(64), key_name: 'Nightly jobs', ...counted(3000, 30), refused: counted(2950, 30) },
    {
      ...{ key_hash: 'b'.repeat(64), key_name: null },
      ...{ ...counted(500, 5), refused: counted(121, 0.7177) },
    },
  ],
  budgets: [],
  not_replayed: [{ what: 'content_filters', why: 'prompts are not kept, so that none can be searched' }],
};

const LISTS: Answers = {
  ...somebody(),
  'GET /api/dashboard/guardrails/organisation': data(ORGANISATION),
  'GET /api/dashboard/guardrails': listed([DEFAULT, INTERNS, LONG]),
  'GET /api/dashboard/guardrails/assignments/keys': KEYS,
  'GET /api/dashboard/guardrails/assignments/members': MEMBERS,
};

const one = (row: { id: string }): Answers => ({
  ...somebody(),
  [`GET /api/dashboard/guardrails/${row.id}`]: data(row),
  [`POST /api/dashboard/guardrails/${row.id}/preview`]: PREVIEW,
  [`GET /api/dashboard/guardrails/${row.id}/assignments/keys`]: KEYS,
  [`GET /api/dashboard/guardrails/${row.id}/assignments/members`]: MEMBERS,
  'GET /api/dashboard/keys': data([]),
  'GET /api/dashboard/members': data([
    {
      ...{ user_id: 'user-2', name: 'Grace Hopper', email: 'grace@example.com', role: 'member' },
      ...{ two_factor_enabled: false, joined_at: inHours(-400), is_you: false },
    },
  ]),
});

export const guardrails: readonly PageState[] = [
  { name: 'guardrails', path: '/settings/guardrails', answers: LISTS, shows: 'For interns' },
  {
    ...{ name: 'guardrails-empty', path: '/settings/guardrails' },
    answers: {
      ...LISTS,
      'GET /api/dashboard/guardrails': listed([DEFAULT]),
      'GET /api/dashboard/guardrails/assignments/keys': listed([]),
      'GET /api/dashboard/guardrails/assignments/members': listed([]),
    },
    shows: 'No guardrails yet',
  },
  {
    ...{ name: 'guardrails-member', path: '/settings/guardrails', answers: somebody({ role: 'member' }) },
    shows: 'Your role does not allow this',
  },
  {
    ...{ name: 'guardrails-failed', path: '/settings/guardrails' },
    answers: {
      ...LISTS,
      'GET /api/dashboard/guardrails': refusal(503, 'unavailable', 'Service temporarily unavailable'),
    },
    ...{ isBroken: true, shows: 'The guardrails could not be loaded' },
  },
  {
    ...{ name: 'guardrail', path: '/settings/guardrails/guardrail-1', answers: one(INTERNS) },
    shows: '2 of 4 models may be used',
  },
  {
    ...{ name: 'guardrail-replayed', path: '/settings/guardrails/guardrail-1' },
    answers: { ...one(INTERNS), 'POST /api/dashboard/policy/replay': data(REPLAYED) },
    act: (page) => page.getByRole('button', { name: 'Replay' }).click(),
    shows: 'Keys refused most',
  },
  {
    ...{ name: 'guardrail-new', path: '/settings/guardrails/new' },
    answers: { ...somebody(), 'POST /api/dashboard/guardrails/new/preview': PREVIEW },
    act: (page) => page.getByRole('button', { name: 'Add guardrail' }).click(),
    shows: 'Give it a name',
  },
  {
    ...{ name: 'guardrail-organisation', path: '/settings/guardrails/guardrail-org' },
    answers: one(ORGANISATION),
    act: (page) => page.getByRole('button', { name: 'Take all rules away' }).click(),
    shows: 'Take all rules away?',
  },
  {
    ...{ name: 'guardrail-refused', path: '/settings/guardrails/guardrail-1' },
    answers: {
      ...one(INTERNS),
      'POST /api/dashboard/guardrails/guardrail-1/preview': refusal(
        ...([400, 'invalid_request', 'allowed_models: "acme/nothing" is not a model'] as const),
      ),
    },
    ...{ isBroken: true, shows: 'is not a model' },
  },
];
