/** The states of the pages about workspaces, and about the identity provider that fills them. */
import { type Answers, data, inHours, type PageState, refusal, somebody } from './page-states.ts';

const ID = '01890000-0000-7000-8000-000000000001';
const workspace = (changes: object = {}) => ({
  ...{ id: ID, name: 'Production', slug: 'production', description: 'What customers use' },
  ...{ created_at: inHours(-900), updated_at: null, created_by: 'user-1', default_text_model: null },
  ...{ default_image_model: null, default_provider_sort: null, default_guardrail_id: ID },
  ...{ is_observability_io_logging_enabled: false, is_observability_broadcast_enabled: false },
  ...{ is_data_discount_logging_enabled: false, io_logging_sampling_rate: 1, io_logging_api_key_ids: null },
  ...{ disabled_server_tools: null, is_default: false, role: 'admin' },
  ...changes,
});
const DEFAULT = workspace({
  id: 'w-default',
  name: 'Default',
  slug: 'default',
  description: null,
  is_default: true,
});
const LONG = workspace({
  ...{ id: 'w-long', slug: 'research-group-of-analytical-engines', role: 'member' },
  name: '<b>Research</b> group of analytical engines and everything that is made with them',
  description:
    'Experiments, which may cost more than anybody thought when they were begun, and are looked at each Monday',
});
const member = (changes: object) => ({
  ...{ id: ID, workspace_id: ID, user_id: 'user-1', role: 'admin', created_at: inHours(-500) },
  ...{ name: 'Ada Lovelace', email: 'ada@example.com', source: 'organisation', is_you: true },
  ...changes,
});
const LIST: Answers = {
  ...somebody(),
  'GET /api/dashboard/workspaces': { json: { data: [DEFAULT, workspace(), LONG], total_count: 3 } },
};
const ONE: Answers = {
  ...somebody(),
  'GET /api/dashboard/workspaces/production': data(workspace()),
  'GET /api/dashboard/workspaces/production/members': {
    json: {
      data: [
        member({}),
        member({
          ...{ user_id: 'user-2', name: 'Charles Babbage', email: 'charles@example.com', is_you: false },
          ...{ role: 'member', source: 'workspace' },
        }),
        member({
          ...{ user_id: 'user-3', name: 'Augusta Ada King-Noel, Countess of Lovelace', is_you: false },
          ...{ email: 'a.rather.long.address@university.example', role: 'member', source: 'groups' },
        }),
      ],
      total_count: 3,
    },
  },
  'GET /api/dashboard/members': data([
    { user_id: 'user-4', name: 'Grace Hopper', email: 'grace@example.com' },
  ]),
};
const SCIM: Answers = {
  ...somebody(),
  'GET /api/dashboard/workspaces': { json: { data: [DEFAULT, workspace()], total_count: 2 } },
  'GET /api/dashboard/scim': data({
    ...{ base_url: 'https://gateway.example.com/scim/v2', users: 41, active_users: 39 },
    groups: [
      { id: 'group-1', display_name: 'LLM admins', members: 3 },
      {
        id: 'group-2',
        display_name: 'Everybody who builds analytical engines, in each of our houses',
        members: 1,
      },
    ],
    mappings: [
      {
        ...{ id: 'mapping-1', organization_id: 'account-1', scim_group_id: 'group-1', workspace_id: ID },
        ...{ role: 'admin', created_at: inHours(-5), updated_at: inHours(-5) },
      },
    ],
  }),
};
const NO_GROUPS: Answers = {
  ...somebody(),
  'GET /api/dashboard/workspaces': { json: { data: [DEFAULT], total_count: 1 } },
  'GET /api/dashboard/scim': data({
    ...{ base_url: 'https://gateway.example.com/scim/v2', users: 0, active_users: 0 },
    ...{ groups: [], mappings: [] },
  }),
};
const REFUSED = refusal(403, 'role_required', 'Your role in this organisation does not allow this');

export const workspacePages: readonly PageState[] = [
  { name: 'workspaces', path: '/settings/workspaces', answers: LIST, shows: 'What customers use' },
  {
    name: 'workspaces-refused',
    path: '/settings/workspaces',
    answers: { ...somebody(), 'GET /api/dashboard/workspaces': REFUSED },
    shows: 'Your role in this organisation',
  },
  {
    name: 'workspaces-create-wrong',
    path: '/settings/workspaces',
    answers: LIST,
    act: async (page) => {
      await page.getByRole('button', { name: 'Create workspace' }).click();
      await page.getByRole('dialog').getByLabel('Slug').fill('Not a slug');
      await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click();
    },
    shows: 'Give it a name',
  },
  { name: 'workspace', path: '/workspaces/production/settings', answers: ONE, shows: 'Countess of Lovelace' },
  {
    name: 'workspace-add-member',
    path: '/workspaces/production/settings',
    answers: ONE,
    act: async (page) => {
      await page.getByRole('button', { name: 'Add somebody' }).click();
    },
    shows: 'They get the role that they have in the organisation',
  },
  {
    name: 'workspace-not-deleted',
    path: '/workspaces/production/settings',
    answers: {
      ...ONE,
      [`DELETE /api/dashboard/workspaces/${ID}`]: refusal(
        400,
        'invalid_request',
        'This workspace has 2 active API keys: disable or delete them first',
      ),
    },
    act: async (page) => {
      await page.getByRole('button', { name: 'Delete' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    },
    shows: '2 active API keys',
  },
  {
    name: 'workspace-unknown',
    path: '/workspaces/nowhere/settings',
    answers: {
      ...somebody(),
      'GET /api/dashboard/workspaces/nowhere': refusal(404, 'not_found', 'Resource not found'),
    },
    shows: 'There is no such workspace',
  },
  { name: 'scim', path: '/settings/scim', answers: SCIM, shows: 'LLM admins' },
  { name: 'scim-empty', path: '/settings/scim', answers: NO_GROUPS, shows: 'No group was pushed yet' },
  {
    name: 'scim-remove',
    path: '/settings/scim',
    answers: SCIM,
    act: async (page) => {
      await page.getByRole('button', { name: /^Remove the role of LLM admins/ }).click();
    },
    shows: 'stays, with the role that they have now',
  },
  {
    name: 'scim-refused',
    path: '/settings/scim',
    answers: { ...somebody(), 'GET /api/dashboard/scim': REFUSED },
    shows: 'Your role in this organisation',
  },
];
