/** Where a link can be found: in the mailbox, or with whoever runs a gateway that sends no mail. */
import { Alert } from '../components/alert.tsx';
import { useSessionState } from '../session/session-query.ts';

export function MailNote() {
  const { sign_in } = useSessionState();
  if (sign_in.mail) return null;
  return (
    <Alert tone="warning" title="This gateway sends no mail">
      Ask whoever runs it for the link: the gateway prints it to its log.
    </Alert>
  );
}
