/** Sets a new password, for whoever opened the link that was asked for. */
import { useState } from 'react';
import { ApiError } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { AuthLayout } from '../../shared/components/auth-layout.tsx';
import { Button, buttonClass } from '../../shared/components/button.tsx';
import { PasswordField } from '../../shared/components/field.tsx';
import { TextLink } from '../../shared/components/text-link.tsx';
import { MIN_PASSWORD_LENGTH, newPassword, useForm } from '../../shared/forms/use-form.ts';
import { keptReturnTo } from '../../shared/session/kept-return-to.ts';
import { keepingReturnTo } from '../../shared/session/return-to.ts';
import { resetPassword } from './api/reset-password.ts';

export function ResetPasswordPage() {
  const token = new URLSearchParams(location.search).get('token');
  const search = keptReturnTo();
  const [outcome, setOutcome] = useState<'done' | 'expired' | null>(token === null ? 'expired' : null);
  const form = useForm({
    rules: { newPassword },
    gatewayFields: ['newPassword'],
    submit: async (passwords) => {
      try {
        await resetPassword({ token: token ?? '', ...passwords });
        setOutcome('done');
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== 'INVALID_TOKEN') throw error;
        setOutcome('expired');
      }
    },
  });
  if (outcome === 'done') {
    return (
      <AuthLayout
        title="Your password is set"
        description="You were signed out everywhere. Sign in with the new password. Passkeys and connected accounts that you had still work: look at them on the account page."
      >
        <a href={keepingReturnTo('/sign-in', search)} className={buttonClass('primary', 'w-full')}>
          Sign in
        </a>
      </AuthLayout>
    );
  }
  if (outcome === 'expired') {
    return (
      <AuthLayout
        title="This link does not work any more"
        description="A link works once, and for an hour."
        footer={<TextLink to={keepingReturnTo('/sign-in', search)}>Back to sign-in</TextLink>}
      >
        <a href={keepingReturnTo('/forgot-password', search)} className={buttonClass('primary', 'w-full')}>
          Get a new link
        </a>
      </AuthLayout>
    );
  }
  return (
    <AuthLayout title="Set a new password" description="This signs you out everywhere.">
      {form.error !== null && <Alert tone="danger">{form.error}</Alert>}
      <form noValidate className="grid gap-4" onSubmit={form.onSubmit}>
        <PasswordField
          label="New password"
          name="newPassword"
          autoComplete="new-password"
          autoFocus
          hint={`At least ${MIN_PASSWORD_LENGTH} characters. A few words in a row are easy to remember.`}
          error={form.errors.newPassword}
        />
        <Button type="submit" isBusy={form.isSending}>
          Set the password
        </Button>
      </form>
    </AuthLayout>
  );
}
