/** Stands where data would, when there is none to be had. */
import { ApiError, messageOf } from '../api/request.ts';
import { Alert } from './alert.tsx';
import { Button } from './button.tsx';

/** `title` says what could not be loaded. What was asked wrongly, such as for too much at once, is not asked again. */
export function LoadError({ title, error, onRetry }: { title: string; error: Error; onRetry: () => void }) {
  const isWrong = error instanceof ApiError && error.status === 400;
  return (
    <div className="grid gap-3">
      <Alert tone="danger" title={title}>
        {messageOf(error)}
      </Alert>
      {!isWrong && (
        <Button variant="secondary" className="justify-self-start" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}
