/** The pages of the settings, loaded together: in many small files they would cost more requests than bytes. */
// biome-ignore lint/performance/noBarrelFile: one file on purpose, as one chunk
export { AccountPage } from '../../features/account/account-page.tsx';
export { AppsPage } from '../../features/apps/apps-page.tsx';
export { AuditPage } from '../../features/audit/audit-page.tsx';
export { BudgetsPage } from '../../features/budgets/budgets-page.tsx';
export { ByokPage } from '../../features/byok/byok-page.tsx';
export { ContentPage } from '../../features/content/content-page.tsx';
export { CreditsPage } from '../../features/credits/credits-page.tsx';
export { GuardrailPage } from '../../features/guardrails/guardrail-page.tsx';
export { GuardrailsPage } from '../../features/guardrails/guardrails-page.tsx';
export { KeyReportPage } from '../../features/key-report/key-report-page.tsx';
export { ManagementKeysPage } from '../../features/management-keys/management-keys-page.tsx';
export { MembersPage } from '../../features/members/members-page.tsx';
export { NotificationsPage } from '../../features/notifications/notifications-page.tsx';
export { OrganisationPage } from '../../features/organisation/organisation-page.tsx';
export { ProvidersPage } from '../../features/providers/providers-page.tsx';
export { ScimPage } from '../../features/scim/scim-page.tsx';
export { WorkloadIdentityPage } from '../../features/workload-identity/workload-identity-page.tsx';
export { WorkspacePage } from '../../features/workspaces/workspace-page.tsx';
export { WorkspacesPage } from '../../features/workspaces/workspaces-page.tsx';
