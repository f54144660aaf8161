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
} from '@tanstack/react-router';
import { leaveFor, returnToOf, signInPath } from '../shared/session/return-to.ts';
import { sessionQuery } from '../shared/session/session-query.ts';
import { AppLayout } from './app-layout.tsx';
import { NotFoundPage } from './error-page.tsx';
import { BrokenPage, BrokenPart, PendingPage } from './page-states.tsx';
import { ProviderErrorPage } from './provider-error-page.tsx';

const root = createRootRouteWithContext<{ queryClient: QueryClient }>()({
  component: Outlet,
  notFoundComponent: NotFoundPage,
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
  beforeLoad: async ({ context }) => {
    const { session } = await context.queryClient.ensureQueryData(sessionQuery);
    if (session === null) throw redirect({ href: signInPath(), replace: true });
  },
});

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/keys', replace: true });
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
  component: lazyRouteComponent(() => import('../features/sign-in/sign-in-page.tsx'), 'SignInPage'),
});

const setup = createRoute({
  getParentRoute: () => open,
  path: '/setup',
  component: lazyRouteComponent(() => import('../features/sign-up/setup-page.tsx'), 'SetupPage'),
});
const signUp = createRoute({
  getParentRoute: () => open,
  path: '/sign-up',
  component: lazyRouteComponent(() => import('../features/sign-up/sign-up-page.tsx'), 'SignUpPage'),
});
const verifyEmail = createRoute({
  getParentRoute: () => open,
  path: '/verify-email',
  component: lazyRouteComponent(() => import('../features/sign-up/verify-email-page.tsx'), 'VerifyEmailPage'),
});
const twoFactor = createRoute({
  getParentRoute: () => open,
  path: '/sign-in/two-factor',
  component: lazyRouteComponent(() => import('../features/sign-in/two-factor-page.tsx'), 'TwoFactorPage'),
});
const forgotPassword = createRoute({
  getParentRoute: () => open,
  path: '/forgot-password',
  component: lazyRouteComponent(
    () => import('../features/password/forgot-password-page.tsx'),
    'ForgotPasswordPage',
  ),
});
const resetPassword = createRoute({
  getParentRoute: () => open,
  path: '/reset-password',
  component: lazyRouteComponent(
    () => import('../features/password/reset-password-page.tsx'),
    'ResetPasswordPage',
  ),
});
const consent = createRoute({
  getParentRoute: () => open,
  path: '/auth',
  component: lazyRouteComponent(() => import('../features/consent/consent-page.tsx'), 'ConsentPage'),
});
const shownCode = createRoute({
  getParentRoute: () => open,
  path: '/auth/code',
  component: lazyRouteComponent(() => import('../features/consent/shown-code-page.tsx'), 'ShownCodePage'),
});
const device = createRoute({
  getParentRoute: () => open,
  path: '/device',
  component: lazyRouteComponent(() => import('../features/consent/device-page.tsx'), 'DevicePage'),
});
const changeEmail = createRoute({
  getParentRoute: () => open,
  path: '/change-email',
  component: lazyRouteComponent(() => import('../features/account/change-email-page.tsx'), 'ChangeEmailPage'),
});
const providerError = createRoute({
  getParentRoute: () => root,
  path: '/error',
  component: ProviderErrorPage,
});

/** A page within the frame, for people who are signed in: its address, and what loads it when it is first shown. */
const framed = <const Path extends string>(path: Path, component: AsyncRouteComponent<never>) =>
  createRoute({ getParentRoute: () => signedIn, path, component: component as AsyncRouteComponent<unknown> });

/** A new page is one entry here, one in navigation.ts and one in src/pages/routes.ts. */
const framedPages = [
  framed(
    '/keys',
    lazyRouteComponent(() => import('../features/keys/keys-page.tsx'), 'KeysPage'),
  ),
  framed(
    '/keys/$hash',
    lazyRouteComponent(() => import('../features/keys/key-page.tsx'), 'KeyPage'),
  ),
  framed(
    '/logs',
    lazyRouteComponent(() => import('../features/logs/logs-page.tsx'), 'LogsPage'),
  ),
  framed(
    '/settings/account',
    lazyRouteComponent(() => import('../features/account/account-page.tsx'), 'AccountPage'),
  ),
  framed(
    '/models',
    lazyRouteComponent(() => import('../features/models/models-page.tsx'), 'ModelsPage'),
  ),
  framed(
    '/models/$author/$slug',
    lazyRouteComponent(() => import('../features/models/model-page.tsx'), 'ModelPage'),
  ),
  framed(
    '/settings/members',
    lazyRouteComponent(() => import('../features/members/members-page.tsx'), 'MembersPage'),
  ),
  framed(
    '/settings/apps',
    lazyRouteComponent(() => import('../features/apps/apps-page.tsx'), 'AppsPage'),
  ),
  framed(
    '/settings/workload-identity',
    lazyRouteComponent(
      () => import('../features/workload-identity/workload-identity-page.tsx'),
      'WorkloadIdentityPage',
    ),
  ),
] as const;

const routeTree = root.addChildren([
  home,
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
    if (fromLocation !== undefined && pathChanged)
      document.querySelector('h1')?.focus({ preventScroll: true });
  });
  return router;
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
