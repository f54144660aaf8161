/** Name, address and password of somebody new. */
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Alert } from '../../shared/components/alert.tsx';
import { Button } from '../../shared/components/button.tsx';
import { PasswordField, TextField } from '../../shared/components/field.tsx';
import {
  emailAddress,
  MIN_PASSWORD_LENGTH,
  newPassword,
  required,
  useForm,
} from '../../shared/forms/use-form.ts';
import { keepReturnTo } from '../../shared/session/kept-return-to.ts';
import { keepingReturnTo, leaveFor, returnToOf } from '../../shared/session/return-to.ts';
import { sessionQuery, useSessionState } from '../../shared/session/session-query.ts';
import { setPendingEmail } from '../../shared/sign-in/pending-email.ts';
import { Or, ProviderButtons } from '../../shared/sign-in/provider-buttons.tsx';
import { acceptInvitation } from './api/accept-invitation.ts';
import { signUp } from './api/sign-up.ts';

export function SignUpForm({
  token,
  email,
  submitLabel,
}: {
  /** Of an invitation or the set-up link; null where sign-up is open. */
  token: string | null;
  /** The only address that the invitation is for. */
  email: string | null;
  submitLabel: string;
}) {
  const { providers } = useSessionState().sign_in;
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const form = useForm({
    rules: { name: required('Enter your name'), email: emailAddress, password: newPassword },
    gatewayFields: ['name', 'email', 'password'],
    submit: async (values) => {
      const person = { ...values, name: values.name.trim(), email: values.email.trim() };
      keepReturnTo(location.search);
      await signUp(token === null ? person : { ...person, invitation_token: token });
      const { session } = await queryClient.fetchQuery({ ...sessionQuery, staleTime: 0 });
      if (session !== null) return leaveFor(returnToOf(location.search));
      setPendingEmail(person.email);
      await navigate({ href: keepingReturnTo('/verify-email', location.search) });
    },
  });
  return (
    <>
      {form.error !== null && <Alert tone="danger">{form.error}</Alert>}
      <form noValidate className="grid gap-4" onSubmit={form.onSubmit}>
        <TextField
          label="Name"
          name="name"
          autoComplete="name"
          autoFocus
          maxLength={120}
          error={form.errors.name}
        />
        <TextField
          label="E-mail address"
          name="email"
          type="email"
          autoComplete="username"
          error={form.errors.email}
          {...(email === null
            ? {}
            : {
                defaultValue: email,
                readOnly: true,
                inputClassName: 'read-only:bg-raised',
                hint: 'The invitation is for this address.',
              })}
        />
        <PasswordField
          label="Password"
          name="password"
          autoComplete="new-password"
          hint={`At least ${MIN_PASSWORD_LENGTH} characters. A few words in a row are easy to remember.`}
          error={form.errors.password}
        />
        <Button type="submit" isBusy={form.isSending}>
          {submitLabel}
        </Button>
      </form>
      {providers.length > 0 && (
        <>
          <Or />
          <ProviderButtons
            providers={providers}
            returnTo={returnToOf(location.search)}
            {...(token === null ? {} : { before: () => acceptInvitation(token) })}
          />
        </>
      )}
    </>
  );
}
