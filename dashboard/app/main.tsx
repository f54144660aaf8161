/** Starts the dashboard: everything that is wrapped around every page, and the router that picks it. */
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { ApiError, onSignedOut } from '../shared/api/request.ts';
import { ToastProvider } from '../shared/components/toast.tsx';
import { hasSessionEnded } from '../shared/session/session-ended.ts';
import { sessionQuery } from '../shared/session/session-query.ts';
import { COMMON } from './common.ts';
import { ErrorPage } from './error-page.tsx';
import { readPageError } from './page-error.ts';
import { createAppRouter } from './router.tsx';

/** A session that has ended shows in whatever is asked next: asking who is signed in then leads to the sign-in. */
function whenSignedOut(error: Error): void {
  if (!(error instanceof ApiError) || error.code !== 'not_signed_in' || hasSessionEnded()) return;
  void queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey });
}

const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // What was refused once is refused again; only what did not arrive is worth another try.
      retry: (count, error) =>
        count < 2 && error instanceof ApiError && (error.status === 0 || error.status >= 502),
      staleTime: 5000,
    },
  },
  queryCache: new QueryCache({ onError: whenSignedOut }),
  mutationCache: new MutationCache({ onError: whenSignedOut }),
});
// Forms send by themselves, past the caches of queries and mutations.
onSignedOut(whenSignedOut);
const router = createAppRouter(queryClient);

const root = document.getElementById('root');
if (root === null || COMMON.length === 0) throw new Error('the page has no place to render into');
const pageError = readPageError();
createRoot(root).render(
  <StrictMode>
    {pageError === null || pageError.code === 'not_found' ? (
      <QueryClientProvider client={queryClient}>
        <ToastProvider>
          <RouterProvider router={router} />
        </ToastProvider>
      </QueryClientProvider>
    ) : (
      <ErrorPage {...pageError} />
    )}
  </StrictMode>,
);
