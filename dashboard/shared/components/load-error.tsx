/** Stands where data would, when there is none to be had. */
import { messageOf } from '../api/request.ts';
import { Alert } from './alert.tsx';
import { Button } from './button.tsx';

/** `title` says what could not be loaded. */
export function LoadError({ title, error, onRetry }: { title: string; error: Error; onRetry: () => void }) {
  return (
    <div className="grid gap-3">
      <Alert tone="danger" title={title}>
        {messageOf(error)}
      </Alert>
      <Button variant="secondary" className="justify-self-start" onClick={onRetry}>
        Try again
      </Button>
    </div>
  );
}
