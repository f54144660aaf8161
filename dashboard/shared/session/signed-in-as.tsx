/** Who is about to decide something, such as to give an app a key, and the way to be somebody else. */
import { useMutation } from '@tanstack/react-query';
import { TextButton } from '../components/text-link.tsx';
import { Untrusted } from '../components/untrusted.tsx';
import { leaveFor, signInPath } from './return-to.ts';
import type { Session } from './session-query.ts';
import { signOut } from './sign-out.ts';

export function SignedInAs({ session }: { session: Session }) {
  const leaving = useMutation({ mutationFn: signOut, onSuccess: () => leaveFor(signInPath()) });
  return (
    <>
      Signed in as <Untrusted>{session.user.email}</Untrusted>.{' '}
      <TextButton onClick={() => leaving.mutate()}>Not you?</TextButton>
    </>
  );
}
