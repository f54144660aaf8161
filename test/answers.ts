/** What each route of the pages, and of what they read of the API, is declared to answer. */
import { z } from 'zod';
import * as accounts from '../src/accounts/answers.ts';
import * as analytics from '../src/analytics/answers.ts';
import * as billing from '../src/billing/answers.ts';
import * as budgets from '../src/budgets/answers.ts';
import * as catalogue from '../src/catalogue/answers.ts';
import * as content from '../src/content/answers.ts';
import * as delivery from '../src/delivery/answers.ts';
import * as feedback from '../src/feedback/answers.ts';
import * as guardrails from '../src/guardrails/answers.ts';
import * as keys from '../src/keys/answers.ts';
import * as metering from '../src/metering/answers.ts';
import * as oauth from '../src/oauth/answers.ts';
import * as organisations from '../src/organisation/answers.ts';
import * as reconcile from '../src/reconcile/answers.ts';
import * as replay from '../src/replay/answers.ts';
import * as scim from '../src/scim/answers.ts';
import * as workloadIdentity from '../src/workload-identity/answers.ts';
import * as workspaces from '../src/workspaces/answers.ts';

const data = (schema: z.ZodType) => z.strictObject({ data: schema });
const list = (schema: z.ZodType) => data(z.array(schema));

