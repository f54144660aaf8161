/** Whose account it is that an app would get a key of, and the way to take another. */
import { useMutation } from '@tanstack/react-query';
import { TextButton } from '../../shared/components/text-link.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { leaveFor, signInPath } from '../../shared/session/return-to.ts';
import type { Session } from '../../shared/session/session-query.ts';
import { signOut } from '../../shared/session/sign-out.ts';

export function SignedInAs({ session }: { session: Session }) {
  const leaving = useMutation({ mutationFn: signOut, onSuccess: () => leaveFor(signInPath()) });
  return (
    <>
      Signed in as <Untrusted>{session.user.email}</Untrusted>.{' '}
      <TextButton onClick={() => leaving.mutate()}>Not you?</TextButton>
    </>
  );
}
