/**
 * Who may do what in a workspace: every route of one, for every kind of person. `who-may-what.test.ts` beside this holds each person
 * to each line, on a workspace, a member and a key that are there; a route without a line here fails it.
 */

export const PEOPLE = [
  'outsider',
  'workspace member',
  'workspace admin',
  'organisation admin',
  'owner',
] as const;
export type PersonKind = (typeof PEOPLE)[number];

/** `hidden`: as if there were no such thing. `refused`: they know of it, and may not. */
export type Verdict = 'may' | 'refused' | 'hidden';

interface Line {
  readonly body?: object;
  readonly verdicts: Readonly<Record<PersonKind, Verdict>>;
}

function line(verdicts: readonly [Verdict, Verdict, Verdict, Verdict, Verdict], body?: object): Line {
  const [outsider, member, admin, organisationAdmin, owner] = verdicts;
  return {
    ...(body === undefined ? {} : { body }),
    verdicts: {
      ...{ outsider, owner, 'workspace member': member, 'workspace admin': admin },
      'organisation admin': organisationAdmin,
    },
  };
}

const MEMBERS_READ = ['hidden', 'may', 'may', 'may', 'may'] as const;
const ADMINS_CHANGE = ['hidden', 'refused', 'may', 'may', 'may'] as const;
const ORGANISATION_ADMINS = ['refused', 'refused', 'refused', 'may', 'may'] as const;
/** Somebody else's key of the workspace. */
const KEY_OF_ANOTHER = ['hidden', 'hidden', 'may', 'may', 'may'] as const;

/** `:id` is the workspace, `:userId` somebody in it, `:hash` a key that somebody else made there; `:budgetId` and `:limitId` are of it. */
export const POLICY: Readonly<Record<string, Line>> = {
  'GET /api/dashboard/workspaces': line(['may', 'may', 'may', 'may', 'may']),
  'POST /api/dashboard/workspaces': line(ORGANISATION_ADMINS, { name: 'New', slug: 'SLUG' }),
  'GET /api/dashboard/workspaces/:id': line(MEMBERS_READ),
  'PATCH /api/dashboard/workspaces/:id': line(ADMINS_CHANGE, { description: 'changed' }),
  'DELETE /api/dashboard/workspaces/:id': line(ORGANISATION_ADMINS),
  'GET /api/dashboard/workspaces/:id/members': line(MEMBERS_READ),
  'POST /api/dashboard/workspaces/:id/members/add': line(ADMINS_CHANGE, { user_ids: ['USER'] }),
  'POST /api/dashboard/workspaces/:id/members/remove': line(ADMINS_CHANGE, { user_ids: ['USER'] }),
  'PATCH /api/dashboard/workspaces/:id/members/:userId': line(ADMINS_CHANGE, { role: 'member' }),
  'GET /api/dashboard/workspaces/:id/limits': line(MEMBERS_READ),
  'PUT /api/dashboard/workspaces/:id/budgets/:interval': line(ADMINS_CHANGE, { limit_usd: 5 }),
  'DELETE /api/dashboard/workspaces/:id/budgets/:interval': line(ADMINS_CHANGE),
  'POST /api/dashboard/workspaces/:id/tag-budgets': line(ADMINS_CHANGE, {
    ...{ tag: 'project', interval: 'daily', limit_usd: 5 },
  }),
  'PATCH /api/dashboard/workspaces/:id/tag-budgets/:budgetId': line(ADMINS_CHANGE, { limit_usd: 6 }),
  'DELETE /api/dashboard/workspaces/:id/tag-budgets/:budgetId': line(ADMINS_CHANGE),
  'POST /api/dashboard/workspaces/:id/rate-limits': line(ADMINS_CHANGE, {
    ...{ subject: 'api_key', requests_per_minute: 5 },
  }),
  'PATCH /api/dashboard/workspaces/:id/rate-limits/:limitId': line(ADMINS_CHANGE, { requests_per_minute: 6 }),
  'DELETE /api/dashboard/workspaces/:id/rate-limits/:limitId': line(ADMINS_CHANGE),
  'PUT /api/dashboard/workspaces/:id/budget-alerts': line(ADMINS_CHANGE, { percents: [50] }),
  'GET /api/dashboard/keys/:hash': line(KEY_OF_ANOTHER),
  'PATCH /api/dashboard/keys/:hash': line(KEY_OF_ANOTHER, { name: 'renamed' }),
  'DELETE /api/dashboard/keys/:hash': line(KEY_OF_ANOTHER),
  'POST /api/dashboard/keys/:hash/rotate': line(KEY_OF_ANOTHER, {}),
  // In the workspace, for oneself; elsewhere there is no such workspace.
  'POST /api/dashboard/keys': line(['hidden', 'may', 'may', 'may', 'may'], {
    ...{ name: 'mine', workspace_id: 'WORKSPACE' },
  }),
};