/** The whole body, by method and path as routes have them. */
export const ANSWERS: Readonly<Record<string, z.ZodType>> = {
  'GET /api/dashboard/session': data(accounts.sessionState),
  'GET /api/dashboard/sessions': list(accounts.listedSession),
  'GET /api/dashboard/members': list(accounts.member),
  'GET /api/dashboard/invitations': list(accounts.invitation),
  'POST /api/dashboard/invitations': data(accounts.newInvitation),
  'GET /api/dashboard/invitations/preview': data(accounts.invitationPreview),
  'POST /api/dashboard/invitations/accept': data(accounts.joined),
  'GET /api/dashboard/email-change': data(accounts.emailChange),
  'GET /api/auth/list-accounts': z.array(accounts.signInMethod),
  'GET /api/auth/passkey/list-user-passkeys': z.array(accounts.passkey),
  'POST /api/auth/two-factor/enable': accounts.twoFactorSetup,
  'POST /api/auth/two-factor/generate-backup-codes': accounts.recoveryCodes,
  'POST /api/auth/sign-in/email': accounts.passwordAccepted,
  'GET /api/dashboard/organisation': data(organisations.organisation),
  'PATCH /api/dashboard/organisation': data(organisations.organisation),
  'PUT /api/dashboard/organisation/logo': data(organisations.organisation),
  'DELETE /api/dashboard/organisation/logo': data(organisations.organisation),
  'GET /api/dashboard/guardrails': guardrails.guardrailPage,
  'POST /api/dashboard/guardrails': data(guardrails.guardrail),
  'GET /api/dashboard/guardrails/organisation': data(guardrails.guardrail),
  'GET /api/dashboard/guardrails/:id': data(guardrails.guardrail),
  'PATCH /api/dashboard/guardrails/:id': data(guardrails.guardrail),
  'POST /api/dashboard/guardrails/:id/preview': data(guardrails.preview),
  'POST /api/dashboard/policy/replay': data(replay.replayed),
  'GET /api/dashboard/guardrails/assignments/keys': guardrails.assignedKeyPage,
  'GET /api/dashboard/guardrails/assignments/members': guardrails.assignedMemberPage,
  'GET /api/dashboard/guardrails/:id/assignments/keys': guardrails.assignedKeyPage,
  'GET /api/dashboard/guardrails/:id/assignments/members': guardrails.assignedMemberPage,
  'GET /api/dashboard/keys': list(keys.pageKey),
  'POST /api/dashboard/keys': z.strictObject({ data: keys.newKey, key: z.string() }),
  'GET /api/dashboard/keys/:hash': data(keys.pageKey),
  'PATCH /api/dashboard/keys/:hash': data(keys.pageKey),
  'POST /api/dashboard/keys/:hash/rotate': z.strictObject({ data: keys.newKey, key: z.string() }),
  'PATCH /api/dashboard/management-keys/:hash': data(keys.pageKey),
  'POST /api/dashboard/management-keys/:hash/rotate': z.strictObject({
    ...{ data: keys.newKey, key: z.string() },
  }),
  'GET /api/dashboard/key-report': data(keys.keyReport),
  'GET /api/dashboard/webhooks': list(delivery.webhook),
  'POST /api/dashboard/webhooks': data(delivery.webhookWithSecret),
  'GET /api/dashboard/webhooks/:id': data(delivery.webhook),
  'PATCH /api/dashboard/webhooks/:id': data(delivery.webhook),
  'POST /api/dashboard/webhooks/:id/secret': data(delivery.webhookWithSecret),
  'POST /api/dashboard/webhooks/:id/test': data(delivery.delivery),
  'GET /api/dashboard/webhooks/:id/deliveries': list(delivery.delivery),
  'POST /api/dashboard/webhooks/:id/deliveries/:delivery/replay': data(delivery.delivery),
  'GET /api/dashboard/notifications': data(delivery.notificationSettings),
  'PATCH /api/dashboard/notifications': data(delivery.notificationSettings),
  'PATCH /api/dashboard/notifications/settings': data(delivery.notificationSettings),
  'GET /api/dashboard/scim': data(scim.scimOverview),
  'POST /api/dashboard/scim/group-mappings': data(scim.mapping),
  'GET /api/dashboard/workspaces': workspaces.workspaceList,
  'POST /api/dashboard/workspaces': data(workspaces.pageWorkspace),
  'GET /api/dashboard/workspaces/:id': data(workspaces.pageWorkspace),
  'PATCH /api/dashboard/workspaces/:id': data(workspaces.pageWorkspace),
  'GET /api/dashboard/workspaces/:id/members': workspaces.workspaceMemberList,
  'GET /api/dashboard/organisation/rules': data(workspaces.organizationSettings),
  'PATCH /api/dashboard/organisation/rules': data(workspaces.organizationSettings),
  'GET /api/dashboard/management-keys': list(keys.pageKey),
  'POST /api/dashboard/management-keys': z.strictObject({ data: keys.newKey, key: z.string() }),
  'GET /api/v1/keys': list(keys.key),
  'GET /api/v1/keys/:hash': data(keys.key),
  'GET /api/dashboard/generations': metering.generationPage,
  'GET /api/dashboard/generations/:id': data(metering.generationDetails),
  'GET /api/dashboard/running': list(metering.pageRunning),
  'GET /api/v1/generation': data(metering.generation),
  'GET /api/dashboard/refusals': metering.refusalPage,
  'GET /api/dashboard/activity': list(analytics.activityRow),
  'GET /api/v1/activity': list(analytics.activityRow),
  'GET /api/dashboard/analytics/meta': data(analytics.figuresMeta),
  'POST /api/dashboard/analytics/query': data(analytics.figures),
  'POST /api/v1/analytics/query': data(analytics.figures),
  'GET /api/dashboard/workspaces/:id/limits': data(budgets.workspaceLimits),
  'POST /api/dashboard/workspaces/:id/tag-budgets': data(budgets.tagBudget),
  'PATCH /api/dashboard/workspaces/:id/tag-budgets/:budgetId': data(budgets.tagBudget),
  'POST /api/dashboard/workspaces/:id/rate-limits': data(budgets.rateLimit),
  'PATCH /api/dashboard/workspaces/:id/rate-limits/:limitId': data(budgets.rateLimit),
  'GET /api/v1/workspaces/:id/budgets/:interval': z.strictObject({
    data: budgets.budget,
    include_byok_in_budgets: z.boolean(),
  }),
  'GET /api/v1/workspaces/:id/tag-budgets': list(budgets.tagBudget),
  'GET /api/v1/workspaces/:id/rate-limits': list(budgets.rateLimit),
  'POST /api/v1/reconcile': data(reconcile.reconciliationAnswer),
  'GET /api/dashboard/content-logging': data(content.contentSetting),
  'PATCH /api/dashboard/content-logging': data(content.contentSetting),
  'GET /api/dashboard/feedback': list(feedback.feedbackEntry),
  'GET /api/v1/models': catalogue.modelList,
  'GET /api/v1/models/:author/:slug/endpoints': data(catalogue.modelEndpoints),
  'GET /api/dashboard/credits': data(billing.creditOverview),
  'GET /api/dashboard/credits/lines': billing.creditLinePage,
  'GET /api/dashboard/credits/purchases': billing.purchasePage,
  'POST /api/dashboard/credits/checkout': data(billing.newCheckout),
  'POST /api/dashboard/credits/purchases/:id/refresh': data(billing.purchase),
  'PATCH /api/dashboard/credits/top-up': data(billing.creditOverview),
  'PATCH /api/dashboard/credits/alerts': data(billing.creditOverview),
  'DELETE /api/dashboard/credits/card': data(billing.creditOverview),
  'GET /api/dashboard/apps': list(oauth.app),
  'POST /api/dashboard/apps': data(oauth.appWithSecret),
  'PATCH /api/dashboard/apps/:id': data(oauth.app),
  'POST /api/dashboard/apps/:id/secret': data(oauth.appWithSecret),
  'GET /api/dashboard/app-grants': list(oauth.grant),
  'GET /api/dashboard/consent': data(oauth.proposal),
  'GET /api/dashboard/consent/code': data(oauth.shownCode),
  'GET /api/dashboard/device': data(oauth.proposal),
  'GET /.well-known/oauth-authorization-server': oauth.serverMetadata,
  'GET /api/dashboard/workload-identity/issuers': list(workloadIdentity.issuer),
  'POST /api/dashboard/workload-identity/issuers': data(workloadIdentity.issuer),
  'PATCH /api/dashboard/workload-identity/issuers/:id': data(workloadIdentity.issuer),
  'GET /api/dashboard/workload-identity/policies': list(workloadIdentity.policy),
  'POST /api/dashboard/workload-identity/policies': data(workloadIdentity.policy),
  'PATCH /api/dashboard/workload-identity/policies/:id': data(workloadIdentity.policy),
  'GET /api/dashboard/workload-identity/target-keys': list(workloadIdentity.targetKey),
};

const routes = Object.entries(ANSWERS).map(([name, schema]) => {
  const [method, path = ''] = name.split(' ');
  return { name, method, schema, pattern: new RegExp(`^${path.replace(/:\w+/g, '[^/]+')}$`) };
});

/** Those that an answer was held to, in this process. */
export const held = new Set<string>();

/** Throws where an answer is not what its route is declared to give. Refusals and other routes pass. */
export function holdToDeclared(method: string, path: string, status: number, body: unknown): void {
  if (status < 200 || status > 299) return;
  const { pathname } = new URL(path, 'http://localhost');
  // A literal part comes before a parameter in its place, as in the gateway.
  const found = routes
    .filter((route) => route.method === method && route.pattern.test(pathname))
    .sort((one, other) => one.name.split(':').length - other.name.split(':').length)[0];
  if (found === undefined) return;
  held.add(found.name);
  const result = found.schema.safeParse(body);
  if (!result.success)
    throw new Error(`${found.name} answers what no answers.ts declares: ${z.prettifyError(result.error)}`);
}
