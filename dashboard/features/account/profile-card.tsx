/** Name and address. */
import { useQueryClient } from '@tanstack/react-query';
import { Alert } from '../../shared/components/alert.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { TextField } from '../../shared/components/field.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { required, useForm } from '../../shared/forms/use-form.ts';
import { sessionQuery, useSession } from '../../shared/session/session-query.ts';
import { updateUser } from './api/update-user.ts';

export function ProfileCard() {
  const { user } = useSession();
  const queryClient = useQueryClient();
  const toast = useToast();
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
          <p className="font-medium">E-mail address</p>
          <p className="text-muted">
            <Untrusted>{user.email}</Untrusted>
          </p>
        </div>
        <div>
          <Button type="submit" variant="secondary" isBusy={form.isSending}>
            Save
          </Button>
        </div>
      </form>
    </Card>
  );
}
