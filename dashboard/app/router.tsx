/** Every page's address. Pages are loaded when they are first shown, so that signing in does not wait for the settings. */
import type { QueryClient } from '@tanstack/react-query';
import {
  type AsyncRouteComponent,
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
  retainSearchParams,
} from '@tanstack/react-router';
import { validateKeySearch } from '../features/keys/key-search.ts';
import { validateLogsSearch } from '../features/logs/logs-search.ts';
import { leaveFor, returnToOf, signInPath } from '../shared/session/return-to.ts';
import { sessionQuery } from '../shared/session/session-query.ts';
import { askedWorkspace } from '../shared/workspaces/chosen-workspace.ts';
import { workspacesQuery } from '../shared/workspaces/workspaces-query.ts';
import { AppLayout } from './app-layout.tsx';
import { NotFound } from './not-found.tsx';
import { BrokenPage, BrokenPart, PendingPage } from './page-states.tsx';
import { ProviderErrorPage } from './provider-error-page.tsx';

// Pages come in groups: a file for each would be a dozen requests of a kilobyte.
const wayIn = () => import('./pages/way-in.ts');
const consentPages = () => import('./pages/consent.ts');
const figurePages = () => import('./pages/figures.ts');
const keyPages = () => import('./pages/keys.ts');
const logPages = () => import('./pages/logs.ts');
const modelPages = () => import('./pages/models.ts');
const playgroundPages = () => import('./pages/playground.ts');
const recordPages = () => import('./pages/records.ts');
const settingsPages = () => import('./pages/settings.ts');

const root = createRootRouteWithContext<{ queryClient: QueryClient }>()({
  component: Outlet,
  notFoundComponent: NotFound,
});

/** Pages for whoever comes; most of them ask who that is. */
const open = createRoute({
  getParentRoute: () => root,
  id: 'open',
  errorComponent: BrokenPage,
  beforeLoad: async ({ context }) => {
    await context.queryClient.ensureQueryData(sessionQuery);
  },
});

/** Pages for people who are signed in; the others are sent to the sign-in and come back afterwards. */
const signedIn = createRoute({
  getParentRoute: () => root,
  id: 'signed-in',
  component: AppLayout,
  errorComponent: BrokenPage,
  // Every page has it in its address, and each link keeps it.
  validateSearch: ({ workspace }: Record<string, unknown>): { workspace?: string } =>
    typeof workspace === 'string' && workspace !== '' ? { workspace } : {},
  search: { middlewares: [retainSearchParams(['workspace'])] },
  beforeLoad: async ({ context: { queryClient }, search }) => {
    const { session } = await queryClient.ensureQueryData(sessionQuery);
    if (session === null) throw redirect({ href: signInPath(), replace: true });
    // Whoever has chosen one waits for its id, and asks nothing of all of them meanwhile; without it the page shows all.
    if (askedWorkspace(search) !== null) await queryClient.ensureQueryData(workspacesQuery).catch(() => []);
  },
});

const signIn = createRoute({
  getParentRoute: () => open,
  path: '/sign-in',
  beforeLoad: async ({ context }) => {
    const { session } = await context.queryClient.ensureQueryData(sessionQuery);
    if (session === null) return;
    // Loaded anew like after a sign-in: see `leaveFor`.
    leaveFor(returnToOf(location.search));
    await new Promise(() => {});
  },
  component: lazyRouteComponent(wayIn, 'SignInPage'),
});

const setup = createRoute({
  getParentRoute: () => open,
  path: '/setup',
  component: lazyRouteComponent(wayIn, 'SetupPage'),
});
const signUp = createRoute({
  getParentRoute: () => open,
  path: '/sign-up',
  component: lazyRouteComponent(wayIn, 'SignUpPage'),
});
const verifyEmail = createRoute({
  getParentRoute: () => open,
  path: '/verify-email',
  component: lazyRouteComponent(wayIn, 'VerifyEmailPage'),
});
const twoFactor = createRoute({
  getParentRoute: () => open,
  path: '/sign-in/two-factor',
  component: lazyRouteComponent(wayIn, 'TwoFactorPage'),
});
const forgotPassword = createRoute({
  getParentRoute: () => open,
  path: '/forgot-password',
  component: lazyRouteComponent(wayIn, 'ForgotPasswordPage'),
});
const resetPassword = createRoute({
  getParentRoute: () => open,
  path: '/reset-password',
  component: lazyRouteComponent(wayIn, 'ResetPasswordPage'),
});
const consent = createRoute({
  getParentRoute: () => open,
  path: '/auth',
  component: lazyRouteComponent(consentPages, 'ConsentPage'),
});
const shownCode = createRoute({
  getParentRoute: () => open,
  path: '/auth/code',
  component: lazyRouteComponent(consentPages, 'ShownCodePage'),
});
const device = createRoute({
  getParentRoute: () => open,
  path: '/device',
  component: lazyRouteComponent(consentPages, 'DevicePage'),
});
const changeEmail = createRoute({
  getParentRoute: () => open,
  path: '/change-email',
  component: lazyRouteComponent(wayIn, 'ChangeEmailPage'),
});
const providerError = createRoute({
  getParentRoute: () => root,
  path: '/error',
  component: ProviderErrorPage,
});

