/** A page whose data could not be loaded: why, and another try where one may help. */
import type { ReactNode } from 'react';
import { ApiError, messageOf } from '../api/request.ts';
import { Alert } from './alert.tsx';
import { AuthLayout } from './auth-layout.tsx';
import { Button } from './button.tsx';

export function FailedPage({
  title,
  query,
  footer,
}: {
  title: string;
  query: { readonly error: Error | null; readonly isFetching: boolean; readonly refetch: () => unknown };
  footer?: ReactNode;
}) {
  const { error, isFetching, refetch } = query;
  const isRefusal = error instanceof ApiError && error.status >= 400 && error.status < 500;
  return (
    <AuthLayout title={title} footer={footer}>
      <Alert tone="danger">{messageOf(error)}</Alert>
      {!isRefusal && (
        <Button isBusy={isFetching} onClick={() => void refetch()}>
          Try again
        </Button>
      )}
    </AuthLayout>
  );
}
