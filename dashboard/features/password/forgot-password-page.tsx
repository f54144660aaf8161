/** Asks for a link with which a new password can be set. */
import { useState } from 'react';
import { requestPasswordReset } from '../../shared/api/request-password-reset.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { AuthLayout } from '../../shared/components/auth-layout.tsx';
import { Button } from '../../shared/components/button.tsx';
import { TextField } from '../../shared/components/field.tsx';
import { TextLink } from '../../shared/components/text-link.tsx';
import { emailAddress, useForm } from '../../shared/forms/use-form.ts';
import { keepReturnTo } from '../../shared/session/kept-return-to.ts';
import { keepingReturnTo } from '../../shared/session/return-to.ts';
import { useSessionState } from '../../shared/session/session-query.ts';
import { MailNote } from '../../shared/sign-in/mail-note.tsx';

export function ForgotPasswordPage() {
  const { sign_in } = useSessionState();
  const { search } = location;
  const [sentTo, setSentTo] = useState<string | null>(null);
  const form = useForm({
    rules: { email: emailAddress },
    submit: async ({ email }) => {
      keepReturnTo(search);
      await requestPasswordReset(email.trim());
      setSentTo(email.trim());
    },
  });
  const back = <TextLink to={keepingReturnTo('/sign-in', search)}>Back to sign-in</TextLink>;
  if (sentTo !== null) {
    return (
      <AuthLayout
        title="Look for the link"
        description={
          <>
            If <strong className="font-medium text-text">{sentTo}</strong> has an account here, a link to set
            a new password {sign_in.mail ? 'is on its way' : 'was made'}. It works for an hour.
          </>
        }
        footer={back}
      >
        <MailNote />
        <Button variant="secondary" onClick={() => setSentTo(null)}>
          Try another address
        </Button>
      </AuthLayout>
    );
  }
  return (
    <AuthLayout
      title="Forgot your password?"
      description="Enter the address that you sign in with, and get a link to set a new one."
      footer={back}
    >
      {form.error !== null && <Alert tone="danger">{form.error}</Alert>}
      <form noValidate className="grid gap-4" onSubmit={form.onSubmit}>
        <TextField
          label="E-mail address"
          name="email"
          type="email"
          autoComplete="username"
          autoFocus
          error={form.errors.email}
        />
        <Button type="submit" isBusy={form.isSending}>
          Get a link
        </Button>
      </form>
    </AuthLayout>
  );
}
