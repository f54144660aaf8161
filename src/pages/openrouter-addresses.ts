/**
 * The addresses of OpenRouter's own pages that people have bookmarked, and that tools have written down, where ours differ: they lead
 * to the page that does the same here. What was asked for in the query goes along.
 */
export const OPENROUTER_ADDRESSES: Readonly<Record<string, string>> = {
  '/chat': '/playground',
  '/fusion': '/playground',
  '/rankings': '/apps',
  '/usage': '/activity',
  '/account': '/settings/account',
  '/settings': '/settings/account',
  '/settings/keys': '/keys',
  '/settings/api-keys': '/keys',
  '/settings/provisioning-keys': '/settings/management-keys',
  '/settings/profile': '/settings/account',
  '/settings/security': '/settings/account',
  '/settings/preferences': '/settings/organisation',
  '/settings/organization': '/settings/organisation',
  '/settings/organization-members': '/settings/members',
  '/settings/integrations': '/settings/byok',
  '/settings/authorized-apps': '/apps',
  '/workspaces/:slug/byok': '/settings/byok',
  '/settings/credits': '/credits',
  '/workspaces/:slug': '/',
  '/workspaces/:slug/keys': '/keys',
  '/workspaces/:slug/activity': '/activity',
  '/workspaces/:slug/logs': '/logs',
};
