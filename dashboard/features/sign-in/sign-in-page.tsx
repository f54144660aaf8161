/** The way in: by password, passkey or a provider. */
import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { ApiError, messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { AuthLayout } from '../../shared/components/auth-layout.tsx';
import { Button } from '../../shared/components/button.tsx';
import { PasswordField, TextField } from '../../shared/components/field.tsx';
import { PasskeyIcon } from '../../shared/components/icons.tsx';
import { TextLink } from '../../shared/components/text-link.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { emailAddress, required, useForm } from '../../shared/forms/use-form.ts';
import { keepingReturnTo, leaveFor, returnToOf } from '../../shared/session/return-to.ts';
import { useSessionState } from '../../shared/session/session-query.ts';
import { whyNoPasskeys } from '../../shared/sign-in/passkey-support.ts';
import { setPendingEmail } from '../../shared/sign-in/pending-email.ts';
import { Or, ProviderButtons } from '../../shared/sign-in/provider-buttons.tsx';
import { signInWithPasskey } from './api/sign-in-with-passkey.ts';
import { signInWithPassword } from './api/sign-in-with-password.ts';

export function SignInPage() {
  const { sign_in } = useSessionState();
  const navigate = useNavigate();
  const { search } = location;
  const form = useForm({
    rules: { email: emailAddress, password: required('Enter your password') },
    submit: async ({ email, password }) => {
      try {
        const { twoFactorRedirect } = await signInWithPassword({ email: email.trim(), password });
        if (twoFactorRedirect === true)
          await navigate({ href: keepingReturnTo('/sign-in/two-factor', search) });
        else leaveFor(returnToOf(search));
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== 'EMAIL_NOT_VERIFIED') throw error;
        setPendingEmail(email.trim());
        await navigate({ href: keepingReturnTo('/verify-email', search) });
      }
    },
  });
  return (
    <AuthLayout
      title="Sign in"
      {...whoWaits()}
      footer={
        sign_in.sign_up === 'open' && (
          <>
            No account yet? <TextLink to={keepingReturnTo('/sign-up', search)}>Sign up</TextLink>
          </>
        )
      }
    >
      {sign_in.setup_needed && (
        <Alert title="Nobody owns this gateway yet">
          Open the set-up link that it printed when it started. Whoever does becomes its owner.
        </Alert>
      )}
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
        <PasswordField
          label="Password"
          name="password"
          autoComplete="current-password"
          error={form.errors.password}
          aside={<TextLink to={keepingReturnTo('/forgot-password', search)}>Forgot your password?</TextLink>}
        />
        <Button type="submit" isBusy={form.isSending}>
          Sign in
        </Button>
      </form>
      <OtherWays />
    </AuthLayout>
  );
}

/** On the way to give an app a key: which one, by the host that would get it. */
function whoWaits(): { description?: ReactNode } {
  const asked = URL.parse(returnToOf(location.search), location.origin);
  if (asked?.pathname === '/device') return { description: 'A device asks for a key.' };
  if (asked?.pathname !== '/auth') return {};
  const callback = asked.searchParams.get('callback_url') ?? asked.searchParams.get('redirect_uri');
  const host = URL.parse(callback ?? '')?.host ?? '';
  const who =
    host === '' ? (
      'An app'
    ) : (
      <>
        The app at{' '}
        <strong className="font-mono">
          <Untrusted>{host}</Untrusted>
        </strong>
      </>
    );
  return { description: <>{who} asks for a key. You decide once you are signed in.</> };
}

function OtherWays() {
  const { providers, passkey_host: passkeyHost } = useSessionState().sign_in;
  const returnTo = returnToOf(location.search);
  const passkey = useMutation({
    mutationFn: signInWithPasskey,
    onSuccess: () => leaveFor(returnTo),
  });
  const hasPasskeys = whyNoPasskeys(passkeyHost) === null;
  if (!hasPasskeys && providers.length === 0) return null;
  return (
    <>
      <Or />
      {passkey.isError && <Alert tone="danger">{messageOf(passkey.error)}</Alert>}
      <div className="grid gap-2">
        {hasPasskeys && (
          <Button
            variant="secondary"
            className="w-full"
            icon={<PasskeyIcon />}
            isBusy={passkey.isPending}
            onClick={() => passkey.mutate()}
          >
            Use a passkey
          </Button>
        )}
        <ProviderButtons providers={providers} returnTo={returnTo} />
      </div>
    </>
  );
}
