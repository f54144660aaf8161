/** `/auth/code`: the code for an app that has no address to send it to. Shown to its user, to be copied. */
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { ApiError } from '../../shared/api/request.ts';
import { AuthLayout } from '../../shared/components/auth-layout.tsx';
import { FailedPage } from '../../shared/components/failed-page.tsx';
import { SecretReveal } from '../../shared/components/secret-reveal.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { TextLink } from '../../shared/components/text-link.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { formatTime } from '../../shared/format/time.ts';
import { leaveFor, signInPath } from '../../shared/session/return-to.ts';
import { useSessionState } from '../../shared/session/session-query.ts';
import { shownCodeQuery } from './api/read-shown-code.ts';

export function ShownCodePage() {
  const { session } = useSessionState();
  const shown = useQuery({ ...shownCodeQuery, enabled: session !== null });
  const mustSignIn =
    session === null || (shown.error instanceof ApiError && shown.error.code === 'not_signed_in');
  useEffect(() => {
    if (mustSignIn) leaveFor(signInPath());
  }, [mustSignIn]);
  if (mustSignIn || shown.isPending) {
    return (
      <AuthLayout title="Your code">
        <Loading />
      </AuthLayout>
    );
  }
  const home = <TextLink to="/keys">Go to your keys</TextLink>;
  if (shown.isError) {
    return <FailedPage title="Your code" query={shown} footer={home} />;
  }
  if (shown.data === null) {
    return (
      <AuthLayout
        title="There is no code to show"
        description="A code lasts ten minutes. Start again in the app."
        footer={home}
      />
    );
  }
  const { code, expires_at, key_label } = shown.data;
  return (
    <AuthLayout
      title="Copy your code"
      description={
        <>
          Paste it into the app, which swaps it for the key “<Untrusted>{key_label}</Untrusted>”.
        </>
      }
      footer={home}
    >
      <SecretReveal label="Code" secret={code} />
      <p className="text-muted">
        It works once, until {formatTime(expires_at)}. Give it to nobody but the app in which you started
        this.
      </p>
    </AuthLayout>
  );
}
