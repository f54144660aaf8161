/** Says that the session ended while somebody was at work, and keeps what they typed. */
import { Alert } from '../shared/components/alert.tsx';
import { useSessionEnded } from '../shared/session/session-ended.ts';

export function SessionEndedNotice() {
  if (!useSessionEnded()) return null;
  return (
    <div className="mb-5">
      <Alert tone="warning" title="Your session ended">
        What you entered is still here.{' '}
        {/* A tab of its own, and not the router's: this page stays as it is. */}
        <a
          href="/sign-in"
          target="_blank"
          rel="noreferrer"
          className="text-link underline underline-offset-2"
        >
          Sign in in a new tab
        </a>
        , come back, and go on.
      </Alert>
    </div>
  );
}
