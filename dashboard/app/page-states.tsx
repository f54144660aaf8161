/** A page that is not here yet, or that broke while it was made. */
import { type ErrorComponentProps, useRouterState } from '@tanstack/react-router';
import { ApiError, messageOf } from '../shared/api/request.ts';
import { Alert } from '../shared/components/alert.tsx';
import { AuthLayout } from '../shared/components/auth-layout.tsx';
import { Button } from '../shared/components/button.tsx';
import { PageTitle } from '../shared/components/page-title.tsx';
import { Loading } from '../shared/components/spinner.tsx';

const BROKEN_TITLE = 'This page could not be shown';

export function PendingPage() {
  return (
    <div className="mx-auto max-w-md p-8">
      <Loading />
    </div>
  );
}

/** Within the menu where there is one. */
export function BrokenPart(props: ErrorComponentProps) {
  const isFramed = useRouterState({
    select: ({ matches }) => matches.some(({ routeId }) => routeId === '/signed-in'),
  });
  if (!isFramed) return <BrokenPage {...props} />;
  return (
    <>
      <PageTitle title={BROKEN_TITLE} />
      <div className="grid max-w-md gap-4">
        <WhatBroke {...props} />
      </div>
    </>
  );
}

export function BrokenPage(props: ErrorComponentProps) {
  return (
    <AuthLayout title={BROKEN_TITLE}>
      <WhatBroke {...props} />
    </AuthLayout>
  );
}

function WhatBroke({ error, reset }: ErrorComponentProps) {
  return (
    <>
      <Alert tone="danger">{messageOf(error)}</Alert>
      <Button onClick={() => (error instanceof ApiError ? reset() : location.reload())}>Try again</Button>
    </>
  );
}
