/** The first page of a new gateway: whoever opens the link that it printed becomes its owner. */
import { useQuery } from '@tanstack/react-query';
import { AuthLayout } from '../../shared/components/auth-layout.tsx';
import { FailedPage } from '../../shared/components/failed-page.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { TextLink } from '../../shared/components/text-link.tsx';
import { useSessionState } from '../../shared/session/session-query.ts';
import { invitationQuery } from './api/preview-invitation.ts';
import { SignUpForm } from './sign-up-form.tsx';

export function SetupPage() {
  const { setup_needed } = useSessionState().sign_in;
  const token = new URLSearchParams(location.search).get('token') ?? '';
  const setup = useQuery({ ...invitationQuery(token), enabled: setup_needed && token !== '' });
  if (!setup_needed) {
    return (
      <AuthLayout
        title="Already set up"
        description="This gateway has an owner. Sign in, or ask for an invitation."
        footer={<TextLink to="/sign-in">Sign in</TextLink>}
      />
    );
  }
  if (token !== '' && setup.isPending) {
    return (
      <AuthLayout title="Set up Turnpike">
        <Loading />
      </AuthLayout>
    );
  }
  if (setup.isError) {
    return <FailedPage title="Set up Turnpike" query={setup} />;
  }
  if (setup.data == null) {
    return (
      <AuthLayout
        title={token === '' ? 'Set up Turnpike' : 'This link does not work any more'}
        description="A new gateway prints a set-up link each time it starts, until it has an owner. Open the newest one."
      />
    );
  }
  return (
    <AuthLayout
      title="Set up Turnpike"
      description="You will own this gateway: its keys, its members and its settings."
    >
      <SignUpForm token={token} email={setup.data.email} submitLabel="Create your account" />
    </AuthLayout>
  );
}
