/** Where somebody becomes a user: with an invitation, or by themselves where that is allowed. */
import { useMutation, useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { InvitationPreview } from '../../../src/accounts/answers.ts';
import { messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { AuthLayout } from '../../shared/components/auth-layout.tsx';
import { Button } from '../../shared/components/button.tsx';
import { FailedPage } from '../../shared/components/failed-page.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { TextButton, TextLink } from '../../shared/components/text-link.tsx';
import { plainName, Untrusted } from '../../shared/components/untrusted.tsx';
import { keepingReturnTo, leaveFor, signInPath } from '../../shared/session/return-to.ts';
import { type Session, useSessionState } from '../../shared/session/session-query.ts';
import { SignedInAs } from '../../shared/session/signed-in-as.tsx';
import { acceptInvitation } from './api/accept-invitation.ts';
import { invitationQuery } from './api/preview-invitation.ts';
import { SignUpForm } from './sign-up-form.tsx';

export function SignUpPage() {
  const token = new URLSearchParams(location.search).get('token');
  return token === null ? <Uninvited /> : <Invited token={token} />;
}

function Uninvited() {
  const { sign_up } = useSessionState().sign_in;
  if (sign_up === 'open') {
    return (
      <AuthLayout title="Sign up" footer={<SignInInstead />}>
        <SignUpForm token={null} email={null} submitLabel="Sign up" />
      </AuthLayout>
    );
  }
  return (
    <AuthLayout
      title={sign_up === 'invitation' ? 'By invitation only' : 'Sign-up is closed'}
      description={
        sign_up === 'invitation'
          ? 'Ask an owner or admin of this organisation for an invitation, and open the link in it.'
          : 'Nobody can sign up here at the moment.'
      }
      footer={<SignInInstead />}
    />
  );
}

function Invited({ token }: { token: string }) {
  const { session } = useSessionState();
  const invitation = useQuery(invitationQuery(token));
  if (invitation.isPending) {
    return (
      <AuthLayout title="Your invitation">
        <Loading />
      </AuthLayout>
    );
  }
  if (invitation.isError) {
    return <FailedPage title="Your invitation" query={invitation} />;
  }
  // Whoever has just come in with it, or was in already, has what it was for.
  if (invitation.data === null && session !== null) return <LeadOn />;
  if (invitation.data === null) {
    return (
      <AuthLayout
        title="This link does not work"
        description="The invitation was used already, is too old, or was taken back. Ask for a new one."
        footer={<SignInInstead />}
      />
    );
  }
  if (session !== null) return <Join token={token} invitation={invitation.data} session={session} />;
  return (
    <AuthLayout
      title={titleOf(invitation.data)}
      description={roleText(invitation.data)}
      footer={<SignInWithInvitation token={token} />}
    >
      <SignUpForm token={token} email={invitation.data.email} submitLabel="Accept and sign up" />
    </AuthLayout>
  );
}

/** Somebody who has a session already needs no second account. */
function Join({
  token,
  invitation,
  session,
}: {
  token: string;
  invitation: InvitationPreview;
  session: Session;
}) {
  const joining = useMutation({
    mutationFn: () => acceptInvitation(token),
    onSuccess: () => leaveFor('/keys'),
  });
  return (
    <AuthLayout
      title={titleOf(invitation)}
      description={roleText(invitation)}
      footer={<SignedInAs session={session} />}
    >
      {joining.isError && <Alert tone="danger">{messageOf(joining.error)}</Alert>}
      <Button isBusy={joining.isPending} onClick={() => joining.mutate()}>
        Join
      </Button>
    </AuthLayout>
  );
}

const titleOf = ({ account_name }: InvitationPreview): string => `Join ${plainName(account_name)}`;

function roleText({ role, account_name }: InvitationPreview) {
  return (
    <>
      You are invited to <Untrusted>{account_name}</Untrusted> as{' '}
      {role === 'member' ? 'a member' : `an ${role}`}.
    </>
  );
}

function LeadOn() {
  useEffect(() => leaveFor('/keys'), []);
  return (
    <AuthLayout title="Your invitation">
      <Loading />
    </AuthLayout>
  );
}

function SignInInstead() {
  return (
    <>
      Have an account already? <TextLink to={keepingReturnTo('/sign-in', location.search)}>Sign in</TextLink>
    </>
  );
}

/** The invitation comes along: it lets somebody in again who was removed, and awaits whoever is in with its role. */
function SignInWithInvitation({ token }: { token: string }) {
  const bringing = useMutation({
    mutationFn: () => acceptInvitation(token),
    onSuccess: () => leaveFor(signInPath()),
  });
  return (
    <>
      Have an account already?{' '}
      <TextButton disabled={bringing.isPending} onClick={() => bringing.mutate()}>
        Sign in
      </TextButton>
      {bringing.isError && <Alert tone="danger">{messageOf(bringing.error)}</Alert>}
    </>
  );
}
