/** The states of the page of provider keys. */
import { type Answers, data, inHours, type PageState, refusal, somebody } from './page-states.ts';

const key = (changes: object) => ({
  ...{
    id: 'own-1',
    provider: 'openai',
    workspace_id: 'workspace-1',
    label: 'sk-...AbCd',
    name: 'Production',
  },
  ...{ disabled: false, is_fallback: false, is_required: false, is_byok_only: false },
  ...{ declared_zdr: null, declared_region: null, sort_order: 0, base_url: null },
  ...{ allowed_models: null, allowed_api_key_hashes: null, allowed_user_ids: null },
  ...{ created_at: inHours(-900), last_used_at: inHours(-2) },
  ...changes,
});

const LISTED = [
  { slug: 'openai', name: 'OpenAI', kind: 'regional', models: 61, own_keys_only: false },
  { slug: 'azure', name: 'Azure', kind: 'azure', models: 4, own_keys_only: true },
  {
    slug: 'amazon-bedrock',
    name: 'Amazon Bedrock',
    kind: 'amazon-bedrock',
    models: 12,
    own_keys_only: false,
  },
];
const PROVIDERS = { json: { data: LISTED, fee: null } };
/** Where the operator takes something. */
const WITH_FEE = {
  json: { data: LISTED, fee: { percent: 5, free_usd_per_month: 25_000, free_requests_per_month: null } },
};

const listed = (keys: readonly object[]) => ({ json: { data: keys, total_count: keys.length } });

const FULL: Answers = {
  ...somebody(),
  'GET /api/dashboard/byok-providers': PROVIDERS,
  'GET /api/dashboard/byok': listed([
    key({}),
    key({
      ...{ id: 'own-2', name: null, label: 'sk-...XyZw', sort_order: 1, is_required: true, disabled: true },
      ...{ allowed_models: ['openai/gpt-4o'], allowed_api_key_hashes: ['a1', 'b2'], last_used_at: null },
    }),
    key({
      ...{ id: 'own-3', sort_order: 2, is_fallback: true, declared_zdr: true, workspace_id: null },
      name: 'The account of the department that nobody remembers the name of, for emergencies',
    }),
    key({
      ...{
        id: 'own-4',
        provider: 'azure',
        name: 'Sweden Central',
        label: 'sweden ...9f3c',
        is_byok_only: true,
      },
    }),
    key({ id: 'own-5', provider: 'gone', name: 'Of a provider that was taken out', label: '...1234' }),
  ]),
};

export const byok: readonly PageState[] = [
  { name: 'byok', path: '/settings/byok', answers: FULL, shows: 'Sweden Central' },
  {
    name: 'byok-fee',
    path: '/settings/byok',
    answers: { ...FULL, 'GET /api/dashboard/byok-providers': WITH_FEE },
    shows: 'beyond, 5% of the list price is taken from your credits',
  },
  {
    name: 'byok-empty',
    path: '/settings/byok',
    answers: {
      ...somebody(),
      'GET /api/dashboard/byok-providers': PROVIDERS,
      'GET /api/dashboard/byok': listed([]),
    },
    shows: 'No keys yet',
  },
  {
    name: 'byok-member',
    path: '/settings/byok',
    answers: somebody({ role: 'member' }),
    shows: 'Your role does not allow this',
  },
  {
    name: 'byok-failed',
    path: '/settings/byok',
    answers: {
      ...somebody(),
      'GET /api/dashboard/byok-providers': PROVIDERS,
      'GET /api/dashboard/byok': refusal(503, 'unavailable', 'Service temporarily unavailable'),
    },
    isBroken: true,
    shows: 'The keys could not be loaded',
  },
  {
    name: 'byok-add',
    path: '/settings/byok',
    answers: FULL,
    act: async (page) => {
      await page.getByRole('button', { name: 'Add key' }).click();
      await page.getByRole('combobox', { name: 'Provider', exact: true }).selectOption('azure');
      await page.getByText('Advanced').click();
    },
    shows: 'Only for a host of your own',
  },
  {
    name: 'byok-tested',
    path: '/settings/byok',
    answers: {
      ...FULL,
      'POST /api/dashboard/byok/own-1/test': data({
        ...{ ok: false, model: 'openai/gpt-4o-mini', status: 401, latency_ms: 212 },
        message:
          'Incorrect API key provided: [redacted]. You can find your API key at https://platform.openai.com.',
      }),
    },
    act: (page) => page.getByRole('button', { name: 'Test Production', exact: true }).click(),
    shows: 'Incorrect API key provided',
  },
];
