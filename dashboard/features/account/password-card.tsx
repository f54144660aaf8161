/** The password: changed, or set by whoever came without one. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { messageOf } from '../../shared/api/request.ts';
import { requestPasswordReset } from '../../shared/api/request-password-reset.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { PasswordField } from '../../shared/components/field.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { MIN_PASSWORD_LENGTH, newPassword, required, useForm } from '../../shared/forms/use-form.ts';
import { useSession, useSessionState } from '../../shared/session/session-query.ts';
import { MailNote } from '../../shared/sign-in/mail-note.tsx';
import { changePassword } from './api/change-password.ts';

export function PasswordCard() {
  return useSession().user.has_password ? <ChangePassword /> : <SetPassword />;
}

function ChangePassword() {
  const queryClient = useQueryClient();
  const toast = useToast();
  const form = useForm({
    rules: { currentPassword: required('Enter your current password'), newPassword },
    gatewayFields: ['currentPassword', 'newPassword'],
    submit: async (passwords, element) => {
      await changePassword(passwords);
      element.reset();
      // The session has a new token, and all others are gone.
      await queryClient.invalidateQueries();
      toast('Your password is changed, and every other session ended');
    },
  });
  return (
    <Card title="Password" description="Changing it ends all your other sessions.">
      <form noValidate className="grid max-w-md gap-4" onSubmit={form.onSubmit}>
        {form.error !== null && <Alert tone="danger">{form.error}</Alert>}
        <PasswordField
          label="Current password"
          name="currentPassword"
          autoComplete="current-password"
          error={form.errors.currentPassword}
        />
        <PasswordField
          label="New password"
          name="newPassword"
          autoComplete="new-password"
          hint={`At least ${MIN_PASSWORD_LENGTH} characters.`}
          error={form.errors.newPassword}
        />
        <div>
          <Button type="submit" variant="secondary" isBusy={form.isSending}>
            Change password
          </Button>
        </div>
      </form>
    </Card>
  );
}

/** Somebody who came through a provider: the mailbox shows that they may. */
function SetPassword() {
  const { email } = useSession().user;
  const { sign_in } = useSessionState();
  const link = useMutation({ mutationFn: () => requestPasswordReset(email) });
  return (
    <Card title="Password" description="You sign in with a provider and have no password here.">
      <div className="grid max-w-md gap-4">
        {link.isError && <Alert tone="danger">{messageOf(link.error)}</Alert>}
        {link.isSuccess ? (
          sign_in.mail ? (
            <Alert tone="success">A link to set a password is on its way to you.</Alert>
          ) : (
            <MailNote />
          )
        ) : (
          <div>
            <Button variant="secondary" isBusy={link.isPending} onClick={() => link.mutate()}>
              Get a link to set one
            </Button>
          </div>
        )}
      </div>
    </Card>
  );
}
