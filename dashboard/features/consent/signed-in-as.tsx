/** Whose account it is that an app would get a key of. */
import { Untrusted } from '../../shared/components/untrusted.tsx';
import type { Session } from '../../shared/session/session-query.ts';

export function SignedInAs({ session }: { session: Session }) {
  return (
    <>
      Signed in as <Untrusted>{session.user.email}</Untrusted>
    </>
  );
}