/** A page within the frame, for people who are signed in: its address, and what loads it when it is first shown. */
const framed = <const Path extends string>(path: Path, component: AsyncRouteComponent<never>) =>
  createRoute({ getParentRoute: () => signedIn, path, component: component as AsyncRouteComponent<unknown> });

/** One whose address holds what it is narrowed to is written out, with what of it is taken. */
const keys = createRoute({
  getParentRoute: () => signedIn,
  path: '/keys',
  validateSearch: validateKeySearch,
  component: lazyRouteComponent(keyPages, 'KeysPage'),
});

const logs = createRoute({
  getParentRoute: () => signedIn,
  path: '/logs',
  validateSearch: validateLogsSearch,
  component: lazyRouteComponent(logPages, 'LogsPage'),
});

/** A new page is one entry here, one in navigation.ts and one in src/pages/routes.ts. */
const framedPages = [
  framed('/', lazyRouteComponent(figurePages, 'OverviewPage')),
  framed('/activity', lazyRouteComponent(figurePages, 'ActivityPage')),
  keys,
  framed('/keys/$hash', lazyRouteComponent(keyPages, 'KeyPage')),
  logs,
  framed('/exports', lazyRouteComponent(recordPages, 'ExportsPage')),
  framed('/reconciliation', lazyRouteComponent(recordPages, 'ReconciliationPage')),
  framed('/feedback', lazyRouteComponent(recordPages, 'FeedbackPage')),
  framed('/playground', lazyRouteComponent(playgroundPages, 'PlaygroundPage')),
  framed('/apps', lazyRouteComponent(figurePages, 'AppsInUsePage')),
  framed('/models', lazyRouteComponent(modelPages, 'ModelsPage')),
  framed('/models/$author/$slug', lazyRouteComponent(modelPages, 'ModelPage')),
  framed('/credits', lazyRouteComponent(settingsPages, 'CreditsPage')),
  framed('/settings/account', lazyRouteComponent(settingsPages, 'AccountPage')),
  framed('/settings/organisation', lazyRouteComponent(settingsPages, 'OrganisationPage')),
  framed('/settings/byok', lazyRouteComponent(settingsPages, 'ByokPage')),
  framed('/settings/guardrails', lazyRouteComponent(settingsPages, 'GuardrailsPage')),
  framed('/settings/guardrails/$id', lazyRouteComponent(settingsPages, 'GuardrailPage')),
  framed('/settings/budgets', lazyRouteComponent(settingsPages, 'BudgetsPage')),
  framed('/settings/content', lazyRouteComponent(settingsPages, 'ContentPage')),
  framed('/settings/management-keys', lazyRouteComponent(settingsPages, 'ManagementKeysPage')),
  framed('/settings/notifications', lazyRouteComponent(settingsPages, 'NotificationsPage')),
  framed('/settings/key-report', lazyRouteComponent(settingsPages, 'KeyReportPage')),
  framed('/settings/members', lazyRouteComponent(settingsPages, 'MembersPage')),
  framed('/settings/workspaces', lazyRouteComponent(settingsPages, 'WorkspacesPage')),
  framed('/workspaces/$slug/settings', lazyRouteComponent(settingsPages, 'WorkspacePage')),
  framed('/settings/scim', lazyRouteComponent(settingsPages, 'ScimPage')),
  framed('/settings/apps', lazyRouteComponent(settingsPages, 'AppsPage')),
  framed('/settings/workload-identity', lazyRouteComponent(settingsPages, 'WorkloadIdentityPage')),
  framed('/settings/audit', lazyRouteComponent(settingsPages, 'AuditPage')),
  framed('/settings/providers', lazyRouteComponent(settingsPages, 'ProvidersPage')),
] as const;

const routeTree = root.addChildren([
  providerError,
  open.addChildren([
    signIn,
    setup,
    signUp,
    verifyEmail,
    twoFactor,
    forgotPassword,
    resetPassword,
    changeEmail,
    consent,
    shownCode,
    device,
  ]),
  signedIn.addChildren(framedPages),
]);

/** Where a field has taken the focus, whoever comes is told of that one. */
function focusHeading(): void {
  if (document.activeElement instanceof HTMLInputElement) return;
  document.querySelector('h1')?.focus({ preventScroll: true });
}

export function createAppRouter(queryClient: QueryClient) {
  const router = createRouter({
    routeTree,
    context: { queryClient },
    defaultPendingComponent: PendingPage,
    defaultErrorComponent: BrokenPart,
    defaultPreload: 'intent',
    // Queries have a memory of their own.
    defaultPreloadStaleTime: 0,
    scrollRestoration: true,
    // Texts stay texts: a token of digits is no number.
    parseSearch: (search) => Object.fromEntries(new URLSearchParams(search)),
    stringifySearch: (search) => {
      const given = Object.entries(search).filter(([, value]) => value !== undefined && value !== '');
      const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
      return query === '' ? '' : `?${query}`;
    },
  });
  // Whoever cannot see the page change hears its heading.
  router.subscribe('onRendered', ({ fromLocation, pathChanged }) => {
    if (fromLocation !== undefined && pathChanged) focusHeading();
  });
  return router;
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
