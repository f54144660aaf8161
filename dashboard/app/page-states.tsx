/** A page that is not here yet, or that broke while it was made. */
import type { ErrorComponentProps } from '@tanstack/react-router';
import { ApiError, messageOf } from '../shared/api/request.ts';
import { Alert } from '../shared/components/alert.tsx';
import { Button } from '../shared/components/button.tsx';
import { Loading } from '../shared/components/spinner.tsx';

export function PendingPage() {
  return (
    <div className="mx-auto max-w-md p-8">
      <Loading />
    </div>
  );
}

export function BrokenPage({ error, reset }: ErrorComponentProps) {
  return (
    <main className="mx-auto grid max-w-md gap-4 p-8">
      <h1 className="text-xl font-semibold">This page could not be shown</h1>
      <Alert tone="danger">{messageOf(error)}</Alert>
      <div>
        <Button onClick={() => (error instanceof ApiError ? reset() : location.reload())}>Try again</Button>
      </div>
    </main>
  );
}
