/** `/change-email`: the link out of the mail to a new address. The yes must come from whoever asked for it. */
import { useMutation, useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { ApiError, messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { AuthLayout } from '../../shared/components/auth-layout.tsx';
import { Button, buttonClass } from '../../shared/components/button.tsx';
import { FailedPage } from '../../shared/components/failed-page.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { TextLink } from '../../shared/components/text-link.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { leaveFor, signInPath } from '../../shared/session/return-to.ts';
import { type Session, useSessionState } from '../../shared/session/session-query.ts';
import { SignedInAs } from '../../shared/session/signed-in-as.tsx';
import { confirmEmailChange } from './api/confirm-email-change.ts';
import { emailChangeQuery } from './api/read-email-change.ts';
import { ACCOUNT_PAGE } from './connection-outcome.ts';

const TITLE = 'Change your e-mail address';

export function ChangeEmailPage() {
  const { session } = useSessionState();
  const token = new URLSearchParams(location.search).get('token') ?? '';
  const change = useQuery({ ...emailChangeQuery(token), enabled: session !== null });
  const mustSignIn =
    session === null || (change.error instanceof ApiError && change.error.code === 'not_signed_in');
  useEffect(() => {
    if (mustSignIn) leaveFor(signInPath());
  }, [mustSignIn]);
  if (mustSignIn || change.isPending) {
    return (
      <AuthLayout title={TITLE}>
        <Loading />
      </AuthLayout>
    );
  }
  if (change.isError)
    return <FailedPage title={TITLE} query={change} footer={<SignedInAs session={session} />} />;
  if (change.data === null) return <UnknownLink session={session} />;
  return <Confirm token={token} email={change.data} session={session} />;
}

function UnknownLink({ session }: { session: Session }) {
  return (
    <AuthLayout
      title="This link does not work"
      description="It was used already, is older than an hour, has been replaced by a newer one, or is for another user than you."
      footer={<SignedInAs session={session} />}
    >
      <ToAccount />
    </AuthLayout>
  );
}

function Confirm({ token, email, session }: { token: string; email: string; session: Session }) {
  const confirmation = useMutation({ mutationFn: confirmEmailChange });
  if (confirmation.isSuccess) {
    return (
      <AuthLayout
        title="Your e-mail address is changed"
        description={
          <>
            From now on you sign in with <Address>{confirmation.data.email}</Address>. Every other session has
            ended.
          </>
        }
      >
        <ToAccount />
      </AuthLayout>
    );
  }
  return (
    <AuthLayout
      title={TITLE}
      description={
        <>
          You will sign in with <Address>{email}</Address> instead of <Address>{session.user.email}</Address>.
          All your other sessions end.
        </>
      }
      footer={<TextLink to={ACCOUNT_PAGE}>Keep the address that you have</TextLink>}
    >
      {confirmation.isError && <Alert tone="danger">{messageOf(confirmation.error)}</Alert>}
      <Button isBusy={confirmation.isPending} onClick={() => confirmation.mutate(token)}>
        Use the new address
      </Button>
    </AuthLayout>
  );
}

function Address({ children }: { children: string }) {
  return (
    <strong className="font-medium text-text">
      <Untrusted>{children}</Untrusted>
    </strong>
  );
}

/** Loaded anew: who is signed in has another address now. */
function ToAccount() {
  return (
    <a href={ACCOUNT_PAGE} className={buttonClass('primary', 'w-full')}>
      Go to your account
    </a>
  );
}
