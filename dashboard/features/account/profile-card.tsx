/** Name and address. */
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Alert } from '../../shared/components/alert.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { TextField } from '../../shared/components/field.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { required, useForm } from '../../shared/forms/use-form.ts';
import { sessionQuery, useSession } from '../../shared/session/session-query.ts';
import { updateUser } from './api/update-user.ts';
import { ChangeEmailDialog } from './change-email-dialog.tsx';

export function ProfileCard() {
  const { user } = useSession();
  const queryClient = useQueryClient();
  const toast = useToast();
  const [isChangingEmail, setChangingEmail] = useState(false);
  const form = useForm({
    rules: { name: required('Enter your name') },
    submit: async ({ name }) => {
      await updateUser({ name: name.trim() });
      await queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey });
      toast('Your name is saved');
    },
  });
  return (
    <Card title="Profile">
      <form noValidate className="grid max-w-md gap-4" onSubmit={form.onSubmit}>
        {form.error !== null && <Alert tone="danger">{form.error}</Alert>}
        <TextField
          label="Name"
          name="name"
          autoComplete="name"
          maxLength={120}
          defaultValue={user.name}
          error={form.errors.name}
        />
        <div>
          <Button type="submit" variant="secondary" isBusy={form.isSending}>
            Save
          </Button>
        </div>
      </form>
      <div className="mt-5 max-w-md border-t border-border pt-4">
        <p className="font-medium">E-mail address</p>
        <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
          <p className="text-muted">
            <Untrusted>{user.email}</Untrusted>
          </p>
          {user.has_password && (
            <Button
              variant="secondary"
              aria-label="Change e-mail address"
              onClick={() => setChangingEmail(true)}
            >
              Change
            </Button>
          )}
        </div>
        {!user.email_verified && user.has_password && (
          <p className="mt-1 text-muted">
            Nobody has confirmed yet that this address is yours. Choose Change and enter it once more to get a
            link.
          </p>
        )}
        {!user.has_password && (
          <p className="mt-1 text-muted">Set a password first: it is asked for when the address changes.</p>
        )}
      </div>
      {isChangingEmail && <ChangeEmailDialog onClose={() => setChangingEmail(false)} />}
    </Card>
  );
}
