/** Between signing up and being in: wait for the mail, then open its link and show the password again. */
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { ApiError } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { AuthLayout } from '../../shared/components/auth-layout.tsx';
import { Button } from '../../shared/components/button.tsx';
import { PasswordField } from '../../shared/components/field.tsx';
import { TextLink } from '../../shared/components/text-link.tsx';
import { required, useForm } from '../../shared/forms/use-form.ts';
import { keptReturnTo } from '../../shared/session/kept-return-to.ts';
import { keepingReturnTo, leaveFor, returnToOf } from '../../shared/session/return-to.ts';
import { useSessionState } from '../../shared/session/session-query.ts';
import { MailNote } from '../../shared/sign-in/mail-note.tsx';
import { readPendingEmail } from '../../shared/sign-in/pending-email.ts';
import { ResendForm } from '../../shared/sign-in/resend-form.tsx';
import { verifyEmail } from './api/verify-email.ts';

export function VerifyEmailPage() {
  const token = new URLSearchParams(location.search).get('token');
  const [isExpired, setExpired] = useState(false);
  if (token === null) return <Waiting />;
  const search = keptReturnTo();
  if (isExpired) {
    return (
      <AuthLayout
        title="This link does not work any more"
        description="A link works for 24 hours. Ask for a new one."
        footer={<TextLink to={keepingReturnTo('/sign-in', search)}>Back to sign-in</TextLink>}
      >
        <MailNote />
        <ResendForm search={search} />
      </AuthLayout>
    );
  }
  return <Confirm token={token} search={search} onExpired={() => setExpired(true)} />;
}

function Waiting() {
  const { sign_in } = useSessionState();
  const email = readPendingEmail();
  return (
    <AuthLayout
      title="Confirm your e-mail address"
      description={
        email === '' ? (
          sign_in.mail ? (
            'Open the link that was sent to you.'
          ) : (
            'Open the link that was made for you.'
          )
        ) : (
          <>
            Open the link that {sign_in.mail ? 'was sent to' : 'was made for'}{' '}
            <strong className="font-medium text-text">{email}</strong>.
          </>
        )
      }
      footer={<TextLink to={keepingReturnTo('/sign-in', location.search)}>Back to sign-in</TextLink>}
    >
      <MailNote />
      <ResendForm search={location.search} />
    </AuthLayout>
  );
}

function Confirm({
  token,
  search,
  onExpired,
}: {
  token: string;
  /** Where to go afterwards, as a query. */
  search: string;
  onExpired: () => void;
}) {
  const navigate = useNavigate();
  const form = useForm({
    rules: { password: required('Enter your password') },
    submit: async ({ password }) => {
      try {
        const { twoFactorRedirect } = await verifyEmail({ token, password });
        if (twoFactorRedirect === true)
          await navigate({ href: keepingReturnTo('/sign-in/two-factor', search) });
        else leaveFor(returnToOf(search));
      } catch (error) {
        if (!(error instanceof ApiError) || !/^(?:INVALID_TOKEN|TOKEN_EXPIRED)$/.test(error.code))
          throw error;
        onExpired();
      }
    },
  });
  return (
    <AuthLayout
      title="Confirm your e-mail address"
      description="Enter the password that you signed up with, so that we know it is you."
      footer={<TextLink to={keepingReturnTo('/forgot-password', search)}>Forgot your password?</TextLink>}
    >
      {form.error !== null && <Alert tone="danger">{form.error}</Alert>}
      <form noValidate className="grid gap-4" onSubmit={form.onSubmit}>
        <PasswordField
          label="Password"
          name="password"
          autoComplete="current-password"
          autoFocus
          error={form.errors.password}
        />
        <Button type="submit" isBusy={form.isSending}>
          Confirm and sign in
        </Button>
      </form>
    </AuthLayout>
  );
}
